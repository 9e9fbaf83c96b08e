//! The compose file, started as processes: each of our services' commands, with its environment, in the
//! order and until the health checks that the file asks for.

use std::collections::{BTreeMap, BTreeSet};

use app::secret::Keyring;
use delivery::Worker;
use serde::Deserialize;
use serde_json::json;
use testing::{
    client::Client,
    database::{Kind, TestDatabase},
    program::{self, Environment, Program},
    servers::free_port,
    world::{amqp_url, sweep_broker, until, workers},
};

#[derive(Deserialize)]
struct Compose {
    services: BTreeMap<String, Service>,
}

#[derive(Deserialize)]
struct Service {
    #[serde(default)]
    command: Vec<String>,
    #[serde(default)]
    environment: BTreeMap<String, String>,
    healthcheck: Option<HealthCheck>,
    #[serde(default)]
    depends_on: BTreeMap<String, Condition>,
    #[serde(default)]
    labels: BTreeMap<String, String>,
    user: Option<String>,
    read_only: Option<bool>,
}

#[derive(Deserialize)]
struct HealthCheck {
    test: Vec<String>,
}

#[derive(Deserialize)]
struct Condition {
    condition: String,
}

const BIN: &str = "/usr/local/bin/";

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

fn compose() -> Compose {
    let text = std::fs::read_to_string(format!("{ROOT}/docker-compose.yml")).unwrap();
    serde_saphyr::from_str(&text).unwrap()
}

fn namespace() -> String {
    format!("compose-{}", std::process::id())
}

/// The file's environment, with the servers at hand in place of the containers.
fn environment(service: &Service, replaced: &[(&str, String)]) -> Environment {
    let mut environment = Environment::new();
    for (name, value) in &service.environment {
        let value = replaced.iter().find(|(known, _)| known == name).map_or(value, |(_, here)| here);
        // What compose would fill in from `.env`.
        environment.insert(name.clone(), value.replace("${VENTURI_LOG:-info}", "warn"));
    }
    // The broker may be somebody's: a namespace of our own.
    environment.insert("VENTURI_AMQP_NAMESPACE".to_owned(), namespace());
    environment
}

#[test]
fn our_services_run_unprivileged_and_wait_for_what_they_need() {
    let compose = compose();
    let ours: Vec<_> = compose
        .services
        .iter()
        .filter(|(_, s)| s.command.first().is_some_and(|c| c.starts_with(BIN)))
        .collect();
    let names: BTreeSet<_> = ours.iter().map(|(name, _)| name.as_str()).collect();
    let expected: BTreeSet<_> = workers().iter().map(Worker::queue).chain(["api", "migrate"]).collect();
    assert_eq!(names, expected, "docker-compose.yml has a service for each worker, by the name of its queue");
    for (name, service) in ours {
        assert_eq!(service.user.as_deref(), Some("10001:10001"), "{name}");
        assert_eq!(service.read_only, Some(true), "{name}");
        assert_eq!(service.depends_on["postgres"].condition, "service_healthy", "{name}");
        if name != "migrate" {
            assert_eq!(service.depends_on["migrate"].condition, "service_completed_successfully", "{name}");
            assert_eq!(service.depends_on["rabbitmq"].condition, "service_healthy", "{name}");
            assert!(service.healthcheck.is_some(), "{name}");
        }
    }
}

#[test]
fn every_worker_has_its_binary_service_and_metrics_job() {
    let file = |name: &str| std::fs::read_to_string(format!("{ROOT}/{name}")).unwrap();
    let (binaries, metrics) = (file("worker/Cargo.toml"), file("deploy/prometheus.yml"));
    for worker in workers() {
        let queue = worker.queue();
        assert!(
            binaries.contains(&format!("name = \"{queue}\"")),
            "worker/Cargo.toml needs a [[bin]] named {queue}, and worker/src a `main` for it"
        );
        assert!(
            metrics.contains(&format!("job_name: {queue}\n")),
            "deploy/prometheus.yml has no job {queue}"
        );
        assert!(
            metrics.contains(&format!("names: [{queue}]\n")),
            "deploy/prometheus.yml does not look up {queue}"
        );
        let compose = compose();
        let service = &compose.services[queue];
        assert_eq!(service.command, [format!("{BIN}{queue}")], "the service {queue} of docker-compose.yml");
        assert_eq!(service.labels["venturi.queue"], queue, "the service {queue} of docker-compose.yml");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn its_commands_start_and_become_healthy() {
    let compose = compose();
    let database = TestDatabase::create(Kind::Postgres).await;
    let listen = free_port().unwrap();
    let mut replaced = vec![
        ("VENTURI_DATABASE_URL", database.url().to_owned()),
        ("VENTURI_AMQP_URL", amqp_url()),
        ("VENTURI_LISTEN", format!("127.0.0.1:{listen}")),
        ("VENTURI_SECRET_KEYS", Keyring::generate()),
        ("VENTURI_OUTBOUND_ALLOW", String::new()),
        ("VENTURI_OTLP_ENDPOINT", String::new()),
        ("VENTURI_SECRET_KEYS", Keyring::generate()),
    ];
    let name_of = |service: &Service| service.command[0].strip_prefix(BIN).unwrap().to_owned();

    let migrate = &compose.services["migrate"];
    let arguments: Vec<_> = migrate.command[1..].iter().map(String::as_str).collect();
    let (code, printed) = program::run(&name_of(migrate), &arguments, &environment(migrate, &replaced)).await;
    assert_eq!(code, Some(0), "{printed}");

    let mut running = Vec::new();
    for name in workers().iter().map(Worker::queue).chain(["api"]) {
        let service = &compose.services[name];
        let port = if name == "api" { listen } else { free_port().unwrap() };
        replaced.retain(|(variable, _)| *variable != "VENTURI_HEALTH_LISTEN");
        replaced.push(("VENTURI_HEALTH_LISTEN", format!("127.0.0.1:{port}")));
        let environment = environment(service, &replaced);
        running.push(Program::silent(&name_of(service), &environment));
        let test = &service.healthcheck.as_ref().unwrap().test;
        assert_eq!((test[0].as_str(), test[1].as_str()), ("CMD", "/usr/local/bin/venturi"));
        // The container's own port, where the process has another here.
        let arguments: Vec<_> = test[2..]
            .iter()
            .map(|word| word.replace(":8080/", &format!(":{port}/")).replace(":9090/", &format!(":{port}/")))
            .collect();
        let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
        let healthy =
            until(|| async { program::run("venturi", &arguments, &environment).await.0 == Some(0) });
        assert!(healthy.await, "{name} did not become healthy");
    }

    let environment = environment(migrate, &replaced);
    let create = ["portfolio", "create", "--slug", "acme", "--name", "Acme"];
    assert_eq!(program::run("venturi", &create, &environment).await.0, Some(0));
    let create = ["token", "create", "--portfolio", "acme", "--role", "LEAD"];
    let (_, token) = program::run("venturi", &create, &environment).await;
    let data = Client::new(&format!("127.0.0.1:{listen}"), &token)
        .data("{ portfolio(slug: \"acme\") { name } }", json!({}))
        .await;
    assert_eq!(data, json!({ "portfolio": { "name": "Acme" } }));
    for process in running {
        assert_eq!(process.terminate().await, Some(0));
    }
    sweep_broker(&namespace()).await;
}
