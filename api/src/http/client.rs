//! Where a request comes from: the address its connection has, or what trusted proxies in front say of it.

use std::{
    convert::Infallible,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Arc,
};

use axum::{
    extract::{ConnectInfo, FromRequestParts},
    http::{HeaderMap, request::Parts},
};

use super::Gateway;

/// The header to which each proxy adds the address that it was called from.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// The address of who calls.
#[derive(Clone, Copy, Debug)]
pub(super) struct Client(pub(super) IpAddr);

impl FromRequestParts<Arc<Gateway>> for Client {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, gateway: &Arc<Gateway>) -> Result<Self, Infallible> {
        let connection = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let peer = connection.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0.ip());
        Ok(Self(forwarded(&parts.headers, gateway.trusted_proxies).unwrap_or(peer)))
    }
}

/// What the outermost of so many proxies was called from. Whatever stands left of that, the caller wrote; with
/// fewer hops than proxies, proxies wrote them all.
fn forwarded(headers: &HeaderMap, proxies: u8) -> Option<IpAddr> {
    let back = usize::from(proxies.checked_sub(1)?);
    let values = headers.get_all(FORWARDED_FOR).iter().map(|value| value.to_str().unwrap_or_default());
    let hops: Vec<&str> = values.flat_map(|value| value.split(',')).map(str::trim).collect();
    let hop = hops.iter().rev().nth(back).or(hops.first())?;
    let with_port = || hop.parse::<SocketAddr>().map(|address| address.ip());
    hop.trim_matches(['[', ']']).parse().or_else(|_| with_port()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_hops_are_believed_as_there_are_proxies() {
        let mut headers = HeaderMap::new();
        headers.append(FORWARDED_FOR, "203.0.113.66, 198.51.100.7:4711".parse().unwrap());
        headers.append(FORWARDED_FOR, "[2001:db8::1], [2001:db8::2]:443".parse().unwrap());
        let cases = [
            (0, None),
            (1, Some("2001:db8::2")),
            (2, Some("2001:db8::1")),
            (3, Some("198.51.100.7")),
            (4, Some("203.0.113.66")),
            (9, Some("203.0.113.66")),
        ];
        for (proxies, expected) in cases {
            let expected = expected.map(|address| address.parse::<IpAddr>().unwrap());
            assert_eq!(forwarded(&headers, proxies), expected, "{proxies}");
        }
        assert_eq!(forwarded(&HeaderMap::new(), 1), None);
        let nonsense = HeaderMap::from_iter([(FORWARDED_FOR.parse().unwrap(), "unknown".parse().unwrap())]);
        assert_eq!(forwarded(&nonsense, 1), None);
    }
}
