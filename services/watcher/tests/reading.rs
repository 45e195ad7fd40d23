//! How much room there is for what a server sends.

use std::io::Write;

use dateline_status_pages::MAX_PAGE_BYTES;

use crate::watcher::body::{Held, Store};

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
