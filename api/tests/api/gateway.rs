//! A gateway of its own for each test, called as a frontend would call it.

use api::Settings;
use app::{Actor, App, Request as AppRequest, commands::ParkMessage, messages::outbox::PORTFOLIO_HEADER};
use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    http::{HeaderMap, Request, StatusCode, header, request::Builder},
};
use domain::id::{Id, kind};
use futures_util::{Stream, StreamExt};
use serde_json::{Value, json};
use testing::{
    database::Kind,
    world::{PATIENCE, Transport, World},
};
use tower::ServiceExt;

/// The gateway over a world with the demo portfolio.
pub(crate) struct Gateway {
    pub(crate) world: World,
    pub(crate) router: Router,
}

/// Somebody's place in their only portfolio, by global ids.
pub(crate) struct Place {
    pub(crate) portfolio: String,
    pub(crate) member: String,
    pub(crate) person: String,
}

/// An HTTP answer.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.text()))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn header(&self, name: header::HeaderName) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

impl Gateway {
    pub(crate) async fn open() -> Self {
        Self::told(Settings::default()).await
    }

    /// A gateway that was told otherwise.
    pub(crate) async fn told(settings: Settings) -> Self {
        Self::over(World::create(Kind::Sqlite, Transport::InProcess).await, settings).await
    }

    /// A gateway over a database of a kind.
    pub(crate) async fn on(kind: Kind) -> Self {
        Self::over(World::create(kind, Transport::InProcess).await, Settings::default()).await
    }

    /// A gateway over a world.
    pub(crate) async fn over(world: World, settings: Settings) -> Self {
        let schema = api::schema(world.app.clone(), &settings).await.unwrap();
        let router = api::router(world.app.clone(), schema, &settings);
        Self { world, router }
    }

    /// The same, with an application and settings of its own.
    pub(crate) async fn with(self, app: &App, settings: &Settings) -> Self {
        let schema = api::schema(app.clone(), settings).await.unwrap();
        Self { router: api::router(app.clone(), schema, settings), ..self }
    }

    /// The global ids of a role's portfolio, its member there and its person.
    pub(crate) async fn place(&self, token: &str) -> Place {
        let query = "{ viewer { person { id handle } memberships { portfolio { id } } } }";
        let viewer = self.ask(Some(token), query, json!({})).await["data"]["viewer"].clone();
        let text = |value: &Value| value.as_str().expect("an id").to_owned();
        let portfolio = text(&viewer["memberships"][0]["portfolio"]["id"]);
        let query = "query($id: ID!) { node(id: $id) { ... on Portfolio { members(first: 100) {
                     nodes { id person { id } } } } } }";
        let answer = self.ask(Some(token), query, json!({ "id": portfolio })).await;
        let members = answer["data"]["node"]["members"]["nodes"].as_array().expect("members").clone();
        let own = members.iter().find(|member| member["person"]["id"] == viewer["person"]["id"]);
        Place {
            portfolio,
            member: text(&own.expect("the viewer among them")["id"]),
            person: text(&viewer["person"]["id"]),
        }
    }

    /// Makes a token; its global id and the token.
    pub(crate) async fn make_token(&self, token: &str, mut input: Value) -> (String, String) {
        input["label"] = json!("made by a test");
        let query = mutation("createToken", "secret token { id }");
        let answer = self.ask(Some(token), &query, json!({ "input": input })).await;
        let made = &answer["data"]["createToken"];
        let text = |value: &Value| value.as_str().unwrap_or_else(|| panic!("{answer}")).to_owned();
        (text(&made["token"]["id"]), text(&made["secret"]))
    }

    /// Has a portfolio's events told to an address, and sends it a test; the global ids of both.
    pub(crate) async fn endpoint(&self, token: &str, portfolio: &str, url: &str) -> (String, String) {
        let text = |value: &Value| value.as_str().unwrap_or_else(|| panic!("no id: {value}")).to_owned();
        let input = json!({ "input": { "portfolioId": portfolio, "url": url } });
        let query = mutation("createWebhookEndpoint", "webhookEndpoint { id }");
        let made = self.ask(Some(token), &query, input).await;
        let endpoint = text(&made["data"]["createWebhookEndpoint"]["webhookEndpoint"]["id"]);
        let input = json!({ "input": { "webhookEndpointId": endpoint } });
        let query = mutation("sendTestWebhook", "webhookDelivery { id }");
        let sent = self.ask(Some(token), &query, input).await;
        (endpoint, text(&sent["data"]["sendTestWebhook"]["webhookDelivery"]["id"]))
    }

    /// The token of a role of the demo portfolio.
    pub(crate) fn token(&self, role: &str) -> Option<&str> {
        Some(&self.world.tokens[role])
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let read = tokio::time::timeout(PATIENCE, to_bytes(body, usize::MAX));
        let body = read.await.expect("an answer that ends").unwrap();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    /// The answer to a request by the holder of a token, or by nobody; without its cost.
    pub(crate) async fn ask(&self, token: Option<&str>, query: &str, variables: Value) -> Value {
        let answer = self.send(graphql("/graphql", token, query, &variables)).await;
        let (status, mut answer) = (answer.status, answer.json());
        // Whose token is no good is charged nothing.
        let charged = status != StatusCode::UNAUTHORIZED;
        assert_eq!(answer["extensions"]["cost"].is_object(), charged, "{query}: {answer}");
        answer.as_object_mut().unwrap().remove("extensions");
        answer
    }

    /// The data of a request that must succeed.
    pub(crate) async fn data(&self, role: &str, query: &str, variables: Value) -> Value {
        let answer = self.ask(self.token(role), query, variables).await;
        assert!(answer.get("errors").is_none(), "{query}: {answer}");
        answer["data"].clone()
    }

    /// The payload of a mutation, its `userErrors` included.
    pub(crate) async fn mutate(&self, role: &str, name: &str, fields: &str, input: Value) -> Value {
        let query = mutation(name, fields);
        self.data(role, &query, json!({ "input": input })).await[name].clone()
    }

    /// The payload of a mutation that must not be refused.
    pub(crate) async fn change(&self, role: &str, name: &str, fields: &str, input: Value) -> Value {
        let payload = self.mutate(role, name, fields, input).await;
        assert_eq!(payload["userErrors"], json!([]), "{name}");
        payload
    }

    /// A new venture with a category; its global id.
    pub(crate) async fn venture(&self, name: &str) -> String {
        let payload = self.change("CHAIRMAN", "createVenture", "venture { id }", venture_input(name)).await;
        payload["venture"]["id"].as_str().unwrap().to_owned()
    }

    /// Subscribes over SSE.
    pub(crate) async fn watch(&self, token: Option<&str>, query: &str) -> Frames {
        self.stream(graphql("/graphql/stream", token, query, &json!({}))).await
    }

    /// The events that answer a request.
    pub(crate) async fn stream(&self, request: Request<Body>) -> Frames {
        let response = self.router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        let chunks = response.into_body().into_data_stream();
        Frames { chunks: Box::pin(chunks), read: String::new() }
    }

    /// Attests with one piece of evidence, as a person of a role.
    pub(crate) async fn attest(&self, role: &str, venture: &str, target: Value) {
        let evidence = json!([{ "title": "Minutes", "content": { "text": "All were there." } }]);
        let input = json!({ "ventureId": venture, "target": target, "evidence": evidence });
        self.change(role, "attest", "venture { id }", input).await;
    }
}

/// A POST of a request.
pub(crate) fn graphql(path: &str, token: Option<&str>, query: &str, variables: &Value) -> Request<Body> {
    posted(path, token, &json!({ "query": query, "variables": variables }))
}

/// A POST of JSON.
pub(crate) fn posted(path: &str, token: Option<&str>, body: &Value) -> Request<Body> {
    let post = Request::post(path).header(header::CONTENT_TYPE, "application/json");
    signed(post, token).body(Body::from(body.to_string())).unwrap()
}

/// A GET of `/graphql`.
pub(crate) fn got(token: Option<&str>, parameters: &[(&str, &str)]) -> Builder {
    let mut url = url::Url::parse("http://gateway/graphql").unwrap();
    url.query_pairs_mut().extend_pairs(parameters);
    signed(Request::get(format!("{}?{}", url.path(), url.query().unwrap_or_default())), token)
}

/// With the token, if there is one.
pub(crate) fn signed(request: Builder, token: Option<&str>) -> Builder {
    match token {
        Some(token) => request.header(header::AUTHORIZATION, format!("Bearer {token}")),
        None => request,
    }
}

/// The document of a mutation with one `$input`.
pub(crate) fn mutation(name: &str, fields: &str) -> String {
    let (first, rest) = name.split_at(1);
    let input = format!("{}{rest}Input", first.to_ascii_uppercase());
    format!(
        "mutation($input: {input}!) {{ {name}(input: $input) {{ {fields} userErrors {{ field message code }} }} }}"
    )
}

/// What makes a venture; its category is `tests`.
pub(crate) fn venture_input(name: &str) -> Value {
    json!({
        "name": name,
        "description": "A venture made by a test, to be led through its gates.",
        "category": "tests",
    })
}

/// Parks a message of a portfolio that no worker could handle.
pub(crate) async fn park(gateway: &Gateway, portfolio: Id<kind::Portfolio>) {
    let parked = ParkMessage {
        queue: "tests".to_owned(),
        message_id: gateway.world.app.ids().next(),
        kind: "nobody_knows.v1".to_owned(),
        body: "{}".to_owned(),
        headers: [(PORTFOLIO_HEADER.to_owned(), portfolio.to_string())].into(),
        attempts: 5,
        code: "REJECTED".to_owned(),
        reason: "Parked by a test.".to_owned(),
        without_job: false,
    };
    let agent = AppRequest::by(Actor::Agent("tests".to_owned()));
    gateway.world.app.execute(&agent, &parked).await.unwrap();
}

/// Ids of the dead letters that an operator sees.
pub(crate) async fn dead_letters(gateway: &Gateway, token: Option<&str>) -> Vec<String> {
    let answer = gateway
        .ask(token, "{ operations { deadLetterCount deadLetters { nodes { id } } } }", json!({}))
        .await;
    let listed = answer["data"]["operations"]["deadLetters"]["nodes"].as_array().expect("dead letters");
    assert_eq!(answer["data"]["operations"]["deadLetterCount"], listed.len());
    listed.iter().map(|letter| letter["id"].as_str().unwrap().to_owned()).collect()
}

/// The code of an answer's first error.
pub(crate) fn code(answer: &Value) -> &str {
    answer["errors"][0]["extensions"]["code"].as_str().unwrap_or("none")
}

/// Server-sent events, one after the other.
pub(crate) struct Frames {
    chunks: std::pin::Pin<Box<dyn Stream<Item = Result<Bytes, axum::Error>> + Send>>,
    read: String,
}

impl Frames {
    /// The next event's name and data; none at the stream's end.
    pub(crate) async fn next(&mut self) -> Option<(String, Value)> {
        tokio::time::timeout(PATIENCE, self.frame()).await.expect("an event in time")
    }

    /// The next answer's data.
    pub(crate) async fn data(&mut self) -> Value {
        let (event, answer) = self.next().await.expect("an answer");
        assert_eq!(event, "next");
        assert!(answer.get("errors").is_none(), "{answer}");
        answer["data"].clone()
    }

    async fn frame(&mut self) -> Option<(String, Value)> {
        loop {
            if let Some((frame, rest)) = self.read.split_once("\n\n") {
                let field = |name: &str| frame.lines().find_map(|line| line.strip_prefix(name));
                let event = field("event: ").map(str::to_owned);
                let data = field("data: ").and_then(|data| serde_json::from_str(data).ok());
                self.read = rest.to_owned();
                if let Some(event) = event {
                    return Some((event, data.unwrap_or_default()));
                }
                continue;
            }
            let chunk = self.chunks.next().await?.unwrap();
            self.read.push_str(&String::from_utf8_lossy(&chunk));
        }
    }
}
