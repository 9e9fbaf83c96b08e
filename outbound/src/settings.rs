//! What an operator may say about calls to the outside.

use ipnet::IpNet;

/// What an operator may say about calls to the outside.
#[derive(clap::Args, Clone, Debug)]
// Flattened side by side, two groups named after their type `Settings` would collide.
#[group(skip)]
pub struct Settings {
    /// Networks that may be called beside public addresses, joined by commas, such as `10.1.0.0/16`
    #[arg(long, env = "VENTURI_OUTBOUND_ALLOW", value_delimiter = ',', value_parser = network, value_name = "CIDR")]
    pub outbound_allow: Vec<IpNet>,

    /// Whether `http` may be called, not only `https`
    #[arg(long, env = "VENTURI_OUTBOUND_HTTP", default_value_t = false, action = clap::ArgAction::Set, value_name = "BOOL")]
    pub outbound_http: bool,

    /// How long one call may take, from resolving the name to the answer's end, in milliseconds, 100 to 60,000
    #[arg(long, env = "VENTURI_OUTBOUND_TIMEOUT_MS", default_value_t = 20_000, value_name = "MILLISECONDS",
          value_parser = clap::value_parser!(u64).range(100..=60_000))]
    pub outbound_timeout_ms: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { outbound_allow: Vec::new(), outbound_http: false, outbound_timeout_ms: 20_000 }
    }
}

/// A network as written: one that has bits set behind its prefix is a slip, not a network.
fn network(text: &str) -> Result<IpNet, String> {
    let network: IpNet =
        text.trim().parse().map_err(|_| "not a network such as 10.1.0.0/16 or fd00:1::/64".to_owned())?;
    if network.trunc() == network {
        Ok(network)
    } else {
        Err(format!("bits are set behind the prefix; did you mean {}?", network.trunc()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_is_written_exactly() {
        for good in ["10.1.0.0/16", "127.0.0.1/32", "::1/128", " fd00:1::/64"] {
            assert!(network(good).is_ok(), "{good}");
        }
        for bad in ["10.1.2.3/16", "10.1.2.3", "localhost", "", "fd00:1::1/64", "10.0.0.0/33"] {
            assert!(network(bad).is_err(), "{bad}");
        }
    }
}
