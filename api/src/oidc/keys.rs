//! The issuer's public keys: had from it when a token names one that is not known, and kept while it is away.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use app::issuer::Rejected;
use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::{
    Algorithm, DecodingKey, Header,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyOperations, PublicKeyUse},
};
use serde::Deserialize;
use tokio::sync::Mutex;
use url::Url;

use super::{
    bad,
    fetch::{Fetch, checked_url},
};

/// How old keys may become before the issuer is asked whether they are its keys still.
const MAX_AGE: TimeDelta = TimeDelta::minutes(10);
/// The most keys that are kept of one issuer.
const MAX_KEYS: usize = 100;

/// The algorithm that a token may be signed with by a key of this form. All are asymmetric: with any other, a
/// public key could be taken for a shared secret.
fn algorithm_of(key: &Jwk) -> Option<Algorithm> {
    let algorithm = match &key.algorithm {
        AlgorithmParameters::RSA(_) => Algorithm::RS256,
        AlgorithmParameters::EllipticCurve(curve) if curve.curve == EllipticCurve::P256 => Algorithm::ES256,
        AlgorithmParameters::OctetKeyPair(pair) if pair.curve == EllipticCurve::Ed25519 => Algorithm::EdDSA,
        _ => return None,
    };
    let named = key.common.key_algorithm.is_none_or(|named| named == algorithm.into());
    let signs = matches!(key.common.public_key_use, None | Some(PublicKeyUse::Signature));
    let verifies = key.common.key_operations.as_ref();
    let verifies = verifies.is_none_or(|operations| operations.contains(&KeyOperations::Verify));
    (named && signs && verifies).then_some(algorithm)
}

/// The keys of an issuer, by id and algorithm.
#[derive(Default)]
pub(super) struct Keys {
    named: HashMap<(String, Algorithm), DecodingKey>,
    /// Those of each algorithm, for tokens that name none.
    unnamed: HashMap<Algorithm, Vec<DecodingKey>>,
    had_at: Option<DateTime<Utc>>,
}

impl Keys {
    /// Reads a key set. What is no key for signatures of ours is passed over, as the standard wants.
    fn read(bytes: &[u8], now: DateTime<Utc>) -> anyhow::Result<Self> {
        #[derive(Deserialize)]
        struct Set {
            keys: Vec<serde_json::Value>,
        }
        let set: Set = serde_json::from_slice(bytes)?;
        anyhow::ensure!(set.keys.len() <= MAX_KEYS, "{} keys, more than {MAX_KEYS}", set.keys.len());
        let mut keys = Self { had_at: Some(now), ..Self::default() };
        for value in set.keys {
            let Ok(jwk) = serde_json::from_value::<Jwk>(value) else { continue };
            let (Some(algorithm), Ok(key)) = (algorithm_of(&jwk), DecodingKey::from_jwk(&jwk)) else {
                continue;
            };
            keys.unnamed.entry(algorithm).or_default().push(key.clone());
            if let Some(id) = jwk.common.key_id {
                keys.named.insert((id, algorithm), key);
            }
        }
        Ok(keys)
    }

    /// The key that a token says it is signed with: the one it names, else the only one there is.
    pub(super) fn of(&self, header: &Header) -> Option<&DecodingKey> {
        match &header.kid {
            Some(id) => self.named.get(&(id.clone(), header.alg)),
            None => match self.unnamed.get(&header.alg)?.as_slice() {
                [only] => Some(only),
                _ => None,
            },
        }
    }

    fn are_old(&self, now: DateTime<Utc>) -> bool {
        self.had_at.is_some_and(|had| had + MAX_AGE <= now)
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Keys").field("count", &self.unnamed.values().map(Vec::len).sum::<usize>()).finish()
    }
}

/// Where the keys come from.
#[derive(Debug)]
pub(super) struct KeySource {
    fetch: Fetch,
    issuer: String,
    jwks_url: Option<Url>,
    refresh: TimeDelta,
    known: RwLock<Arc<Keys>>,
    /// Held while the issuer is asked, so that it is asked once.
    turn: Mutex<Option<Asked>>,
}

/// The last time the issuer was asked, and why it did not answer.
#[derive(Debug)]
struct Asked {
    at: DateTime<Utc>,
    failed: Option<String>,
}

impl KeySource {
    pub(super) fn new(fetch: Fetch, issuer: String, jwks_url: Option<Url>, refresh: Duration) -> Self {
        let refresh = TimeDelta::from_std(refresh).unwrap_or(MAX_AGE);
        Self { fetch, issuer, jwks_url, refresh, known: RwLock::default(), turn: Mutex::default() }
    }

    /// Keys among which the one of a token is, if the issuer has it.
    pub(super) async fn keys(
        self: &Arc<Self>,
        header: &Header,
        now: DateTime<Utc>,
    ) -> Result<Arc<Keys>, Rejected> {
        if !matches!(header.alg, Algorithm::RS256 | Algorithm::ES256 | Algorithm::EdDSA) {
            return Err(bad(format!("the JWT is signed with {:?}, which is not taken", header.alg)));
        }
        let known = self.known();
        if known.of(header).is_none() {
            return self.asked(header, now).await;
        }
        if known.are_old(now) {
            // A key may be the issuer's no longer. Nobody waits to hear; those known hold until it answers.
            let source = Arc::clone(self);
            tokio::spawn(async move {
                if let Ok(mut turn) = source.turn.try_lock() {
                    source.ask(&mut turn, now).await;
                }
            });
        }
        Ok(known)
    }

    /// Keys after the issuer was asked for them, by whoever comes first.
    async fn asked(&self, header: &Header, now: DateTime<Utc>) -> Result<Arc<Keys>, Rejected> {
        let mut turn = self.turn.lock().await;
        let known = self.known();
        if known.of(header).is_some() {
            return Ok(known);
        }
        match self.ask(&mut turn, now).await {
            Some(reason) => Err(Rejected::Away(reason.to_owned())),
            None => Ok(self.known()),
        }
    }

    /// Asks the issuer, unless it was asked just before; why it did not answer then.
    async fn ask<'a>(&self, turn: &'a mut Option<Asked>, now: DateTime<Utc>) -> Option<&'a str> {
        if turn.as_ref().is_none_or(|asked| asked.at + self.refresh <= now) {
            let failed = match self.get(now).await {
                Ok(keys) => {
                    *self.known.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(keys);
                    None
                }
                Err(error) => {
                    tracing::warn!(error = format!("{error:#}"), "the OIDC issuer's keys could not be had");
                    Some(format!("{error:#}"))
                }
            };
            *turn = Some(Asked { at: now, failed });
        }
        turn.as_ref().and_then(|asked| asked.failed.as_deref())
    }

    async fn get(&self, now: DateTime<Utc>) -> anyhow::Result<Keys> {
        let url = match &self.jwks_url {
            Some(url) => url.clone(),
            None => self.discovered().await?,
        };
        Keys::read(&self.fetch.get(&url).await?, now)
    }

    /// Where the issuer's discovery document says that its keys are.
    async fn discovered(&self) -> anyhow::Result<Url> {
        #[derive(Deserialize)]
        struct Document {
            issuer: String,
            jwks_uri: String,
        }
        let url = format!("{}/.well-known/openid-configuration", self.issuer.trim_end_matches('/'));
        let document: Document = serde_json::from_slice(&self.fetch.get(&url.parse()?).await?)?;
        anyhow::ensure!(
            document.issuer == self.issuer,
            "the discovery document is of another issuer, {:?}",
            document.issuer
        );
        checked_url(&document.jwks_uri).map_err(anyhow::Error::msg)
    }

    fn known(&self) -> Arc<Keys> {
        Arc::clone(&self.known.read().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn header(alg: Algorithm, kid: Option<&str>) -> Header {
        Header { kid: kid.map(str::to_owned), ..Header::new(alg) }
    }

    #[test]
    fn only_keys_for_our_signatures_are_taken() {
        let point = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
        let ec = |extra: serde_json::Value| {
            let mut key = json!({ "kty": "EC", "crv": "P-256", "x": point, "y": point });
            key.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
            key
        };
        let set = json!({ "keys": [
            ec(json!({ "kid": "good", "alg": "ES256", "use": "sig" })),
            ec(json!({ "kid": "encrypts", "use": "enc" })),
            ec(json!({ "kid": "signs only", "key_ops": ["sign"] })),
            ec(json!({ "kid": "other alg", "alg": "ES384" })),
            { "kty": "oct", "kid": "secret", "k": "c2VjcmV0", "alg": "HS256" },
            { "kty": "future", "kid": "unheard of" },
            7,
        ] });
        let now = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
        let keys = Keys::read(set.to_string().as_bytes(), now).unwrap();
        assert!(keys.of(&header(Algorithm::ES256, Some("good"))).is_some());
        assert!(keys.of(&header(Algorithm::ES256, None)).is_some(), "the only one");
        for kid in ["encrypts", "signs only", "other alg", "secret", "unheard of"] {
            assert!(keys.of(&header(Algorithm::ES256, Some(kid))).is_none(), "{kid}");
        }
        for alg in [Algorithm::HS256, Algorithm::RS256, Algorithm::ES384] {
            assert!(keys.of(&header(alg, Some("good"))).is_none(), "{alg:?}");
        }
        let two = json!({ "keys": [ec(json!({ "kid": "a" })), ec(json!({ "kid": "b" }))] });
        let keys = Keys::read(two.to_string().as_bytes(), now).unwrap();
        assert!(keys.of(&header(Algorithm::ES256, None)).is_none(), "which of them?");
        let many: Vec<_> = (0..=MAX_KEYS).map(|_| ec(json!({}))).collect();
        assert!(Keys::read(json!({ "keys": many }).to_string().as_bytes(), now).is_err());
        assert!(Keys::read(b"{}", now).is_err() && Keys::read(b"no JSON", now).is_err());
    }
}
