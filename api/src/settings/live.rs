//! What the gateway can be told about connections that stay open: WebSockets and event streams.

use std::time::Duration;

use clap::builder::RangedU64ValueParser;

/// What the gateway can be told about connections that stay open.
#[derive(clap::Args, Clone, Debug)]
#[group(skip)]
pub struct Live {
    /// How many WebSockets and event streams this process holds at once, 1 to 1,000,000
    #[arg(long, env = "VENTURI_MAX_CONNECTIONS", default_value_t = 10_000, value_name = "CONNECTIONS",
          value_parser = RangedU64ValueParser::<u32>::new().range(1..=1_000_000))]
    pub max_connections: u32,

    /// How many operations one WebSocket may have under way at once, 1 to 10,000
    #[arg(long, env = "VENTURI_MAX_OPERATIONS_PER_CONNECTION", default_value_t = 100, value_name = "OPERATIONS",
          value_parser = RangedU64ValueParser::<u32>::new().range(1..=10_000))]
    pub max_operations_per_connection: u32,

    /// How long a WebSocket may take to say who it is, in seconds, 1 to 300
    #[arg(long, env = "VENTURI_CONNECTION_INIT_TIMEOUT_S", default_value_t = 10, value_name = "SECONDS",
          value_parser = clap::value_parser!(u64).range(1..=300))]
    pub connection_init_timeout_s: u64,

    /// After how long in silence a connection is asked whether it is still there; a WebSocket that does not
    /// answer within as long again is dropped; in seconds, 1 to 300
    #[arg(long, env = "VENTURI_KEEP_ALIVE_S", default_value_t = 12, value_name = "SECONDS",
          value_parser = clap::value_parser!(u64).range(1..=300))]
    pub keep_alive_s: u64,

    /// How long a client may leave what is sent to it untaken before it is dropped, in seconds, 1 to 600
    #[arg(long, env = "VENTURI_WRITE_TIMEOUT_S", default_value_t = 30, value_name = "SECONDS",
          value_parser = clap::value_parser!(u64).range(1..=600))]
    pub write_timeout_s: u64,
}

impl Default for Live {
    fn default() -> Self {
        Self {
            max_connections: 10_000,
            max_operations_per_connection: 100,
            connection_init_timeout_s: 10,
            keep_alive_s: 12,
            write_timeout_s: 30,
        }
    }
}

impl Live {
    pub(crate) fn connection_init_timeout(&self) -> Duration {
        Duration::from_secs(self.connection_init_timeout_s)
    }

    pub(crate) fn keep_alive(&self) -> Duration {
        Duration::from_secs(self.keep_alive_s)
    }

    pub(crate) fn write_timeout(&self) -> Duration {
        Duration::from_secs(self.write_timeout_s)
    }
}
