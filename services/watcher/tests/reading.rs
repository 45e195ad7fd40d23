//! How long a server asks to be left alone.

use dateline_events::Instant;

use crate::watcher::fetch::retry_after_ms;

#[test]
fn retry_after_is_seconds_or_a_date() {
    let now = Instant::parse("2015-10-21T07:28:00Z").unwrap();
    let cases = [
        ("120", Some(120_000)),
        (" 0 ", Some(0)),
        ("18446744073709551615", Some(u64::MAX)),
        ("Wed, 21 Oct 2015 07:30:00 GMT", Some(120_000)),
        ("Wed, 21 Oct 2015 07:00:00 GMT", None),
        ("-1", None),
        ("soon", None),
        ("", None),
    ];
    for (text, expected) in cases {
        assert_eq!(retry_after_ms(text, now), expected, "{text:?}");
    }
}
