//! How to reach the broker, and how patient to be with it.

use std::{fmt, time::Duration};

use lapin::{
    ConnectionProperties,
    uri::{AMQPQueryString, AMQPUri},
};

/// Settings of the RabbitMQ transport.
#[derive(Clone)]
pub struct AmqpOptions {
    /// `amqp://user:password@host:port/vhost`, or `amqps://`. Never printed whole.
    pub url: String,
    /// The name shown in the broker's list of connections.
    pub connection_name: String,
    /// How long a publish waits for its confirm.
    pub confirm_timeout: Duration,
    /// How long connecting, and each of declaring and subscribing, may take.
    pub connect_timeout: Duration,
    /// The longest pause between two attempts to connect.
    pub reconnect_backoff_max: Duration,
    /// The heartbeat asked of the broker, in whole seconds; a silent connection is given up after two.
    pub heartbeat: Duration,
    /// Whether the wakes of other processes are heard; a process that nobody watches need not.
    pub hears_wakes: bool,
}

impl Default for AmqpOptions {
    fn default() -> Self {
        Self {
            url: "amqp://127.0.0.1:5672".to_owned(),
            connection_name: "venturi".to_owned(),
            confirm_timeout: Duration::from_secs(10),
            connect_timeout: Duration::from_secs(10),
            reconnect_backoff_max: Duration::from_secs(5),
            heartbeat: Duration::from_secs(10),
            hears_wakes: true,
        }
    }
}

impl AmqpOptions {
    /// The defaults for a URL.
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into(), ..Self::default() }
    }

    /// Where and how to connect. The reason of a failure never repeats the URL: it may hold a password.
    pub(super) fn uri(&self) -> Result<AMQPUri, String> {
        let uri: AMQPUri =
            self.url.parse().map_err(|_| "the broker's URL is not a valid AMQP URL".to_owned())?;
        let heartbeat = u16::try_from(self.heartbeat.as_secs()).unwrap_or(u16::MAX);
        let connection_timeout = u64::try_from(self.connect_timeout.as_millis()).unwrap_or(u64::MAX);
        let query = AMQPQueryString {
            heartbeat: Some(heartbeat),
            connection_timeout: Some(connection_timeout),
            ..uri.query
        };
        Ok(AMQPUri { query, ..uri })
    }

    pub(super) fn properties(&self) -> ConnectionProperties {
        ConnectionProperties::default().with_connection_name(self.connection_name.as_str().into())
    }
}

impl fmt::Debug for AmqpOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host =
            self.uri().map(|uri| format!("{}:{}{}", uri.authority.host, uri.authority.port, uri.vhost));
        f.debug_struct("AmqpOptions")
            .field("url", &host.as_deref().unwrap_or("invalid"))
            .field("connection_name", &self.connection_name)
            .field("confirm_timeout", &self.confirm_timeout)
            .field("connect_timeout", &self.connect_timeout)
            .field("reconnect_backoff_max", &self.reconnect_backoff_max)
            .field("heartbeat", &self.heartbeat)
            .field("hears_wakes", &self.hears_wakes)
            .finish()
    }
}
