//! Who registered a slug first registers it again; others need a desk's right or the scope for it. The state store knows, and where it
//! does not, the ledger.

use serde_json::{Value, json};

use super::{event, make_key, publish_as};
use crate::asking::{House, get};
use crate::support::TestServer;

fn registered(source: &str, id: &str, slug: &str, vendor: &Value) -> Value {
    let mut data = json!({"names": {"en": format!("{slug} by {source}")}});
    if !vendor.is_null() {
        data["vendor"] = vendor.clone();
    }
    event(source, id, "service.registered", slug, &data)
}

#[tokio::test]
async fn who_registered_a_service_first_may_register_it_again() {
    let house = House::with_outage().await;
    let one = make_key(&house.data, &["publish:/one"]);
    let two = make_key(&house.data, &["publish:/two"]);
    let registrar = make_key(&house.data, &["publish:/two", "register"]);
    let speaker = make_key(&house.data, &["publish:/two", "vendor:meta"]);
    let nobody = Value::Null;
    publish_as(&one, &house.url, &registered("/one", "1", "mail", &nobody)).await.expect(201);
    publish_as(&one, &house.url, &registered("/one", "2", "mail", &json!({"slug": "post"}))).await.expect(201);
    let refused = publish_as(&two, &house.url, &registered("/two", "3", "mail", &nobody)).await.problem(403);
    assert!(refused["detail"].as_str().unwrap().contains("/one") && refused["detail"].as_str().unwrap().contains("register"), "{refused}");
    publish_as(&two, &house.url, &registered("/two", "4", "whatsapp", &nobody)).await.problem(403);
    // A service of one's own does not rename another's vendor, nor stand as its sibling.
    publish_as(&two, &house.url, &registered("/two", "5", "evil", &json!({"slug": "meta", "name": "Mate"}))).await.problem(403);
    publish_as(&two, &house.url, &registered("/two", "6", "evil", &json!({"slug": "post"}))).await.problem(403);
    publish_as(&two, &house.url, &registered("/two", "7", "post", &nobody)).await.problem(403);
    publish_as(&speaker, &house.url, &registered("/two", "8", "threads", &json!({"slug": "meta"}))).await.expect(201);
    publish_as(&registrar, &house.url, &registered("/two", "9", "mail", &nobody)).await.expect(201);
    // It stays the first one's, who may register it again.
    publish_as(&one, &house.url, &registered("/one", "10", "mail", &nobody)).await.expect(201);
    publish_as(&two, &house.url, &registered("/two", "11", "mail", &nobody)).await.problem(403);
    let correction = json!({"event": {"source": "/one", "id": "1"}, "patch": {"names": {"en": "x"}}, "edit_kind": "error"});
    publish_as(&two, &house.url, &event("/two", "12", "event.corrected", "mail", &correction)).await.problem(403);
}

#[tokio::test]
async fn where_the_state_store_is_lost_the_ledger_says_who_was_first() {
    let house = House::with_outage().await;
    assert_eq!(house.server.terminate(), Some(0));
    for file in std::fs::read_dir(&house.data).unwrap() {
        let path = file.unwrap().path();
        if path.file_name().unwrap().to_str().unwrap().starts_with("state.db") {
            std::fs::remove_file(path).unwrap();
        }
    }
    let key = make_key(&house.data, &["publish:/two"]);
    let server = TestServer::start(&house.data);
    publish_as(&key, &server.url, &registered("/two", "1", "whatsapp", &Value::Null)).await.problem(403);
    publish_as(&key, &server.url, &registered("/two", "2", "evil", &json!({"slug": "meta"}))).await.problem(403);
    publish_as(&key, &server.url, &registered("/two", "3", "evil", &Value::Null)).await.expect(201);
    let found = get(&format!("{}/v1/services/whatsapp?min_position=84", server.url)).await.expect(200).json();
    assert_eq!(found["registered"]["names"]["en"], "WhatsApp", "{found}");
}
