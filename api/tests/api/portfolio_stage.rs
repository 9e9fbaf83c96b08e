//! A stage of the portfolio itself, over the API on both databases: opened, attested, its gates decided by a worker, and
//! followed live.

use delivery::Faults;
use serde_json::{Value, json};
use testing::{database::Kind, world::Process};

use crate::gateway::{Frames, Gateway};

const STAGE: u32 = 39;
const LOOK: &str = "{ portfolio(slug: \"demo\") { id sequence stageRuns { nodes { id status attempt stage { number }
    root { id __typename } doneWhen { key done } gates { key kind latestRun { verdict } criteria { key rule } } } } } }";

/// A gateway whose portfolio runs a stage, and a worker.
struct Running {
    gateway: Gateway,
    process: Process,
    portfolio: String,
}

impl Running {
    async fn start(kind: Kind) -> Self {
        let gateway = Gateway::on(kind).await;
        let process = gateway.world.start(Faults::default()).await;
        let portfolio = look(&gateway).await["id"].as_str().unwrap().to_owned();
        let input = json!({ "portfolioId": portfolio, "stage": STAGE });
        let opened = gateway.change("LEAD", "openStageRun", "stageRun { status }", input).await;
        assert_eq!(opened["stageRun"]["status"], "ENTERING");
        Self { gateway, process, portfolio }
    }

    async fn run(&self) -> Value {
        look(&self.gateway).await["stageRuns"]["nodes"][0].clone()
    }

    async fn attest(&self, target: Value) {
        let evidence = json!([{ "title": "Minutes", "content": { "text": "All were there." } }]);
        let input = json!({ "portfolioId": self.portfolio, "target": target, "evidence": evidence });
        self.gateway.change("CHAIRMAN", "attest", "attestation { id }", input).await;
    }

    /// Attests what a kind of gates wants of people, and has the gates decided.
    async fn pass_gates(&self, kind: &str) {
        let run = self.run().await;
        let gates = || run["gates"].as_array().unwrap().iter().filter(|gate| gate["kind"] == kind);
        for gate in gates() {
            for criterion in gate["criteria"].as_array().unwrap().iter().filter(|c| c["rule"].is_null()) {
                self.attest(json!({ "criterion": { "gate": gate["key"], "criterion": criterion["key"] } }))
                    .await;
            }
        }
        for gate in gates() {
            let input = json!({ "portfolioId": self.portfolio, "gate": gate["key"] });
            self.gateway.change("CHAIRMAN", "requestGateValidation", "gateRun { id }", input).await;
        }
        self.gateway.world.settled().await;
        let run = self.run().await;
        let decided = run["gates"].as_array().unwrap().iter().filter(|gate| gate["kind"] == kind);
        for gate in decided {
            assert_eq!(gate["latestRun"]["verdict"], "PASS", "{gate}");
        }
    }

    async fn complete(&self) -> Value {
        let input = json!({ "portfolioId": self.portfolio });
        let fields = "stageRun { status } userErrors { code }";
        self.gateway.mutate("LEAD", "completeStageRun", fields, input).await
    }

    async fn end(self) {
        self.process.drain().await;
        self.gateway.world.end().await;
    }
}

async fn look(gateway: &Gateway) -> Value {
    gateway.data("VIEWER", LOOK, json!({})).await["portfolio"].clone()
}

#[tokio::test]
async fn it_is_run_from_its_entry_gates_to_its_exit_gates() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let running = Running::start(kind).await;
        let run = running.run().await;
        assert_eq!((&run["stage"]["number"], &run["attempt"]), (&json!(STAGE), &json!(1)));
        assert_eq!(run["root"], json!({ "id": running.portfolio, "__typename": "Portfolio" }));
        assert_eq!(running.complete().await["userErrors"][0]["code"], "STAGE_NOT_ENTERED");
        running.pass_gates("ENTRY").await;
        assert_eq!(running.run().await["status"], "ACTIVE");
        for label in run["doneWhen"].as_array().unwrap() {
            running.attest(json!({ "doneWhen": label["key"] })).await;
        }
        assert_eq!(running.complete().await["userErrors"][0]["code"], "GATE_NOT_PASSED");
        for (fact, value) in [
            ("initiatives_launched", 3.0),
            ("value_captured", 10_000.0),
            ("hours_captured", 0.0),
            ("revenue_change", 12.5),
            ("cost_change", 0.0),
            ("duplicate_effort_change", -25.0),
            ("conflicts_identified", 10.0),
            ("conflicts_resolved", 8.0),
        ] {
            let fact = json!({ "name": format!("metric.{fact}"), "value": { "number": value } });
            running.attest(json!({ "fact": fact })).await;
        }
        running.pass_gates("EXIT").await;
        let completed = running.complete().await;
        assert_eq!(
            (&completed["stageRun"]["status"], &completed["userErrors"]),
            (&json!("COMPLETED"), &json!([]))
        );
        running.end().await;
    }
}

#[tokio::test]
async fn its_events_are_resumed_without_a_hole() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let running = Running::start(kind).await;
        let gateway = &running.gateway;
        let watch = async |after: i64| {
            let query = format!(
                "subscription {{ portfolioEvents(portfolioId: {:?}, after: {after}) {{ sequence type }} }}",
                running.portfolio
            );
            gateway.watch(gateway.token("VIEWER"), &query).await
        };
        let told = async |frames: &mut Frames| {
            let event = frames.data().await["portfolioEvents"].clone();
            (event["sequence"].as_i64().unwrap(), event["type"].as_str().unwrap().to_owned())
        };
        let opened = look(gateway).await["sequence"].as_i64().unwrap();
        let mut frames = watch(opened - 1).await;
        assert_eq!(told(&mut frames).await, (opened, "stage.opened.v1".to_owned()));
        let skip = async || {
            let input = json!({ "portfolioId": running.portfolio, "reason": "Not this year." });
            gateway.change("LEAD", "skipStageRun", "stageRun { status }", input).await
        };
        assert_eq!(skip().await["stageRun"]["status"], "SKIPPED");
        assert_eq!(told(&mut frames).await, (opened + 1, "stage.skipped.v1".to_owned()));
        // The connection is lost, and four more things happen.
        drop(frames);
        for _ in 0..2 {
            let input = json!({ "portfolioId": running.portfolio, "stage": STAGE });
            gateway.change("LEAD", "openStageRun", "stageRun { id }", input).await;
            skip().await;
        }
        let mut resumed = watch(opened + 1).await;
        for (after, kind) in [(2, "opened"), (3, "skipped"), (4, "opened"), (5, "skipped")] {
            assert_eq!(told(&mut resumed).await, (opened + after, format!("stage.{kind}.v1")));
        }
        drop(resumed);
        running.end().await;
    }
}
