//! How long a server asks to be left alone, and how much room there is for what it sends.

use std::io::Write;

use dateline_events::Instant;
use dateline_status_pages::MAX_PAGE_BYTES;

use crate::watcher::body::{Held, Store};
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

#[test]
fn a_page_ends_at_its_limit() {
    let mut held = Held::new(Store::new(2 * MAX_PAGE_BYTES));
    held.write_all(&vec![0; MAX_PAGE_BYTES]).unwrap();
    let refused = held.write_all(&[0]).unwrap_err().to_string();
    assert_eq!(refused, "it is larger than 33554432 bytes; a page has at most so many, unpacked");
    assert_eq!(held.bytes().len(), MAX_PAGE_BYTES);
}

#[test]
fn all_pages_together_end_at_theirs_and_give_their_room_back() {
    let store = Store::new(1024 * 1024);
    let (mut one, mut two) = (Held::new(store.clone()), Held::new(store));
    one.write_all(&[0; 768 * 1024]).unwrap();
    two.write_all(&[0; 256 * 1024]).unwrap();
    assert!(two.write_all(&[0]).unwrap_err().to_string().starts_with("there is no room for it"));
    drop(one);
    two.write_all(&[0; 768 * 1024]).unwrap();
    assert!(two.write_all(&[0]).is_err());
}
