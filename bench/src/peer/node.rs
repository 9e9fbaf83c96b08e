//! The Node stack of `peer/`: where it is, and how it is started.

use std::{
    io::{Write, stderr},
    path::{Path, PathBuf},
};

use anyhow::ensure;
use testing::{client::Client, servers::free_port};
use tokio::process::Command;

use crate::{
    frozen,
    program::{self, Environment, Program},
};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/peer");

/// Node, with the packages of the lock file.
pub(super) struct Node(PathBuf);

/// A running server of it.
pub(super) struct Peer {
    /// A caller with the token of the frozen database.
    pub(super) client: Client,
    /// `host:port` of its API.
    pub(super) address: String,
    programs: Vec<Program>,
}

impl Node {
    /// Finds it, and installs its packages where they are not yet; none where there is no Node.
    pub(super) async fn find() -> anyhow::Result<Option<Self>> {
        let (Some(node), Some(npm)) = (program::find("node", []), program::find("npm", [])) else {
            writeln!(stderr(), "node or npm is not there: the figures beside it are left out")?;
            return Ok(None);
        };
        // npm writes this file last.
        if !Path::new(FOLDER).join("node_modules/.package-lock.json").exists() {
            let status = Command::new(npm).args(["ci", "--silent"]).current_dir(FOLDER).status().await?;
            ensure!(status.success(), "`npm ci` in {FOLDER}: {status}");
        }
        Ok(Some(Self(node)))
    }

    /// Starts the pipeline on a frozen database: an API and a worker.
    pub(super) async fn pipeline(&self, database_url: &str) -> anyhow::Result<Peer> {
        let mut peer = self.serve(&["pipeline.mjs", "api"], database_url).await?;
        peer.programs.push(self.listening(&["pipeline.mjs", "worker"], database_url).await?);
        Ok(peer)
    }

    /// Starts the page of ventures on a frozen database.
    pub(super) async fn page(&self, database_url: &str) -> anyhow::Result<Peer> {
        self.serve(&["page.mjs"], database_url).await
    }

    /// Starts a server that takes its port as the last argument.
    async fn serve(&self, arguments: &[&str], database_url: &str) -> anyhow::Result<Peer> {
        let port = free_port()?.to_string();
        let program = self.listening(&[arguments, &[&port]].concat(), database_url).await?;
        let address = format!("127.0.0.1:{port}");
        let client = Client::new(&address, frozen::TOKEN);
        Ok(Peer { client, address, programs: vec![program] })
    }

    async fn listening(&self, arguments: &[&str], database_url: &str) -> anyhow::Result<Program> {
        let environment = Environment::from([
            ("DATABASE_URL", database_url.to_owned()),
            ("NODE_ENV", "production".to_owned()),
        ]);
        let mut command = program::command(&self.0, &environment);
        command.args(arguments).current_dir(FOLDER);
        Ok(Program::listening(command).await?.0)
    }
}

impl Peer {
    /// Ends it, the worker last.
    pub(super) async fn stop(self) -> anyhow::Result<()> {
        for program in self.programs {
            program.terminate().await?;
        }
        Ok(())
    }
}
