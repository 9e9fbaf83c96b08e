//! An OpenID Connect issuer beside our own tokens: whose bearer tokens are taken, and what is made of one.
//!
//! Only `sub` is taken from a token. What its person may do is on record here, never in a claim.

mod fetch;
mod keys;

use std::{sync::Arc, time::Duration};

use app::issuer::{Claims, Issuer, Rejected};
use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::{Header, Validation, decode, decode_header};
use serde::Deserialize;
use url::Url;

use fetch::{Fetch, checked_url};
use keys::{KeySource, Keys};

/// How far our clock and the issuer's may differ, in seconds.
const LEEWAY: TimeDelta = TimeDelta::seconds(30);
/// The longest subject that is looked up, in characters.
const MAX_SUBJECT: usize = 255;

/// The issuer whose tokens are taken; none without its name.
#[derive(clap::Args, Clone, Debug)]
// Flattened side by side, two groups named after their type `Settings` would collide.
#[group(skip)]
pub struct Settings {
    /// OpenID Connect issuer whose JWTs are taken beside API tokens: its `iss`, to the letter
    #[arg(long, env = "VENTURI_OIDC_ISSUER", value_name = "URL", value_parser = checked_issuer,
          requires = "oidc_audience")]
    pub oidc_issuer: Option<String>,

    /// What those JWTs have in `aud`
    #[arg(long, env = "VENTURI_OIDC_AUDIENCE", value_name = "TEXT", requires = "oidc_issuer")]
    pub oidc_audience: Option<String>,

    /// Where the issuer's keys are; without it, where its discovery document says
    #[arg(long, env = "VENTURI_OIDC_JWKS_URL", value_name = "URL", value_parser = checked_url,
          requires = "oidc_issuer")]
    pub oidc_jwks_url: Option<Url>,

    /// How long the issuer is left in peace after its keys were asked for, in seconds, 1 to 3,600
    #[arg(long, env = "VENTURI_OIDC_REFRESH_S", default_value_t = 30, value_name = "SECONDS",
          value_parser = clap::value_parser!(u64).range(1..=3_600))]
    pub oidc_refresh_s: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { oidc_issuer: None, oidc_audience: None, oidc_jwks_url: None, oidc_refresh_s: 30 }
    }
}

impl Settings {
    /// The issuer, for [`app::App::with_issuer`]; none when there is none. Its keys are asked for once a token
    /// needs them, so an issuer that is away keeps nothing from starting.
    pub fn issuer(&self) -> Option<Arc<dyn Issuer>> {
        let (issuer, audience) = self.oidc_issuer.clone().zip(self.oidc_audience.clone())?;
        let refresh = Duration::from_secs(self.oidc_refresh_s);
        let source = KeySource::new(Fetch::new(), issuer.clone(), self.oidc_jwks_url.clone(), refresh);
        Some(Arc::new(Oidc { issuer, audience, source: Arc::new(source) }))
    }
}

/// An issuer's name is compared to the letter, so it is kept as it was written.
fn checked_issuer(text: &str) -> Result<String, String> {
    checked_url(text).map(|_| text.to_owned())
}

/// The issuer.
#[derive(Debug)]
struct Oidc {
    issuer: String,
    audience: String,
    source: Arc<KeySource>,
}

/// The claims that are looked at. A claim that is there twice is refused, as is one of another type.
#[derive(Deserialize)]
struct Payload {
    iss: String,
    sub: String,
    aud: Audience,
    exp: f64,
    nbf: Option<f64>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

#[async_trait::async_trait]
impl Issuer for Oidc {
    fn name(&self) -> &str {
        &self.issuer
    }

    async fn verify(&self, token: &str, now: DateTime<Utc>) -> Result<Claims, Rejected> {
        let header = decode_header(token).map_err(|error| bad(format!("no JWT of a known kind: {error}")))?;
        if header.crit.is_some() {
            return Err(bad("the JWT wants an extension understood that is not"));
        }
        let keys = self.source.keys(&header, now).await?;
        self.checked(&verified(token, &header, &keys)?, now)
    }
}

impl Oidc {
    /// What a token says, once it is found to be for us and to hold now.
    fn checked(&self, payload: &Payload, now: DateTime<Utc>) -> Result<Claims, Rejected> {
        if payload.iss != self.issuer {
            return Err(bad(format!("the JWT is of another issuer, {:?}", shortened(&payload.iss))));
        }
        let meant = match &payload.aud {
            Audience::One(audience) => *audience == self.audience,
            Audience::Many(audiences) => audiences.contains(&self.audience),
        };
        if !meant {
            return Err(bad("the JWT is for another audience"));
        }
        let ends_at = instant(payload.exp).and_then(|end| end.checked_add_signed(LEEWAY));
        let ends_at = ends_at.ok_or_else(|| bad("exp is no time"))?;
        if ends_at <= now {
            return Err(Rejected::Ended);
        }
        if let Some(nbf) = payload.nbf {
            let begins_at = instant(nbf).ok_or_else(|| bad("nbf is no time"))?;
            if now + LEEWAY < begins_at {
                return Err(bad("the JWT is not good yet"));
            }
        }
        if payload.sub.is_empty() || payload.sub.chars().count() > MAX_SUBJECT {
            return Err(bad(format!("sub has not 1 to {MAX_SUBJECT} characters")));
        }
        Ok(Claims { subject: payload.sub.clone(), ends_at })
    }
}

/// The payload of a token that one of the issuer's keys has signed. The library's own checks of claims read
/// the machine's clock and pass over claims of an unexpected type, so they are ours.
fn verified(token: &str, header: &Header, keys: &Keys) -> Result<Payload, Rejected> {
    let key = keys.of(header).ok_or_else(|| bad("the JWT is signed with no key of the issuer"))?;
    let mut validation = Validation::new(header.alg);
    validation.required_spec_claims.clear();
    (validation.validate_exp, validation.validate_nbf, validation.validate_aud) = (false, false, false);
    let data = decode::<Payload>(token, key, &validation);
    data.map(|data| data.claims).map_err(|error| bad(format!("the JWT is no good: {error}")))
}

/// A time as JWTs have it, in seconds.
fn instant(seconds: f64) -> Option<DateTime<Utc>> {
    // Beyond 2^53 seconds no time is told apart, nor any representable.
    if !(0.0..9e15).contains(&seconds) {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "whole seconds are exact enough, and within range")]
    DateTime::from_timestamp(seconds as i64, 0)
}

fn bad(reason: impl Into<String>) -> Rejected {
    Rejected::Bad(reason.into())
}

/// A caller's text for the log.
fn shortened(text: &str) -> String {
    text.chars().take(100).collect()
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    #[derive(Parser, Debug)]
    struct Config {
        #[command(flatten)]
        oidc: super::Settings,
    }

    fn parsed(arguments: &[&str]) -> Result<super::Settings, clap::Error> {
        let arguments = std::iter::once("api").chain(arguments.iter().copied());
        Config::try_parse_from(arguments).map(|config| config.oidc)
    }

    #[test]
    fn an_issuer_is_configured_whole_or_not_at_all() {
        let (issuer, audience) = ("--oidc-issuer=https://login.example.org", "--oidc-audience=venturi");
        let keys = "--oidc-jwks-url=https://login.example.org/keys";
        for (arguments, configured) in
            [(&[][..], false), (&[issuer, audience], true), (&[issuer, audience, keys], true)]
        {
            assert_eq!(parsed(arguments).unwrap().issuer().is_some(), configured, "{arguments:?}");
        }
        for half in [&[issuer][..], &[audience], &[keys], &[issuer, keys], &[audience, keys]] {
            assert!(parsed(half).is_err(), "{half:?}");
        }
        assert!(parsed(&["--oidc-issuer=http://login.example.org", audience]).is_err());
        let named = parsed(&["--oidc-issuer=https://login.example.org/realm/", audience]).unwrap();
        assert_eq!(named.issuer().unwrap().name(), "https://login.example.org/realm/", "to the letter");
    }
}
