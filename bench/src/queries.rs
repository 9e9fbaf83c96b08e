//! Queries per second: of nothing, which is what a request costs by itself, of one venture by id, and of a page
//! of twenty with everything of their stages.

mod bare;

use std::time::Duration;

use anyhow::ensure;
use reqwest::RequestBuilder;
use serde_json::{Value, json};

use crate::{
    Plan,
    deployment::{Deployment, text},
    load,
    report::{Aim, Figure, Limit, Unit},
    validations::{self, GATES},
};

const TIME: Duration = Duration::from_secs(5);
const PAGE: u32 = 20;
const LABELS: [&str; 2] = ["title-captured", "description-written"];

const NOTHING: &str = "{ __typename }";
const ONE: &str = "query($id: ID!) { venture(id: $id) { id name description category timeZone currency status \
                   version sequence createdAt updatedAt } }";
const TWENTY: &str = "{ ventures(first: 20) { nodes { id name status version stage { number title } stageRun { \
                      status gates { key latestRun { status verdict criteria { key verdict evidence { id } } } } \
                      doneWhen { key label done } evidence { id title kind } } } } }";

/// All queries, each beside the bare server that gives the very same answer.
pub(crate) async fn measure(plan: &Plan) -> anyhow::Result<Vec<Figure>> {
    let deployment = Deployment::distributed(&plan.binaries, 1).await?;
    let ids = furnish(&deployment, &LABELS, 1).await?;
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
            Some(Aim::OfLimit(0.7)),
        ),
    ];
    let mut figures = Vec::new();
    for (name, ours, bare, aim) in pairs {
        ensure_same(&ours, &bare).await?;
        let value = load::rate(ours, plan.time(TIME)).await?;
        let limit = Some(Limit { name: "bare axum + sqlx", value: load::rate(bare, plan.time(TIME)).await? });
        figures.push(Figure { name: format!("query: {name}"), value, unit: Unit::PerSecond, limit, aim });
    }
    Ok(figures)
}

/// Puts attestations of these labels, evidence, and so many verdicts of each gate on the first page of ventures;
/// gives their ids.
pub(crate) async fn furnish(
    deployment: &Deployment,
    labels: &[&str],
    verdicts: u32,
) -> anyhow::Result<Vec<String>> {
    deployment.create_ventures(PAGE).await;
    let client = &deployment.client;
    let page = client.data("{ ventures(first: 20) { nodes { id } } }", json!({})).await;
    let nodes = page["ventures"]["nodes"].as_array().cloned().unwrap_or_default();
    let ids: Vec<String> = nodes.iter().map(|node| text(&node["id"])).collect();
    ensure!(ids.len() == PAGE as usize, "{} ventures on the page", ids.len());
    for id in &ids {
        for label in labels {
            let input = json!({
                "ventureId": id, "target": { "doneWhen": label }, "note": "Seen and written down.",
                "evidence": [{ "title": "What was found", "content": { "text": "Seen and written down." } }],
            });
            client.mutate("attest", "AttestInput", "", input).await;
        }
        for gate in (0..verdicts).flat_map(|_| GATES) {
            let input = json!({ "ventureId": id, "gate": gate });
            let (name, input_type) = ("requestGateValidation", "RequestGateValidationInput");
            client.mutate(name, input_type, "gateRun { id }", input).await;
        }
    }
    validations::decided(&deployment.database_url).await?;
    Ok(ids)
}

/// A limit that gave another answer would be none.
async fn ensure_same(ours: &RequestBuilder, bare: &RequestBuilder) -> anyhow::Result<()> {
    let ours: Value = serde_json::from_slice(&load::answer(ours).await?)?;
    let bare: Value = serde_json::from_slice(&load::answer(bare).await?)?;
    ensure!(ours["data"] == bare["data"], "not the same: {ours} and {bare}");
    Ok(())
}
