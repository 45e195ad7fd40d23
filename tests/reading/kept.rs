//! Answers that are kept: nobody is told less than what was acknowledged, or than what he was told before; and packed they are the same.

use std::io::Read as _;
use std::time::{Duration, Instant};

use dateline_events::read_strict;
use flate2::read::GzDecoder;

use crate::asking::{Answer, House, get, get_with, head, publish_one};
use crate::house::{Kept, Role};
use crate::postgres::shared;
use crate::support::{anomaly, folder};

/// What a reader asks for again and again.
const ASKED: [&str; 7] = [
    "/v1/incidents/mail/timeline",
    "/v1/incidents/mail/timeline.txt?lang=bn",
    "/v1/incidents/mail",
    "/incidents/mail",
    "/v1/incidents?limit=20",
    "/",
    "/v1/services/mail",
];

fn position(answer: &Answer) -> u64 {
    answer.header("dateline-position").parse().unwrap()
}

async fn ask_all(url: &str) -> Vec<Answer> {
    let mut answers = Vec::new();
    for path in ASKED {
        answers.push(get(&format!("{url}{path}")).await.expect(200));
    }
    answers
}

async fn publish(url: &str, number: u64) -> u64 {
    publish_one(url, &anomaly(&format!("mail-{number}"), "mail", &format!("2026-03-01T10:{number:02}Z[UTC]"))).await
}

#[tokio::test]
async fn whoever_waited_for_a_position_is_told_of_it_from_then_on() {
    let house = House::start();
    publish(&house.url, 0).await;
    house.caught_up().await;
    ask_all(&house.url).await;
    for number in 1..12 {
        let published = publish(&house.url, number).await;
        get(&house.at(&format!("/v1/services?min_position={published}"))).await.expect(200);
        let fresh = ask_all(&house.url).await;
        for answer in fresh.iter().chain(&ask_all(&house.url).await) {
            assert!(position(answer) >= published, "{}: {} although {published} was waited for", answer.asked, position(answer));
        }
        let short = fresh[2].json();
        assert_eq!((&short["changed"], &short["events"]), (&published.into(), &(number + 1).into()));
        assert_eq!(fresh[0].json()["changed"], published);
        assert_eq!((&fresh[4].json()["position"], &fresh[4].json()["incidents"][0]["events"]), (&published.into(), &(number + 1).into()));
    }
}

#[tokio::test]
async fn what_concerns_another_incident_moves_the_position_and_nothing_else() {
    let house = House::start();
    publish(&house.url, 0).await;
    publish_one(&house.url, &anomaly("post", "post", "2026-04-01T10:00Z[UTC]")).await;
    house.caught_up().await;
    let id = get(&house.at("/v1/incidents/mail")).await.expect(200).json()["incident"].as_str().unwrap().to_owned();
    let path = house.at(&format!("/v1/incidents/{id}/timeline"));
    let (first, kept) = (get(&path).await.expect(200), get(&path).await.expect(200));
    let published = publish_one(&house.url, &anomaly("post again", "post", "2026-04-01T10:01Z[UTC]")).await;
    house.caught_up().await;
    let later = get(&path).await.expect(200);
    assert_eq!((first.body, first.headers["etag"].clone()), (kept.body, kept.headers["etag"].clone()));
    assert_eq!((&later.body, position(&later), later.header("dateline-head")), (&get(&path).await.body, published, published.to_string().as_str()));
    // The registry tells its name: a registration changes it, and no event of the incident does.
    let registered = r#"{"specversion":"1.0","id":"reg","source":"/tests","type":"dateline.service.registered.v1","subject":"mail","data":{"names":{"en":"The Post"}}}"#;
    publish_one(&house.url, registered).await;
    house.caught_up().await;
    assert!(get(&path).await.expect(200).text().contains("The Post"));
}

#[tokio::test]
async fn an_incident_that_is_told_in_another_one_from_now_on_is_not_told_as_it_was() {
    let house = House::start();
    publish_one(&house.url, &anomaly("post", "post", "2026-03-01T10:00Z[UTC]")).await;
    publish_one(&house.url, &anomaly("mail", "mail", "2026-03-01T10:05Z[UTC]")).await;
    house.caught_up().await;
    let id = get(&house.at("/v1/incidents/mail")).await.expect(200).json()["incident"].as_str().unwrap().to_owned();
    let path = house.at(&format!("/v1/incidents/{id}/timeline"));
    get(&path).await.expect(200);
    publish_one(&house.url, super::merging::SAME).await;
    house.caught_up().await;
    get(&path).await.expect(301);
}

#[tokio::test]
async fn packed_or_not_known_or_not_it_is_the_same_answer() {
    let house = House::with_outage().await;
    for path in ["/v1/incidents/whatsapp/timeline", "/", "/v1/incidents", "/incidents/whatsapp", "/v1/incidents/whatsapp/timeline.txt"] {
        let path = house.at(path);
        for _ in 0..2 {
            let packed = get_with(&path, &[("accept-encoding", "gzip")]).await.expect(200);
            assert_eq!((packed.header("content-encoding"), packed.header("content-length")), ("gzip", packed.body.len().to_string().as_str()));
            let mut unpacked = Vec::new();
            GzDecoder::new(packed.body.as_slice()).read_to_end(&mut unpacked).unwrap();
            let plain = get_with(&path, &[("accept-encoding", "gzip;q=0")]).await.expect(200);
            assert_eq!((unpacked == plain.body, plain.header("content-encoding")), (true, ""), "{path}");
            if plain.media_type() == "application/json" {
                read_strict(&plain.body).expect("each member stands once");
            }
            assert!(packed.body.len() * 2 < plain.body.len() && plain.header("vary").contains("accept-encoding"));
            let same = ["etag", "dateline-position", "dateline-head", "content-type", "content-security-policy", "link"];
            assert_eq!(same.map(|name| packed.header(name)), same.map(|name| plain.header(name)), "{path}");
            if let Some(etag) = plain.headers.get("etag") {
                let known = [("if-none-match", etag.to_str().unwrap()), ("accept-encoding", "gzip")];
                let known = get_with(&path, &known).await.expect(304);
                assert_eq!((known.body.len(), known.header("etag"), known.header("content-encoding")), (0, plain.header("etag"), ""));
            }
        }
    }
}

#[tokio::test]
async fn an_answer_is_kept_for_its_language_and_form_and_for_whoever_may_read() {
    let house = House::with_outage().await;
    let path = house.at("/v1/incidents/whatsapp/timeline");
    for _ in 0..2 {
        let lang = async |value: &str| get_with(&path, &[("accept-language", value)]).await.expect(200).json()["lang"].clone();
        assert_eq!((lang("bn").await, lang("en").await, lang("bn-BD").await), ("bn".into(), "en".into(), "bn-BD".into()));
        let form = async |value: &str| get_with(&path, &[("accept", value)]).await.expect(200).media_type().to_owned();
        assert_eq!((form("text/plain").await, form("application/json").await), ("text/plain".into(), "application/json".into()));
        get_with(&path, &[("authorization", "Bearer none")]).await.problem(401);
        get_with(&path, &[("host", "evil.example")]).await.problem(421);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_in_another_process_follows_and_takes_nothing_back() {
    let (_folder, data) = folder();
    let database = Kept { views: shared().create_database(), ..Kept::in_folder(&data) };
    let serving = Role::start(&database, "serve");
    publish(&serving.url, 0).await;
    let reader = Role::start(&database, "reader");
    get(&format!("{}/v1/services?min_position=1", reader.url)).await.expect(200);
    ask_all(&reader.url).await;
    for number in 1..6 {
        let published = publish(&serving.url, number).await;
        if number % 2 == 0 {
            // Whoever waits here is told of it here from then on.
            get(&format!("{}/v1/services?min_position={published}", reader.url)).await.expect(200);
            assert!(ask_all(&reader.url).await.iter().all(|answer| position(answer) >= published));
            continue;
        }
        let (begun, mut told) = (Instant::now(), 0);
        while told < published {
            for answer in ask_all(&reader.url).await {
                assert!(position(&answer) >= told, "{}: {} after {told}", answer.asked, position(&answer));
                told = position(&answer);
            }
            assert!(begun.elapsed() < Duration::from_secs(20), "still at {told}, not {published}");
        }
    }
    assert_eq!(head(&reader.url).await, 6);
}
