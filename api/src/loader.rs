//! Batching: what many rows of a query need of one kind is read in one statement.

use std::{
    collections::HashMap,
    hash::{Hash, Hasher},
    marker::PhantomData,
    sync::Arc,
};

use app::{
    Actor, App, Error, Scope,
    query::{
        administered,
        list::{self, Asked, Count, List},
        page::Page,
    },
};
use async_graphql::dataloader::Loader;
use uuid::Uuid;

use crate::record::Record;

/// Reads for one session, within its scope.
pub(crate) struct Reader {
    app: App,
    actor: Option<Actor>,
    scope: Scope,
}

impl Reader {
    /// A reader for an actor. Without an actor it sees nothing.
    pub(crate) fn new(app: App, actor: Option<Actor>) -> Self {
        let scope = actor.as_ref().map_or_else(|| Scope::Portfolios(Vec::new()), Actor::scope);
        Self { app, actor, scope }
    }

    pub(crate) fn app(&self) -> &App {
        &self.app
    }

    /// The portfolios whose records the actor may read.
    pub(crate) fn scope(&self) -> &Scope {
        &self.scope
    }

    /// The portfolios whose records for ADMINs the actor may read.
    pub(crate) fn administered(&self) -> Scope {
        self.actor.as_ref().map_or_else(|| Scope::Portfolios(Vec::new()), administered)
    }

    /// The actor. Resolvers ask for a session first, so there is one.
    pub(crate) fn actor(&self) -> Result<&Actor, Error> {
        self.actor.as_ref().ok_or(Error::NotFound)
    }
}

/// Something that is loaded by the id of a record: the record itself, or what belongs to it.
pub(crate) trait Loads: Send + Sync + 'static {
    /// What is loaded. All fields that ask for it share it.
    type Value: Clone + Send + Sync + 'static;

    /// What there is under each id within the caller's sight, in a number of statements that does not depend
    /// on the number of ids.
    fn read(
        reader: &Reader,
        ids: &[Uuid],
    ) -> impl Future<Output = Result<HashMap<Uuid, Self::Value>, Error>> + Send;
}

impl<R: Record> Loads for R {
    type Value = Arc<R::Row>;

    async fn read(reader: &Reader, ids: &[Uuid]) -> Result<HashMap<Uuid, Arc<R::Row>>, Error> {
        let rows = R::rows(reader, ids).await?;
        Ok(rows.into_iter().map(|(id, row)| (id, Arc::new(row))).collect())
    }
}

/// The rows that belong to one record.
pub(crate) type Group<T> = Arc<[Arc<T>]>;

/// Rows by record, shared.
pub(crate) fn grouped<T>(rows: HashMap<Uuid, Vec<T>>) -> HashMap<Uuid, Group<T>> {
    rows.into_iter().map(|(id, rows)| (id, rows.into_iter().map(Arc::new).collect())).collect()
}

/// The id under which a `T` is loaded.
pub(crate) struct Key<T>(Uuid, PhantomData<fn() -> T>);

impl<T> Key<T> {
    pub(crate) fn new(id: Uuid) -> Self {
        Self(id, PhantomData)
    }
}

// Derived, these would ask the same of `T`.
impl<T> Clone for Key<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Key<T> {}

impl<T> PartialEq for Key<T> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<T> Eq for Key<T> {}

impl<T> Hash for Key<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl<T: Loads> Loader<Key<T>> for Reader {
    type Value = T::Value;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[Key<T>]) -> Result<HashMap<Key<T>, T::Value>, Arc<Error>> {
        let ids: Vec<Uuid> = keys.iter().map(|key| key.0).collect();
        let found = T::read(self, &ids).await.map_err(Arc::new)?;
        Ok(found.into_iter().map(|(id, value)| (Key::new(id), value)).collect())
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

    /// One statement for each different page. Most queries ask for one page under many parents.
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

/// The number of records that belong to a record.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct CountOf<L: List> {
    pub(crate) parent: (L::Parent, Uuid),
    pub(crate) filter: L::Filter,
}

impl<L: List> Loader<CountOf<L>> for Reader {
    type Value = Count;
    type Error = Arc<Error>;

    /// One statement for each different filter.
    async fn load(&self, keys: &[CountOf<L>]) -> Result<HashMap<CountOf<L>, Count>, Arc<Error>> {
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
