//! Another portfolio's records do not exist for the caller, by whatever path they are asked for.

use std::collections::BTreeSet;

use app::{
    Actor, Request,
    commands::{CreatePortfolio, FoundPortfolio, RecordMetricSample},
    global_id::{self, Kind},
    token,
};
use axum::{
    body::Body,
    http::{self, StatusCode},
};
use domain::id::Id;
use serde_json::{Value, json};
use testing::world::role;

use crate::{
    gateway::{Gateway, Place, code, dead_letters, mutation, park, signed, venture_input},
    introspection::Introspected,
    webhooks_in::Source,
};

/// What a second portfolio holds, by global id.
struct Foreign {
    token: String,
    admin: String,
    portfolio: String,
    venture: String,
    stage_run: String,
    gate_run: String,
    evidence: String,
    attestation: String,
    event: String,
    dead_letter: String,
    file: String,
    place: Place,
    api_token: String,
    endpoint: String,
    delivery: String,
    webhook_source: String,
    webhook_event: String,
    metric_sample: String,
}

impl Foreign {
    /// Founds the portfolio and lets its own chairman fill it.
    async fn found(gateway: &Gateway) -> Self {
        let app = &gateway.world.app;
        let command = FoundPortfolio(CreatePortfolio {
            slug: "other".to_owned(),
            name: "Another portfolio".to_owned(),
            zone: "UTC".to_owned(),
            currency: "USD".to_owned(),
        });
        let id = app.execute(&Request::by(Actor::Agent("test".to_owned())), &command).await.unwrap();
        let token = token::create(app, "other", &role("CHAIRMAN"), None).await.unwrap();
        let operator = token::create(app, "other", &role("OPERATOR"), None).await.unwrap();
        park(gateway, id).await;
        let created = ask(gateway, &token, "createVenture", venture_input("Elsewhere")).await;
        let venture = created["venture"]["id"].as_str().unwrap().to_owned();
        let file = upload(gateway, &token).await;
        let evidence = json!([{ "title": "Report", "content": { "fileId": file } }]);
        let target = json!({ "doneWhen": "title-captured" });
        let input = json!({ "ventureId": venture, "target": target, "evidence": evidence });
        ask(gateway, &token, "attest", input).await;
        let input = json!({ "ventureId": venture, "gate": "title-validated" });
        let requested = ask(gateway, &token, "requestGateValidation", input).await;
        let query = "query($id: ID!) { venture(id: $id) { portfolio { id } history(first: 1) { nodes { id } } \
             stageRun { id evidence { id } attestations { id } } } }";
        let seen =
            gateway.ask(Some(&token), query, json!({ "id": venture })).await["data"]["venture"].clone();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let place = gateway.place(&token).await;
        let admin = token::create(app, "other", &role("ADMIN"), None).await.unwrap();
        let (endpoint, delivery) = gateway.endpoint(&admin, &place.portfolio, "https://example.com/").await;
        let (api_token, _) = gateway.make_token(&token, json!({ "portfolioId": place.portfolio })).await;
        let source = Source::made_by(gateway, &admin, &place.portfolio, &["INTEGRATION"]).await;
        let webhook_event = source.send(gateway, "msg_1", "nobody.knows", json!({})).await;
        Self {
            metric_sample: measure(gateway, &source, &venture).await,
            webhook_source: source.id,
            webhook_event,
            portfolio: text(&seen["portfolio"]["id"]),
            stage_run: text(&seen["stageRun"]["id"]),
            gate_run: text(&requested["gateRun"]["id"]),
            evidence: text(&seen["stageRun"]["evidence"][0]["id"]),
            attestation: text(&seen["stageRun"]["attestations"][0]["id"]),
            event: text(&seen["history"]["nodes"][0]["id"]),
            dead_letter: dead_letters(gateway, Some(&operator)).await[0].clone(),
            token,
            admin,
            endpoint,
            delivery,
            venture,
            file,
            place,
            api_token,
        }
    }

    /// All but the dead letter, which its operators alone see, and what its ADMINs alone see.
    fn ids(&self) -> [&String; 12] {
        let Self { portfolio, venture, stage_run, gate_run, evidence, attestation, event, file, .. } = self;
        let (Place { member, person, .. }, token) = (&self.place, &self.api_token);
        let sample = &self.metric_sample;
        [
            portfolio,
            venture,
            stage_run,
            gate_run,
            evidence,
            attestation,
            event,
            file,
            member,
            person,
            token,
            sample,
        ]
    }

    /// What its ADMINs alone see.
    fn of_admins(&self) -> [&String; 4] {
        [&self.endpoint, &self.delivery, &self.webhook_source, &self.webhook_event]
    }

    /// Each with the token of somebody who sees it.
    fn seen(&self) -> impl Iterator<Item = (&String, &String)> {
        let all = self.ids().into_iter().map(|id| (id, &self.token));
        all.chain(self.of_admins().into_iter().map(|id| (id, &self.admin)))
    }
}

/// Records a sample as a source would; its global id.
async fn measure(gateway: &Gateway, source: &Source, venture: &str) -> String {
    let key = |id: &str| global_id::decode(id).unwrap().1;
    let app = &gateway.world.app;
    let acting = app::webhook_source::acting::acting(app, Id::new(key(&source.id))).await.unwrap();
    let command = RecordMetricSample {
        venture_id: Id::new(key(venture)),
        metric: "leads".to_owned(),
        at: app.clock().now(),
        value: 1.0,
        key: "sample-1".to_owned(),
    };
    let id = app.execute(&Request::by(acting.actor), &command).await.unwrap();
    global_id::encode(Kind::MetricSample, id.uuid())
}

/// A mutation by the holder of a token that must go through; its payload.
async fn ask(gateway: &Gateway, token: &str, name: &str, input: Value) -> Value {
    let fields = if name == "requestGateValidation" { "gateRun { id }" } else { "venture { id }" };
    let answer = gateway.ask(Some(token), &mutation(name, fields), json!({ "input": input })).await;
    assert_eq!(answer["data"][name]["userErrors"], json!([]), "{answer}");
    answer["data"][name].clone()
}

async fn upload(gateway: &Gateway, token: &str) -> String {
    let request = signed(http::Request::post("/files?name=report.txt"), Some(token));
    let request = request.header("content-type", "text/plain").body(Body::from("A report.")).unwrap();
    let answer = gateway.send(request).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
    answer.json()["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn they_cannot_be_read_by_id() {
    let gateway = Gateway::open().await;
    let foreign = Foreign::found(&gateway).await;
    for (id, insider) in foreign.seen() {
        let query = "query($id: ID!) { node(id: $id) { id } nodes(ids: [$id, $id]) { id } \
                     venture(id: $id) { id } gateRun(id: $id) { id } }";
        let own = gateway.ask(Some(insider), query, json!({ "id": id })).await;
        assert_eq!(own["data"]["node"]["id"], id.as_str(), "its members see it");
        assert_eq!(own["data"]["nodes"][1]["id"], id.as_str());
        let nothing = json!({ "node": null, "nodes": [null, null], "venture": null, "gateRun": null });
        for role in ["CHAIRMAN", "ADMIN"] {
            assert_eq!(gateway.data(role, query, json!({ "id": id })).await, nothing, "{role}");
        }
    }
    for id in foreign.of_admins() {
        let query = "query($id: ID!) { node(id: $id) { id } }";
        let other = gateway.ask(Some(&foreign.token), query, json!({ "id": id })).await;
        assert_eq!(other["data"], json!({ "node": null }), "its other members do not");
    }
    let query = "{ portfolio(slug: \"other\") { id } playbook(portfolio: \"other\") { id } \
                 stage(number: 1, portfolio: \"other\") { number } }";
    let own = gateway.ask(Some(&foreign.token), query, json!({})).await;
    assert_eq!(own["data"]["stage"]["number"], 1);
    let data = gateway.data("CHAIRMAN", query, json!({})).await;
    assert_eq!(data, json!({ "portfolio": null, "playbook": null, "stage": null }));
}

#[tokio::test]
async fn every_kind_of_node_is_among_them() {
    let gateway = Gateway::open().await;
    let foreign = Foreign::found(&gateway).await;
    let types = gateway.ask(None, "{ __type(name: \"Node\") { possibleTypes { name } } }", json!({})).await;
    let types = types["data"]["__type"]["possibleTypes"].as_array().unwrap().iter();
    let types: BTreeSet<_> = types.map(|kind| kind["name"].as_str().unwrap().to_owned()).collect();
    let query = "query($ids: [ID!]!) { nodes(ids: $ids) { __typename } }";
    // A playbook is whose portfolios use it, and a dead letter its operators'.
    let mut tested = BTreeSet::from(["Playbook", "DeadLetter"].map(str::to_owned));
    for (id, insider) in foreign.seen() {
        let own = gateway.ask(Some(insider), query, json!({ "ids": [id] })).await;
        tested.insert(own["data"]["nodes"][0]["__typename"].as_str().unwrap().to_owned());
    }
    assert_eq!(types, tested);
}

#[tokio::test]
async fn lists_neither_show_nor_count_them() {
    let gateway = Gateway::open().await;
    let foreign = Foreign::found(&gateway).await;
    let query = "{ portfolios { nodes { slug } } ventures(first: 100) { totalCount nodes { name } edges { node { name } } } }";
    let data = gateway.data("CHAIRMAN", query, json!({})).await;
    assert_eq!(data["portfolios"]["nodes"], json!([{ "slug": "demo" }]));
    assert_eq!(data["ventures"]["totalCount"], 2, "the demo's own");
    for list in ["nodes", "edges"] {
        assert_eq!(data["ventures"][list].as_array().unwrap().len(), 2);
        assert!(!data["ventures"][list].to_string().contains("Elsewhere"));
    }
    let query = "query($id: ID!) { ventures(filter: { portfolioId: $id }) { totalCount nodes { id } } }";
    let variables = json!({ "id": foreign.portfolio });
    let data = gateway.data("CHAIRMAN", query, variables.clone()).await;
    assert_eq!(data["ventures"], json!({ "totalCount": 0, "nodes": [] }));
    let own = gateway.ask(Some(&foreign.token), query, variables).await;
    assert_eq!(own["data"]["ventures"]["totalCount"], 1);
    let query = "query($id: ID!) { portfolios { totalCount } jobs(filter: { ventureId: $id }) { totalCount nodes { id } } \
                 ventures(filter: { ids: [$id], search: \"elsewhere\" }) { totalCount nodes { id } } }";
    let variables = json!({ "id": foreign.venture });
    let none = json!({ "totalCount": 0, "nodes": [] });
    let data = gateway.data("CHAIRMAN", query, variables.clone()).await;
    assert_eq!(data, json!({ "portfolios": { "totalCount": 1 }, "jobs": none, "ventures": none }));
    let own = gateway.ask(Some(&foreign.token), query, variables).await;
    assert_eq!(own["data"]["jobs"]["nodes"], json!([{ "id": foreign.gate_run }]));
    assert_eq!(own["data"]["ventures"]["nodes"], json!([{ "id": foreign.venture }]));
}

/// Whatever can be asked for at the root, with every argument that could name something of theirs, and shown as
/// deep as a record within a list.
#[tokio::test]
async fn no_query_shows_anything_of_theirs() {
    let gateway = Gateway::open().await;
    let foreign = Foreign::found(&gateway).await;
    let theirs: BTreeSet<_> = foreign.seen().map(|(id, _)| id.clone()).collect();
    let shown = |answer: &Value| -> BTreeSet<String> {
        let text = answer["data"].to_string();
        theirs.iter().filter(|id| text.contains(&format!("\"{id}\""))).cloned().collect()
    };
    let schema = Introspected::of(&gateway).await;
    let (mut asked, mut seen) = (BTreeSet::new(), BTreeSet::new());
    for id in &theirs {
        let arguments = [("id", id.as_str()), ("ids", id), ("slug", "other"), ("portfolio", "other")];
        for call in schema.queries(&arguments, 2) {
            // Without an argument it is the same call for each id.
            if !call.by_id && !asked.insert(call.text.clone()) {
                continue;
            }
            let query = format!("{{ {} }}", call.text);
            for role in ["CHAIRMAN", "ADMIN", "OPERATOR"] {
                let answer = gateway.ask(gateway.token(role), &query, json!({})).await;
                assert!(shown(&answer).is_empty(), "{role} {}: {answer}", call.name);
            }
            for insider in [&foreign.token, &foreign.admin] {
                seen.extend(shown(&gateway.ask(Some(insider), &query, json!({})).await));
            }
        }
    }
    assert!(seen.len() >= 12, "to their members these queries show {} of {}", seen.len(), theirs.len());
}

#[tokio::test]
async fn they_cannot_be_changed() {
    let gateway = Gateway::open().await;
    let foreign = Foreign::found(&gateway).await;
    let ids = [
        ("ventureId", foreign.venture.as_str()),
        ("evidenceId", &foreign.evidence),
        ("portfolioId", &foreign.portfolio),
        ("deadLetterId", &foreign.dead_letter),
        ("jobId", &foreign.gate_run),
        ("memberId", &foreign.place.member),
        ("tokenId", &foreign.api_token),
        ("webhookEndpointId", &foreign.endpoint),
        ("webhookDeliveryId", &foreign.delivery),
        ("webhookSourceId", &foreign.webhook_source),
        ("webhookEventId", &foreign.webhook_event),
        ("evidenceIds", &foreign.evidence),
    ];
    let history = "query($id: ID!) { venture(id: $id) { version sequence } }";
    let before = gateway.ask(Some(&foreign.token), history, json!({ "id": foreign.venture })).await;
    let mut refused = 0;
    for call in Introspected::of(&gateway).await.calls("Mutation", &ids).iter().filter(|call| call.by_id) {
        let text = format!("mutation {{ {} }}", call.text);
        let answer = gateway.ask(gateway.token("CHAIRMAN"), &text, json!({})).await;
        assert_eq!(code(&answer), "NOT_FOUND", "{}: {answer}", call.text);
        refused += 1;
    }
    assert!(refused >= 30, "{refused} mutations");
    let after = gateway.ask(Some(&foreign.token), history, json!({ "id": foreign.venture })).await;
    assert_eq!(before, after);
}

#[tokio::test]
async fn their_dead_letters_are_not_for_operators_elsewhere() {
    let gateway = Gateway::open().await;
    let foreign = Foreign::found(&gateway).await;
    assert_eq!(dead_letters(&gateway, gateway.token("OPERATOR")).await, Vec::<String>::new());
    let query = "query($id: ID!) { node(id: $id) { id } }";
    let data = gateway.data("OPERATOR", query, json!({ "id": foreign.dead_letter })).await;
    assert!(data["node"].is_null());
    let input = json!({ "input": { "deadLetterId": foreign.dead_letter } });
    let query = mutation("replayDeadLetter", "deadLetter { id }");
    let answer = gateway.ask(gateway.token("OPERATOR"), &query, input).await;
    assert_eq!(code(&answer), "NOT_FOUND");
}

#[tokio::test]
async fn they_cannot_be_watched() {
    let gateway = Gateway::open().await;
    let foreign = Foreign::found(&gateway).await;
    let ids = [
        ("ventureId", foreign.venture.as_str()),
        ("portfolioId", &foreign.portfolio),
        ("id", &foreign.gate_run),
    ];
    let calls = Introspected::of(&gateway).await.calls("Subscription", &ids);
    // What waits for the caller is asked for without an id.
    let (by_id, own): (Vec<_>, Vec<_>) = calls.into_iter().partition(|call| call.by_id);
    assert_eq!(own.iter().map(|call| call.name.as_str()).collect::<Vec<_>>(), ["waitingChanged"]);
    for call in by_id {
        let text = format!("subscription {{ {} }}", call.text);
        let mut frames = gateway.watch(gateway.token("CHAIRMAN"), &text).await;
        let (_, answer) = frames.next().await.unwrap();
        assert_eq!(code(&answer), "NOT_FOUND", "{}", call.text);
        assert_eq!(frames.next().await.unwrap().0, "complete");
    }
}

#[tokio::test]
async fn their_files_are_not_there() {
    let gateway = Gateway::open().await;
    let foreign = Foreign::found(&gateway).await;
    let path = format!("/files/{}", foreign.file);
    let get = |token| signed(http::Request::get(&path), token).body(Body::empty()).unwrap();
    assert_eq!(gateway.send(get(Some(&foreign.token))).await.text(), "A report.");
    let answer = gateway.send(get(gateway.token("CHAIRMAN"))).await;
    assert_eq!((answer.status, code(&answer.json())), (StatusCode::NOT_FOUND, "NOT_FOUND"));
    let into = signed(http::Request::post("/files?name=a.txt&portfolio=other"), gateway.token("CHAIRMAN"));
    let into = into.header("content-type", "text/plain").body(Body::from("x")).unwrap();
    assert_eq!(gateway.send(into).await.status, StatusCode::NOT_FOUND);
    let venture = gateway.venture("Borrower").await;
    let evidence = json!([{ "title": "Report", "content": { "fileId": foreign.file } }]);
    let target = json!({ "doneWhen": "title-captured" });
    let input = json!({ "ventureId": venture, "target": target, "evidence": evidence });
    let payload = gateway.mutate("CHAIRMAN", "attest", "venture { id }", input).await;
    assert_eq!(payload["userErrors"][0]["code"], "INVALID_INPUT", "another's file is no evidence");
}
