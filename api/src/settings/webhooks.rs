//! What the gateway can be told of webhooks that come in.

/// What webhook sources may send.
#[derive(clap::Args, Clone, Copy, Debug)]
#[group(skip)]
pub struct Webhooks {
    /// The largest event of a webhook source, in bytes, 1,024 to 16,777,216
    #[arg(long, env = "VENTURI_MAX_WEBHOOK_BYTES", default_value_t = Self::DEFAULT.max_webhook_bytes,
          value_name = "BYTES", value_parser = max_bytes)]
    pub max_webhook_bytes: usize,

    /// How many events a second a webhook source may send to this process, ten times as many at once, 1 to 10,000
    #[arg(long, env = "VENTURI_WEBHOOKS_PER_S", default_value_t = Self::DEFAULT.webhooks_per_s,
          value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub webhooks_per_s: u32,
}

impl Webhooks {
    const DEFAULT: Self = Self { max_webhook_bytes: 262_144, webhooks_per_s: 50 };
}

impl Default for Webhooks {
    fn default() -> Self {
        Self::DEFAULT
    }
}

fn max_bytes(text: &str) -> Result<usize, String> {
    let bytes: usize = text.parse().map_err(|_| "not a number of bytes".to_owned())?;
    if (1_024..=16 * 1_024 * 1_024).contains(&bytes) {
        Ok(bytes)
    } else {
        Err("1,024 to 16,777,216".to_owned())
    }
}
