//! 2,000 validation requests while workers and the gateway are killed, and the broker and the database are
//! killed and started again: every request is decided exactly once, and nothing is left over or parked.

use std::{collections::HashMap, sync::Arc, time::Duration};

use entity::{dead_letter, gate_run, history, outbox};
use sea_orm::{EntityTrait, PaginatorTrait};
use serde_json::{Value, json};
use testing::{
    client::Client,
    program::{self, Environment, Program},
    servers::{Durability, PrivatePostgres, PrivateRabbit, free_port},
    world::until,
};
use tokio::sync::Semaphore;
use uuid::Uuid;

const REQUESTS: usize = 2_000;
const VENTURES: usize = 20;
const CALLERS: usize = 8;

/// Sends a mutation until it is answered; the key makes it one request however often it is sent.
async fn insist(client: &Client, query: &str, input: &Value) -> Value {
    loop {
        if let Ok(answer) = client.send(query, json!({ "input": input })).await
            && answer.get("errors").is_none()
        {
            return answer["data"].clone();
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

async fn create_ventures(client: &Client) -> Vec<String> {
    let query = "mutation($input: CreateVentureInput!) { createVenture(input: $input) { venture { id } userErrors { message } } }";
    let mut ventures = Vec::new();
    for number in 0..VENTURES {
        let input = json!({
            "name": format!("Venture {number}"), "description": "One of those that live through the outage.",
            "category": "tests", "idempotencyKey": format!("venture-{number}"),
        });
        let data = insist(client, query, &input).await;
        ventures.push(data["createVenture"]["venture"]["id"].as_str().expect("an id").to_owned());
    }
    ventures
}

/// Asks for all validations, a few at a time; gives the ids answered.
async fn request_all(client: Client, ventures: Vec<String>) -> Vec<String> {
    let query = "mutation($input: RequestGateValidationInput!) { requestGateValidation(input: $input) { gateRun { id } userErrors { message } } }";
    let slots = Arc::new(Semaphore::new(CALLERS));
    let mut asking = tokio::task::JoinSet::new();
    for number in 0..REQUESTS {
        let slot = Arc::clone(&slots).acquire_owned().await.unwrap();
        let client = client.clone();
        let gates = ["title-validated", "description-validated", "category-assigned"];
        let input = json!({
            "ventureId": ventures[number % VENTURES], "gate": gates[number % gates.len()],
            "idempotencyKey": format!("request-{number}"),
        });
        asking.spawn(async move {
            let data = insist(&client, query, &input).await;
            drop(slot);
            data["requestGateValidation"]["gateRun"]["id"].as_str().expect("an id").to_owned()
        });
    }
    asking.join_all().await
}

struct Deployment {
    postgres: PrivatePostgres,
    rabbit: PrivateRabbit,
    environment: Environment,
    api: Option<Program>,
    validators: Vec<Program>,
}

impl Deployment {
    async fn start(address: &str) -> Self {
        let (postgres, rabbit) =
            tokio::join!(PrivatePostgres::start(Durability::Crashsafe), PrivateRabbit::start());
        let (postgres, rabbit) = (postgres.expect("PostgreSQL"), rabbit.expect("RabbitMQ"));
        let environment = Environment::from([
            ("VENTURI_LISTEN".to_owned(), address.to_owned()),
            ("VENTURI_DATABASE_URL".to_owned(), postgres.url()),
            ("VENTURI_AMQP_URL".to_owned(), rabbit.url()),
            ("VENTURI_HEALTH_LISTEN".to_owned(), "127.0.0.1:0".to_owned()),
            ("VENTURI_LOG".to_owned(), "error".to_owned()),
        ]);
        for arguments in [["migrate"], ["seed"]] {
            assert_eq!(program::run("venturi", &arguments, &environment).await.0, Some(0));
        }
        let api = Some(Program::listening("api", &environment).await);
        let validators = (0..2).map(|_| Program::silent("gate-validator", &environment)).collect();
        Self { postgres, rabbit, environment, api, validators }
    }

    async fn kill_a_validator(&mut self) {
        self.validators.remove(0).kill().await;
        self.validators.push(Program::silent("gate-validator", &self.environment));
    }

    async fn kill_the_gateway(&mut self) {
        self.api.take().expect("the gateway").kill().await;
        self.api = Some(Program::listening("api", &self.environment).await);
    }

    /// One of everything that can go wrong, and the workers again and again.
    async fn harm(&mut self) {
        let pause = || tokio::time::sleep(Duration::from_millis(700));
        for _ in 0..3 {
            pause().await;
            self.kill_a_validator().await;
        }
        self.rabbit.kill().expect("the broker killed");
        pause().await;
        self.kill_a_validator().await;
        self.rabbit.start_again().await.expect("the broker again");
        pause().await;
        self.postgres.kill().expect("the database killed");
        pause().await;
        self.postgres.start_again().await.expect("the database again");
        pause().await;
        self.kill_the_gateway().await;
        self.kill_a_validator().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_request_is_decided_exactly_once() {
    let address = format!("127.0.0.1:{}", free_port().unwrap());
    let mut deployment = Deployment::start(&address).await;
    let arguments = ["token", "create", "--portfolio", "demo", "--role", "LEAD"];
    let (_, token) = program::run("venturi", &arguments, &deployment.environment).await;
    let client = Client::new(&address, &token);
    let ventures = create_ventures(&client).await;
    let asking = tokio::spawn(request_all(client, ventures));
    deployment.harm().await;
    let answered = asking.await.expect("all asked");
    assert_eq!(answered.iter().collect::<std::collections::HashSet<_>>().len(), REQUESTS);

    let db = sea_orm::Database::connect(deployment.postgres.url()).await.unwrap();
    let done = until(|| async {
        let runs = gate_run::Entity::find().all(&db).await.unwrap();
        runs.len() == REQUESTS
            && runs.iter().all(|run| run.status.as_str() == "SUCCEEDED")
            && outbox::Entity::find().count(&db).await.unwrap() == 0
    });
    assert!(done.await, "{} left in the outbox", outbox::Entity::find().count(&db).await.unwrap());
    let mut decisions: HashMap<Uuid, usize> = HashMap::new();
    for event in history::Entity::find().all(&db).await.unwrap() {
        if event.kind == "gate_run.decided.v1" {
            let id = serde_json::from_value(event.body["gate_run_id"].clone()).unwrap();
            *decisions.entry(id).or_default() += 1;
        }
    }
    assert_eq!(decisions.len(), REQUESTS);
    assert!(decisions.values().all(|count| *count == 1));
    assert_eq!(dead_letter::Entity::find().count(&db).await.unwrap(), 0);
}
