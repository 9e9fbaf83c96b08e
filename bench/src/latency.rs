//! From a mutation to its event at a subscriber of `ventureEvents`, over PostgreSQL and RabbitMQ.

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use bus::{AmqpOptions, Bus, Envelope, Queue, Route, Topology};
use reqwest::Response;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    Plan,
    deployment::Deployment,
    report::{Figure, Limit, Unit, percentile},
};

const MUTATIONS: u32 = 500;
const PATIENCE: Duration = Duration::from_secs(30);
const QUEUE: &str = "round-trip";

/// Median and 99th percentile.
pub(crate) async fn measure(plan: &Plan) -> anyhow::Result<Vec<Figure>> {
    let mut deployment = Deployment::distributed(&plan.binaries, 1).await?;
    let count = plan.count(MUTATIONS);
    let events = events(&deployment, count).await?;
    deployment.stop().await?;
    let confirms = confirms(&deployment.servers()?.amqp_url(), count).await?;
    let figure = |share: f64, label: &str| Figure {
        name: format!("mutation to subscription event over SSE, {label}"),
        value: percentile(&events, share),
        unit: Unit::Milliseconds,
        limit: Some(Limit { name: "one publish to confirm", value: percentile(&confirms, share) }),
        aim: None,
    };
    Ok(vec![figure(0.5, "p50"), figure(0.99, "p99")])
}

/// Milliseconds from sending each mutation to reading its event.
async fn events(deployment: &Deployment, count: u32) -> anyhow::Result<Vec<f64>> {
    let id = deployment.create_ventures(1).await.remove(0);
    let mut stream = subscribe(deployment, &id).await?;
    // All that came with the creation: what follows is what is timed.
    let answer =
        deployment.client.data("query($id: ID!) { venture(id: $id) { sequence } }", json!({ "id": id }));
    let recorded = answer.await["venture"]["sequence"].as_i64().context("a sequence")?;
    let mut seen = 0;
    while seen < recorded {
        seen = stream.next().await?;
    }
    let mut samples = Vec::new();
    for number in 0..count {
        let input = json!({ "ventureId": id, "name": format!("Renamed {number} times") });
        let began = Instant::now();
        let mutation =
            deployment.client.mutate("updateVenture", "UpdateVentureInput", "venture { id }", input);
        let event = async {
            let next = stream.next().await?;
            anyhow::Ok((next, began.elapsed()))
        };
        let (_, event) = tokio::join!(mutation, event);
        let (next, time) = event?;
        ensure!(next == seen + 1, "event {next} after {seen}");
        seen = next;
        samples.push(time.as_secs_f64() * 1_000.0);
    }
    Ok(samples)
}

/// Answers that arrive one after the other.
struct Stream {
    response: Response,
    text: String,
}

async fn subscribe(deployment: &Deployment, id: &str) -> anyhow::Result<Stream> {
    let query = "subscription($id: ID!) { ventureEvents(ventureId: $id) { sequence } }";
    let request = reqwest::Client::new()
        .post(format!("http://{}/graphql/stream", deployment.address))
        .bearer_auth(&deployment.token)
        .json(&json!({ "query": query, "variables": { "id": id } }));
    Ok(Stream { response: request.send().await?.error_for_status()?, text: String::new() })
}

impl Stream {
    /// The next event's sequence number.
    async fn next(&mut self) -> anyhow::Result<i64> {
        loop {
            while let Some((event, rest)) = self.text.split_once("\n\n") {
                let sequence = sequence(event);
                self.text = rest.to_owned();
                if let Some(sequence) = sequence {
                    return Ok(sequence);
                }
            }
            let chunk = tokio::time::timeout(PATIENCE, self.response.chunk()).await??;
            self.text.push_str(std::str::from_utf8(&chunk.context("the stream ended")?)?);
        }
    }
}

/// The sequence number in one event of the stream; none in a comment that keeps it alive.
fn sequence(event: &str) -> Option<i64> {
    let data = event.lines().find_map(|line| line.strip_prefix("data:"))?;
    let answer: Value = serde_json::from_str(data).ok()?;
    answer["data"]["ventureEvents"]["sequence"].as_i64()
}

/// Milliseconds of one publish after the other, each until the broker confirmed it.
async fn confirms(amqp_url: &str, count: u32) -> anyhow::Result<Vec<f64>> {
    let topology = Topology::new("bench", [Queue::new(QUEUE, ["measured.v1"])]);
    let bus = Bus::amqp(AmqpOptions::new(amqp_url), topology);
    tokio::time::timeout(PATIENCE, bus.changes().wait_for(|ready| *ready)).await??;
    let mut samples = Vec::new();
    for number in 0..count {
        let body = json!({ "gate_run_id": Uuid::from_u128(u128::from(number)) }).to_string();
        let envelope = Envelope::new(Uuid::from_u128(u128::from(number)), "measured.v1", body);
        let began = Instant::now();
        bus.publish(Route::Queue(QUEUE), &envelope).await?;
        samples.push(began.elapsed().as_secs_f64() * 1_000.0);
    }
    bus.close().await;
    Ok(samples)
}

#[cfg(test)]
mod tests {
    use super::sequence;

    #[test]
    fn events_have_numbers_and_comments_have_none() {
        let event = "event: next\ndata: {\"data\":{\"ventureEvents\":{\"sequence\":7}}}";
        assert_eq!(sequence(event), Some(7));
        assert_eq!(sequence(":"), None);
    }
}
