//! A venture from stage 1 to stage 4 over the API: in one process on SQLite, and on PostgreSQL and
//! RabbitMQ with the gateway and two validators as processes of their own. Each gate is decided once.

use std::collections::{HashMap, HashSet};

use serde_json::{Value, json};
use testing::{
    client::Client,
    database::{Kind, TestDatabase},
    program::{self, Environment, Program},
    servers::free_port,
    world::{amqp_url, sweep_broker},
};

/// What the journey looks at.
const VENTURE: &str = "query($id: ID!) { venture(id: $id) { version sequence status stage { number owner } stageRun {
    status gates { key kind criteria { key rule roles } latestRun { verdict } } doneWhen { key done owner } } } }";

/// Leads a venture through its gates as its people would, each with their own token.
struct Journey {
    clients: HashMap<String, Client>,
    venture: String,
    decided: usize,
}

impl Journey {
    async fn start(clients: HashMap<String, Client>) -> Self {
        let input = json!({
            "name": "Night Ferry",
            "description": "Sleeper ferries between islands that have no airport.",
            "category": "transport", "timeZone": "Europe/Athens", "currency": "EUR", "idempotencyKey": "journey-1",
        });
        let payload =
            clients["LEAD"].mutate("createVenture", "CreateVentureInput", "venture { id }", input).await;
        let venture = payload["venture"]["id"].as_str().unwrap().to_owned();
        Self { clients, venture, decided: 0 }
    }

    async fn look(&self) -> Value {
        self.clients["LEAD"].data(VENTURE, json!({ "id": self.venture })).await["venture"].clone()
    }

    async fn attest(&self, role: &str, target: Value) {
        let input = json!({
            "ventureId": self.venture, "target": target, "note": "Seen by the journey.",
            "evidence": [{ "title": "Minutes", "content": { "link": "https://example.com/minutes" } }],
        });
        self.clients[role].mutate("attest", "AttestInput", "venture { version }", input).await;
    }

    /// Attests what the gates of a kind want of people, and has them decided.
    async fn pass_gates(&mut self, kind: &str) {
        let seen = self.look().await;
        for gate in seen["stageRun"]["gates"].as_array().unwrap().iter().filter(|gate| gate["kind"] == kind) {
            for criterion in gate["criteria"].as_array().unwrap().iter().filter(|c| c["rule"].is_null()) {
                let role = criterion["roles"][0].as_str().unwrap();
                let target = json!({ "criterion": { "gate": gate["key"], "criterion": criterion["key"] } });
                self.attest(role, target).await;
            }
            self.decide(gate["key"].as_str().unwrap()).await;
        }
    }

    /// Asks for a gate's validation and waits for its verdict on a subscription.
    async fn decide(&mut self, gate: &str) {
        let input = json!({ "ventureId": self.venture, "gate": gate });
        let fields = "gateRun { id status }";
        let lead = &self.clients["LEAD"];
        let payload = lead.mutate("requestGateValidation", "RequestGateValidationInput", fields, input).await;
        let id = payload["gateRun"]["id"].as_str().unwrap();
        let query = format!(
            "subscription {{ gateRunUpdated(id: \"{id}\") {{ status verdict criteria {{ key verdict reason {{ code }} }} remedies {{ text }} }} }}"
        );
        let run = lead
            .watch(&query, |answer| {
                let run = &answer["data"]["gateRunUpdated"];
                (run["status"] == "SUCCEEDED").then(|| run.clone())
            })
            .await;
        assert_eq!(run["verdict"], "PASS", "{gate}: {run}");
        self.decided += 1;
    }

    async fn attest_labels(&self) {
        let seen = self.look().await;
        for label in seen["stageRun"]["doneWhen"].as_array().unwrap() {
            self.attest(label["owner"].as_str().unwrap(), json!({ "doneWhen": label["key"] })).await;
        }
    }

    async fn refused(&self, code: &str) {
        let query = "mutation($input: AdvanceVentureInput!) { advanceVenture(input: $input) { venture { id } userErrors { code } } }";
        let answer =
            self.clients["LEAD"].data(query, json!({ "input": { "ventureId": self.venture } })).await;
        assert_eq!(answer["advanceVenture"]["userErrors"][0]["code"], code, "{answer}");
        assert!(answer["advanceVenture"]["venture"].is_null());
    }

    async fn pass_stage(&mut self) {
        if self.look().await["stageRun"]["status"] == "ENTERING" {
            self.refused("STAGE_NOT_ENTERED").await;
            self.pass_gates("ENTRY").await;
        }
        assert_eq!(self.look().await["stageRun"]["status"], "ACTIVE");
        self.refused("DONE_WHEN_OPEN").await;
        self.attest_labels().await;
        self.refused("GATE_NOT_PASSED").await;
        self.pass_gates("EXIT").await;
        let version = self.look().await["version"].clone();
        let input = json!({ "ventureId": self.venture, "expectedVersion": version });
        self.clients["LEAD"].mutate("advanceVenture", "AdvanceVentureInput", "venture { id }", input).await;
    }

    /// From stage 1 to 4; then the history tells each decision once.
    async fn run(mut self) {
        for stage in 1..=3 {
            assert_eq!(self.look().await["stage"]["number"], stage);
            self.pass_stage().await;
        }
        let seen = self.look().await;
        assert_eq!(
            (seen["stage"]["number"].clone(), seen["stageRun"]["status"].clone()),
            (json!(4), json!("ENTERING"))
        );
        let mut types = Vec::new();
        let mut traces: HashMap<String, HashSet<String>> = HashMap::new();
        let mut after = 0;
        loop {
            let query = "query($id: ID!, $after: Int!) { venture(id: $id) { history(filter: { afterSequence: $after }, first: 100) { nodes { sequence type traceId body } } } }";
            let page = self.clients["LEAD"].data(query, json!({ "id": self.venture, "after": after })).await;
            let events = page["venture"]["history"]["nodes"].as_array().unwrap().clone();
            let Some(last) = events.last() else { break };
            after = last["sequence"].as_i64().unwrap();
            types.extend(events.iter().map(|event| event["type"].as_str().unwrap().to_owned()));
            for event in events.iter().filter(|event| event["body"]["gate_run_id"].is_string()) {
                let trace = event["traceId"].as_str().expect("a trace").to_owned();
                traces.entry(event["body"]["gate_run_id"].to_string()).or_default().insert(trace);
            }
        }
        assert_eq!(after, i64::try_from(types.len()).unwrap(), "numbers without a hole");
        let count = |wanted: &str| types.iter().filter(|kind| *kind == wanted).count();
        assert_eq!(count("gate_run.decided.v1"), self.decided);
        // The worker's decision belongs to the trace of the request that asked for it.
        assert_eq!(traces.len(), self.decided);
        assert!(traces.values().all(|traces| traces.len() == 1), "{traces:?}");
        assert_eq!((count("stage.completed.v1"), count("stage.opened.v1")), (3, 4));
    }
}

/// A token for each role that the journey needs, made as an operator makes them.
async fn clients(address: &str, environment: &Environment) -> HashMap<String, Client> {
    let mut clients = HashMap::new();
    for role in ["EVA", "LEAD", "PLAN", "CHAIRMAN"] {
        let arguments = ["token", "create", "--portfolio", "demo", "--role", role];
        let (code, token) = program::run("venturi", &arguments, environment).await;
        assert_eq!(code, Some(0), "{token}");
        assert_eq!(token.lines().count(), 1, "the token, alone");
        clients.insert(role.to_owned(), Client::new(address, &token));
    }
    clients
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_one_process_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let address = format!("127.0.0.1:{}", free_port().unwrap());
    let url = format!("sqlite://{}", folder.path().join("journey.sqlite").display());
    let environment = Environment::from([
        ("VENTURI_LISTEN".to_owned(), address.clone()),
        ("VENTURI_DATABASE_URL".to_owned(), url),
        ("VENTURI_LOG".to_owned(), "warn".to_owned()),
    ]);
    let venturi = Program::listening("venturi", &environment).await;
    assert!(
        venturi.printed.iter().any(|line| line.trim_start().starts_with("CHAIRMAN")),
        "{:?}",
        venturi.printed
    );
    Journey::start(clients(&address, &environment).await).await.run().await;
    assert_eq!(venturi.terminate().await, Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_postgres_and_rabbitmq_with_two_validators() {
    let database = TestDatabase::create(Kind::Postgres).await;
    let namespace = format!("journey-{}", std::process::id());
    let address = format!("127.0.0.1:{}", free_port().unwrap());
    let mut environment = Environment::from([
        ("VENTURI_LISTEN".to_owned(), address.clone()),
        ("VENTURI_DATABASE_URL".to_owned(), database.url().to_owned()),
        ("VENTURI_AMQP_URL".to_owned(), amqp_url()),
        ("VENTURI_AMQP_NAMESPACE".to_owned(), namespace.clone()),
        ("VENTURI_LOG".to_owned(), "warn".to_owned()),
    ]);
    for arguments in [["migrate"], ["seed"]] {
        let (code, printed) = program::run("venturi", &arguments, &environment).await;
        assert_eq!(code, Some(0), "{printed}");
    }
    let api = Program::listening("api", &environment).await;
    let mut validators = Vec::new();
    for _ in 0..2 {
        let health = format!("127.0.0.1:{}", free_port().unwrap());
        environment.insert("VENTURI_HEALTH_LISTEN".to_owned(), health.clone());
        validators.push(Program::silent("gate-validator", &environment));
        program::ready(&health).await;
    }
    Journey::start(clients(&address, &environment).await).await.run().await;
    for process in validators.into_iter().chain([api]) {
        assert_eq!(process.terminate().await, Some(0));
    }
    sweep_broker(&namespace).await;
}
