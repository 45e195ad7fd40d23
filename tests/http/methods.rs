//! HEAD, OPTIONS and TRACE on every route that the contract lists.

use serde_json::Value;

use crate::asking::{Answer, House, client, get, send};

async fn asked(method: &str, url: &str) -> Answer {
    send(client().request(method.parse().unwrap(), url)).await
}

fn allowed(answer: &Answer) -> Vec<&str> {
    let mut methods: Vec<&str> = answer.header("allow").split(',').map(str::trim).collect();
    methods.sort_unstable();
    methods
}

#[tokio::test]
async fn every_route_takes_head_options_and_no_trace() {
    let house = House::with_outage().await;
    let contract: Value = serde_json::from_str(include_str!("../../schemas/openapi.json")).unwrap();
    let mut counted = 0;
    for (path, operations) in contract["paths"].as_object().unwrap() {
        // Those of roles that this server has not.
        if ["/v1/watch", "/metrics"].contains(&path.as_str()) {
            continue;
        }
        let filled = path.replace("{id}", "whatsapp").replace("{slug}", "whatsapp").replace("{position}", "1").replace("{page}", "whatsapp");
        let filled = filled.replace("/vendors/whatsapp", "/vendors/meta");
        let url = house.at(&filled);
        let mut takes: Vec<String> = operations.as_object().unwrap().keys().map(|method| method.to_uppercase()).collect();
        takes.push("OPTIONS".to_owned());
        if takes.contains(&"GET".to_owned()) {
            takes.push("HEAD".to_owned());
            let head = asked("HEAD", &url).await;
            assert!(head.body.is_empty(), "{path}: a body");
            if !path.ends_with("/live") {
                let got = get(&url).await;
                let told = |answer: &Answer| ["content-type", "content-length", "etag", "vary"].map(|name| answer.header(name).to_owned());
                assert_eq!((head.status, told(&head)), (got.status, told(&got)), "{path}");
                // What is found is described; without parameters, /v1/events has nothing to tell.
                assert!(got.status == 200 || [404, 400].contains(&got.status), "{path}: {}", got.text());
            }
        }
        takes.sort_unstable();
        let options = asked("OPTIONS", &url).await.expect(204);
        assert_eq!((allowed(&options), options.body.len()), (takes.iter().map(String::as_str).collect(), 0), "{path}");
        let trace = asked("TRACE", &url).await;
        assert_eq!(allowed(&trace), takes, "{path}");
        trace.problem(405);
        counted += 1;
    }
    assert!(counted > 20, "only {counted} routes were found");
    asked("OPTIONS", &house.at("/nothing")).await.problem(404);
    let mut connection = crate::raw::Raw::to(&house.url).await;
    let all = connection.say("OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n").await.head().await.unwrap();
    assert_eq!((all.status, all.header("allow")), (204, "get,head,post,options"), "{all:?}");
}
