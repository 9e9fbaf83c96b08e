//! Ours beside a Node stack of ordinary parts, and beside binaries of an earlier commit: the same work, from the same
//! callers, on the same PostgreSQL server, in turn.

mod bare;
mod node;

use std::{sync::Arc, time::Duration};

use anyhow::ensure;
use reqwest::RequestBuilder;
use serde_json::{Value, json};

use crate::{
    Plan,
    deployment::{Deployment, Servers},
    frozen, load,
    program::Binaries,
    queries::furnish,
    report::{Aim, Figure, Limit, Unit},
    validations::{Measured, REQUESTS, Subject, VENTURES},
};
use node::Node;

const TIME: Duration = Duration::from_secs(5);
/// A share of the requests goes before those that are measured: compilers and caches warm up on both sides.
const WARM_UP: u32 = 10;
/// As many of each as `frozen/page.sql` puts on a venture.
const LABELS: [&str; 4] =
    ["title-captured", "description-written", "category-selected", "key-assumptions-documented"];
const VERDICTS: u32 = 2;
const PAGE: &str = "{ ventures(first: 20) { nodes { id name status category stageRun { id status dueAt \
                    attestations { id note } } gateRuns(first: 5) { nodes { id status verdict } } } } }";

const NODE: &str = "mercurius + graphile-worker on Node";
const LOADERS: &str = "mercurius with loaders on Node";
const BASELINE: &str = "the baseline's binaries";

/// Validations, processor time and pages.
pub(crate) async fn measure(plan: &Plan) -> anyhow::Result<Vec<Figure>> {
    let servers = Servers::start().await?;
    let node = Node::find().await?;
    let mut figures = pipelines(plan, &servers, node.as_ref()).await?;
    figures.extend(pages(plan, &servers, node.as_ref()).await?);
    Ok(figures)
}

async fn pipelines(plan: &Plan, servers: &Arc<Servers>, node: Option<&Node>) -> anyhow::Result<Vec<Figure>> {
    let requests = plan.count(REQUESTS);
    let ours = our_pipeline(servers, &plan.binaries, requests).await?;
    let mut figures = Vec::new();
    if let Some(binaries) = &plan.baseline {
        let baseline = our_pipeline(servers, binaries, requests).await?;
        figures.push(rate(&ours, &baseline, BASELINE, Aim::AtLeastTimes(1.0)));
        // Required; half is the aim beyond it.
        figures.extend(processor(&ours, &baseline, BASELINE, Aim::AtMostTimes(2.0 / 3.0)));
    }
    if let Some(node) = node {
        let peer = node_pipeline(servers, node, requests).await?;
        figures.push(rate(&ours, &peer, NODE, Aim::AtLeastTimes(2.0)));
        figures.extend(processor(&ours, &peer, NODE, Aim::AtMostTimes(1.0)));
    }
    Ok(figures)
}

fn rate(ours: &Measured, other: &Measured, name: &'static str, aim: Aim) -> Figure {
    let limit = Some(Limit { name, value: other.per_second });
    let name = format!("gate validations beside {name}: api + 1 gate-validator");
    Figure { name, value: ours.per_second, unit: Unit::PerSecond, limit, aim: Some(aim) }
}

fn processor(ours: &Measured, other: &Measured, name: &'static str, aim: Aim) -> Option<Figure> {
    let limit = Some(Limit { name, value: other.processor_ms? });
    let name = format!("processor time of the whole machine for a validation beside {name}");
    Some(Figure { name, value: ours.processor_ms?, unit: Unit::Milliseconds, limit, aim: Some(aim) })
}

/// The pipeline of these binaries, on a database of its own.
async fn our_pipeline(
    servers: &Arc<Servers>,
    binaries: &Binaries,
    requests: u32,
) -> anyhow::Result<Measured> {
    let mut deployment = Deployment::on(servers, "ours", binaries).await?;
    deployment.start_distributed(1).await?;
    let ventures = deployment.create_ventures(VENTURES).await.into();
    let (client, database_url) = (&deployment.client, deployment.database_url.as_str());
    let measured = warmed_up(&Subject { client, database_url, ventures }, requests).await?;
    deployment.stop().await?;
    servers.remove("ours").await?;
    Ok(measured)
}

async fn node_pipeline(servers: &Servers, node: &Node, requests: u32) -> anyhow::Result<Measured> {
    let database_url = servers.create("node").await?;
    frozen::fill(&database_url).await?;
    let peer = node.pipeline(&database_url).await?;
    let ventures = frozen::ventures(VENTURES).into();
    let subject = Subject { client: &peer.client, database_url: &database_url, ventures };
    let measured = warmed_up(&subject, requests).await?;
    peer.stop().await?;
    servers.remove("node").await?;
    Ok(measured)
}

async fn warmed_up(subject: &Subject<'_>, requests: u32) -> anyhow::Result<Measured> {
    subject.measure((requests / WARM_UP).max(1)).await?;
    subject.measure(requests).await
}

async fn pages(plan: &Plan, servers: &Arc<Servers>, node: Option<&Node>) -> anyhow::Result<Vec<Figure>> {
    let time = plan.time(TIME);
    let (ours, shape) = our_page(servers, &plan.binaries, time).await?;
    let mut figures = Vec::new();
    let mut figure = |name, value, aim| {
        let limit = Some(Limit { name, value });
        let name = format!("a page of 20 ventures with loaded lists beside {name}");
        figures.push(Figure { name, value: ours, unit: Unit::PerSecond, limit, aim: Some(aim) });
    };
    if let Some(binaries) = &plan.baseline {
        let (value, other) = our_page(servers, binaries, time).await?;
        ensure!(shape == other, "not the same page: {shape:?} and {other:?}");
        figure(BASELINE, value, Aim::AtLeastTimes(2.0));
    }
    let database_url = servers.create("node").await?;
    frozen::fill_page(&database_url).await?;
    let http = reqwest::Client::new();
    let bare = format!("http://{}/ventures", bare::serve(&database_url).await?);
    let bare = http.get(bare).bearer_auth(frozen::TOKEN);
    let page = ask(&bare).await?;
    let other = shape_of(&page);
    ensure!(shape == other, "not the same page: {shape:?} and {other:?}");
    if let Some(node) = node {
        let peer = node.page(&database_url).await?;
        let request = page_request(&http, &peer.address, frozen::TOKEN);
        let answer = ask(&request).await?;
        ensure!(answer["data"] == page["data"], "not the same: {answer} and {page}");
        figure(LOADERS, load::rate(request, time).await?, Aim::AtLeastTimes(3.0));
        peer.stop().await?;
    }
    figure("bare axum + sqlx", load::rate(bare, time).await?, Aim::OfLimit(0.7));
    Ok(figures)
}

/// Pages per second of these binaries, on a database of its own, and what is on the page.
async fn our_page(
    servers: &Arc<Servers>,
    binaries: &Binaries,
    time: Duration,
) -> anyhow::Result<(f64, Shape)> {
    let mut deployment = Deployment::on(servers, "ours", binaries).await?;
    deployment.start_distributed(1).await?;
    furnish(&deployment, &LABELS, VERDICTS).await?;
    let request = page_request(&reqwest::Client::new(), &deployment.address, &deployment.token);
    let shape = shape_of(&ask(&request).await?);
    let rate = load::rate(request, time).await?;
    deployment.stop().await?;
    servers.remove("ours").await?;
    Ok((rate, shape))
}

fn page_request(http: &reqwest::Client, address: &str, token: &str) -> RequestBuilder {
    http.post(format!("http://{address}/graphql")).bearer_auth(token).json(&json!({ "query": PAGE }))
}

async fn ask(request: &RequestBuilder) -> anyhow::Result<Value> {
    Ok(serde_json::from_slice(&load::answer(request).await?)?)
}

/// How many attestations and gate runs each venture of a page has.
type Shape = Vec<(usize, usize)>;

fn shape_of(page: &Value) -> Shape {
    let length = |list: &Value| list.as_array().map_or(0, Vec::len);
    let nodes = page["data"]["ventures"]["nodes"].as_array().map(Vec::as_slice).unwrap_or_default();
    let shape =
        |node: &Value| (length(&node["stageRun"]["attestations"]), length(&node["gateRuns"]["nodes"]));
    nodes.iter().map(shape).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shape_of_a_page_tells_what_is_missing() {
        let node = |attestations: Value| json!({ "stageRun": { "attestations": attestations }, "gateRuns": { "nodes": [{}, {}] } });
        let page = json!({ "data": { "ventures": { "nodes": [node(json!([{}])), node(json!([]))] } } });
        assert_eq!(shape_of(&page), [(1, 2), (0, 2)]);
        assert_eq!(shape_of(&json!({ "data": null })), []);
    }
}
