//! The system as its users run it: release binaries as processes, on servers started for the measurement
//! and removed after it.

use anyhow::Context;
use sea_orm::{ColumnTrait, ConnectionTrait, Database, DatabaseConnection, EntityTrait, QueryFilter};
use serde_json::{Value, json};
use tempfile::TempDir;
use testing::{
    client::Client,
    servers::{Durability, PrivatePostgres, PrivateRabbit, free_port},
};
use uuid::Uuid;

use crate::program::{self, Environment, Program};

/// Who asks in every measurement.
const ROLE: &str = "CHAIRMAN";

/// A running system.
pub(crate) struct Deployment {
    /// A caller with a token.
    pub(crate) client: Client,
    /// That token.
    pub(crate) token: String,
    /// `host:port` of the API.
    pub(crate) address: String,
    /// Its database.
    pub(crate) database_url: String,
    /// A copy of the database as it was when the system started: for a limit.
    pub(crate) copy_url: String,
    // In this order, so that the processes go before what they use.
    programs: Vec<Program>,
    broker: Option<PrivateRabbit>,
    _postgres: Option<PrivatePostgres>,
    _folder: Option<TempDir>,
}

/// What a limit needs to know of a database with the demo in it.
pub(crate) struct Known {
    pub(crate) portfolio: Uuid,
    pub(crate) person: Uuid,
    pub(crate) token_hash: String,
}

impl Deployment {
    /// Everything in one process, on SQLite.
    pub(crate) async fn embedded() -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let file = |name: &str| format!("sqlite://{}", folder.path().join(name).display());
        let (database_url, copy_url) = (file("venturi.sqlite"), file("copy.sqlite"));
        let (address, environment) = environment(&database_url, None)?;
        let token = prepare(&environment).await?;
        let copy = format!("VACUUM INTO '{}'", folder.path().join("copy.sqlite").display());
        execute(&database_url, &copy).await?;
        let programs = vec![Program::listening("venturi", &environment).await?.0];
        let client = Client::new(&address, &token);
        let (broker, _postgres, _folder) = (None, None, Some(folder));
        Ok(Self { client, token, address, database_url, copy_url, programs, broker, _postgres, _folder })
    }

    /// `api` and so many `gate-validator`s, on PostgreSQL and RabbitMQ.
    pub(crate) async fn distributed(validators: usize) -> anyhow::Result<Self> {
        let (postgres, rabbit) =
            tokio::try_join!(PrivatePostgres::start(Durability::Crashsafe), PrivateRabbit::start())?;
        let database_url = postgres.url();
        let server = database_url.trim_end_matches("/postgres");
        let copy_url = format!("{server}/copy");
        let (address, environment) = environment(&database_url, Some(rabbit.url()))?;
        let token = prepare(&environment).await?;
        execute(&format!("{server}/template1"), "CREATE DATABASE copy TEMPLATE postgres").await?;
        let mut programs = vec![Program::listening("api", &environment).await?.0];
        for _ in 0..validators {
            programs.push(Program::silent("gate-validator", &environment)?);
        }
        let client = Client::new(&address, &token);
        let (broker, _postgres, _folder) = (Some(rabbit), Some(postgres), None);
        Ok(Self { client, token, address, database_url, copy_url, programs, broker, _postgres, _folder })
    }

    /// Where its broker is.
    pub(crate) fn amqp_url(&self) -> Option<String> {
        self.broker.as_ref().map(PrivateRabbit::url)
    }

    /// Its gateway's process.
    pub(crate) fn gateway(&self) -> anyhow::Result<&Program> {
        self.programs.first().context("a running gateway")
    }

    /// Ends the system and leaves its servers, for a limit that is to have the machine to itself.
    pub(crate) async fn stop(&mut self) -> anyhow::Result<()> {
        for program in self.programs.drain(..) {
            program.terminate().await?;
        }
        Ok(())
    }

    /// Makes ventures and gives their ids.
    pub(crate) async fn create_ventures(&self, count: u32) -> Vec<String> {
        let mut ids = Vec::new();
        for number in 1..=count {
            let input = json!({
                "name": format!("Venture {number}"), "category": "measured",
                "description": "One of those that are led through their gates to be timed.",
            });
            let made =
                self.client.mutate("createVenture", "CreateVentureInput", "venture { id }", input).await;
            ids.push(text(&made["venture"]["id"]));
        }
        ids
    }
}

/// A text in an answer.
pub(crate) fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

/// Opens a database.
pub(crate) async fn open(url: &str) -> anyhow::Result<DatabaseConnection> {
    let mut options = sea_orm::ConnectOptions::new(url);
    options.sqlx_logging(false).max_connections(2);
    Ok(Database::connect(options).await?)
}

/// Puts `count` ventures with known ids beside the demo's, for a limit that takes them at random.
pub(crate) async fn plant_ventures(db: &DatabaseConnection, count: u32) -> anyhow::Result<Known> {
    use entity::{stage_run, token, venture};
    let model = venture::Entity::find().one(db).await?.expect("the demo's venture");
    let run = stage_run::Entity::find_by_id(model.stage_run_id).one(db).await?.expect("its stage run");
    for number in 1..=count {
        let (venture_id, run_id) = (planted_venture(number), planted_stage_run(number));
        let run = stage_run::Model { id: run_id, venture_id: Some(venture_id), ..run.clone() };
        stage_run::Entity::insert(stage_run::ActiveModel::from(run)).exec_without_returning(db).await?;
        let venture = venture::Model { id: venture_id, stage_run_id: run_id, ..model.clone() };
        venture::Entity::insert(venture::ActiveModel::from(venture)).exec_without_returning(db).await?;
    }
    let label = token::Column::Label.eq(format!("demo {ROLE}"));
    let token = token::Entity::find().filter(label).one(db).await?.expect("a token");
    Ok(Known { portfolio: model.portfolio_id, person: token.person_id, token_hash: token.hash })
}

/// Id of the planted venture of this number: what `pipeline.sql` writes as `'a' || …`.
pub(crate) fn planted_venture(number: u32) -> Uuid {
    Uuid::from_u128((0xa << 124) | u128::from(number))
}

/// Id of its stage run.
pub(crate) fn planted_stage_run(number: u32) -> Uuid {
    Uuid::from_u128((0xb << 124) | u128::from(number))
}

fn environment(database_url: &str, amqp_url: Option<String>) -> anyhow::Result<(String, Environment)> {
    let address = format!("127.0.0.1:{}", free_port()?);
    let mut settings = vec![
        ("VENTURI_LISTEN", address.clone()),
        ("VENTURI_DATABASE_URL", database_url.to_owned()),
        ("VENTURI_HEALTH_LISTEN", "127.0.0.1:0".to_owned()),
        ("VENTURI_LOG", "error".to_owned()),
        // What a gateway can do is measured, not what it lets through.
        ("VENTURI_COST_CAPACITY", "1000000000".to_owned()),
        ("VENTURI_COST_RESTORE_PER_S", "1000000000".to_owned()),
        // A socket that nobody reads from while it is counted is not to be dropped for it.
        ("VENTURI_KEEP_ALIVE_S", "120".to_owned()),
    ];
    settings.extend(amqp_url.map(|url| ("VENTURI_AMQP_URL", url)));
    Ok((address, settings.into_iter().collect()))
}

/// Migrates, makes the demo, and gives a token.
async fn prepare(environment: &Environment) -> anyhow::Result<String> {
    for arguments in [["migrate"], ["seed"]] {
        program::run("venturi", &arguments, environment).await?;
    }
    let arguments = ["token", "create", "--portfolio", "demo", "--role", ROLE];
    program::run("venturi", &arguments, environment).await
}

async fn execute(url: &str, sql: &str) -> anyhow::Result<()> {
    let db = open(url).await?;
    db.execute_unprepared(sql).await?;
    db.close().await?;
    Ok(())
}
