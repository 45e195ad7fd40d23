//! Only public addresses are connected to, however they are written and whoever leads there.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use proptest::prelude::*;
use url::Url;

use crate::watcher::address::{NotReached, Reach, is_public};

fn url(text: &str) -> Url {
    Url::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn addresses_that_lead_inside_are_not_public() {
    let inside = [
        "0.0.0.0",
        "0.1.2.3",
        "10.0.0.1",
        "10.255.255.255",
        "100.64.0.1",
        "100.127.255.255",
        "127.0.0.1",
        "127.255.255.254",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.8",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.0.1",
        "192.168.255.255",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.7",
        "203.0.113.7",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::8.8.8.8",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:169.254.169.254",
        "::ffff:0:8.8.8.8",
        "64:ff9b::10.0.0.1",
        "64:ff9b::127.0.0.1",
        "64:ff9b::169.254.169.254",
        "64:ff9b:1::8.8.8.8",
        "100::1",
        "fe80::1",
        "febf::1",
        "fec0::1",
        "fc00::1",
        "fd12:3456::1",
        "ff02::1",
        "ff0e::1",
        "2001:db8::1",
        "3fff::1",
        "2001::1",
        "2001:0:808:808::1",
        "2001:2::1",
        "2001:10::1",
        "2001:20::1",
        "2002:7f00:1::1",
        "2002:a00:1::1",
        "2002:a9fe:a9fe::1",
        "4000::1",
        "5f00::1",
        "::ffff:ffff:1",
    ];
    for address in inside {
        assert!(!is_public(address.parse().unwrap()), "{address} is taken for public");
    }
}

#[test]
fn addresses_of_the_world_are_public() {
    let outside = [
        "1.1.1.1",
        "8.8.8.8",
        "9.255.255.255",
        "11.0.0.1",
        "100.63.255.255",
        "100.128.0.1",
        "126.255.255.255",
        "128.0.0.1",
        "169.253.0.1",
        "172.15.255.255",
        "172.32.0.1",
        "192.0.1.1",
        "192.167.0.1",
        "198.17.255.255",
        "198.20.0.1",
        "223.255.255.255",
        "2606:4700:4700::1111",
        "2a00:1450:4001:80e::200e",
        "2001:4860:4860::8888",
        "2400:cb00::1",
        "2620:0:2d0:200::7",
        "::ffff:8.8.8.8",
        "64:ff9b::8.8.8.8",
        "2002:808:808::1",
    ];
    for address in outside {
        assert!(is_public(address.parse().unwrap()), "{address} is taken for private");
    }
}

#[test]
fn a_literal_address_is_judged_however_it_is_written() {
    let inside = [
        "http://127.0.0.1/",
        "http://127.1/",
        "http://0x7f.1/",
        "http://2130706433/",
        "http://017700000001/",
        "http://0/",
        "https://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[::ffff:7f00:1]/",
        "http://[fe80::1]/",
        "http://10.0.0.1:8080/x",
        "http://169.254.169.254/latest/meta-data/",
        "http://%31%32%37.0.0.1/",
        "http://１２７.0.0.1/",
        "http://127.0.0.1./",
    ];
    for address in inside {
        let found = Reach::Public.check(&url(address));
        assert!(matches!(found, Err(NotReached::Private(_))), "{address}: {found:?}");
        assert_eq!(Reach::Everything.check(&url(address)), Ok(()), "{address}");
    }
    for address in ["https://8.8.8.8/", "https://www.githubstatus.com/api/v2/summary.json", "http://[2606:4700:4700::1111]:8080/"] {
        assert_eq!(Reach::Public.check(&url(address)), Ok(()), "{address}");
    }
}

#[test]
fn only_web_addresses_without_a_login_are_read() {
    for reach in [Reach::Public, Reach::Everything] {
        for address in ["file:///etc/passwd", "ftp://example.com/", "gopher://example.com/", "data:text/plain,x", "unix:/run/x"] {
            assert!(matches!(reach.check(&url(address)), Err(NotReached::Scheme(_))), "{address}");
        }
        for address in ["https://user@example.com/", "https://:secret@example.com/"] {
            assert_eq!(reach.check(&url(address)), Err(NotReached::Login), "{address}");
        }
    }
}

#[test]
fn a_redirect_is_judged_like_a_first_address_and_never_leads_out_of_tls() {
    let page = url("https://status.example.com/summary.json");
    let to = |text: &str| Reach::Public.check_redirect(&page, &page.join(text).unwrap());
    assert_eq!(to("/other"), Ok(()));
    assert_eq!(to("https://elsewhere.example.org/"), Ok(()));
    for private in ["https://127.0.0.1/", "//10.0.0.1/", "https://[::1]:7310/", "http://192.168.1.1/", "https://2852039166/"] {
        assert!(matches!(to(private), Err(NotReached::Private(_))), "{private}");
    }
    assert!(matches!(to("file:///etc/passwd"), Err(NotReached::Scheme(_))));
    assert!(matches!(to("http://status.example.com/"), Err(NotReached::Downgrade(_))));
    assert_eq!(Reach::Public.check_redirect(&url("http://example.com/"), &page), Ok(()));
    assert_eq!(Reach::Everything.check_redirect(&page, &url("https://127.0.0.1/")), Ok(()));
}

#[test]
fn a_name_is_connected_to_at_its_public_addresses_only() {
    let at = |texts: &[&str]| texts.iter().map(|text| SocketAddr::new(text.parse().unwrap(), 443)).collect::<Vec<_>>();
    let choose = |reach: Reach, texts: &[&str]| reach.choose("rebound.example", at(texts).into_iter());
    assert_eq!(choose(Reach::Public, &["8.8.8.8", "127.0.0.1", "::1"]), Ok(at(&["8.8.8.8"])));
    let refused = choose(Reach::Public, &["127.0.0.1"]);
    assert_eq!(refused, Err(NotReached::LeadsToPrivate { name: "rebound.example".into(), address: "127.0.0.1".parse().unwrap() }));
    assert_eq!(choose(Reach::Everything, &["127.0.0.1", "::1"]), Ok(at(&["127.0.0.1", "::1"])));
}

proptest! {
    #[test]
    fn an_ipv6_form_of_an_ipv4_address_is_what_that_one_is(bits: u32) {
        let v4 = Ipv4Addr::from_bits(bits);
        let [high, low] = [(bits >> 16) as u16, bits as u16];
        let forms = [
            v4.to_ipv6_mapped(),
            Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, high, low),
            Ipv6Addr::new(0x2002, high, low, 0, 0, 0, 0, 1),
        ];
        for form in forms {
            prop_assert_eq!(is_public(IpAddr::V6(form)), is_public(IpAddr::V4(v4)), "{} {}", form, v4);
        }
    }

    #[test]
    fn nothing_that_the_standard_library_calls_special_is_public(bits: u32, wide: u128) {
        let v4 = Ipv4Addr::from_bits(bits);
        if v4.is_loopback() || v4.is_private() || v4.is_link_local() || v4.is_multicast() || v4.is_broadcast() || v4.is_documentation() || v4.is_unspecified() {
            prop_assert!(!is_public(v4.into()), "{}", v4);
        }
        let v6 = Ipv6Addr::from_bits(wide);
        if v6.is_loopback() || v6.is_multicast() || v6.is_unspecified() || v6.is_unique_local() || v6.is_unicast_link_local() {
            prop_assert!(!is_public(v6.into()), "{}", v6);
        }
    }
}
