//! How it is told: every claim names who says it; only what was read in the vendor itself is the vendor's own word, and reopens.

use serde_json::{Value, json};

use super::{event, make_key, publish_as};
use crate::asking::{House, get};

async fn timeline(house: &House, form: &str, query: &str) -> String {
    house.caught_up().await;
    get(&house.at(&format!("/v1/incidents/whatsapp/timeline.{form}{query}"))).await.expect(200).text()
}

fn at(clock: &str) -> Value {
    json!({"at": format!("2023-01-02T{clock}+05:30[Asia/Kolkata]")})
}

#[tokio::test]
async fn what_nobody_was_read_for_is_told_as_its_publishers_word() {
    let house = House::with_outage().await;
    let desk = make_key(&house.data, &["publish:/desks/demo", "edit"]);
    let own = make_key(&house.data, &["publish:/services/x"]);
    let paper = json!([{"slug": "some-paper", "role": "read_in", "kind": "press", "name": {"en": "Some Paper", "bn": "কোনও কাগজ"}}]);
    let of_desk = |id: &str, kind: &str, data: Value| event("/desks/demo", id, kind, "whatsapp", &data);
    let of_x = |id: &str, kind: &str, data: Value| event("/services/x", id, kind, "whatsapp", &data);
    publish_as(&desk, &house.url, &of_desk("n1", "anomaly.detected", json!({"occurred": at("12:00"), "sources": paper}))).await.expect(201);
    let said = json!({"organisation": "meta", "quotation": {"lang": "en", "text": "We were hacked"}});
    publish_as(&own, &house.url, &of_x("n2", "vendor.acknowledged", json!({"occurred": at("12:10"), "statement": said}))).await.expect(201);
    let told = timeline(&house, "txt", "").await;
    assert!(told.contains("First reports 12:00 (Some Paper) · Meta acknowledged it 12:10 (according to /services/x)"), "{told}");
    assert!(told.contains("Meta acknowledges. “We were hacked” (according to /services/x)"), "{told}");
    let told = timeline(&house, "txt", "?lang=bn").await;
    assert!(told.contains("মেটা সমস্যা মেনে নেয় ১২টা ১০ মিনিটে (/services/x-এর মতে)"), "{told}");

    // Another outlet says so too; the vendor itself then says otherwise, and is believed of its own acts.
    publish_as(&desk, &house.url, &of_desk("n3", "vendor.acknowledged", json!({"occurred": at("12:20"), "sources": paper}))).await.expect(201);
    let vendor = json!([{"slug": "meta", "role": "read_in", "kind": "vendor", "name": {"en": "Meta", "bn": "মেটা"}}]);
    publish_as(&desk, &house.url, &of_desk("n4", "vendor.acknowledged", json!({"occurred": at("12:15"), "sources": vendor}))).await.expect(201);
    let told: Value = serde_json::from_str(&timeline(&house, "json", "").await).unwrap();
    let acknowledged = &told["milestones"]["acknowledged"];
    assert_eq!((&acknowledged["rule"], &acknowledged["said_by"]["vendor"]), (&json!("vendor"), &json!(true)), "{acknowledged}");
    let claims: Vec<_> =
        acknowledged["claims"].as_array().unwrap().iter().map(|claim| (&claim["publisher"], &claim["speaks_for_a_vendor"])).collect();
    assert_eq!(claims, [(&json!("/desks/demo"), &json!(true)), (&json!("/services/x"), &json!(false)), (&json!("/desks/demo"), &json!(false))]);
    assert!(timeline(&house, "txt", "").await.contains("· Meta acknowledged it 12:15 ·"), "{}", timeline(&house, "txt", "").await);

    // Restored; that it goes on is for the vendor alone to say.
    publish_as(&desk, &house.url, &of_desk("n5", "service.restored", json!({"occurred": at("13:00"), "extent": "full", "sources": paper})))
        .await
        .expect(201);
    let goes_on = |clock: &str| json!({"occurred": at(clock), "status": "investigating"});
    publish_as(&own, &house.url, &of_x("n6", "vendor.updated", goes_on("13:10"))).await.expect(201);
    let mut read = goes_on("13:15");
    read["sources"] = paper.clone();
    publish_as(&desk, &house.url, &of_desk("n7", "vendor.updated", read)).await.expect(201);
    let told: Value = serde_json::from_str(&timeline(&house, "json", "").await).unwrap();
    assert_eq!(told["state"], "restored", "{told}");
    assert!(timeline(&house, "txt", "").await.contains("back 13:00 (Some Paper)"));
    let mut own_word = goes_on("13:20");
    own_word["sources"] = vendor;
    publish_as(&desk, &house.url, &of_desk("n8", "vendor.updated", own_word)).await.expect(201);
    let told: Value = serde_json::from_str(&timeline(&house, "json", "").await).unwrap();
    assert_eq!(told["state"], "investigating", "{told}");
    // The list names who says it, too.
    let page = get(&house.at("/?lang=en")).await.expect(200).text();
    assert!(page.contains("back 13:00 (Some Paper)") && page.contains("acknowledged it between 12:07 and 14:42 (Pune Prime)"), "{page}");
}
