//! Webhooks in: who is let in, that an event is kept before it is answered, and what becomes of it.

use api::{Settings, Throttling, Webhooks};
use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use chrono::Duration;
use delivery::Faults;
use futures_util::future::join_all;
use serde_json::{Value, json};
use standardwebhooks::Webhook;
use testing::database::Kind;

use crate::gateway::{Answer, Gateway, code, mutation};

/// An integration, as it knows itself.
#[derive(Clone)]
pub(crate) struct Source {
    pub(crate) id: String,
    path: String,
    secret: String,
}

impl Source {
    /// One that an ADMIN made, with roles.
    pub(crate) async fn of(gateway: &Gateway, roles: &[&str]) -> Self {
        let place = gateway.place(gateway.token("ADMIN").unwrap()).await;
        Self::made_by(gateway, gateway.token("ADMIN").unwrap(), &place.portfolio, roles).await
    }

    pub(crate) async fn made_by(gateway: &Gateway, token: &str, portfolio: &str, roles: &[&str]) -> Self {
        let input = json!({ "portfolioId": portfolio, "name": "CI", "roles": roles });
        let query = mutation("createWebhookSource", "secret webhookSource { id path }");
        let answer = gateway.ask(Some(token), &query, json!({ "input": input })).await;
        let made = &answer["data"]["createWebhookSource"];
        let text = |value: &Value| value.as_str().unwrap_or_else(|| panic!("{answer}")).to_owned();
        Self {
            id: text(&made["webhookSource"]["id"]),
            path: text(&made["webhookSource"]["path"]),
            secret: text(&made["secret"]),
        }
    }

    /// An event of the shape that Standard Webhooks recommends, signed now.
    fn event(&self, gateway: &Gateway, id: &str, body: &Value) -> Sent {
        let now = gateway.world.app.clock().now().timestamp();
        let sent = Sent {
            path: self.path.clone(),
            id: id.to_owned(),
            timestamp: now.to_string(),
            signature: String::new(),
            headers: vec![("content-type".to_owned(), "application/json".to_owned())],
            body: body.to_string(),
        };
        sent.signed(&self.secret)
    }

    /// Sends an event that must be taken; its global id.
    pub(crate) async fn send(&self, gateway: &Gateway, id: &str, r#type: &str, data: Value) -> String {
        let body = standard(gateway, r#type, data);
        let answer = self.event(gateway, id, &body).to(gateway).await;
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text());
        answer.json()["id"].as_str().unwrap().to_owned()
    }
}

fn standard(gateway: &Gateway, r#type: &str, data: Value) -> Value {
    json!({ "type": r#type, "timestamp": gateway.world.app.clock().now(), "data": data })
}

/// A request as it goes over the wire.
#[derive(Clone)]
struct Sent {
    path: String,
    id: String,
    timestamp: String,
    signature: String,
    headers: Vec<(String, String)>,
    body: String,
}

impl Sent {
    fn signed(self, secret: &str) -> Self {
        let at = self.timestamp.parse().unwrap();
        let signature = Webhook::new(secret).unwrap().sign(&self.id, at, self.body.as_bytes()).unwrap();
        Self { signature, ..self }
    }

    async fn to(&self, gateway: &Gateway) -> Answer {
        let mut request = Request::post(&self.path)
            .header("webhook-id", &self.id)
            .header("webhook-timestamp", &self.timestamp)
            .header("webhook-signature", &self.signature);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        gateway.send(request.body(Body::from(self.body.clone())).unwrap()).await
    }
}

/// What the demo's ADMIN sees of a source's events.
async fn events(gateway: &Gateway, source: &Source, arguments: &str) -> Value {
    let query = format!(
        "query($id: ID!) {{ node(id: $id) {{ ... on WebhookSource {{ events{arguments} {{ totalCount nodes {{
           id webhookId type status attempts code message recordId body contentType handledAt receivedAt
         }} }} }} }} }}"
    );
    gateway.data("ADMIN", &query, json!({ "id": source.id })).await["node"]["events"].clone()
}

/// Lets the workers do what there is to do.
async fn work(gateway: &Gateway) {
    let process = gateway.world.start(Faults::default()).await;
    gateway.world.settled().await;
    process.drain().await;
}

fn sample(venture: &str) -> Value {
    json!({ "ventureId": venture, "metric": "leads", "value": 7.5 })
}

/// A problem's status and code.
fn problem(answer: &Answer) -> (StatusCode, String) {
    assert_eq!(answer.header(header::CONTENT_TYPE), "application/problem+json", "{}", answer.text());
    let json = answer.json();
    assert_eq!(json["status"], answer.status.as_u16());
    (answer.status, json["code"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn an_event_is_kept_as_it_came_and_then_handled() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let gateway = Gateway::on(kind).await;
        let venture = gateway.venture("Measured").await;
        let source = Source::of(&gateway, &["INTEGRATION"]).await;
        let body = standard(&gateway, "metric.sample", sample(&venture));
        let sent = source.event(&gateway, "msg_1", &body);
        let first = sent.to(&gateway).await;
        assert_eq!((first.status, &first.json()["duplicate"]), (StatusCode::ACCEPTED, &json!(false)));
        let kept = events(&gateway, &source, "").await;
        let event = &kept["nodes"][0];
        assert_eq!((&event["id"], &event["status"]), (&first.json()["id"], &json!("RECEIVED")));
        assert_eq!(event["body"], sent.body, "to the byte, with no worker there");
        let again = sent.to(&gateway).await;
        assert_eq!(
            (again.status, again.json()),
            (StatusCode::OK, json!({ "id": first.json()["id"], "duplicate": true }))
        );
        let other = standard(&gateway, "metric.sample", json!({}));
        let reused = source.event(&gateway, "msg_1", &other).to(&gateway).await;
        assert_eq!(problem(&reused), (StatusCode::CONFLICT, "WEBHOOK_ID_REUSED".to_owned()));
        work(&gateway).await;
        let kept = events(&gateway, &source, "").await;
        assert_eq!(kept["totalCount"], 1);
        let event = &kept["nodes"][0];
        assert_eq!((&event["status"], &event["attempts"]), (&json!("HANDLED"), &json!(1)), "{event}");
        let query = "query($id: ID!) { venture(id: $id) { metricSamples { totalCount nodes {
                     id metric value time recordedBy { name handle } } } } }";
        let samples =
            gateway.data("VIEWER", query, json!({ "id": venture })).await["venture"]["metricSamples"].clone();
        assert_eq!((&samples["totalCount"], &samples["nodes"][0]["id"]), (&json!(1), &event["recordId"]));
        assert_eq!(samples["nodes"][0]["recordedBy"]["name"], "CI");
        assert_eq!(samples["nodes"][0]["value"], 7.5);
        assert!(gateway.world.parked().await.is_empty());
    }
}

#[tokio::test]
async fn who_did_not_sign_is_told_one_thing_whatever_was_wrong() {
    let gateway = Gateway::open().await;
    let venture = gateway.venture("Guarded").await;
    let source = Source::of(&gateway, &["INTEGRATION"]).await;
    let other = Source::of(&gateway, &["INTEGRATION"]).await;
    let disabled = Source::of(&gateway, &["INTEGRATION"]).await;
    let input = json!({ "webhookSourceId": disabled.id });
    gateway.change("ADMIN", "disableWebhookSource", "webhookSource { status }", input).await;
    let good = source.event(&gateway, "msg_1", &standard(&gateway, "metric.sample", sample(&venture)));
    let at = |seconds: i64| {
        let timestamp = gateway.world.app.clock().now().timestamp() + seconds;
        Sent { timestamp: timestamp.to_string(), ..good.clone() }.signed(&source.secret)
    };
    let signature = |text: &str| Sent { signature: text.to_owned(), ..good.clone() };
    let path = |path: &str| Sent { path: path.to_owned(), ..good.clone() };
    let bad = [
        good.clone().signed(&other.secret),
        Sent { body: good.body.replace("7.5", "9.5"), ..good.clone() },
        Sent { id: "msg_2".to_owned(), ..good.clone() },
        Sent { id: "msg 1".to_owned(), ..good.clone() }.signed(&source.secret),
        at(-301),
        at(301),
        Sent { timestamp: "now".to_owned(), ..good.clone() },
        signature(""),
        signature("v1,AAAA"),
        signature(&good.signature.replace("v1,", "v2,")),
        signature(good.signature.strip_prefix("v1,").unwrap()),
        path(&other.path),
        path("/webhooks/00000000000000000000000000000000"),
        path("/webhooks/nobody"),
        Sent { path: disabled.path.clone(), ..good.clone() }.signed(&disabled.secret),
    ];
    let mut told = Vec::new();
    for sent in &bad {
        let answer = sent.to(&gateway).await;
        assert_eq!(problem(&answer), (StatusCode::UNAUTHORIZED, "WEBHOOK_NOT_VERIFIED".to_owned()));
        told.push(answer.text());
    }
    let bare = Request::post(&source.path).header("content-type", "application/json");
    told.push(gateway.send(bare.body(Body::from(good.body.clone())).unwrap()).await.text());
    told.dedup();
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(events(&gateway, &source, "").await["totalCount"], 0);
    assert_eq!(gateway.world.recorded("keep_webhook_event").await, 0, "nothing is kept");
    for timely in [at(-300), at(300), signature(&format!("v1a,x v1,AAAA {}", good.signature))] {
        let answer = timely.to(&gateway).await;
        assert!(answer.status.is_success(), "{}", answer.text());
    }
}

#[tokio::test]
async fn a_hundred_times_at_once_is_once() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let gateway = Gateway::on(kind).await;
        let venture = gateway.venture("Hammered").await;
        let source = Source::of(&gateway, &["INTEGRATION"]).await;
        let sent = source.event(&gateway, "msg_1", &standard(&gateway, "metric.sample", sample(&venture)));
        let answers = join_all((0..100).map(|_| sent.to(&gateway))).await;
        assert!(answers.iter().all(|answer| answer.status.is_success()), "{kind:?}");
        assert_eq!(answers.iter().filter(|answer| answer.status == StatusCode::ACCEPTED).count(), 1);
        let ids: std::collections::BTreeSet<_> =
            answers.iter().map(|answer| answer.json()["id"].to_string()).collect();
        assert_eq!(ids.len(), 1);
        work(&gateway).await;
        assert_eq!(events(&gateway, &source, "").await["totalCount"], 1);
        assert_eq!(gateway.world.recorded("record_metric_sample").await, 1);
        assert_eq!(gateway.world.recorded("settle_webhook_event").await, 1);
    }
}

#[tokio::test]
async fn both_secrets_are_good_until_the_overlap_is_over() {
    let gateway = Gateway::open().await;
    let source = Source::of(&gateway, &["INTEGRATION"]).await;
    let rotate = async |hours: u32| {
        let input = json!({ "webhookSourceId": source.id, "overlapHours": hours });
        let fields = "secret webhookSource { previousSecretUntil }";
        let made = gateway.change("ADMIN", "rotateWebhookSourceSecret", fields, input).await;
        Source { secret: made["secret"].as_str().unwrap().to_owned(), ..source.clone() }
    };
    let numbers = std::sync::atomic::AtomicU32::new(0);
    let taken = async |source: &Source| {
        let id = format!("msg_{}", numbers.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
        let sent = source.event(&gateway, &id, &standard(&gateway, "nothing.known", json!({})));
        sent.to(&gateway).await.status == StatusCode::ACCEPTED
    };
    let second = rotate(24).await;
    assert!(taken(&source).await && taken(&second).await);
    gateway.world.clock.advance(Duration::hours(24) - Duration::seconds(1));
    assert!(taken(&source).await && taken(&second).await);
    gateway.world.clock.advance(Duration::seconds(1));
    assert!(!taken(&source).await && taken(&second).await);
    let third = rotate(168).await;
    let fourth = rotate(1).await;
    assert!(!taken(&second).await, "the one before the last ends");
    assert!(taken(&third).await && taken(&fourth).await);
    let fifth = rotate(0).await;
    assert!(!taken(&fourth).await && taken(&fifth).await);
    let input = json!({ "webhookSourceId": source.id, "overlapHours": 169 });
    let refused = gateway.mutate("ADMIN", "rotateWebhookSourceSecret", "secret", input).await;
    assert_eq!(refused["userErrors"][0]["field"], json!(["overlapHours"]));
    let input = json!({ "webhookSourceId": source.id, "idempotencyKey": "rotate-1" });
    let first = gateway.change("ADMIN", "rotateWebhookSourceSecret", "secret", input.clone()).await;
    let again = gateway.change("ADMIN", "rotateWebhookSourceSecret", "secret", input).await;
    assert!(first["secret"].as_str().unwrap().starts_with("whsec_") && again["secret"].is_null());
}

#[tokio::test]
async fn cloudevents_come_in_both_modes() {
    let gateway = Gateway::open().await;
    let venture = gateway.venture("Measured").await;
    let source = Source::of(&gateway, &["INTEGRATION"]).await;
    let now = gateway.world.app.clock().now();
    let structured = json!({ "specversion": "1.0", "id": "1", "source": "/ci", "type": "metric.sample",
                             "time": now, "data": sample(&venture) });
    let mut sent = source.event(&gateway, "ce_1", &structured);
    sent.headers =
        vec![("content-type".to_owned(), "application/cloudevents+json; charset=utf-8".to_owned())];
    assert_eq!(sent.to(&gateway).await.status, StatusCode::ACCEPTED);
    let mut data = sample(&venture);
    data["time"] = json!(now);
    let mut sent = source.event(&gateway, "ce_2", &data);
    for (name, value) in [("specversion", "1.0"), ("id", "2"), ("source", "/ci"), ("type", "metric.sample")] {
        sent.headers.push((format!("ce-{name}"), value.to_owned()));
    }
    assert_eq!(sent.to(&gateway).await.status, StatusCode::ACCEPTED);
    work(&gateway).await;
    let kept = events(&gateway, &source, "(filter: { statuses: [HANDLED] })").await;
    assert_eq!(kept["totalCount"], 2, "{kept}");
    let refused = async |content_type: &str, attributes: &[(&str, &str)], body: Value| {
        let mut sent = source.event(&gateway, "ce_3", &body);
        sent.headers = vec![("content-type".to_owned(), content_type.to_owned())];
        let attributes = attributes.iter().map(|(name, value)| (format!("ce-{name}"), (*value).to_owned()));
        sent.headers.extend(attributes);
        problem(&sent.to(&gateway).await).1
    };
    assert_eq!(
        refused("application/cloudevents-batch+json", &[], json!([])).await,
        "WEBHOOK_FORMAT_NOT_SUPPORTED"
    );
    assert_eq!(refused("text/plain", &[], json!("x")).await, "WEBHOOK_FORMAT_NOT_SUPPORTED");
    assert_eq!(refused("application/cloudevents+json", &[], json!({ "id": "1" })).await, "WEBHOOK_MALFORMED");
    assert_eq!(refused("application/json", &[("id", "1")], json!({})).await, "WEBHOOK_MALFORMED");
    assert_eq!(refused("application/json", &[], json!({ "type": "x" })).await, "WEBHOOK_MALFORMED");
    assert_eq!(events(&gateway, &source, "").await["totalCount"], 2);
}

#[tokio::test]
async fn limits_of_events() {
    let webhooks = Webhooks { max_webhook_bytes: 1_024, webhooks_per_s: 2 };
    let throttling = Throttling { max_bad_tokens: 3, trusted_proxies: 1, ..Throttling::default() };
    let gateway = Gateway::told(Settings { webhooks, throttling, ..Settings::default() }).await;
    let source = Source::of(&gateway, &["INTEGRATION"]).await;
    let of_size = |id: &str, bytes: usize| {
        let bare = standard(&gateway, "x", json!("")).to_string().len();
        source.event(&gateway, id, &standard(&gateway, "x", json!("y".repeat(bytes - bare))))
    };
    let over = of_size("msg_0", 1_025).to(&gateway).await;
    assert_eq!(problem(&over), (StatusCode::PAYLOAD_TOO_LARGE, "WEBHOOK_TOO_LARGE".to_owned()));
    for number in 0..20 {
        let answer = of_size(&format!("msg_{number}"), 1_024).to(&gateway).await;
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{number}");
    }
    let answer = of_size("msg_20", 1_024).to(&gateway).await;
    assert_eq!(problem(&answer), (StatusCode::TOO_MANY_REQUESTS, "THROTTLED".to_owned()));
    assert_eq!(answer.header(header::RETRY_AFTER), "1");
    gateway.world.clock.advance(Duration::milliseconds(500));
    assert_eq!(of_size("msg_20", 1_024).to(&gateway).await.status, StatusCode::ACCEPTED);
    let other = Source::of(&gateway, &["INTEGRATION"]).await;
    other.send(&gateway, "msg_1", "x", json!({})).await;
    // Guesses are counted by address, and those elsewhere are not in the way.
    let from = |address: &str, sent: Sent| {
        let headers = sent.headers.iter().cloned();
        let address = ("x-forwarded-for".to_owned(), address.to_owned());
        Sent { headers: headers.chain([address]).collect(), ..sent }
    };
    let body = standard(&gateway, "x", json!({}));
    for _ in 0..3 {
        let guess = from("203.0.113.1", other.event(&gateway, "msg_2", &body)).signed(&source.secret);
        assert_eq!(guess.to(&gateway).await.status, StatusCode::UNAUTHORIZED);
    }
    let good = other.event(&gateway, "msg_2", &body);
    let held_off = from("203.0.113.1", good.clone()).to(&gateway).await;
    assert_eq!(problem(&held_off), (StatusCode::TOO_MANY_REQUESTS, "THROTTLED".to_owned()));
    assert_eq!(held_off.header(header::RETRY_AFTER), "300");
    assert_eq!(from("203.0.113.2", good).to(&gateway).await.status, StatusCode::ACCEPTED);
}

#[tokio::test]
async fn without_the_database_the_sender_is_to_come_again() {
    let gateway = Gateway::open().await;
    let source = Source::of(&gateway, &["INTEGRATION"]).await;
    let sent = source.event(&gateway, "msg_1", &standard(&gateway, "x", json!({})));
    gateway.world.app.database().close().await.unwrap();
    let answer = sent.to(&gateway).await;
    assert_eq!(problem(&answer), (StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE".to_owned()));
    assert_eq!(answer.header(header::RETRY_AFTER), "5");
}

#[tokio::test]
async fn each_type_has_its_effect_and_its_refusals() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let gateway = Gateway::on(kind).await;
        let venture = gateway.venture("Integrated").await;
        let source = Source::of(&gateway, &["INTEGRATION", "EVA"]).await;
        let poor = Source::of(&gateway, &["VIEWER"]).await;
        let piece = json!({ "title": "Report", "content": { "link": "https://example.com/report" } });
        let evidence = json!({ "ventureId": venture, "evidence": piece });
        let attest =
            json!({ "ventureId": venture, "target": { "doneWhen": "title-captured" }, "evidence": [piece] });
        let no_label =
            json!({ "ventureId": venture, "target": { "doneWhen": "nothing" }, "evidence": [piece] });
        let bare = json!({ "ventureId": venture, "target": { "doneWhen": "title-captured" } });
        let future = gateway.world.app.clock().now() + Duration::minutes(6);
        let mut early = sample(&venture);
        early["time"] = json!(future);
        let mut late = sample(&venture);
        late["time"] = json!("2020-02-29T12:00:00Z");
        let mut unknown = sample(&venture);
        unknown["unit"] = json!("EUR");
        let mut elsewhere = sample(&venture);
        elsewhere["ventureId"] = json!(uuid::Uuid::nil());
        let cases = [
            (&source, "attestation.submitted", attest.clone(), "HANDLED", Value::Null),
            (&source, "attestation.submitted", no_label, "REJECTED", json!("UNKNOWN_LABEL")),
            (&source, "attestation.submitted", bare, "REJECTED", json!("EVIDENCE_REQUIRED")),
            (&poor, "attestation.submitted", attest, "REJECTED", json!("FORBIDDEN")),
            (&source, "evidence.submitted", evidence.clone(), "HANDLED", Value::Null),
            (&poor, "evidence.submitted", evidence, "REJECTED", json!("FORBIDDEN")),
            (&source, "metric.sample", sample(&venture), "HANDLED", Value::Null),
            (&source, "metric.sample", late, "HANDLED", Value::Null),
            (&source, "metric.sample", early, "REJECTED", json!("INVALID_INPUT")),
            (&source, "metric.sample", unknown, "REJECTED", json!("WEBHOOK_DATA_INVALID")),
            (&source, "metric.sample", elsewhere, "REJECTED", json!("NOT_FOUND")),
            (&poor, "metric.sample", sample(&venture), "REJECTED", json!("FORBIDDEN")),
            (&source, "nobody.knows", json!([]), "IGNORED", Value::Null),
        ];
        for (number, (source, r#type, data, ..)) in cases.iter().enumerate() {
            source.send(&gateway, &format!("msg_{number}"), r#type, data.clone()).await;
        }
        work(&gateway).await;
        for (number, (source, r#type, _, status, code)) in cases.iter().enumerate() {
            let filter = format!("(filter: {{ webhookIds: [\"msg_{number}\"] }})");
            let event = events(&gateway, source, &filter).await["nodes"][0].clone();
            assert_eq!((&event["status"], &event["code"]), (&json!(status), code), "{type}: {event}");
            assert_eq!(event["recordId"].is_string(), *status == "HANDLED", "{event}");
            assert_eq!(event["message"].is_string(), *status == "REJECTED", "{event}");
            assert!(event["handledAt"].is_string());
        }
        let filter = "(filter: { types: [\"metric.sample\"], statuses: [REJECTED] })";
        let told = events(&gateway, &source, filter).await;
        assert_eq!(told["totalCount"], 3);
        assert!(told.to_string().contains("data.unit: unknown field"), "{told}");
        assert!(gateway.world.parked().await.is_empty(), "a sender's mistake is no dead letter");
        let query = "query($id: ID!) { venture(id: $id) {
            evidence { totalCount nodes { title submittedBy { name } } }
            history(filter: { types: [\"attestation.given.v1\", \"evidence.submitted.v1\"] }) { nodes { actor { name } } }
            all: metricSamples { totalCount }
            late: metricSamples(filter: { metrics: [\"leads\"], time: { before: \"2020-03-01T00:00:00Z\" } }) { totalCount }
            none: metricSamples(filter: { metrics: [\"others\"] }) { totalCount } } }";
        let seen = gateway.data("VIEWER", query, json!({ "id": venture })).await["venture"].clone();
        assert_eq!(seen["evidence"]["totalCount"], 2);
        assert_eq!(
            seen["history"]["nodes"],
            json!([{ "actor": { "name": "CI" } }, { "actor": { "name": "CI" } }])
        );
        let counts = ["all", "late", "none"].map(|list| seen[list]["totalCount"].as_i64().unwrap());
        assert_eq!(counts, [2, 1, 0]);
    }
}

#[tokio::test]
async fn what_was_rejected_is_redelivered_once_its_cause_is_mended() {
    let gateway = Gateway::open().await;
    let venture = gateway.venture("Mended").await;
    let source = Source::of(&gateway, &["VIEWER"]).await;
    let id = source.send(&gateway, "msg_1", "metric.sample", sample(&venture)).await;
    let redeliver = async |code: Option<&str>| {
        let input = json!({ "webhookEventId": id });
        let fields = "webhookEvent { status }";
        let payload = gateway.mutate("ADMIN", "reprocessWebhookEvent", fields, input).await;
        match code {
            Some(code) => assert_eq!(payload["userErrors"][0]["code"], code),
            None => assert_eq!(payload["webhookEvent"]["status"], "RECEIVED", "{payload}"),
        }
    };
    redeliver(Some("WEBHOOK_EVENT_NOT_REJECTED")).await;
    work(&gateway).await;
    assert_eq!(events(&gateway, &source, "").await["nodes"][0]["code"], "FORBIDDEN");
    let query = "query($id: ID!) { node(id: $id) { ... on WebhookSource { person { id } portfolio {
                 members(first: 100) { nodes { id person { id } } } } } } }";
    let seen = gateway.data("ADMIN", query, json!({ "id": source.id })).await["node"].clone();
    let members = seen["portfolio"]["members"]["nodes"].as_array().unwrap();
    let member = members.iter().find(|member| member["person"]["id"] == seen["person"]["id"]).unwrap();
    let input = json!({ "memberId": member["id"], "roles": ["INTEGRATION"] });
    gateway.change("ADMIN", "setRoles", "member { roles }", input).await;
    redeliver(None).await;
    redeliver(Some("WEBHOOK_EVENT_NOT_REJECTED")).await;
    work(&gateway).await;
    let event = events(&gateway, &source, "").await["nodes"][0].clone();
    assert_eq!(
        (&event["status"], &event["attempts"], &event["code"]),
        (&json!("HANDLED"), &json!(2), &Value::Null)
    );
    redeliver(Some("WEBHOOK_EVENT_NOT_REJECTED")).await;
    assert_eq!(gateway.world.recorded("record_metric_sample").await, 1);
}

#[tokio::test]
async fn what_waits_while_its_source_is_disabled_is_rejected() {
    let gateway = Gateway::open().await;
    let venture = gateway.venture("Closed").await;
    let source = Source::of(&gateway, &["INTEGRATION"]).await;
    source.send(&gateway, "msg_1", "metric.sample", sample(&venture)).await;
    let input = json!({ "webhookSourceId": source.id });
    let fields = "webhookSource { status disabledAt }";
    let closed = gateway.change("ADMIN", "disableWebhookSource", fields, input.clone()).await;
    assert_eq!(closed["webhookSource"]["status"], "DISABLED");
    let again = gateway.mutate("ADMIN", "disableWebhookSource", fields, input.clone()).await;
    assert_eq!(again["userErrors"][0]["code"], "WEBHOOK_SOURCE_DISABLED");
    work(&gateway).await;
    let event = events(&gateway, &source, "").await["nodes"][0].clone();
    assert_eq!((&event["status"], &event["code"]), (&json!("REJECTED"), &json!("WEBHOOK_SOURCE_DISABLED")));
    let open = gateway.change("ADMIN", "enableWebhookSource", fields, input.clone()).await;
    assert_eq!(open["webhookSource"], json!({ "status": "ENABLED", "disabledAt": null }));
    let again = gateway.mutate("ADMIN", "enableWebhookSource", fields, input).await;
    assert_eq!(again["userErrors"][0]["code"], "WEBHOOK_SOURCE_ENABLED");
    source.send(&gateway, "msg_2", "metric.sample", sample(&venture)).await;
}

#[tokio::test]
async fn sources_are_their_admins_affair() {
    let gateway = Gateway::open().await;
    let source = Source::of(&gateway, &["INTEGRATION"]).await;
    let event = source.send(&gateway, "msg_1", "x", json!({})).await;
    let query = "query($id: ID!) { node(id: $id) { id __typename } }";
    for id in [&source.id, &event] {
        assert!(gateway.data("CHAIRMAN", query, json!({ "id": id })).await["node"].is_null());
        assert_eq!(gateway.data("ADMIN", query, json!({ "id": id })).await["node"]["id"], id.as_str());
    }
    let list = "{ portfolio(slug: \"demo\") { webhookSources(orderBy: { field: NAME }) { totalCount nodes { name path status } } } }";
    let answer = gateway.ask(gateway.token("CHAIRMAN"), list, json!({})).await;
    assert_eq!(
        (code(&answer), &answer["data"]["portfolio"]),
        ("FORBIDDEN", &json!({ "webhookSources": null }))
    );
    let input = json!({ "webhookSourceId": source.id, "name": "Builds", "description": "Of the pipeline." });
    let fields = "webhookSource { name description person { name } }";
    let changed = gateway.change("ADMIN", "updateWebhookSource", fields, input).await;
    let wanted =
        json!({ "name": "Builds", "description": "Of the pipeline.", "person": { "name": "Builds" } });
    assert_eq!(changed["webhookSource"], wanted);
    let data = gateway.data("ADMIN", list, json!({})).await;
    let wanted =
        json!({ "totalCount": 1, "nodes": [{ "name": "Builds", "path": source.path, "status": "ENABLED" }] });
    assert_eq!(data["portfolio"]["webhookSources"], wanted);
    for (field, value) in [("name", json!("")), ("name", json!("x".repeat(101))), ("roles", json!([]))] {
        let place = gateway.place(gateway.token("ADMIN").unwrap()).await;
        let mut input = json!({ "portfolioId": place.portfolio, "name": "CI", "roles": ["INTEGRATION"] });
        input[field] = value;
        let refused = gateway.mutate("ADMIN", "createWebhookSource", "secret", input).await;
        assert_eq!(refused["userErrors"][0]["field"], json!([field]), "{refused}");
    }
}

#[tokio::test]
async fn evidence_of_its_own_is_cited_by_who_attests() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let gateway = Gateway::on(kind).await;
        let venture = gateway.venture("Cited").await;
        let piece = json!({ "title": "Report", "content": { "text": "All is well." } });
        let input = json!({ "ventureId": venture, "evidence": piece });
        let submitted = gateway.change("LEAD", "submitEvidence", "evidence { id title }", input).await;
        let id = submitted["evidence"]["id"].clone();
        let state = async || {
            let query = "query($id: ID!) { venture(id: $id) { stageRun { evidence { id } attestations { target evidence { id } }
                         doneWhen { key done } } } }";
            gateway.data("VIEWER", query, json!({ "id": venture })).await["venture"]["stageRun"].clone()
        };
        assert_eq!(state().await["evidence"], json!([{ "id": id }]));
        assert_eq!(state().await["attestations"], json!([]));
        let attest = |label: &str, ids: Value| json!({ "ventureId": venture, "target": { "doneWhen": label }, "evidence": [], "evidenceIds": ids });
        // One piece may stand behind several labels, and one label be attested again.
        for label in ["title-captured", "description-written", "title-captured"] {
            gateway.change("EVA", "attest", "venture { id }", attest(label, json!([id, id]))).await;
        }
        let seen = state().await;
        let attestations = seen["attestations"].as_array().unwrap();
        assert_eq!(attestations.len(), 2);
        assert!(attestations.iter().all(|row| row["evidence"] == json!([{ "id": id }])), "{seen}");
        let done = |seen: &Value| {
            seen["doneWhen"].as_array().unwrap().iter().filter(|label| label["done"] == true).count()
        };
        assert_eq!(done(&seen), 2);
        let other = gateway.venture("Another").await;
        let mut input = attest("title-captured", json!([id]));
        input["ventureId"] = json!(other);
        let refused = gateway.mutate("EVA", "attest", "venture { id }", input).await;
        assert_eq!(refused["userErrors"][0]["code"], "EVIDENCE_NOT_CITABLE");
        let input = json!({ "evidenceId": id, "reason": "It was wrong." });
        gateway.change("LEAD", "withdrawEvidence", "evidence { id }", input).await;
        assert_eq!(done(&state().await), 0, "what rests on it is open again");
        let refused =
            gateway.mutate("EVA", "attest", "venture { id }", attest("title-captured", json!([id]))).await;
        assert_eq!(refused["userErrors"][0]["code"], "EVIDENCE_NOT_CITABLE");
    }
}
