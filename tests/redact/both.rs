//! Over NATS and PostgreSQL: what a redaction destroys there, what remains, and the commands that end that.

use serde_json::json;

use super::{MARKER, answers, holding, redact, said, sign, told};
use crate::house::{Kept, Role};
use crate::nats::Nats;
use crate::postgres::shared;
use crate::support::{folder, get, publish};

#[tokio::test(flavor = "multi_thread")]
async fn on_the_bus_and_in_the_database_the_text_goes_and_what_remains_ends_with_the_named_commands() {
    let (_folder, data) = folder();
    let server = Nats::start();
    let views = shared().create_database();
    let flags = vec!["--archive".to_owned(), views.clone()];
    let kept = Kept { ledger: server.url(), views: views.clone(), flags, ..Kept::in_folder(&data) };
    let house = Role::start(&kept, "serve");
    publish(&house.url, &[&told("1", "2022-10-25T06:37Z"), &sign("2", "2022-10-25T07:00Z")]).await;
    let (_, before) = get(&format!("{}/v1/incidents/ferry/timeline?min_position=2", house.url)).await;
    let id = before["incident"].as_str().unwrap().to_owned();
    let archived = async {
        while get(&format!("{}/health/ready", house.url)).await.1["archive"]["position"] != json!(2) {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(30), archived).await.expect("the archive catches up");
    let arguments = kept.arguments();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = redact(&data, &arguments, 1);
    assert_eq!(done.status.code(), Some(0), "{}", said(&done));
    assert!(said(&done).contains("VACUUM FULL dateline.archive"), "{}", said(&done));
    for answer in answers(&house.url, &id, 3).await {
        assert!(!answer.contains(MARKER), "{answer}");
    }
    assert_eq!(get(&format!("{}/v1/events/1?min_position=3", house.url)).await.0, 410);
    assert_eq!(house.terminate(), Some(0));
    for check in [["ledger", "check"], ["views", "check"]] {
        let checked = kept.run(&check);
        assert_eq!(checked.status.code(), Some(0), "{check:?}: {}", said(&checked));
    }
    assert_eq!(holding(&server.store().join("jetstream/$G/streams/ledger")), Vec::<std::path::PathBuf>::new(), "the bus has overwritten it");
}
