//! What a reader asks for is answered: narrowed, in pages that hold still, in the form asked for; and a wrong question is named.

mod axes;
mod hostile;
mod kept;
mod live;
mod long;
mod merging;
mod screens;

use serde_json::Value;

use crate::asking::{Answer, House, get, get_with, publish_one};
use crate::support::anomaly;

/// The address of a list that follows in the header Link.
fn next_page(answer: &Answer) -> Option<String> {
    let link = answer.header("link");
    let (address, relation) = link.split_once(';')?;
    assert_eq!(relation.trim(), "rel=\"next\"", "{link}");
    Some(address.trim_start_matches('<').trim_end_matches('>').to_owned())
}

/// What one member of each incident of a list says.
fn each(list: &Value, member: impl Fn(&Value) -> &Value) -> Vec<String> {
    list["incidents"].as_array().unwrap().iter().map(|incident| member(incident).as_str().unwrap_or("null").to_owned()).collect()
}

/// The first service of each incident of a list.
fn services(list: &Value) -> Vec<String> {
    each(list, |incident| &incident["services"][0])
}

/// The outage, and beside it an anomaly of another service, another vendor, another place and time.
async fn two_incidents() -> House {
    let house = House::with_outage().await;
    let registered = r#"{"specversion":"1.0","id":"reg","source":"/tests","type":"dateline.service.registered.v1","subject":"mail","data":{"names":{"en":"Post"},"vendor":{"slug":"acme","name":"Acme"}}}"#;
    publish_one(&house.url, registered).await;
    let anomaly = anomaly("mail", "mail", "2026-03-01T10:00Z[UTC]").replace("\"IN\"", "\"FR\"");
    let anomaly = anomaly
        .replace("\"sources\"", "\"headline\":{\"en\":\"Letters get lost\"},\"shares\":[{\"share\":0.5,\"symptoms\":[\"login\"]}],\"sources\"");
    publish_one(&house.url, &anomaly).await;
    house.caught_up().await;
    house
}

#[tokio::test]
async fn a_list_is_narrowed_by_each_filter() {
    let house = two_incidents().await;
    let (whatsapp, mail, both, none): (&[&str], &[&str], &[&str], &[&str]) = (&["whatsapp"], &["mail"], &["mail", "whatsapp"], &[]);
    let questions = [
        ("", both),
        ("service=whatsapp", whatsapp),
        ("service=nothing", none),
        ("vendor=meta", whatsapp),
        ("vendor=acme", mail),
        ("vendor=nobody", none),
        ("vendor=meta&service=mail", none),
        ("region=IN", whatsapp),
        ("region=FR", mail),
        ("region=I", none),
        ("symptom=sending", whatsapp),
        ("symptom=login", mail),
        ("symptom=payments", none),
        ("state=restored", whatsapp),
        ("state=detected", mail),
        ("state=detected,restored", both),
        ("state=monitoring", none),
        ("from=2025-01-01T00:00:00Z", mail),
        ("to=2025-01-01T00:00:00Z", whatsapp),
        ("from=2022-10-25T08:50:00Z&to=2026-03-01T10:00:00Z", whatsapp),
        ("from=2022-10-25T08:51:00Z&to=2026-03-01T10:00:00.000001Z", mail),
        ("from=2022-10-25T08:51:00Z&to=2026-03-01T10:00:00Z", none),
        ("q=lost", mail),
        ("q=LETTERS+lost", mail),
        ("q=letters+whatsapp", none),
        // As many keyboards send it: one letter where NFC has two.
        ("q=%E0%A6%AA%E0%A7%9C%E0%A7%87", whatsapp),
        // Nobody registered what readers call whose service it is.
        ("q=মেটা", whatsapp),
        ("q=মেটা+lost", none),
        // What two filters have in common may be nothing: then nothing is found.
        ("service=whatsapp&q=post", none),
        ("q=post+%E0%A6%B9%E0%A7%8B%E0%A6%AF%E0%A6%BC%E0%A6%BE%E0%A6%9F%E0%A6%B8%E0%A6%85%E0%A7%8D%E0%A6%AF%E0%A6%BE%E0%A6%AA", none),
        ("q=post", mail),
        ("service=whatsapp&q=post&known_at=2100-01-01T00:00:00Z", none),
        ("vendor=meta&q=post", none),
        ("nature=maintenance", none),
        ("sort=started", &["whatsapp", "mail"]),
        ("sort=-started", both),
        ("service=&region=&q=", both),
    ];
    for (query, expected) in questions {
        let list = get(&house.at(&format!("/v1/incidents?{query}"))).await.expect(200).json();
        assert_eq!(services(&list), expected, "{query}: {list:#}");
    }
}

#[tokio::test]
async fn a_list_says_what_went_on_then_for_certain_or_possibly() {
    let house = two_incidents().await;
    // First seen within [06:37:00, 06:38:00), restored within [08:40:00, 08:51:00).
    for (at, expected) in [
        ("2022-10-25T06:36:59Z", None),
        ("2022-10-25T06:37:00Z", Some("possible")),
        ("2022-10-25T06:37:59Z", Some("possible")),
        ("2022-10-25T06:38:00Z", Some("certain")),
        ("2022-10-25T13:35%2B05:30", Some("certain")),
        ("2022-10-25T08:39:59Z", Some("certain")),
        ("2022-10-25T08:40:00Z", Some("possible")),
        ("2022-10-25T08:50:59Z", Some("possible")),
        ("2022-10-25T08:51:00Z", None),
    ] {
        let list = get(&house.at(&format!("/v1/incidents?at={at}"))).await.expect(200).json();
        let said = each(&list, |incident| &incident["ongoing"]);
        assert_eq!(said, expected.into_iter().collect::<Vec<_>>(), "{at}: {list:#}");
    }
    let list = get(&house.at("/v1/incidents?at=2026-03-02T00:00:00Z")).await.expect(200).json();
    assert_eq!((services(&list), each(&list, |incident| &incident["ongoing"])), (vec!["mail".into()], vec!["certain".into()]));
}

#[tokio::test]
async fn pages_hold_still_while_new_events_arrive() {
    for sort in ["started", "-started"] {
        let house = House::start();
        for number in 1..=8 {
            publish_one(&house.url, &anomaly(&format!("a{number}"), &format!("s{number}"), &format!("2026-03-0{number}T10:00Z[UTC]"))).await;
        }
        house.caught_up().await;
        let whole = get(&house.at(&format!("/v1/incidents?sort={sort}"))).await.expect(200).json();
        let mut address = Some(format!("/v1/incidents?sort={sort}&limit=3"));
        let (mut pages, mut seen) = (0, Vec::new());
        while let Some(page) = address {
            let answer = get(&house.at(&page)).await.expect(200);
            let list = answer.json();
            seen.extend(list["incidents"].as_array().unwrap().clone());
            address = next_page(&answer);
            pages += 1;
            // A new incident before, between and after; one that moves; one that is restored.
            for (place, day) in [("x", "2026-02-01"), ("y", "2026-03-04"), ("z", "2026-04-01")] {
                publish_one(&house.url, &anomaly(&format!("{place}{pages}"), &format!("{place}{pages}"), &format!("{day}T12:00Z[UTC]"))).await;
            }
            let moved = r#"{"specversion":"1.0","id":"move-PAGES","source":"/tests","type":"dateline.event.corrected.v1","subject":"s5","data":{"event":{"id":"a5"},"patch":{"occurred":{"at":"2026-03-0PAGEST09:00Z[UTC]"}},"edit_kind":"error","announced":true,"reason":"read wrong"}}"#;
            publish_one(&house.url, &moved.replace("PAGES", &pages.to_string())).await;
            house.caught_up().await;
        }
        assert_eq!(pages, 3);
        assert_eq!(Value::from(seen), whole["incidents"], "{sort}");
    }
}

#[tokio::test]
async fn a_page_ends_where_the_list_ends() {
    let house = two_incidents().await;
    let exact = get(&house.at("/v1/incidents?limit=2")).await.expect(200);
    assert_eq!((services(&exact.json()).len(), exact.header("link")), (2, ""));
    let first = get(&house.at("/v1/incidents?limit=1&lang=bn&region=")).await.expect(200);
    let second = get(&house.at(&next_page(&first).unwrap())).await.expect(200);
    assert_eq!((services(&first.json()), services(&second.json())), (vec!["mail".into()], vec!["whatsapp".into()]));
    assert_eq!(second.json()["lang"], "bn", "the next page keeps what was asked");
    assert_eq!(second.header("link"), "");
    // Also under known_at, where every incident is folded anew.
    let first = get(&house.at("/v1/incidents?limit=1&known_at=2100-01-01T00:00:00Z")).await.expect(200);
    let second = get(&house.at(&next_page(&first).unwrap())).await.expect(200);
    assert_eq!((services(&first.json()), services(&second.json())), (vec!["mail".into()], vec!["whatsapp".into()]));
}

#[tokio::test]
async fn a_wrong_parameter_is_named() {
    let house = House::start();
    publish_one(&house.url, &anomaly("a", "mail", "2026-03-01T10:00Z[UTC]")).await;
    house.caught_up().await;
    for (path, named) in [
        ("/v1/incidents?limt=5", "limt"),
        ("/v1/incidents?limit=0", "limit"),
        ("/v1/incidents?limit=501", "limit"),
        ("/v1/incidents?limit=many", "limit"),
        ("/v1/incidents?sort=name", "sort"),
        ("/v1/incidents?state=broken", "state"),
        ("/v1/incidents?nature=storm", "nature"),
        ("/v1/incidents?from=yesterday", "from"),
        ("/v1/incidents?to=2026-02-30T00:00:00Z", "to"),
        ("/v1/incidents?at=noon", "at"),
        ("/v1/incidents?known_at=2026-03-01", "known_at"),
        ("/v1/incidents?as_of=99", "as_of"),
        ("/v1/incidents?cursor=abc", "cursor"),
        ("/v1/incidents?q=1+2+3+4+5+6+7+8+9", "q"),
        ("/v1/incidents?lang=xx", "lang"),
        ("/v1/incidents?tz=Mars/Base", "tz"),
        ("/v1/incidents?limit=1&limit=2", "limit"),
        ("/v1/incidents/mail?colour=red", "colour"),
        ("/v1/incidents/mail/timeline?as_of=tomorrow", "as_of"),
        ("/v1/incidents/mail/timeline?claims=yes", "claims"),
        ("/v1/incidents/mail/events?known_at=2026-03-01T00:00:00Z", "known_at"),
        ("/v1/incidents/mail/live?from=1", "from"),
        ("/v1/events?after=first", "after"),
        ("/v1/events?after=0&limit=1001", "limit"),
        ("/v1/events/1?limit=1", "limit"),
        ("/v1/services?region=IN", "region"),
        ("/v1/services/mail?vendor=acme", "vendor"),
        ("/v1/live?after=now", "after"),
    ] {
        let problem = get(&house.at(path)).await.problem(400);
        assert!(problem["detail"].as_str().unwrap().contains(named), "{path}: {problem}");
    }
    get_with(&house.at("/v1/live"), &[("last-event-id", "x")]).await.problem(400);
    get(&house.at("/v1/incidents?limit=500")).await.expect(200);
}

#[tokio::test]
async fn a_timeline_comes_in_the_form_asked_for() {
    let house = House::with_outage().await;
    let timeline = house.at("/v1/incidents/whatsapp/timeline");
    for (accept, expected) in [
        ("*/*", "application/json"),
        ("", "application/json"),
        ("application/json", "application/json"),
        ("application/*", "application/json"),
        ("text/plain", "text/plain"),
        ("Text/Plain; charset=utf-8", "text/plain"),
        ("text/*", "text/plain"),
        ("text/plain, */*", "text/plain"),
        ("text/plain;q=0.5, application/json;q=0.4", "text/plain"),
        ("text/plain;q=0.5, application/json", "application/json"),
        ("text/plain;q=0, */*", "application/json"),
        ("text/html, application/xhtml+xml, */*;q=0.8", "application/json"),
    ] {
        let answer = get_with(&timeline, &[("accept", accept)]).await.expect(200);
        assert_eq!(answer.media_type(), expected, "Accept: {accept}");
    }
    for accept in ["text/html", "image/png", "application/json;q=0, text/plain;q=0"] {
        get_with(&timeline, &[("accept", accept)]).await.problem(406);
    }
    let (json, text) = (get(&format!("{timeline}.json")).await.expect(200), get(&format!("{timeline}.txt")).await.expect(200));
    assert_eq!(json.body, get(&timeline).await.body);
    assert_eq!(text.body, get_with(&timeline, &[("accept", "text/plain")]).await.body);
    assert_eq!((json.media_type(), text.header("content-type")), ("application/json", "text/plain; charset=utf-8"));
    assert!(text.text().contains("12:07"), "{}", text.text());
    let (bengali, accepted) = (format!("{timeline}.txt?lang=bn"), [("accept-language", "fr, bn-BD;q=0.9, en;q=0.1")]);
    assert!(get(&bengali).await.text().contains("দুপুর ১২টা ৭"), "{}", get(&bengali).await.text());
    assert_eq!(get_with(&timeline, &accepted).await.json()["lang"], "bn-BD");
}

#[tokio::test]
async fn services_are_listed_with_their_latest_incidents() {
    let house = two_incidents().await;
    let slugs = async |query: &str| {
        let list = get(&house.at(&format!("/v1/services?{query}"))).await.expect(200).json();
        list["services"].as_array().unwrap().iter().map(|service| service["slug"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(slugs("").await, ["facebook", "instagram", "mail", "whatsapp"]);
    assert_eq!(slugs("vendor=acme").await, ["mail"]);
    assert_eq!(slugs("q=post").await, ["mail"]);
    assert_eq!(slugs("q=nothing").await, Vec::<String>::new());
    let mail = get(&house.at("/v1/services/mail")).await.expect(200).json();
    assert_eq!((&mail["registered"]["vendor"]["slug"], &mail["incidents"][0]["state"]), (&"acme".into(), &"detected".into()), "{mail:#}");
    let timeline = mail["incidents"][0]["timeline"].as_str().unwrap();
    get(&house.at(timeline)).await.expect(200);
    // Registered without an incident, and the other way round.
    let quiet = get(&house.at("/v1/services/instagram")).await.expect(200).json();
    assert_eq!(quiet["incidents"], serde_json::json!([]));
    publish_one(&house.url, &anomaly("b", "unregistered", "2026-03-01T10:00Z[UTC]")).await;
    let unknown =
        get(&house.at(&format!("/v1/services/unregistered?min_position={}", crate::asking::head(&house.url).await))).await.expect(200).json();
    assert_eq!((&unknown["registered"], unknown["incidents"].as_array().unwrap().len()), (&Value::Null, 1));
}

#[tokio::test]
async fn an_event_is_shown_byte_for_byte_wherever_it_is_shown() {
    let house = House::start();
    let exact = "{\"subject\":\"mail\",\n \"specversion\":\"1.0\",\"type\":\"dateline.anomaly.detected.v1\",\"source\":\"/tests\",\"id\":\"z\",\"note\":\"caf\\u00e9\",\
         \"data\":{\"sources\":[{\"slug\":\"a\",\"role\":\"read_in\"}], \"occurred\":{\"at\":\"2026-03-01T10:00Z[UTC]\"},\"regions\":[\"IN\"]}}";
    let waiting = exact.replace("\"z\"", "\"w\"").replacen('{', "{\"incidentid\":\"mail-2020-01-01-0000000000000000\",", 1);
    publish_one(&house.url, exact).await;
    publish_one(&house.url, &waiting).await;
    house.caught_up().await;
    let incident = get(&house.at("/v1/incidents/mail")).await.json()["incident"].as_str().unwrap().to_owned();
    for (path, event) in [
        ("/v1/events/1".to_owned(), exact),
        ("/v1/events?source=/tests&id=z".to_owned(), exact),
        (format!("/v1/incidents/{incident}/events"), exact),
        ("/v1/events?state=unattached".to_owned(), &waiting),
    ] {
        let answer = get(&house.at(&path)).await.expect(200);
        assert!(answer.text().contains(&format!("\"event\":{event}")), "{path}: {}", answer.text());
        answer.json();
    }
}
