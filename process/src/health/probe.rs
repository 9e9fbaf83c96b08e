//! The other end of the health pages: one GET, for images that hold no HTTP client of their own.
//!
//! Plain HTTP to a process nearby and nothing more: no TLS, no redirects, no body.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use url::{Host, Url};

/// How long connecting, asking and answering may take together.
const TIMEOUT: Duration = Duration::from_secs(3);

/// The longest status line that is read, in bytes.
const STATUS_LINE: u64 = 1024;

/// Why a process did not answer that it is well.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// Not an `http://` address with a host.
    #[error("{0} is not an http:// address")]
    Address(Url),
    /// Nothing listens there, or the connection broke.
    #[error("no answer from {url}")]
    Connection {
        /// Who was asked.
        url: Url,
        /// What went wrong.
        source: io::Error,
    },
    /// Nobody answered within 3 seconds.
    #[error("no answer from {0} within {seconds} s", seconds = TIMEOUT.as_secs())]
    Timeout(Url),
    /// The answer was another one than 200.
    #[error("{url} answered: {answer}")]
    NotWell {
        /// Who was asked.
        url: Url,
        /// The status line as it came.
        answer: String,
    },
}

/// Asks `url` and succeeds when the answer is 200.
///
/// # Errors
/// Every other answer, and none.
pub async fn probe(url: &Url) -> Result<(), ProbeError> {
    let asked = tokio::time::timeout(TIMEOUT, status_line(url)).await;
    let answer = asked.map_err(|_| ProbeError::Timeout(url.clone()))??;
    match answer.split_ascii_whitespace().nth(1) {
        Some("200") => Ok(()),
        _ => Err(ProbeError::NotWell { url: url.clone(), answer }),
    }
}

async fn status_line(url: &Url) -> Result<String, ProbeError> {
    let (Some(host), Some(port), "http") = (url.host(), url.port_or_known_default(), url.scheme()) else {
        return Err(ProbeError::Address(url.clone()));
    };
    exchange(url, host, port).await.map_err(|source| ProbeError::Connection { url: url.clone(), source })
}

async fn exchange(url: &Url, host: Host<&str>, port: u16) -> io::Result<String> {
    let mut stream = match host {
        Host::Domain(name) => TcpStream::connect((name, port)).await?,
        Host::Ipv4(address) => TcpStream::connect((address, port)).await?,
        Host::Ipv6(address) => TcpStream::connect((address, port)).await?,
    };
    let path = url.path();
    let request = format!("GET {path} HTTP/1.1\r\nhost: {host}:{port}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut line = String::new();
    BufReader::new(stream.take(STATUS_LINE)).read_line(&mut line).await?;
    if line.is_empty() { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(line.trim_end().to_owned()) }
}
