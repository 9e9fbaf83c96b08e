//! Growth: whether a question takes as long with 100,000 ventures in a portfolio as with 1,000.
//!
//! Two databases on one server, a gateway on each, and one caller who asks both in turn, so that what else the machine
//! does meets both.

mod plant;
mod questions;

use std::{
    io::{Write, stderr},
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::ensure;
use serde_json::{Value, json};
use testing::client::Client;

use crate::{
    Plan,
    deployment::{Deployment, Servers},
    report::{Aim, Figure, Limit, Unit, percentile},
};
use questions::{BUSY_ROLE, Caller, IDLE_ROLE, Question};

const SMALL: u32 = 1_000;
const LARGE: u32 = 100_000;
const AIM: Aim = Aim::AtMostTimes(1.5);
/// Samples of each question on each side, unless they take longer than [`TIME`].
const SAMPLES: u32 = 200;
const TIME: Duration = Duration::from_secs(20);
const WARM_UP: u32 = 3;

/// Median and 95th percentile of each question.
pub(crate) async fn measure(plan: &Plan) -> anyhow::Result<Vec<Figure>> {
    let servers = Servers::start().await?;
    let small = Portfolio::open(plan, &servers, "small", plan.count(SMALL)).await?;
    let large = Portfolio::open(plan, &servers, "large", plan.count(LARGE)).await?;
    let mut figures = Vec::new();
    for question in questions::all() {
        figures.extend(question.measure(&small, &large, plan.time(TIME)).await?);
    }
    Ok(figures)
}

/// A portfolio with so many ventures, and two of its people.
struct Portfolio {
    count: u32,
    busy: Client,
    idle: Client,
    _deployment: Deployment,
}

impl Portfolio {
    async fn open(plan: &Plan, servers: &Arc<Servers>, name: &str, count: u32) -> anyhow::Result<Self> {
        let mut deployment = Deployment::on(servers, name, &plan.binaries).await?;
        let began = Instant::now();
        plant::ventures(&deployment.database_url, count).await?;
        writeln!(stderr(), "{count} ventures are there after {:.1} s", began.elapsed().as_secs_f64())?;
        deployment.start_distributed(0).await?;
        let busy = deployment.caller(BUSY_ROLE).await?;
        let idle = deployment.caller(IDLE_ROLE).await?;
        Ok(Self { count, busy, idle, _deployment: deployment })
    }

    fn caller(&self, caller: Caller) -> &Client {
        match caller {
            Caller::Busy => &self.busy,
            Caller::Idle => &self.idle,
        }
    }
}

impl Question {
    /// Asks both in turn, again and again.
    async fn measure(
        &self,
        small: &Portfolio,
        large: &Portfolio,
        time: Duration,
    ) -> anyhow::Result<[Figure; 2]> {
        self.check(small).await?;
        let (mut few, mut many) = (Samples::default(), Samples::default());
        for _ in 0..WARM_UP {
            self.ask(small).await?;
            let (_, answered) = self.ask(large).await?;
            // The next would only take the gateway's whole timeout again.
            if !answered {
                break;
            }
        }
        let began = Instant::now();
        for _ in 0..SAMPLES {
            few.push(self.ask(small).await?);
            many.push(self.ask(large).await?);
            if began.elapsed() > time {
                break;
            }
        }
        ensure!(few.refused == 0, "{}: no answer with {} ventures", self.name, small.count);
        let refused = match many.refused {
            0 => String::new(),
            some => format!(" ({some} of {} ended without an answer)", many.times_ms.len()),
        };
        let figure = |share, label| Figure {
            name: format!("{}, {} ventures, {label}{refused}", self.name, large.count),
            value: percentile(&many.times_ms, share),
            unit: Unit::Milliseconds,
            limit: Some(Limit { name: "with a hundredth of them", value: percentile(&few.times_ms, share) }),
            aim: Some(AIM),
        };
        Ok([figure(0.5, "p50"), figure(0.95, "p95")])
    }

    /// A question that found nothing to answer would be quick for that.
    async fn check(&self, small: &Portfolio) -> anyhow::Result<()> {
        let answer = small.caller(self.caller).send(&self.query, json!({})).await?;
        let found = match (&answer["data"]["ventures"], &answer["data"]["viewer"]["waiting"]) {
            (Value::Null, waiting) => waiting,
            (ventures, _) => ventures,
        };
        let listed = found["nodes"].as_array().map(|nodes| !nodes.is_empty());
        let counted = found["totalCount"].as_u64().map(|count| count > 0);
        let expected = Some(self.caller == Caller::Busy);
        ensure!(listed.or(counted) == expected, "{}: {answer}", self.name);
        Ok(())
    }

    /// How long the answer takes, in milliseconds, and whether it is one.
    async fn ask(&self, portfolio: &Portfolio) -> anyhow::Result<(f64, bool)> {
        let began = Instant::now();
        let answer = portfolio.caller(self.caller).send(&self.query, json!({})).await?;
        Ok((began.elapsed().as_secs_f64() * 1_000.0, answer.get("errors").is_none()))
    }
}

/// Times of one side.
#[derive(Default)]
struct Samples {
    times_ms: Vec<f64>,
    /// How many ended with an error: their times are what it took until then, so the least it would have taken.
    refused: u32,
}

impl Samples {
    fn push(&mut self, (time_ms, answered): (f64, bool)) {
        self.times_ms.push(time_ms);
        self.refused += u32::from(!answered);
    }
}
