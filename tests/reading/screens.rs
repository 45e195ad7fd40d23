//! A long headline is cut in lists and above a text for a screen, and whole on its incident's page; a text is as wide as was asked for.

use dateline_timelines::tell::cells_of;

use crate::asking::{House, get, publish_one};
use crate::support::anomaly;

#[tokio::test]
async fn each_row_of_the_page_of_incidents_names_its_zone() {
    let house = House::with_outage().await;
    publish_one(&house.url, &anomaly("seen", "mail", "2026-03-01T10:00Z[UTC]")).await;
    house.caught_up().await;
    let rows =
        |html: String| html.lines().filter(|line| line.contains("class=\"line\"") && line.contains(" · ")).map(ToOwned::to_owned).collect::<Vec<_>>();
    for (query, zones) in [("", ["UTC", "India time (IST)"]), ("?lang=bn&tz=Asia/Dhaka", ["বাংলাদেশের সময়", "বাংলাদেশের সময়"])]
    {
        let rows = rows(get(&house.at(&format!("/{query}"))).await.expect(200).text());
        let of_times: Vec<&String> = rows.iter().filter(|row| zones.iter().any(|zone| row.ends_with(&format!(" · {zone}</bdi></p>")))).collect();
        assert!(of_times.len() == 2 && of_times[0].contains(zones[0]) && of_times[1].contains(zones[1]), "{rows:#?}");
    }
}

#[tokio::test]
async fn a_long_headline_is_cut_in_lists_and_text_fits_the_columns_asked_for() {
    let house = House::start();
    publish_one(&house.url, &anomaly("seen", "mail", "2026-03-01T10:00Z[UTC]")).await;
    let headline = format!("Mail is down for {}everybody", "a long list of people and then ".repeat(6));
    let titled = serde_json::json!({
        "specversion": "1.0", "id": "title", "source": "/tests", "type": "dateline.incident.titled.v1", "subject": "mail",
        "data": {"event": {"id": "seen"}, "title": {"en": headline}},
    });
    publish_one(&house.url, &titled.to_string()).await;
    house.caught_up().await;
    let (list, page) = (get(&house.at("/")).await.expect(200).text(), get(&house.at("/incidents/mail")).await.expect(200).text());
    assert!(!list.contains(&headline) && list.contains("Mail is down for a long list") && list.contains("…</bdi>"), "{list}");
    assert!(page.contains(&format!("<h1><bdi>{headline}</bdi></h1>")), "{page}");
    let text = |query: &str| house.at(&format!("/v1/incidents/mail/timeline.txt{query}"));
    let (document, narrow) = (get(&text("")).await.expect(200), get(&text("?columns=60")).await.expect(200));
    assert!(narrow.text().lines().all(|line| cells_of(line) <= 60) && narrow.text().lines().next().unwrap().contains('…'), "{}", narrow.text());
    assert!(!document.text().contains('…') && document.text().lines().any(|line| cells_of(line) > 60), "{}", document.text());
    assert!(get(&text("?color=true")).await.expect(200).text().contains("\u{1b}[1;34mUNUSUAL REPORTS"));
    // Each is another representation.
    assert_ne!(document.header("etag"), narrow.header("etag"));
    for columns in ["19", "1001", "wide"] {
        get(&text(&format!("?columns={columns}"))).await.problem(400);
    }
}
