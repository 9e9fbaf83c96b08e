//! Many who watch at once: a thousand subscriptions while a hundred events a second happen, and ten thousand
//! sockets on which nothing does.

mod bare;
mod socket;

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use futures_util::{StreamExt, future::join_all, stream::FuturesUnordered};
use serde_json::json;
use tokio::{
    sync::mpsc,
    task::JoinSet,
    time::{interval, timeout},
};

use crate::{
    Plan,
    deployment::Deployment,
    report::{Figure, Limit, Unit, percentile},
    start::resident_megabytes,
};
use socket::Socket;

const SUBSCRIBERS: u32 = 1_000;
/// Each is watched by the same number of subscribers.
const VENTURES: u32 = 50;
const EVENTS: u32 = 1_000;
/// The time from one event to the next: a hundred a second.
const PACE: Duration = Duration::from_millis(10);
const IDLE_SOCKETS: u32 = 10_000;
/// How many sockets are opened at once.
const OPENERS: usize = 64;
const PATIENCE: Duration = Duration::from_secs(60);

/// An event as a subscriber saw it.
struct Seen {
    venture: usize,
    sequence: i64,
    at: Instant,
}

/// Delays of events, and memory.
pub(crate) async fn measure(plan: &Plan) -> anyhow::Result<Vec<Figure>> {
    let mut deployment = Deployment::distributed(&plan.binaries, 1).await?;
    let (subscribers, events) = (plan.count(SUBSCRIBERS), plan.count(EVENTS));
    let at_rest = resident_megabytes(deployment.gateway()?)?;
    let ventures = deployment.create_ventures(VENTURES).await;
    let address = deployment.address.clone();
    let (ours, watching) = {
        let watched = Watched::open(&address, &deployment.token, &ventures, subscribers).await?;
        let client = deployment.client.clone();
        let change = async move |venture: &str, number: u32| {
            let input = json!({ "ventureId": venture, "name": format!("Renamed {number} times") });
            let changed =
                client.mutate("updateVenture", "UpdateVentureInput", "venture { sequence }", input).await;
            changed["venture"]["sequence"].as_i64().context("a sequence")
        };
        let delays = watched.delays(&ventures, events, change).await?;
        (delays, resident_megabytes(deployment.gateway()?)?)
    };
    let idle = idle_sockets(&address, &deployment.token, plan.count(IDLE_SOCKETS)).await?;
    let idling = resident_megabytes(deployment.gateway()?)?;
    drop(idle);
    deployment.stop().await?;
    let bare = bare::serve().await?;
    let watched = Watched::open(&bare.address, "", &ventures, subscribers).await?;
    let limit =
        watched.delays(&ventures, events, async |venture: &str, _| bare.publish(venture).await).await?;
    let delay = |share: f64, label: &str| Figure {
        name: format!("event to each of {subscribers} subscriptions, 100 events/s, {label}"),
        value: percentile(&ours, share),
        unit: Unit::Milliseconds,
        limit: Some(Limit { name: "bare axum, same sockets and messages", value: percentile(&limit, share) }),
        aim: None,
    };
    let memory = |name: String, value: f64| Figure {
        name,
        value,
        unit: Unit::Megabytes,
        limit: Some(Limit { name: "the same process before any socket", value: at_rest }),
        aim: None,
    };
    Ok(vec![
        delay(0.5, "p50"),
        delay(0.99, "p99"),
        memory(format!("resident set of api with {subscribers} subscriptions"), watching),
        memory(format!("resident set of api with {} idle sockets", plan.count(IDLE_SOCKETS)), idling),
    ])
}

/// Subscribers that tell when they saw which event.
struct Watched {
    seen: mpsc::UnboundedReceiver<Seen>,
    each: u32,
    _readers: JoinSet<()>,
}

impl Watched {
    /// Opens a socket for each subscriber, spread evenly over the ventures.
    async fn open(address: &str, token: &str, ventures: &[String], count: u32) -> anyhow::Result<Self> {
        let (tell, seen) = mpsc::unbounded_channel();
        let mut readers = JoinSet::new();
        let numbers: Vec<usize> = (0..count as usize).map(|number| number % ventures.len()).collect();
        for group in numbers.chunks(OPENERS) {
            let opening =
                group.iter().map(|venture| subscribe(address, token, *venture, &ventures[*venture]));
            for opened in join_all(opening).await {
                let (venture, mut socket) = opened?;
                let tell = tell.clone();
                readers.spawn(async move {
                    while let Ok(sequence) = socket.sequence().await {
                        if tell.send(Seen { venture, sequence, at: Instant::now() }).is_err() {
                            return;
                        }
                    }
                });
            }
        }
        Ok(Self { seen, each: count / ventures.len() as u32, _readers: readers })
    }

    /// Makes events at their pace; milliseconds from asking for each to each subscriber's seeing it.
    async fn delays(
        mut self,
        ventures: &[String],
        events: u32,
        change: impl AsyncFn(&str, u32) -> anyhow::Result<i64>,
    ) -> anyhow::Result<Vec<f64>> {
        let change = &change;
        let asked = async {
            let mut pace = interval(PACE);
            let (mut asking, mut number) = (FuturesUnordered::new(), 0);
            let mut began = HashMap::new();
            while began.len() < events as usize {
                tokio::select! {
                    _ = pace.tick(), if number < events => {
                        let (venture, now, count) = (number as usize % ventures.len(), Instant::now(), number);
                        asking.push(async move { anyhow::Ok(((venture, change(&ventures[venture], count).await?), now)) });
                        number += 1;
                    }
                    Some(done) = asking.next(), if !asking.is_empty() => {
                        let (event, at) = done?;
                        began.insert(event, at);
                    }
                }
            }
            anyhow::Ok(began)
        };
        let wanted = events as usize * self.each as usize;
        let heard = async {
            let mut heard = Vec::with_capacity(wanted);
            while heard.len() < wanted {
                heard.push(timeout(PATIENCE, self.seen.recv()).await?.context("a reader")?);
            }
            anyhow::Ok(heard)
        };
        let (began, heard) = tokio::try_join!(asked, heard)?;
        heard
            .iter()
            .map(|seen| {
                let at = began.get(&(seen.venture, seen.sequence)).context("an event nobody asked for")?;
                Ok(seen.at.saturating_duration_since(*at).as_secs_f64() * 1_000.0)
            })
            .collect()
    }
}

async fn subscribe(address: &str, token: &str, venture: usize, id: &str) -> anyhow::Result<(usize, Socket)> {
    let mut socket = Socket::open(address, token).await?;
    // Not what was recorded before: its creation.
    let query = "subscription($id: ID!) { ventureEvents(ventureId: $id, after: 2) { sequence } }";
    socket.subscribe(query, json!({ "id": id })).await?;
    Ok((venture, socket))
}

/// Sockets that said who they are and ask for nothing.
async fn idle_sockets(address: &str, token: &str, count: u32) -> anyhow::Result<Vec<Socket>> {
    let (address, token): (Arc<str>, Arc<str>) = (address.into(), token.into());
    let mut open = Vec::with_capacity(count as usize);
    while open.len() < count as usize {
        let group = OPENERS.min(count as usize - open.len());
        let opening = (0..group).map(|_| Socket::open(&address, &token));
        for socket in join_all(opening).await {
            open.push(socket?);
        }
    }
    ensure!(open.len() == count as usize, "{} sockets", open.len());
    Ok(open)
}
