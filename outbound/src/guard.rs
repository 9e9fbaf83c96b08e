//! Which addresses may be called: public ones, and networks that an operator allowed.

mod ranges;

use std::net::IpAddr;

use ipnet::IpNet;
use url::{Host, Url};

use crate::Settings;

/// The one judge of where a call may go.
#[derive(Clone, Debug)]
pub struct Guard {
    allow: Vec<IpNet>,
    http: bool,
}

/// Why a call does not take place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The scheme is not `https`, nor `http` where that is allowed.
    #[error("{0} is not called; the address begins with https://")]
    Scheme(String),
    /// A user name or a password stands in it.
    #[error("the address holds credentials")]
    Credentials,
    /// There is no host.
    #[error("the address has no host")]
    NoHost,
    /// The host is an address of a network that may not be called.
    #[error("{address} is not called: {network}")]
    Address {
        /// The address.
        address: IpAddr,
        /// What kind of network it is in.
        network: &'static str,
    },
    /// The host's name stands for no address that may be called.
    #[error("{name} stands for no public address: {address} is {network}")]
    Name {
        /// The name.
        name: String,
        /// One of its addresses.
        address: IpAddr,
        /// What kind of network that is in.
        network: &'static str,
    },
}

impl Guard {
    /// A guard as the operator set it.
    pub fn new(settings: &Settings) -> Self {
        Self { allow: settings.outbound_allow.clone(), http: settings.outbound_http }
    }

    /// What can be said of an address before its name is resolved. A host that is a number counts in every
    /// way of writing it: the parser of URLs has made one of them.
    pub fn check_url(&self, url: &Url) -> Result<(), Refused> {
        let scheme = url.scheme();
        if scheme != "https" && !(scheme == "http" && self.http) {
            return Err(Refused::Scheme(scheme.to_owned()));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Refused::Credentials);
        }
        let address = match url.host() {
            Some(Host::Domain("")) | None => return Err(Refused::NoHost),
            Some(Host::Domain(_)) => return Ok(()),
            Some(Host::Ipv4(address)) => IpAddr::V4(address),
            Some(Host::Ipv6(address)) => IpAddr::V6(address),
        };
        self.check(address).map_err(|network| Refused::Address { address, network })
    }

    /// Of a name's addresses, those that may be called.
    pub(crate) fn permitted(&self, name: &str, addresses: &[IpAddr]) -> Result<Vec<IpAddr>, Refused> {
        let mut refused = None;
        let mut permitted = Vec::new();
        for address in addresses {
            match self.check(*address) {
                Ok(()) => permitted.push(*address),
                Err(network) => refused = refused.or(Some((*address, network))),
            }
        }
        match refused {
            Some((address, network)) if permitted.is_empty() => {
                Err(Refused::Name { name: name.to_owned(), address, network })
            }
            _ => Ok(permitted),
        }
    }

    fn check(&self, address: IpAddr) -> Result<(), &'static str> {
        if self.allow.iter().any(|network| network.contains(&address)) {
            return Ok(());
        }
        ranges::special(address).map_or(Ok(()), Err)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guard(allow: &[&str], http: bool) -> Guard {
        Guard { allow: allow.iter().map(|network| network.parse().unwrap()).collect(), http }
    }

    fn refused(guard: &Guard, url: &str) -> Option<Refused> {
        guard.check_url(&url.parse().unwrap()).err()
    }

    #[test]
    fn the_scheme_is_https_unless_http_is_allowed() {
        for bad in ["http://example.com/", "ftp://example.com/", "file:///etc/passwd", "ws://example.com/"] {
            assert!(matches!(refused(&guard(&[], false), bad), Some(Refused::Scheme(_))), "{bad}");
        }
        assert_eq!(refused(&guard(&[], false), "https://example.com/"), None);
        assert_eq!(refused(&guard(&[], true), "http://example.com/"), None);
        assert!(refused(&guard(&[], true), "ftp://example.com/").is_some());
        assert_eq!(refused(&guard(&[], false), "https://u:p@example.com/"), Some(Refused::Credentials));
        assert_eq!(refused(&guard(&[], false), "https://u@example.com/"), Some(Refused::Credentials));
    }

    #[test]
    fn a_number_for_a_host_is_checked_however_it_is_written() {
        for host in [
            "127.0.0.1",
            "127.1",
            "2130706433",
            "0x7f000001",
            "0177.0.0.1",
            "0",
            "[::1]",
            "[::]",
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
            "[::127.0.0.1]",
            "169.254.169.254",
            "[fd00:ec2::254]",
            "１２７.0.0.1",
        ] {
            let found = refused(&guard(&[], false), &format!("https://{host}/"));
            assert!(matches!(found, Some(Refused::Address { .. })), "{host}: {found:?}");
        }
        assert_eq!(refused(&guard(&[], false), "https://1.1.1.1/"), None);
    }

    #[test]
    fn an_allowed_network_is_allowed_and_its_neighbour_is_not() {
        let guard = guard(&["10.1.0.0/16", "::1/128"], false);
        for (address, allowed) in [
            ("10.1.0.0", true),
            ("10.1.255.255", true),
            ("10.0.255.255", false),
            ("10.2.0.0", false),
            ("127.0.0.1", false),
            ("::1", true),
            ("::2", false),
            // Another way to the same machine is another network.
            ("::ffff:10.1.0.1", false),
            ("64:ff9b::10.1.0.1", false),
            ("8.8.8.8", true),
        ] {
            assert_eq!(guard.check(address.parse().unwrap()).is_ok(), allowed, "{address}");
        }
    }

    #[test]
    fn of_a_names_addresses_the_public_ones_are_kept() {
        let guard = guard(&[], false);
        let of = |list: &[&str]| {
            let list: Vec<IpAddr> = list.iter().map(|address| address.parse().unwrap()).collect();
            guard.permitted("example.com", &list)
        };
        assert_eq!(of(&["10.0.0.1", "1.1.1.1", "::1"]), Ok(vec!["1.1.1.1".parse().unwrap()]));
        let refused = of(&["10.0.0.1", "::1"]).unwrap_err();
        assert_eq!(refused.to_string(), "example.com stands for no public address: 10.0.0.1 is private");
        assert_eq!(of(&[]), Ok(Vec::new()), "a name without addresses is not refused but not found");
    }
}
