//! No address takes the places of others, live streams take none of those who publish and read, and the newest is always let in.

use std::net::IpAddr;

use futures_util::FutureExt;

use super::{ADDRESS_RESERVE, Own, Place, Places, Quotas, RESERVE_MAX};

fn address(last: u8) -> IpAddr {
    IpAddr::from([192, 0, 2, last])
}

fn places() -> Places {
    Places::new(Quotas { connections: 20, live: 6, of_an_address: 8 }, &[address(99)])
}

fn enter(places: &Places, from: u8, count: usize) -> Vec<Place> {
    (0..count).map(|_| places.enter(address(from))).collect()
}

fn in_reserve(entered: &[Place]) -> usize {
    entered.iter().filter(|place| place.is_reserve()).count()
}

fn pushed_out(entered: &[Place]) -> usize {
    entered.iter().filter(|place| place.pushed_out().now_or_never().is_some()).count()
}

#[test]
fn an_address_has_its_share_and_a_proxy_has_none() {
    let places = places();
    let first = enter(&places, 1, 9);
    assert_eq!(in_reserve(&first), 1, "an address has eight");
    let proxy = enter(&places, 99, 13);
    assert_eq!(in_reserve(&proxy), 1, "a proxy has what there is");
    drop((first, proxy));
    assert_eq!(in_reserve(&enter(&places, 2, 8)), 0, "places are given back");
    let taken = places.taken();
    assert!(taken.of.is_empty() && taken.reserve.is_empty(), "and nobody is remembered");
}

#[test]
fn a_live_stream_gives_its_place_back_and_counts_where_its_reader_is() {
    let places = places();
    let readers = enter(&places, 1, 8);
    assert_eq!(readers.iter().filter(|place| place.go_live(address(1)).is_ok()).count(), 2, "an address has a quarter of eight");
    assert_eq!(places.taken().of[&address(1)], Own { connections: 6, live: 2 });
    assert_eq!(in_reserve(&enter(&places, 1, 2)), 0, "two places are free again");
    let behind = enter(&places, 99, 9);
    let gone_live = (10..19).zip(&behind).filter(|(reader, place)| place.go_live(address(*reader)).is_ok()).count();
    assert_eq!(gone_live, 4, "all together have six");
    assert!(readers[0].go_live(address(1)).is_err(), "a live stream is one already");
    drop((readers, behind));
    let taken = places.taken();
    assert_eq!((taken.live, taken.connections), (0, 0));
}

#[test]
fn in_the_reserve_the_newest_pushes_out_the_oldest_of_its_own_address_first() {
    let places = places();
    let own = enter(&places, 1, 8 + ADDRESS_RESERVE);
    assert_eq!((in_reserve(&own), pushed_out(&own)), (ADDRESS_RESERVE, 0));
    let next = places.enter(address(1));
    assert_eq!(pushed_out(&own), 1, "of its own address");
    let others: Vec<Vec<Place>> = (2..20).map(|from| enter(&places, from, ADDRESS_RESERVE)).collect();
    assert_eq!(places.taken().reserve.len(), RESERVE_MAX);
    let left = places.taken().reserve.iter().filter(|(holder, _)| *holder == address(1)).count();
    assert!((1..=RESERVE_MAX / 18).contains(&left), "a share for each: {left}");
    let newest = places.enter(address(1));
    assert!(newest.is_reserve() && newest.pushed_out().now_or_never().is_none());
    drop((own, next, others, newest));
    assert_eq!(places.taken().reserve.len(), 0);
}

#[test]
fn a_crowd_pushes_out_its_own_and_not_who_asks_from_elsewhere() {
    let places = places();
    let ordinary: Vec<Vec<Place>> = (1..4).map(|from| enter(&places, from, 8)).collect();
    let mut crowd: Vec<Vec<Place>> = (4..14).map(|from| enter(&places, from, ADDRESS_RESERVE)).collect();
    let elsewhere = places.enter(address(50));
    for _ in 0..20 {
        crowd.extend((4..14).map(|from| enter(&places, from, ADDRESS_RESERVE)));
    }
    assert!(elsewhere.is_reserve() && elsewhere.pushed_out().now_or_never().is_none());
    drop((ordinary, crowd));
}

#[test]
fn nobody_goes_live_from_the_reserve() {
    let places = places();
    let entered = enter(&places, 1, 9);
    assert!(entered[8].is_reserve() && entered[8].go_live(address(1)).is_err());
}
