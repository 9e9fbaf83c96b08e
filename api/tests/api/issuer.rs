//! An OIDC issuer of a test's own, on this machine: it signs, publishes its keys, and can be away.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use axum::{
    Json, Router,
    extract::State,
    http::{StatusCode, Uri},
    response::{IntoResponse, Response},
};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode, jwk::Jwk};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// A key pair of the issuer: its id, what it signs with, and the private half.
#[derive(Clone, Copy)]
pub(crate) struct Pair(pub(crate) &'static str, pub(crate) Algorithm, &'static str);

pub(crate) const RSA: Pair = Pair("rsa", Algorithm::RS256, include_str!("../keys/rsa.pem"));
pub(crate) const EC: Pair = Pair("ec", Algorithm::ES256, include_str!("../keys/ec.pem"));
pub(crate) const EC_NEXT: Pair = Pair("ec-next", Algorithm::ES256, include_str!("../keys/ec-next.pem"));
pub(crate) const ED: Pair = Pair("ed", Algorithm::EdDSA, include_str!("../keys/ed.pem"));

impl Pair {
    fn private(self) -> EncodingKey {
        let pem = self.2.as_bytes();
        let key = match self.1 {
            Algorithm::ES256 => EncodingKey::from_ec_pem(pem),
            Algorithm::EdDSA => EncodingKey::from_ed_pem(pem),
            _ => EncodingKey::from_rsa_pem(pem),
        };
        key.expect("a key")
    }

    /// The public half, as the issuer publishes it.
    pub(crate) fn public(self) -> Value {
        let mut jwk = Jwk::from_encoding_key(&self.private(), self.1).expect("a public key");
        jwk.common.key_id = Some(self.0.to_owned());
        serde_json::to_value(jwk).expect("JSON")
    }

    /// A token with these claims.
    pub(crate) fn sign(self, claims: &Value) -> String {
        self.sign_as(&Header { kid: Some(self.0.to_owned()), ..Header::new(self.1) }, claims)
    }

    /// A token with this header.
    pub(crate) fn sign_as(self, header: &Header, claims: &Value) -> String {
        encode(header, claims, &self.private()).expect("a token")
    }
}

/// What the issuer answers.
#[derive(Clone)]
enum Answers {
    /// These keys.
    Keys(Vec<Value>),
    /// Something so long.
    Long(usize),
    /// Nothing of use.
    Away,
}

/// The issuer.
pub(crate) struct TestIssuer {
    pub(crate) url: String,
    answers: Arc<Mutex<Answers>>,
    asked: Arc<AtomicUsize>,
}

#[derive(Clone)]
struct Serving {
    url: String,
    answers: Arc<Mutex<Answers>>,
    asked: Arc<AtomicUsize>,
}

impl TestIssuer {
    /// An issuer with these keys, for as long as the test runs.
    pub(crate) async fn start(keys: &[Pair]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/realm", listener.local_addr().unwrap());
        let issuer = Self { url, answers: Arc::new(Mutex::new(Answers::Away)), asked: Arc::default() };
        issuer.publish(keys);
        let serving = Serving {
            url: issuer.url.clone(),
            answers: Arc::clone(&issuer.answers),
            asked: Arc::clone(&issuer.asked),
        };
        let router = Router::new().fallback(answer).with_state(serving);
        tokio::spawn(async move { axum::serve(listener, router).await });
        issuer
    }

    /// From now on it has these keys and no others.
    pub(crate) fn publish(&self, keys: &[Pair]) {
        *self.answers.lock().unwrap() = Answers::Keys(keys.iter().map(|pair| pair.public()).collect());
    }

    /// From now on its keys are so long.
    pub(crate) fn overflow(&self, bytes: usize) {
        *self.answers.lock().unwrap() = Answers::Long(bytes);
    }

    /// From now on it answers nothing of use.
    pub(crate) fn leave(&self) {
        *self.answers.lock().unwrap() = Answers::Away;
    }

    /// How often its keys were asked for.
    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }
}

async fn answer(State(serving): State<Serving>, uri: Uri) -> Response {
    let answers = serving.answers.lock().unwrap().clone();
    match (uri.path(), answers) {
        (_, Answers::Away) => {
            serving.asked.fetch_add(1, Ordering::Relaxed);
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
        ("/realm/.well-known/openid-configuration", _) => {
            let document = json!({ "issuer": serving.url, "jwks_uri": format!("{}/keys", serving.url) });
            Json(document).into_response()
        }
        ("/realm/keys", Answers::Keys(keys)) => {
            serving.asked.fetch_add(1, Ordering::Relaxed);
            Json(json!({ "keys": keys })).into_response()
        }
        ("/realm/keys", Answers::Long(bytes)) => {
            serving.asked.fetch_add(1, Ordering::Relaxed);
            format!("{{\"keys\":[]}}{}", " ".repeat(bytes)).into_response()
        }
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}
