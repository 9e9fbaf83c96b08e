//! Ports for servers and proxies that tests start, kill and start again.
//!
//! Never a port from the kernel's ephemeral range: while a server is down, the clients that keep
//! dialling its port could be given that very port as their own source port. They would then be
//! connected to themselves, and the server could not bind it again.

use anyhow::bail;
use std::collections::BTreeSet;
use std::net::{Ipv4Addr, TcpListener};

/// Below the ephemeral range of Linux (from 32768) and macOS (from 49152).
const BELOW_EPHEMERAL: std::ops::Range<u16> = 12_000..32_000;

/// A port on 127.0.0.1 nobody listens on.
///
/// # Errors
/// When a thousand random ports were all taken.
pub fn free_port() -> anyhow::Result<u16> {
    free_ports::<1>().map(|[port]| port)
}

/// `N` different ports on 127.0.0.1 nobody listens on.
///
/// # Errors
/// As [`free_port`].
pub fn free_ports<const N: usize>() -> anyhow::Result<[u16; N]> {
    let mut found = BTreeSet::new();
    for _ in 0..1_000 {
        if found.len() == N {
            break;
        }
        let port = rand::random_range(BELOW_EPHEMERAL);
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            found.insert(port);
        }
    }
    match Vec::from_iter(found).try_into() {
        Ok(ports) => Ok(ports),
        Err(_) => bail!("no {N} free ports on 127.0.0.1 in {BELOW_EPHEMERAL:?}"),
    }
}
