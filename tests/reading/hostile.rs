//! Event text is data from strangers: on the pages it is text, never markup; what could run is refused at the door.

use serde_json::json;

use crate::asking::{House, STRUCTURED, get, post, publish_one};

#[tokio::test]
async fn markup_in_an_event_is_text_on_the_pages() {
    let house = House::start();
    let evil = r#"<script>alert("x")</script><img src=x onerror=alert(1)>"'</title>"#;
    let event = json!({
        "specversion": "1.0", "id": "evil", "source": "/tests", "type": "dateline.anomaly.detected.v1", "subject": "mail",
        "data": {
            "occurred": {"at": "2026-03-01T10:00Z[UTC]", "wording": {"lang": "en", "text": evil}}, "regions": ["IN"], "headline": {"en": evil, "bn": evil}, "detected_by": evil,
            "sources": [{"slug": "tests", "role": "read_in", "name": evil, "url": "https://example.com/\"onmouseover=alert(1)<script>"}],
        },
    });
    publish_one(&house.url, &event.to_string()).await;
    let title = json!({
        "specversion": "1.0", "id": "title", "source": "/tests", "type": "dateline.incident.titled.v1", "subject": "mail",
        "data": {"event": {"id": "evil"}, "title": {"en": evil, "bn": evil}},
    });
    publish_one(&house.url, &title.to_string()).await;
    let registered = json!({
        "specversion": "1.0", "id": "registered", "source": "/tests", "type": "dateline.service.registered.v1", "subject": "mail",
        "data": {"names": {"en": evil, "bn": evil}, "vendor": {"slug": "acme", "name": evil}},
    });
    publish_one(&house.url, &registered.to_string()).await;
    house.caught_up().await;
    let mark = "%3Cscript%3Ealert(1)%3C%2Fscript%3E%22";
    for path in [
        "/".to_owned(),
        "/incidents/mail".to_owned(),
        "/incidents/mail?lang=bn&claims=true".to_owned(),
        format!("/?q={mark}"),
        format!("/?tz={mark}"),
        format!("/incidents/{mark}"),
        format!("/?{mark}=1"),
    ] {
        let answer = get(&house.at(&path)).await;
        assert_eq!(answer.header("content-type"), "text/html; charset=utf-8", "{path}: {}", answer.text());
        let policy = answer.header("content-security-policy");
        assert!(policy.contains("default-src 'none'") && policy.contains("script-src 'self'") && !policy.contains("unsafe"), "{path}: {policy}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        let page = answer.text();
        for markup in ["<script>", "<img", "onerror=alert(1)>", "\"onmouseover"] {
            assert!(!page.contains(markup), "{path}: {markup} stands in the page unescaped:\n{page}");
        }
    }
    let page = get(&house.at("/incidents/mail")).await.expect(200).text();
    assert!(page.contains("alert("), "the text itself is shown:\n{page}");
}

#[tokio::test]
async fn an_address_that_could_run_is_refused_at_the_door() {
    let house = House::start();
    for url in [
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        " https://example.com",
        "data:text/html,x",
        "//example.com",
        "/here",
        "https://",
        "https://a b",
        "ftp://example.com",
        "https://a\nb",
    ] {
        let event = json!({
            "specversion": "1.0", "id": "evil", "source": "/tests", "type": "dateline.anomaly.detected.v1", "subject": "mail",
            "data": {"occurred": {"at": "2026-03-01T10:00Z[UTC]"}, "sources": [{"slug": "tests", "role": "read_in", "url": url}]},
        });
        let problem = post(&house.url, STRUCTURED, event.to_string()).await.problem(422);
        assert_eq!(problem["faults"][0]["pointer"], "/data/sources/0/url", "{url:?}: {problem}");
    }
}
