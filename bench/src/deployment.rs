//! The system as its users run it: release binaries as processes, on servers started for the measurement
//! and removed after it.

use std::{iter, sync::Arc};

use anyhow::Context;
use sea_orm::{
    ColumnTrait, ConnectionTrait, Database, DatabaseConnection, EntityTrait, QueryFilter, Statement,
};
use serde_json::{Value, json};
use tempfile::TempDir;
use testing::{
    client::Client,
    servers::{Durability, PrivatePostgres, PrivateRabbit, free_port},
};
use uuid::Uuid;

use crate::program::{self, Binaries, Environment, Program};

/// Who asks in every measurement.
const ROLE: &str = "CHAIRMAN";

/// PostgreSQL and RabbitMQ, started for one measurement.
pub(crate) struct Servers {
    postgres: PrivatePostgres,
    broker: PrivateRabbit,
}

impl Servers {
    /// Both, empty; commits are on disk as in production.
    pub(crate) async fn start() -> anyhow::Result<Arc<Self>> {
        let (postgres, broker) =
            tokio::try_join!(PrivatePostgres::start(Durability::Crashsafe), PrivateRabbit::start())?;
        Ok(Arc::new(Self { postgres, broker }))
    }

    /// Where a database of this name is, or would be.
    pub(crate) fn database_url(&self, name: &str) -> String {
        format!("{}/{name}", self.postgres.url().trim_end_matches("/postgres"))
    }

    /// Makes an empty database.
    pub(crate) async fn create(&self, name: &str) -> anyhow::Result<String> {
        execute(&self.postgres.url(), &format!("CREATE DATABASE {name}")).await?;
        Ok(self.database_url(name))
    }

    /// Copies a database that nobody is connected to.
    async fn copy(&self, name: &str, copy: &str) -> anyhow::Result<String> {
        execute(&self.postgres.url(), &format!("CREATE DATABASE {copy} TEMPLATE {name}")).await?;
        Ok(self.database_url(copy))
    }

    /// Removes a database, so that its upkeep is not counted as somebody else's work.
    pub(crate) async fn remove(&self, name: &str) -> anyhow::Result<()> {
        execute(&self.postgres.url(), &format!("DROP DATABASE {name} WITH (FORCE)")).await?;
        execute(&self.postgres.url(), "CHECKPOINT").await
    }

    /// Where the broker is.
    pub(crate) fn amqp_url(&self) -> String {
        self.broker.url()
    }
}

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
    // In this order, so that the processes go before what they use.
    programs: Vec<Program>,
    binaries: Binaries,
    environment: Environment,
    /// A copy of the database as it was when the system started: for a limit.
    copy_url: Option<String>,
    servers: Option<Arc<Servers>>,
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
    pub(crate) async fn embedded(binaries: &Binaries) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let file = |name: &str| format!("sqlite://{}", folder.path().join(name).display());
        let (database_url, copy_url) = (file("venturi.sqlite"), file("copy.sqlite"));
        let mut deployment = Self::prepared(binaries, database_url, Vec::new()).await?;
        let copy = format!("VACUUM INTO '{}'", folder.path().join("copy.sqlite").display());
        execute(&deployment.database_url, &copy).await?;
        deployment.start(&["venturi"]).await?;
        Ok(Self { copy_url: Some(copy_url), _folder: Some(folder), ..deployment })
    }

    /// `api` and so many `gate-validator`s, on PostgreSQL and RabbitMQ of their own.
    pub(crate) async fn distributed(binaries: &Binaries, validators: usize) -> anyhow::Result<Self> {
        let servers = Servers::start().await?;
        let mut deployment = Self::on(&servers, "venturi", binaries).await?;
        deployment.copy_url = Some(servers.copy("venturi", "copy").await?);
        deployment.start_distributed(validators).await?;
        Ok(deployment)
    }

    /// A new database of this name with the demo in it, and nothing started on it yet.
    pub(crate) async fn on(servers: &Arc<Servers>, name: &str, binaries: &Binaries) -> anyhow::Result<Self> {
        let database_url = servers.create(name).await?;
        let settings =
            vec![("VENTURI_AMQP_URL", servers.amqp_url()), ("VENTURI_AMQP_NAMESPACE", name.to_owned())];
        let deployment = Self::prepared(binaries, database_url, settings).await?;
        Ok(Self { servers: Some(Arc::clone(servers)), ..deployment })
    }

    /// Migrates, makes the demo, and gives a token.
    async fn prepared(
        binaries: &Binaries,
        database_url: String,
        settings: Vec<(&'static str, String)>,
    ) -> anyhow::Result<Self> {
        let address = format!("127.0.0.1:{}", free_port()?);
        let environment: Environment = common(&address, &database_url).into_iter().chain(settings).collect();
        for arguments in [["migrate"], ["seed"]] {
            run(binaries, &arguments, &environment).await?;
        }
        let token = token(binaries, &environment, ROLE).await?;
        let client = Client::new(&address, &token);
        let (programs, binaries) = (Vec::new(), binaries.clone());
        let (copy_url, servers, _folder) = (None, None, None);
        Ok(Self {
            client,
            token,
            address,
            database_url,
            programs,
            binaries,
            environment,
            copy_url,
            servers,
            _folder,
        })
    }

    /// Starts `api` and so many `gate-validator`s.
    pub(crate) async fn start_distributed(&mut self, validators: usize) -> anyhow::Result<()> {
        let names: Vec<_> = iter::once("api").chain(iter::repeat_n("gate-validator", validators)).collect();
        self.start(&names).await
    }

    /// Starts these programs, the gateway first.
    async fn start(&mut self, names: &[&str]) -> anyhow::Result<()> {
        for (place, name) in names.iter().enumerate() {
            let command = self.binaries.command(name, &self.environment)?;
            let program = match place {
                0 => Program::listening(command).await?.0,
                _ => Program::silent(command)?,
            };
            self.programs.push(program);
        }
        Ok(())
    }

    /// A caller with the role of the demo's other persons.
    pub(crate) async fn caller(&self, role: &str) -> anyhow::Result<Client> {
        let token = token(&self.binaries, &self.environment, role).await?;
        Ok(Client::new(&self.address, &token))
    }

    /// Its servers.
    pub(crate) fn servers(&self) -> anyhow::Result<&Servers> {
        self.servers.as_deref().context("servers")
    }

    /// The copy of its database.
    pub(crate) fn copy_url(&self) -> anyhow::Result<&str> {
        self.copy_url.as_deref().context("a copy")
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

/// The number that a query gives as `count`.
pub(crate) async fn count(db: &DatabaseConnection, sql: &str) -> anyhow::Result<i64> {
    let statement = Statement::from_string(db.get_database_backend(), sql);
    Ok(db.query_one_raw(statement).await?.context("a row")?.try_get("", "count")?)
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

/// The settings of every program.
fn common(address: &str, database_url: &str) -> Vec<(&'static str, String)> {
    vec![
        ("VENTURI_LISTEN", address.to_owned()),
        ("VENTURI_DATABASE_URL", database_url.to_owned()),
        ("VENTURI_HEALTH_LISTEN", "127.0.0.1:0".to_owned()),
        ("VENTURI_LOG", "error".to_owned()),
        // What a gateway can do is measured, not what it lets through.
        ("VENTURI_COST_CAPACITY", "1000000000".to_owned()),
        ("VENTURI_COST_RESTORE_PER_S", "1000000000".to_owned()),
        // A socket that nobody reads from while it is counted is not to be dropped for it.
        ("VENTURI_KEEP_ALIVE_S", "120".to_owned()),
    ]
}

/// What `venturi` prints when it is run with these arguments.
async fn run(binaries: &Binaries, arguments: &[&str], environment: &Environment) -> anyhow::Result<String> {
    let mut command = binaries.command("venturi", environment)?;
    command.args(arguments);
    program::run(command).await
}

/// A token of the demo's person with this role.
async fn token(binaries: &Binaries, environment: &Environment, role: &str) -> anyhow::Result<String> {
    run(binaries, &["token", "create", "--portfolio", "demo", "--role", role], environment).await
}

/// Runs statements that give no rows.
pub(crate) async fn execute(url: &str, sql: &str) -> anyhow::Result<()> {
    let db = open(url).await?;
    db.execute_unprepared(sql).await?;
    db.close().await?;
    Ok(())
}
