//! Batching: what many rows of a query need of one kind is read in one statement.

use std::{collections::HashMap, hash::Hash, sync::Arc};

use app::{
    Actor, App, Error, Scope,
    query::{
        administered,
        batch::{self, FileInfo},
        list::{self, Asked, List},
        page::Page,
        persons, rows, tokens, webhook_deliveries, webhook_endpoints,
    },
};
use async_graphql::dataloader::Loader;
use domain::venture::Venture;
use uuid::Uuid;

/// Reads for one session, within its scope.
pub(crate) struct Reader {
    app: App,
    actor: Option<Actor>,
    scope: Scope,
}

impl Reader {
    /// For an actor; nobody sees nothing.
    pub(crate) fn new(app: App, actor: Option<Actor>) -> Self {
        let scope = actor.as_ref().map_or_else(|| Scope::Portfolios(Vec::new()), Actor::scope);
        Self { app, actor, scope }
    }

    /// How far it reads what is for ADMINs.
    fn administered(&self) -> Scope {
        self.actor.as_ref().map_or_else(|| Scope::Portfolios(Vec::new()), administered)
    }

    /// Who it reads for. Resolvers ask for a session first, and so never ask for nobody.
    fn actor(&self) -> Result<&Actor, Arc<Error>> {
        self.actor.as_ref().ok_or_else(|| Arc::new(Error::NotFound))
    }
}

// What is read is shared by all fields that ask for it: a value is an `Arc`, a group one of `Arc`s.
macro_rules! keys {
    (one { $($(#[$one_doc:meta])* $one:ident => $value:ty = $read:expr;)* }
     for_admins { $($(#[$admin_doc:meta])* $admin:ident => $kept:ty = $read_kept:expr;)* }
     many { $($(#[$many_doc:meta])* $many:ident => $row:ty = $read_many:expr;)* }) => {
        $(keys!(@key $(#[$one_doc])* $one => Arc<$value> = $read, Arc::new, |reader| reader.scope.clone());)*
        $(keys!(@key $(#[$admin_doc])* $admin => Arc<$kept> = $read_kept, Arc::new, Reader::administered);)*
        $(keys!(@key $(#[$many_doc])* $many => Group<$row> = $read_many, group, |reader| reader.scope.clone());)*
    };
    (@key $(#[$doc:meta])* $key:ident => $value:ty = $read:expr, $share:expr, $scope:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub(crate) struct $key(pub(crate) Uuid);

        impl Loader<$key> for Reader {
            type Value = $value;
            type Error = Arc<Error>;

            async fn load(&self, keys: &[$key]) -> Result<HashMap<$key, $value>, Arc<Error>> {
                let ids: Vec<Uuid> = keys.iter().map(|key| key.0).collect();
                let scope: fn(&Reader) -> Scope = $scope;
                let found = $read(&self.app, &scope(self), &ids).await.map_err(Arc::new)?;
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
        PortfolioKey => rows::Portfolio = batch::by_ids;
        /// A stage run.
        StageRunKey => rows::StageRun = batch::by_ids;
        /// An attestation.
        AttestationKey => rows::Attestation = batch::by_ids;
        /// A piece of evidence.
        EvidenceKey => rows::Evidence = batch::by_ids;
        /// A file without its bytes.
        FileKey => FileInfo = batch::files;
        /// A gate run.
        GateRunKey => rows::GateRun = batch::by_ids;
        /// An event of a venture's history.
        EventKey => rows::Event = batch::events;
        /// A member.
        MemberKey => rows::Member = batch::by_ids;
        /// A sample of a metric.
        MetricSampleKey => rows::MetricSample = batch::by_ids;
        /// A person's name.
        PersonKey => rows::Person = names;
    }
    for_admins {
        /// A webhook source.
        WebhookSourceKey => rows::WebhookSource = batch::by_ids;
        /// A webhook event.
        WebhookEventKey => rows::WebhookEvent = batch::by_ids;
        /// A webhook endpoint.
        WebhookEndpointKey => rows::WebhookEndpoint = webhook_endpoints::by_ids;
        /// A webhook delivery.
        WebhookDeliveryKey => rows::WebhookDelivery = batch::by_ids;
        /// What a webhook delivery sends.
        WebhookMessageKey => rows::WebhookMessage = batch::by_ids;
    }
    many {
        /// What is attested now in a stage run.
        AttestationsOfRun => rows::Attestation = batch::attestations_of_runs;
        /// All evidence of a stage run.
        EvidenceOfRun => rows::Evidence = batch::evidence_of_runs;
        /// What the attestations of a stage run cite.
        CitationsOfRun => rows::Citation = batch::citations_of_runs;
        /// The latest run of each gate of a stage run.
        LatestGateRuns => rows::GateRun = latest_gate_runs;
        /// The attempts at a webhook delivery.
        AttemptsOfDelivery => rows::WebhookAttempt = webhook_deliveries::attempts_of;
    }
}

async fn latest_gate_runs(
    app: &App,
    scope: &Scope,
    runs: &[Uuid],
) -> Result<HashMap<Uuid, Vec<rows::GateRun>>, Error> {
    batch::latest_gate_runs(app, scope, runs, 1).await
}

async fn names(app: &App, _scope: &Scope, ids: &[Uuid]) -> Result<HashMap<Uuid, rows::Person>, Error> {
    batch::persons(app, ids).await
}

/// An API token: one's own, or one that reaches a portfolio that one administers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct TokenKey(pub(crate) Uuid);

impl Loader<TokenKey> for Reader {
    type Value = Arc<rows::Token>;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[TokenKey]) -> Result<HashMap<TokenKey, Self::Value>, Arc<Error>> {
        let ids: Vec<_> = keys.iter().map(|key| key.0).collect();
        let found = tokens::by_ids(&self.app, self.actor()?, &ids).await.map_err(Arc::new)?;
        Ok(found.into_iter().map(|(id, token)| (TokenKey(id), Arc::new(token))).collect())
    }
}

/// Whether the caller may know more of a person than a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct KnownKey(pub(crate) Uuid);

impl Loader<KnownKey> for Reader {
    type Value = ();
    type Error = Arc<Error>;

    async fn load(&self, keys: &[KnownKey]) -> Result<HashMap<KnownKey, ()>, Arc<Error>> {
        let ids: Vec<_> = keys.iter().map(|key| key.0).collect();
        let known = persons::known_to(&self.app, self.actor()?, &ids).await.map_err(Arc::new)?;
        Ok(known.into_iter().map(|id| (KnownKey(id), ())).collect())
    }
}

/// A page of what belongs to a record.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct PageOf<L: List> {
    pub(crate) parent: (L::Parent, Uuid),
    pub(crate) asked: Asked<L>,
}

impl<L: List> Loader<PageOf<L>> for Reader {
    type Value = Arc<Page<Arc<L::Row>>>;
    type Error = Arc<Error>;

    /// One statement for each different page, which a query mostly has one of.
    async fn load(&self, keys: &[PageOf<L>]) -> Result<HashMap<PageOf<L>, Self::Value>, Arc<Error>> {
        let mut pages = HashMap::new();
        for ((parent, asked), ids) in alike(keys, |key| ((key.parent.0, &key.asked), key.parent.1)) {
            let found = list::pages_of(&self.app, &self.scope, (parent, &ids), asked).await;
            for (id, page) in found.map_err(Arc::new)? {
                let key = PageOf { parent: (parent, id), asked: asked.clone() };
                pages.insert(key, Arc::new(page.map(Arc::new)));
            }
        }
        Ok(pages)
    }
}

/// How much of a list belongs to a record.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct CountOf<L: List> {
    pub(crate) parent: (L::Parent, Uuid),
    pub(crate) filter: L::Filter,
}

impl<L: List> Loader<CountOf<L>> for Reader {
    type Value = u64;
    type Error = Arc<Error>;

    /// One statement for each different filter.
    async fn load(&self, keys: &[CountOf<L>]) -> Result<HashMap<CountOf<L>, u64>, Arc<Error>> {
        let mut counts = HashMap::new();
        for ((parent, filter), ids) in alike(keys, |key| ((key.parent.0, &key.filter), key.parent.1)) {
            let found = list::counts_of::<L>(&self.app, &self.scope, (parent, &ids), filter).await;
            for (id, count) in found.map_err(Arc::new)? {
                counts.insert(CountOf { parent: (parent, id), filter: filter.clone() }, count);
            }
        }
        Ok(counts)
    }
}

/// Keys by what they have in common, each with its records.
fn alike<'a, K, G: Eq + Hash>(keys: &'a [K], part: impl Fn(&'a K) -> (G, Uuid)) -> HashMap<G, Vec<Uuid>> {
    let mut groups: HashMap<G, Vec<Uuid>> = HashMap::new();
    for key in keys {
        let (group, id) = part(key);
        groups.entry(group).or_default().push(id);
    }
    groups
}
