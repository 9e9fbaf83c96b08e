//! Addresses that are not of the public internet, as the IANA registers of special-purpose addresses list
//! them (RFC 6890 and its updates), and what clouds serve their machines at.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What kind of network an address is in; none for a public one.
pub(crate) fn special(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(address) => special_v4(address),
        IpAddr::V6(address) => special_v6(address),
    }
}

/// `(network, length of its prefix in bits, what it is)`.
const V4: [(Ipv4Addr, u32, &str); 18] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8, "this network"),
    (Ipv4Addr::new(10, 0, 0, 0), 8, "private"),
    (Ipv4Addr::new(100, 64, 0, 0), 10, "shared by a carrier"),
    (Ipv4Addr::new(127, 0, 0, 0), 8, "this machine"),
    (Ipv4Addr::new(168, 63, 129, 16), 32, "a cloud's own service"),
    (Ipv4Addr::new(169, 254, 0, 0), 16, "link-local"),
    (Ipv4Addr::new(172, 16, 0, 0), 12, "private"),
    (Ipv4Addr::new(192, 0, 0, 0), 24, "set aside for protocols"),
    (Ipv4Addr::new(192, 0, 2, 0), 24, "for documentation"),
    (Ipv4Addr::new(192, 31, 196, 0), 24, "a sink for reverse names"),
    (Ipv4Addr::new(192, 88, 99, 0), 24, "a relay into IPv6"),
    (Ipv4Addr::new(192, 168, 0, 0), 16, "private"),
    (Ipv4Addr::new(192, 175, 48, 0), 24, "a sink for reverse names"),
    (Ipv4Addr::new(198, 18, 0, 0), 15, "for measurements"),
    (Ipv4Addr::new(198, 51, 100, 0), 24, "for documentation"),
    (Ipv4Addr::new(203, 0, 113, 0), 24, "for documentation"),
    (Ipv4Addr::new(224, 0, 0, 0), 4, "multicast"),
    (Ipv4Addr::new(240, 0, 0, 0), 4, "reserved"),
];

fn special_v4(address: Ipv4Addr) -> Option<&'static str> {
    let within = |(network, bits, _): &&(Ipv4Addr, u32, &str)| {
        let mask = u32::MAX.checked_shl(32 - *bits).unwrap_or(0);
        address.to_bits() & mask == network.to_bits()
    };
    V4.iter().find(within).map(|(_, _, name)| *name)
}

/// The only addresses that IPv6 gives to machines of the public internet.
const GLOBAL_UNICAST: (Ipv6Addr, u32) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

/// What is special within them. Those that lead to an IPv4 address lead past the list above.
const V6: [(Ipv6Addr, u32, &str); 4] = [
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23, "set aside for protocols"),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32, "for documentation"),
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16, "a way to an IPv4 address"),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20, "for documentation"),
];

/// What is outside of them, for the reader of a refusal; the rest is unassigned.
const V6_OUTSIDE: [(Ipv6Addr, u32, &str); 8] = [
    (Ipv6Addr::LOCALHOST, 128, "this machine"),
    (Ipv6Addr::UNSPECIFIED, 128, "this network"),
    (Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0, 0), 96, "a way to an IPv4 address"),
    (Ipv6Addr::new(0, 0, 0, 0, 0, 0, 0, 0), 96, "a way to an IPv4 address"),
    (Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 32, "a way to an IPv4 address"),
    (Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0), 7, "private"),
    (Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), 10, "link-local"),
    (Ipv6Addr::new(0xff00, 0, 0, 0, 0, 0, 0, 0), 8, "multicast"),
];

fn special_v6(address: Ipv6Addr) -> Option<&'static str> {
    let within = |network: Ipv6Addr, bits: u32| {
        let mask = u128::MAX.checked_shl(128 - bits).unwrap_or(0);
        address.to_bits() & mask == network.to_bits()
    };
    let list: &[_] = if within(GLOBAL_UNICAST.0, GLOBAL_UNICAST.1) { &V6 } else { &V6_OUTSIDE };
    let named = list.iter().find(|(network, bits, _)| within(*network, *bits)).map(|(_, _, name)| *name);
    named.or_else(|| (!within(GLOBAL_UNICAST.0, GLOBAL_UNICAST.1)).then_some("not public"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first and the last address of each network, and the ones beside it where those are public.
    #[test]
    fn each_network_ends_where_it_ends() {
        let table: &[(&str, &str, &str, &str)] = &[
            // Before, first, last, after; a dash where the neighbour is special too.
            ("-", "0.0.0.0", "0.255.255.255", "1.0.0.0"),
            ("9.255.255.255", "10.0.0.0", "10.255.255.255", "11.0.0.0"),
            ("100.63.255.255", "100.64.0.0", "100.127.255.255", "100.128.0.0"),
            ("126.255.255.255", "127.0.0.0", "127.255.255.255", "128.0.0.0"),
            ("168.63.129.15", "168.63.129.16", "168.63.129.16", "168.63.129.17"),
            ("169.253.255.255", "169.254.0.0", "169.254.255.255", "169.255.0.0"),
            ("172.15.255.255", "172.16.0.0", "172.31.255.255", "172.32.0.0"),
            ("191.255.255.255", "192.0.0.0", "192.0.0.255", "192.0.1.0"),
            ("192.0.1.255", "192.0.2.0", "192.0.2.255", "192.0.3.0"),
            ("192.31.195.255", "192.31.196.0", "192.31.196.255", "192.31.197.0"),
            ("192.88.98.255", "192.88.99.0", "192.88.99.255", "192.88.100.0"),
            ("192.167.255.255", "192.168.0.0", "192.168.255.255", "192.169.0.0"),
            ("192.175.47.255", "192.175.48.0", "192.175.48.255", "192.175.49.0"),
            ("198.17.255.255", "198.18.0.0", "198.19.255.255", "198.20.0.0"),
            ("198.51.99.255", "198.51.100.0", "198.51.100.255", "198.51.101.0"),
            ("203.0.112.255", "203.0.113.0", "203.0.113.255", "203.0.114.0"),
            ("223.255.255.255", "224.0.0.0", "255.255.255.255", "-"),
            ("-", "::", "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2000::"),
            ("2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2001::", "2001:1ff:ffff::", "2001:200::"),
            ("2001:db7:ffff::", "2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db9::"),
            ("2001:ffff::", "2002::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2003::"),
            ("3ffe:ffff::", "3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", "3fff:1000::"),
            (
                "3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
                "4000::",
                "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
                "-",
            ),
        ];
        for (before, first, last, after) in table {
            for inside in [first, last] {
                assert!(special(inside.parse().unwrap()).is_some(), "{inside}");
            }
            for outside in [before, after].into_iter().filter(|text| **text != "-") {
                assert_eq!(special(outside.parse().unwrap()), None, "{outside}");
            }
        }
    }

    #[test]
    fn a_refusal_says_what_the_network_is() {
        for (address, name) in [
            ("127.0.0.1", "this machine"),
            ("::1", "this machine"),
            ("::", "this network"),
            ("169.254.169.254", "link-local"),
            ("255.255.255.255", "reserved"),
            ("100.100.100.200", "shared by a carrier"),
            ("::ffff:8.8.8.8", "a way to an IPv4 address"),
            ("::127.0.0.1", "a way to an IPv4 address"),
            ("64:ff9b::7f00:1", "a way to an IPv4 address"),
            ("64:ff9b:1::7f00:1", "a way to an IPv4 address"),
            ("2002:7f00:1::", "a way to an IPv4 address"),
            ("2001:0:7f00:1::", "set aside for protocols"),
            ("fd00:ec2::254", "private"),
            ("fe80::1", "link-local"),
            ("ff02::1", "multicast"),
            ("5f00::1", "not public"),
        ] {
            assert_eq!(special(address.parse().unwrap()), Some(name), "{address}");
        }
        for public in ["1.1.1.1", "8.8.8.8", "93.184.215.14", "2606:4700:4700::1111", "2a00:1450:4001::1"] {
            assert_eq!(special(public.parse().unwrap()), None, "{public}");
        }
    }
}
