//! The command line of `venturi`.

use std::{net::SocketAddr, path::PathBuf};

use clap::{Args, Parser, Subcommand};
use domain::Role;
use process::{backend, telemetry};
use url::Url;
use uuid::Uuid;

/// Venturi runs a portfolio of ventures through a stage-gate workflow.
///
/// Without a command it starts everything in this process: the GraphQL API with its explorer, all workers,
/// and the database, made on first use.
#[derive(Parser, Debug)]
#[command(name = "venturi", version)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) start: Start,
    #[command(flatten)]
    pub(crate) backend: backend::Settings,
    #[command(flatten)]
    pub(crate) playbook: PlaybookFolder,
    #[command(flatten)]
    pub(crate) telemetry: telemetry::Settings,
}

/// How everything is started.
#[derive(Args, Debug)]
#[group(skip)]
pub(crate) struct Start {
    /// Address of the API
    #[arg(long, env = "VENTURI_LISTEN", default_value = "127.0.0.1:8080", value_name = "ADDRESS")]
    pub(crate) listen: SocketAddr,

    /// Whether an empty database gets the demo portfolio and a token for each of its roles
    #[arg(long, env = "VENTURI_DEMO", default_value_t = true, action = clap::ArgAction::Set, value_name = "BOOL")]
    pub(crate) demo: bool,

    #[command(flatten)]
    pub(crate) api: api::Settings,
}

/// Where the playbook is.
#[derive(Args, Debug)]
#[group(skip)]
pub(crate) struct PlaybookFolder {
    /// Folder of the playbook; without it the built-in one of forty stages
    #[arg(long = "playbook", env = "VENTURI_PLAYBOOK", value_name = "FOLDER")]
    pub(crate) folder: Option<PathBuf>,
}

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Bring the database's schema up to date and import the playbook
    Migrate,
    /// Make the demo portfolio and print a token for each of its roles
    Seed,
    /// Print the GraphQL schema
    Schema,
    /// Ask a health page, for containers: exit code 0 when it answers 200
    Health {
        /// The page
        #[arg(long, default_value = "http://127.0.0.1:8080/health/ready")]
        url: Url,
    },
    /// API tokens
    #[command(subcommand)]
    Token(Token),
    /// Members of portfolios
    #[command(subcommand)]
    Member(Member),
    /// Playbooks
    #[command(subcommand)]
    Playbook(Playbook),
    /// Portfolios
    #[command(subcommand)]
    Portfolio(Portfolio),
}

#[derive(Subcommand, Debug)]
pub(crate) enum Token {
    /// Make a token for a role in a portfolio and print it, alone; it cannot be shown again
    Create {
        /// The portfolio's slug
        #[arg(long)]
        portfolio: String,
        /// The role its holder has there
        #[arg(long, value_parser = Role::parse)]
        role: Role,
        /// Days after which it ends by itself; without it never
        #[arg(long, value_parser = clap::value_parser!(u32).range(1..=3_650), value_name = "DAYS")]
        expires_in_days: Option<u32>,
    },
    /// Print the tokens that reach a portfolio: id, start, holder, status, end, last use and label
    List {
        /// The portfolio's slug
        #[arg(long)]
        portfolio: String,
    },
    /// End a token for good
    Revoke {
        /// Its id, as `token list` prints it
        id: Uuid,
    },
}

#[derive(Subcommand, Debug)]
pub(crate) enum Member {
    /// Make somebody a member of a portfolio and print the member's id
    Add {
        /// The portfolio's slug
        #[arg(long)]
        portfolio: String,
        /// Short name, unique over all portfolios
        #[arg(long)]
        handle: String,
        /// Name as shown, of somebody who is not known yet
        #[arg(long)]
        name: String,
        /// A role they get, any number of times
        #[arg(long = "role", required = true)]
        roles: Vec<String>,
        /// E-mail address
        #[arg(long)]
        email: Option<String>,
        /// Who they are to the OIDC issuer: its `sub`
        #[arg(long)]
        oidc_subject: Option<String>,
        /// The record is an integration's, not a human being's
        #[arg(long)]
        service: bool,
    },
    /// Say who a known person is to the OIDC issuer
    Link {
        /// The person's handle
        #[arg(long)]
        handle: String,
        /// The issuer's `sub`; without it the person signs in with API tokens alone
        #[arg(long)]
        oidc_subject: Option<String>,
    },
}

#[derive(Subcommand, Debug)]
pub(crate) enum Playbook {
    /// Check a playbook's folder and print every fault with its file and line
    Check {
        /// The folder
        #[arg(id = "DIR")]
        directory: PathBuf,
    },
    /// Import a playbook and let portfolios use it for stage runs to come
    Import {
        /// The folder
        #[arg(id = "DIR")]
        directory: PathBuf,
        /// Slug of a portfolio that is to use it, any number of times; without it all do
        #[arg(long)]
        portfolio: Vec<String>,
    },
}

#[derive(Subcommand, Debug)]
pub(crate) enum Portfolio {
    /// Make a portfolio; `token create` then makes its first members
    Create {
        /// 2 to 40 characters of a-z, 0-9 and -, starting with a letter
        #[arg(long)]
        slug: String,
        /// Its name
        #[arg(long)]
        name: String,
        /// IANA zone of new ventures
        #[arg(long, default_value = "UTC")]
        zone: String,
        /// ISO 4217 currency of new ventures
        #[arg(long, default_value = "EUR")]
        currency: String,
    },
}
