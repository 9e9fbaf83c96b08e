//! How documents are had from the issuer: over HTTPS, whole and soon or not at all.

use std::time::Duration;

use anyhow::Context;
use axum::{
    body::{Body, Bytes},
    http::{Request, StatusCode, header},
};
use http_body_util::{BodyExt, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use url::{Host, Url};

/// How long one document may take, in seconds.
const TIMEOUT: Duration = Duration::from_secs(5);
/// The largest document, in bytes.
const MAX_BYTES: usize = 256 * 1024;

/// An HTTP client for a few small documents. It follows no redirects and asks no proxy.
#[derive(Debug)]
pub(super) struct Fetch(Client<HttpsConnector<HttpConnector>, Body>);

impl Fetch {
    pub(super) fn new() -> Self {
        // The roots are built in, as they are for the database and the broker. Plain HTTP is for addresses that
        // were checked to be of this machine.
        let connector =
            HttpsConnectorBuilder::new().with_webpki_roots().https_or_http().enable_http1().build();
        Self(Client::builder(TokioExecutor::new()).build(connector))
    }

    /// The bytes of a document.
    pub(super) async fn get(&self, url: &Url) -> anyhow::Result<Bytes> {
        let got = tokio::time::timeout(TIMEOUT, self.read(url)).await;
        got.unwrap_or_else(|_| anyhow::bail!("no answer within {} s", TIMEOUT.as_secs()))
            .with_context(|| format!("GET {url}"))
    }

    async fn read(&self, url: &Url) -> anyhow::Result<Bytes> {
        let request = Request::get(url.as_str()).header(header::ACCEPT, "application/json");
        let response = self.0.request(request.body(Body::empty())?).await?;
        anyhow::ensure!(response.status() == StatusCode::OK, "status {}", response.status());
        let body = Limited::new(response.into_body(), MAX_BYTES).collect().await;
        Ok(body.map_err(|error| anyhow::anyhow!("{error}"))?.to_bytes())
    }
}

/// A URL that is trusted for keys: `https`, or `http` on this machine.
pub(super) fn checked_url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| error.to_string())?;
    let local = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => return Err("a URL with a host is needed".to_owned()),
    };
    if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
        return Err("a URL without user, password and fragment is needed".to_owned());
    }
    match url.scheme() {
        "https" => Ok(url),
        "http" if local => Ok(url),
        _ => Err("https is needed; http is for a host on this machine alone".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::checked_url;

    #[test]
    fn keys_come_over_https_or_from_this_machine() {
        for good in [
            "https://login.example.org/realms/venturi",
            "http://localhost:8080/",
            "http://127.0.0.1:9/keys",
            "http://[::1]/",
        ] {
            assert!(checked_url(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "login.example.org",
            "http://login.example.org",
            "http://10.0.0.1/",
            "http://localhost.example.org/",
            "ftp://127.0.0.1/",
            "file:///etc/passwd",
            "https://user:word@login.example.org/",
            "https://login.example.org/#here",
        ] {
            assert!(checked_url(bad).is_err(), "{bad}");
        }
    }
}
