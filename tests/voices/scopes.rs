//! Which scope an event needs, and that the refusal names it.

use serde_json::{Value, json};

use super::{event, make_key, publish_as, source};
use crate::asking::House;
use crate::support::run;

/// A key, the status that it is answered with, and words of the problem.
type Case<'a> = (&'a str, u16, &'a str);

fn acknowledged(source_name: &str, id: &str, subject: &str, sources: &Value) -> Value {
    event(source_name, id, "vendor.acknowledged", subject, &json!({"occurred": {"at": "2022-10-25T12:10+05:30[Asia/Kolkata]"}, "sources": sources}))
}

#[tokio::test]
async fn to_name_where_it_was_read_takes_a_right_to_it() {
    let house = House::with_outage().await;
    let own = make_key(&house.data, &["publish:/x"]);
    let cites = make_key(&house.data, &["publish:/x", "cite"]);
    let meta = make_key(&house.data, &["publish:/x", "vendor:meta"]);
    let any = make_key(&house.data, &["publish:/x", "vendor:*"]);
    let other = make_key(&house.data, &["publish:/x", "vendor:other"]);
    let desk = make_key(&house.data, &["publish:/x", "edit"]);
    let vendor = json!([source("meta", "read_in", "vendor")]);
    let press = json!([source("some-paper", "read_in", "press")]);
    let kindless = json!([{"slug": "some-paper", "role": "read_in"}]);
    let named = json!([source("meta", "attributed_to", "vendor"), source("some-paper", "attributed_to", "press")]);
    let stranger = json!([source("other", "read_in", "vendor")]);
    let service = json!([source("whatsapp", "read_in", "vendor")]);
    let cases: [(&str, &Value, &[Case<'_>]); 6] = [
        (
            "vendor",
            &vendor,
            &[
                (&own, 403, "vendor:meta"),
                (&cites, 403, "vendor:meta"),
                (&other, 403, "vendor:meta"),
                (&meta, 201, ""),
                (&any, 201, ""),
                (&desk, 201, ""),
            ],
        ),
        ("press", &press, &[(&own, 403, "scope cite"), (&meta, 403, "scope cite"), (&cites, 201, ""), (&desk, 201, "")]),
        ("kindless", &kindless, &[(&own, 403, "scope cite"), (&cites, 201, "")]),
        ("named", &named, &[(&own, 201, ""), (&cites, 201, "")]),
        // Registered with the vendor meta: nobody else speaks for it as its vendor, whatever the key says.
        ("stranger", &stranger, &[(&other, 403, "the vendor meta"), (&any, 403, "the vendor meta"), (&desk, 201, "")]),
        ("service", &service, &[(&any, 201, "")]),
    ];
    for (name, sources, keys) in cases {
        for (number, (key, status, words)) in keys.iter().enumerate() {
            let answer = publish_as(key, &house.url, &acknowledged("/x", &format!("{name}-{number}"), "whatsapp", sources)).await.expect(*status);
            if *status == 403 {
                let problem = answer.problem(403);
                assert!(problem["detail"].as_str().unwrap().contains(words), "{name}: {problem} does not hold {words:?}");
            }
        }
    }
    // Of a service that nobody registered, the scope alone decides.
    publish_as(&other, &house.url, &acknowledged("/x", "free", "unheard-of", &stranger)).await.expect(201);
}

#[tokio::test]
async fn a_correction_is_held_against_what_it_makes_of_its_event() {
    let house = House::with_outage().await;
    let (own, cites) = (make_key(&house.data, &["publish:/x"]), make_key(&house.data, &["publish:/x", "cite"]));
    let press = json!([source("some-paper", "read_in", "press")]);
    let correction = |id: &str, target: &Value, patch: &Value| {
        event("/x", id, "event.corrected", "whatsapp", &json!({"event": target, "patch": patch, "edit_kind": "error"}))
    };
    publish_as(&own, &house.url, &acknowledged("/x", "plain", "whatsapp", &json!([]))).await.expect(201);
    publish_as(&cites, &house.url, &acknowledged("/x", "read", "whatsapp", &press)).await.expect(201);
    let words = json!({"statement": {"organisation": "meta", "quotation": {"lang": "en", "text": "We were hacked"}}});
    let said = json!({"statement": {"quotation": {"lang": "en", "text": "x"}, "same_as": {"source": "/desks/demo", "id": "w14"}}});
    for (id, target, patch, scope) in [
        ("c1", "plain", json!({"sources": press}), "scope cite"),
        ("c2", "plain", json!({"sources": [source("meta", "read_in", "vendor")]}), "vendor:meta"),
        ("c3", "read", words.clone(), "scope cite"),
        ("c4", "plain", said.clone(), "scope edit"),
        // What it corrects is not there yet: what the patch alone needs.
        ("c5", "later", json!({"sources": press}), "scope cite"),
        ("c6", "later", said, "scope edit"),
        ("c7", "later", json!({"names": {"en": "x"}}), "scope register"),
        ("c8", "later", json!({"patch": {"sources": press}}), "scope cite"),
        ("c9", "later", json!({"event": {"source": "/desks/demo", "id": "w14"}}), "scope edit"),
    ] {
        let problem = publish_as(&own, &house.url, &correction(id, &json!({"id": target}), &patch)).await.problem(403);
        assert!(problem["detail"].as_str().unwrap().contains(scope), "{id}: {problem} does not hold {scope:?}");
    }
    publish_as(&own, &house.url, &correction("fine", &json!({"id": "plain"}), &words)).await.expect(201);
    // A correction of that correction makes another event of the first: asked again.
    publish_as(&own, &house.url, &correction("deep", &json!({"id": "fine"}), &json!({"patch": {"sources": press}}))).await.problem(403);
    publish_as(&cites, &house.url, &correction("deep", &json!({"id": "fine"}), &json!({"patch": {"sources": press}}))).await.expect(201);
    publish_as(&cites, &house.url, &correction("cited", &json!({"id": "read"}), &words)).await.expect(201);
}

#[tokio::test]
async fn the_ledger_says_who_speaks_for_whom() {
    let house = House::with_outage().await;
    let key = make_key(&house.data, &["publish:/x", "vendor:meta"]);
    publish_as(&key, &house.url, &acknowledged("/x", "one", "whatsapp", &json!([source("meta", "read_in", "vendor")]))).await.expect(201);
    publish_as(&key, &house.url, &acknowledged("/x", "two", "whatsapp", &json!([]))).await.expect(201);
    let told = run(&house.data, &["ledger", "check", "--voices", "--format", "json"]);
    assert_eq!(told.status.code(), Some(0), "{}", String::from_utf8_lossy(&told.stderr));
    let told: Value = serde_json::from_slice(&told.stdout).unwrap();
    let head = told["positions"].as_u64().unwrap();
    let voices = told["voices"].as_array().unwrap();
    let of = |publisher: &str, role: &str| {
        voices.iter().filter(|voice| voice["publisher"] == publisher && voice["as"] == role).cloned().collect::<Vec<_>>()
    };
    assert_eq!(of("/x", "vendor"), [json!({"publisher": "/x", "as": "vendor", "slug": "meta", "events": 1, "first": head - 1, "last": head - 1})]);
    assert_eq!(of("/x", "itself"), [json!({"publisher": "/x", "as": "itself", "slug": null, "events": 1, "first": head, "last": head})]);
    assert!(of("/desks/demo", "outlet").iter().any(|voice| voice["slug"] == "pune-prime"), "{told}");
    let text = String::from_utf8(run(&house.data, &["ledger", "check", "--voices"]).stdout).unwrap();
    assert!(text.contains("/x  for the vendor meta  1 events"), "{text}");
}
