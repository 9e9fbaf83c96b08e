//! Batching: what many rows of a query need of one kind is read in one statement.

use std::{collections::HashMap, sync::Arc};

use app::{
    App, Error, Scope,
    query::{
        batch::{self, FileInfo},
        rows,
    },
};
use async_graphql::dataloader::Loader;
use domain::venture::Venture;
use uuid::Uuid;

/// Reads for one session, within its scope.
pub(crate) struct Reader {
    pub(crate) app: App,
    pub(crate) scope: Scope,
}

// What is read is shared by all fields that ask for it: a value is an `Arc`, a group one of `Arc`s.
macro_rules! keys {
    (one { $($(#[$one_doc:meta])* $one:ident => $value:ty = $read:expr;)* }
     many { $($(#[$many_doc:meta])* $many:ident => $row:ty = $read_many:expr;)* }) => {
        $(keys!(@key $(#[$one_doc])* $one => Arc<$value> = $read, Arc::new);)*
        $(keys!(@key $(#[$many_doc])* $many => Group<$row> = $read_many, group);)*
    };
    (@key $(#[$doc:meta])* $key:ident => $value:ty = $read:expr, $share:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub(crate) struct $key(pub(crate) Uuid);

        impl Loader<$key> for Reader {
            type Value = $value;
            type Error = Arc<Error>;

            async fn load(&self, keys: &[$key]) -> Result<HashMap<$key, $value>, Arc<Error>> {
                let ids: Vec<Uuid> = keys.iter().map(|key| key.0).collect();
                let found = $read(&self.app, &self.scope, &ids).await.map_err(Arc::new)?;
                Ok(found.into_iter().map(|(id, value)| ($key(id), $share(value))).collect())
            }
        }
    };
}

/// The rows that belong to one key.
pub(crate) type Group<T> = Arc<[Arc<T>]>;

fn group<T>(rows: Vec<T>) -> Group<T> {
    rows.into_iter().map(Arc::new).collect()
}

keys! {
    one {
        /// A venture.
        VentureKey => Venture = batch::ventures;
        /// A portfolio.
        PortfolioKey => rows::Portfolio = batch::portfolios;
        /// A stage run.
        StageRunKey => rows::StageRun = batch::stage_runs;
        /// A piece of evidence.
        EvidenceKey => rows::Evidence = batch::evidence;
        /// A file without its bytes.
        FileKey => FileInfo = batch::files;
        /// A gate run.
        GateRunKey => rows::GateRun = batch::gate_runs;
        /// A person's name.
        PersonKey => rows::Person = persons;
    }
    many {
        /// The stage runs of a venture.
        RunsOfVenture => rows::StageRun = batch::runs_of_ventures;
        /// What is attested now in a stage run.
        AttestationsOfRun => rows::Attestation = batch::attestations;
        /// All evidence of a stage run.
        EvidenceOfRun => rows::Evidence = batch::evidence_of_runs;
        /// The latest run of each gate of a stage run.
        LatestGateRuns => rows::GateRun = latest_gate_runs;
    }
}

async fn latest_gate_runs(
    app: &App,
    scope: &Scope,
    runs: &[Uuid],
) -> Result<HashMap<Uuid, Vec<rows::GateRun>>, Error> {
    batch::latest_gate_runs(app, scope, runs, 1).await
}

async fn persons(app: &App, _scope: &Scope, ids: &[Uuid]) -> Result<HashMap<Uuid, rows::Person>, Error> {
    batch::persons(app, ids).await
}

/// A venture's history after a sequence number, at most so many events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct HistoryOf {
    pub(crate) venture: Uuid,
    pub(crate) after: i64,
    pub(crate) first: u32,
}

impl Loader<HistoryOf> for Reader {
    type Value = Group<rows::Event>;
    type Error = Arc<Error>;

    /// One statement for each different `after` and `first`, which a query mostly has one of.
    async fn load(&self, keys: &[HistoryOf]) -> Result<HashMap<HistoryOf, Self::Value>, Arc<Error>> {
        let mut asked: HashMap<(i64, u32), Vec<Uuid>> = HashMap::new();
        for key in keys {
            asked.entry((key.after, key.first)).or_default().push(key.venture);
        }
        let mut all = HashMap::new();
        for ((after, first), ventures) in asked {
            let found = batch::histories(&self.app, &self.scope, &ventures, after, first).await;
            let found = found.map_err(Arc::new)?.into_iter();
            all.extend(found.map(|(venture, events)| (HistoryOf { venture, after, first }, group(events))));
        }
        Ok(all)
    }
}
