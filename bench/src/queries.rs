//! Queries per second: of nothing, which is what a request costs by itself, of one venture by id, and of a page
//! of twenty with everything of their stages.

mod bare;

use std::time::Duration;

use anyhow::ensure;
use reqwest::RequestBuilder;
use serde_json::{Value, json};

use crate::{
    Scale,
    deployment::{Deployment, text},
    load,
    report::{Aim, Figure, Limit, Unit},
};

const TIME: Duration = Duration::from_secs(5);
const PAGE: u32 = 20;
const LABELS: [&str; 2] = ["title-captured", "description-written"];
const GATES: [&str; 3] = ["title-validated", "description-validated", "category-assigned"];

const NOTHING: &str = "{ __typename }";
const ONE: &str = "query($id: ID!) { venture(id: $id) { id name description category zone currency status \
                   version sequence createdAt updatedAt } }";
const TWENTY: &str = "{ ventures(first: 20) { nodes { id name status version stage { number title } stageRun { \
                      status gates { key latestRun { status verdict criteria { key verdict evidence { id } } } } \
                      doneWhen { key label done } evidence { id title kind } } } } }";

/// All queries, each beside the bare server that gives the very same answer.
pub(crate) async fn measure(scale: Scale) -> anyhow::Result<Vec<Figure>> {
    let deployment = Deployment::distributed(1).await?;
    let ids = furnish(&deployment).await?;
    let http = reqwest::Client::new();
    let anonymous = |query: &str, variables: Value| {
        let request = http.post(format!("http://{}/graphql", deployment.address));
        request.json(&json!({ "query": query, "variables": variables }))
    };
    let ask = |query: &str, variables: Value| anonymous(query, variables).bearer_auth(&deployment.token);
    let one = ask(ONE, json!({ "id": ids[0] }));
    let twenty = ask(TWENTY, json!({}));
    let page: Value = serde_json::from_slice(&load::answer(&twenty).await?)?;
    let bare = bare::serve(&deployment.database_url, &page["data"]["ventures"]["nodes"][0]).await?;
    let get = |path: String| http.get(format!("http://{bare}{path}")).bearer_auth(&deployment.token);
    let pairs = [
        ("nothing, without a token", anonymous(NOTHING, json!({})), get("/nothing".into()), None),
        ("nothing, with a token", ask(NOTHING, json!({})), get("/nothing/signed".into()), None),
        ("one venture by id", one, get(format!("/venture/{}", ids[0])), None),
        (
            "a page of 20 ventures with stage, gates, labels and evidence",
            twenty,
            get("/ventures".into()),
            Some(Aim::OfLimit(0.5)),
        ),
    ];
    let mut figures = Vec::new();
    for (name, ours, bare, aim) in pairs {
        ensure_same(&ours, &bare).await?;
        let value = load::rate(ours, scale.time(TIME)).await?;
        let limit =
            Some(Limit { name: "bare axum + sqlx", value: load::rate(bare, scale.time(TIME)).await? });
        figures.push(Figure { name: format!("query: {name}"), value, unit: Unit::PerSecond, limit, aim });
    }
    Ok(figures)
}

/// Puts attestations, evidence and verdicts on the first page; gives its ventures' ids.
async fn furnish(deployment: &Deployment) -> anyhow::Result<Vec<String>> {
    deployment.create_ventures(PAGE).await;
    let client = &deployment.client;
    let page = client.data("{ ventures(first: 20) { nodes { id } } }", json!({})).await;
    let nodes = page["ventures"]["nodes"].as_array().cloned().unwrap_or_default();
    let ids: Vec<String> = nodes.iter().map(|node| text(&node["id"])).collect();
    ensure!(ids.len() == PAGE as usize, "{} ventures on the page", ids.len());
    for id in &ids {
        for label in LABELS {
            let input = json!({
                "ventureId": id, "target": { "doneWhen": label },
                "evidence": [{ "title": "What was found", "content": { "text": "Seen and written down." } }],
            });
            client.mutate("attest", "AttestInput", "venture { id }", input).await;
        }
        for gate in GATES {
            let input = json!({ "ventureId": id, "gate": gate });
            let made = client
                .mutate("requestGateValidation", "RequestGateValidationInput", "gateRun { id }", input)
                .await;
            let run = text(&made["gateRun"]["id"]);
            let watch = format!("subscription {{ gateRunUpdated(id: \"{run}\") {{ status }} }}");
            let decided =
                |answer: &Value| (answer["data"]["gateRunUpdated"]["status"] == "SUCCEEDED").then_some(());
            client.watch(&watch, decided).await;
        }
    }
    Ok(ids)
}

/// A limit that gave another answer would be none.
async fn ensure_same(ours: &RequestBuilder, bare: &RequestBuilder) -> anyhow::Result<()> {
    let ours: Value = serde_json::from_slice(&load::answer(ours).await?)?;
    let bare: Value = serde_json::from_slice(&load::answer(bare).await?)?;
    ensure!(ours["data"] == bare["data"], "not the same: {ours} and {bare}");
    Ok(())
}
