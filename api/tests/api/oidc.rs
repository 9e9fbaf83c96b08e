//! Tokens of an OIDC issuer: which are taken, what is had of the issuer, and when what was opened with one ends.

use api::{Settings, oidc};
use axum::http::StatusCode;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::Duration;
use futures_util::{SinkExt, StreamExt};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use testing::world::{PATIENCE, until};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::{
    client_async,
    tungstenite::{Message, client::IntoClientRequest},
};

use crate::{
    gateway::{Answer, Gateway, code, graphql},
    issuer::{EC, EC_NEXT, ED, Pair, RSA, TestIssuer},
};

const AUDIENCE: &str = "venturi";
const VIEWER: &str = "{ viewer { handle credential { __typename
    ... on OidcClaims { issuer subject endsAt } } } }";

/// A gateway that takes the tokens of an issuer, of whom `jane` is a subject.
struct Realm {
    gateway: Gateway,
    issuer: TestIssuer,
}

impl Realm {
    async fn open(keys: &[Pair]) -> Self {
        let issuer = TestIssuer::start(keys).await;
        let settings = Settings {
            oidc: oidc::Settings {
                oidc_issuer: Some(issuer.url.clone()),
                oidc_audience: Some(AUDIENCE.to_owned()),
                ..oidc::Settings::default()
            },
            ..Settings::default()
        };
        let gateway = Gateway::open().await;
        let app = gateway.world.app.clone().with_issuer(settings.oidc.issuer());
        let gateway = gateway.with(&app, &settings).await;
        let portfolio = gateway.place(gateway.token("ADMIN").unwrap()).await.portfolio;
        let input = json!({
            "portfolioId": portfolio, "handle": "jane", "name": "Jane Doe", "roles": ["LEAD"], "oidcSubject": "sub-jane",
        });
        gateway.change("ADMIN", "addMember", "member { person { oidcSubject } }", input).await;
        Self { gateway, issuer }
    }

    fn now(&self) -> i64 {
        self.gateway.world.app.clock().now().timestamp()
    }

    /// What a good token of Jane's says, five minutes long.
    fn claims(&self) -> Value {
        json!({ "iss": self.issuer.url, "aud": AUDIENCE, "sub": "sub-jane", "exp": self.now() + 300 })
    }

    /// The same, with one claim otherwise.
    fn claims_with(&self, name: &str, value: Value) -> Value {
        let mut claims = self.claims();
        claims[name] = value;
        claims
    }

    async fn send(&self, token: &str) -> Answer {
        self.gateway.send(graphql("/graphql", Some(token), VIEWER, &json!({}))).await
    }

    async fn takes(&self, token: &str) -> bool {
        let answer = self.send(token).await;
        match answer.status {
            StatusCode::OK => {
                assert_eq!(answer.json()["data"]["viewer"]["handle"], "jane");
                true
            }
            StatusCode::UNAUTHORIZED => {
                assert_eq!(code(&answer.json()), "UNAUTHENTICATED");
                let told = answer.json()["errors"][0]["message"].clone();
                assert_eq!(
                    told, "the token is unknown, expired or revoked",
                    "the reason is in the log alone"
                );
                false
            }
            other => panic!("{other}: {}", answer.text()),
        }
    }
}

#[tokio::test]
async fn a_good_token_is_its_subjects() {
    let realm = Realm::open(&[RSA, EC, ED]).await;
    for pair in [RSA, EC, ED] {
        let viewer = realm.send(&pair.sign(&realm.claims())).await.json()["data"]["viewer"].clone();
        assert_eq!(viewer["handle"], "jane", "{:?}", pair.1);
        let credential = &viewer["credential"];
        assert_eq!(
            (&credential["__typename"], &credential["subject"]),
            (&json!("OidcClaims"), &json!("sub-jane"))
        );
        assert_eq!(credential["issuer"], json!(realm.issuer.url));
    }
    let several = realm.claims_with("aud", json!(["another", AUDIENCE]));
    assert!(realm.takes(&EC.sign(&several)).await);
    let unnamed = Header::new(Algorithm::ES256);
    assert!(realm.takes(&EC.sign_as(&unnamed, &realm.claims())).await, "the only key of its kind");
    assert_eq!(realm.issuer.asked(), 1, "all its keys were had at once");
    // What Jane may do is on record here.
    let jane = EC.sign(&realm.claims_with("roles", json!(["ADMIN", "CHAIRMAN"])));
    let query = "{ viewer { memberships { roles } } }";
    let answer = realm.gateway.ask(Some(&jane), query, json!({})).await;
    assert_eq!(answer["data"]["viewer"]["memberships"], json!([{ "roles": ["LEAD"] }]));
    let (_, secret) = realm.gateway.make_token(&jane, json!({})).await;
    assert!(realm.takes(&secret).await, "an API token of her own");
}

#[tokio::test]
async fn what_does_not_hold_is_refused() {
    let realm = Realm::open(&[RSA, EC]).await;
    let with = |name: &str, value: Value| EC.sign(&realm.claims_with(name, value));
    let without = |name: &str| {
        let mut claims = realm.claims();
        claims.as_object_mut().unwrap().remove(name);
        EC.sign(&claims)
    };
    let good = EC.sign(&realm.claims());
    let [head, body, signature] = good.split('.').collect::<Vec<_>>().try_into().unwrap();
    let encoded = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let forged = encoded(&realm.claims_with("sub", json!("sub-john")));
    let none = encoded(&json!({ "alg": "none", "typ": "JWT" }));
    let critical = Header {
        crit: Some(vec!["b64".to_owned()]),
        kid: Some("ec".to_owned()),
        ..Header::new(Algorithm::ES256)
    };
    let renamed = Header { kid: Some("rsa".to_owned()), ..Header::new(Algorithm::ES256) };
    let longer = Header { kid: Some("rsa".to_owned()), ..Header::new(Algorithm::RS384) };
    let cases = [
        ("another issuer", with("iss", json!("https://login.example.org"))),
        ("an issuer's list", with("iss", json!([realm.issuer.url]))),
        ("no issuer", without("iss")),
        ("another audience", with("aud", json!("another"))),
        ("audiences without ours", with("aud", json!(["another", "venturi2"]))),
        ("no audience", without("aud")),
        ("no end", without("exp")),
        ("an end that is no time", with("exp", json!("tomorrow"))),
        ("an end before all time", with("exp", json!(-1))),
        ("an end beyond all time", with("exp", json!(1e300))),
        ("no subject", without("sub")),
        ("an empty subject", with("sub", json!(""))),
        ("a subject that is nobody here", with("sub", json!("sub-john"))),
        ("a subject in another case", with("sub", json!("SUB-JANE"))),
        ("no signature wanted", format!("{none}.{body}.")),
        ("no signature", format!("{head}.{body}.")),
        ("another body", format!("{head}.{forged}.{signature}")),
        (
            "another's signature",
            EC_NEXT.sign_as(
                &Header { kid: Some("ec".to_owned()), ..Header::new(Algorithm::ES256) },
                &realm.claims(),
            ),
        ),
        ("an unknown key", EC_NEXT.sign(&realm.claims())),
        ("another key's name", EC.sign_as(&renamed, &realm.claims())),
        ("another algorithm", RSA.sign_as(&longer, &realm.claims())),
        ("an extension", EC.sign_as(&critical, &realm.claims())),
        ("no JWT", "a.b.c".to_owned()),
        ("a long text", format!("{good}{}", "a".repeat(20_000))),
    ];
    for (what, token) in cases {
        assert!(!realm.takes(&token).await, "{what}: {token}");
    }
    assert!(realm.takes(&good).await);
}

#[tokio::test]
async fn a_public_key_is_no_shared_secret() {
    let realm = Realm::open(&[RSA]).await;
    let public = RSA.public();
    let modulus = URL_SAFE_NO_PAD.decode(public["n"].as_str().unwrap()).unwrap();
    for secret in [public.to_string().into_bytes(), public["n"].as_str().unwrap().into(), modulus] {
        let key = EncodingKey::from_secret(&secret);
        for alg in [Algorithm::HS256, Algorithm::HS512] {
            let header = Header { kid: Some("rsa".to_owned()), ..Header::new(alg) };
            let token = encode(&header, &realm.claims(), &key).unwrap();
            assert!(!realm.takes(&token).await, "{alg:?}");
        }
    }
    assert!(realm.takes(&RSA.sign(&realm.claims())).await);
}

#[tokio::test]
async fn a_token_is_taken_in_its_time() {
    let realm = Realm::open(&[EC]).await;
    let claims = json!({
        "iss": realm.issuer.url, "aud": AUDIENCE, "sub": "sub-jane",
        "nbf": realm.now() + 60, "exp": realm.now() + 120,
    });
    let token = EC.sign(&claims);
    let clock = &realm.gateway.world.clock;
    // Either side of its time, half a minute is allowed for clocks that differ.
    for (seconds, taken) in [(29, false), (1, true), (119, true), (1, false)] {
        clock.advance(Duration::seconds(seconds));
        assert_eq!(realm.takes(&token).await, taken, "{}", realm.now());
    }
    // A token that has ended is no guess: its sender is not held off.
    for _ in 0..40 {
        assert!(!realm.takes(&token).await);
    }
    assert!(realm.takes(&EC.sign(&realm.claims())).await);
}

#[tokio::test]
async fn the_budget_is_the_subjects() {
    let realm = Realm::open(&[EC]).await;
    let mut left = i64::MAX;
    for seconds in [300, 301, 302] {
        let token = EC.sign(&realm.claims_with("exp", json!(realm.now() + seconds)));
        let answer = realm.gateway.ask(Some(&token), "{ rateLimit { remaining } }", json!({})).await;
        let remaining = answer["data"]["rateLimit"]["remaining"].as_i64().unwrap();
        assert!(remaining < left, "{remaining}");
        left = remaining;
    }
}

#[tokio::test]
async fn a_new_key_is_found_and_an_old_one_forgotten() {
    let realm = Realm::open(&[EC]).await;
    let clock = &realm.gateway.world.clock;
    let (old, new) = (|| EC.sign(&realm.claims()), || EC_NEXT.sign(&realm.claims()));
    assert!(realm.takes(&old()).await);
    assert!(!realm.takes(&new()).await, "not published yet");
    realm.issuer.publish(&[EC, EC_NEXT]);
    clock.advance(Duration::seconds(29));
    assert!(!realm.takes(&new()).await && realm.issuer.asked() == 1, "the issuer is left in peace for 30 s");
    clock.advance(Duration::seconds(1));
    assert!(realm.takes(&new()).await && realm.takes(&old()).await);
    assert_eq!(realm.issuer.asked(), 2);
    // A key that the issuer takes back is good no longer than its keys are kept unasked.
    realm.issuer.publish(&[EC_NEXT]);
    clock.advance(Duration::minutes(10));
    assert!(until(|| async { !realm.takes(&old()).await }).await);
    assert!(realm.takes(&new()).await);
}

#[tokio::test]
async fn keys_are_kept_while_the_issuer_is_away() {
    let realm = Realm::open(&[EC]).await;
    let clock = &realm.gateway.world.clock;
    let good = || EC.sign(&realm.claims());
    realm.issuer.leave();
    let answer = realm.send(&good()).await;
    assert_eq!((answer.status, code(&answer.json())), (StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE"));
    realm.issuer.overflow(1024 * 1024);
    clock.advance(Duration::seconds(30));
    assert_eq!(realm.send(&good()).await.status, StatusCode::SERVICE_UNAVAILABLE, "too long to be read");
    realm.issuer.publish(&[EC]);
    assert_eq!(realm.send(&good()).await.status, StatusCode::SERVICE_UNAVAILABLE, "asked just before");
    clock.advance(Duration::seconds(30));
    assert!(realm.takes(&good()).await);
    realm.issuer.leave();
    let before = realm.issuer.asked();
    clock.advance(Duration::minutes(11));
    assert!(realm.takes(&good()).await);
    assert!(until(|| async { realm.issuer.asked() > before }).await, "whether they are its keys still");
    assert!(realm.takes(&good()).await);
    clock.advance(Duration::seconds(30));
    let answer = realm.send(&EC_NEXT.sign(&realm.claims())).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "it might be a new key");
    let token = realm.gateway.token("LEAD").unwrap();
    assert_eq!(realm.send(token).await.status, StatusCode::OK, "our own tokens need no issuer");
}

#[tokio::test]
async fn a_subject_is_one_person() {
    let realm = Realm::open(&[EC]).await;
    let portfolio = realm.gateway.place(realm.gateway.token("ADMIN").unwrap()).await.portfolio;
    let add = |handle: &str, subject: Option<&str>| json!({ "portfolioId": portfolio, "handle": handle, "name": "J", "roles": ["LEAD"], "oidcSubject": subject });
    for (input, expected) in [
        (add("john", Some("sub-jane")), "SUBJECT_TAKEN"),
        (add("jane", Some("sub-john")), "HANDLE_TAKEN"),
        (add("jane", None), "HANDLE_TAKEN"),
        (add("jane", Some("sub-jane")), "ALREADY_MEMBER"),
    ] {
        let payload = realm.gateway.mutate("ADMIN", "addMember", "member { id }", input.clone()).await;
        assert_eq!(payload["userErrors"][0]["code"], expected, "{input}");
    }
}

#[tokio::test]
async fn what_was_opened_ends_with_the_token() {
    let realm = Realm::open(&[EC]).await;
    let venture = realm.gateway.venture("Watched").await;
    let token = EC.sign(&realm.claims());
    let query = format!("subscription {{ ventureEvents(ventureId: {venture:?}) {{ sequence }} }}");
    let mut frames = realm.gateway.watch(Some(&token), &query).await;
    for sequence in 1..=2 {
        assert_eq!(frames.data().await["ventureEvents"]["sequence"], sequence);
    }
    let mut socket = Socket::open(&realm.gateway, &token).await;
    let viewer = "{ viewer { handle } }";
    assert_eq!(socket.run("1", viewer).await["data"]["viewer"]["handle"], "jane");
    realm.gateway.world.clock.advance(Duration::seconds(330));
    let (event, answer) = frames.next().await.expect("an end that is told");
    assert_eq!((event.as_str(), code(&answer)), ("next", "UNAUTHENTICATED"), "{answer}");
    let late = socket.run("2", viewer).await;
    assert_eq!(code(&late), "UNAUTHENTICATED", "{late}");
    assert!(!realm.takes(&token).await);
}

/// One connection that has begun.
struct Socket(tokio_tungstenite::WebSocketStream<TcpStream>);

impl Socket {
    async fn open(gateway: &Gateway, token: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = gateway.router.clone();
        tokio::spawn(async move { axum::serve(listener, router).await });
        let mut request = format!("ws://{address}/graphql").into_client_request().unwrap();
        request.headers_mut().insert("sec-websocket-protocol", "graphql-transport-ws".parse().unwrap());
        let (socket, _) = client_async(request, TcpStream::connect(address).await.unwrap()).await.unwrap();
        let mut socket = Self(socket);
        let payload = json!({ "Authorization": format!("Bearer {token}") });
        socket.say(&json!({ "type": "connection_init", "payload": payload })).await;
        assert_eq!(socket.hear().await["type"], "connection_ack");
        socket
    }

    async fn say(&mut self, message: &Value) {
        self.0.send(Message::text(message.to_string())).await.unwrap();
    }

    async fn hear(&mut self) -> Value {
        loop {
            let next = tokio::time::timeout(PATIENCE, self.0.next()).await.expect("a message in time");
            if let Message::Text(text) = next.expect("a message before the end").unwrap() {
                return serde_json::from_str(text.as_str()).unwrap();
            }
        }
    }

    /// The answer to an operation, be it told as `next` or as `error`.
    async fn run(&mut self, id: &str, query: &str) -> Value {
        self.say(&json!({ "type": "subscribe", "id": id, "payload": { "query": query } })).await;
        loop {
            let message = self.hear().await;
            match message["type"].as_str().unwrap() {
                "next" if message["id"] == id => return message["payload"].clone(),
                "error" if message["id"] == id => return json!({ "errors": message["payload"] }),
                _ => {}
            }
        }
    }
}
