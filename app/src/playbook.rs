//! Playbooks in the database: imported once by content hash, parsed once a process, never changed.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, RwLock},
};

use domain::{
    id::{Id, kind},
    playbook::{Fault, Playbook, content_hash},
};
use entity::playbook::{ActiveModel, Column, Entity};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::OnConflict,
};
use uuid::Uuid;

use crate::{App, Error, command};

/// The parsed playbooks of this process.
#[derive(Clone, Debug, Default)]
pub struct Playbooks(Arc<RwLock<HashMap<Id<kind::Playbook>, Arc<Playbook>>>>);

/// Why a playbook was not imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// It is at fault: each fault with its file and line.
    #[error("{}", .0.iter().map(Fault::to_string).collect::<Vec<_>>().join("\n"))]
    Faults(Vec<Fault>),
    /// It could not be stored.
    #[error(transparent)]
    Storage(#[from] Error),
}

impl Playbooks {
    /// The playbook, from memory or else from the database.
    pub async fn get(
        &self,
        db: &impl ConnectionTrait,
        id: Id<kind::Playbook>,
    ) -> Result<Arc<Playbook>, Error> {
        if let Some(known) = self.known(id) {
            return Ok(known);
        }
        let row = Entity::find_by_id(id.uuid()).one(db).await?.ok_or(Error::NotFound)?;
        let files: BTreeMap<String, String> = serde_json::from_value(row.files)?;
        let playbook = load(files).await.map_err(|faults| {
            anyhow::anyhow!("stored playbook {id} does not load: {}", ImportError::Faults(faults))
        })?;
        Ok(self.keep(id, Arc::new(playbook)))
    }

    /// The playbook, if it was asked for before.
    pub fn known(&self, id: Id<kind::Playbook>) -> Option<Arc<Playbook>> {
        self.0.read().ok()?.get(&id).cloned()
    }

    fn keep(&self, id: Id<kind::Playbook>, playbook: Arc<Playbook>) -> Arc<Playbook> {
        match self.0.write() {
            Ok(mut known) => Arc::clone(known.entry(id).or_insert(playbook)),
            // Another thread panicked while it held the lock: do without the cache.
            Err(_) => playbook,
        }
    }
}

/// Checks a playbook and stores it unless the same content is there. Gives its id.
pub async fn import(app: &App, files: BTreeMap<String, String>) -> Result<Id<kind::Playbook>, ImportError> {
    let stored = serde_json::to_value(&files).map_err(Error::from)?;
    let hash = content_hash(&files);
    if let Some(id) = by_hash(app, &hash).await? {
        return Ok(id);
    }
    let playbook = load(files).await.map_err(ImportError::Faults)?;
    let row = ActiveModel {
        id: Set(app.ids().next()),
        hash: Set(hash.clone()),
        name: Set(playbook.name.clone()),
        version: Set(playbook.version.clone()),
        files: Set(stored),
        imported_at: Set(app.clock().now()),
    };
    // Processes that start together import together: the first one's row stands.
    Entity::insert(row)
        .on_conflict(OnConflict::column(Column::Hash).do_nothing().to_owned())
        .exec_without_returning(app.database().write())
        .await
        .map_err(Error::from)?;
    let id =
        by_hash(app, &hash).await?.ok_or_else(|| Error::Internal(anyhow::anyhow!("playbook not stored")))?;
    app.playbooks().keep(id, Arc::new(playbook));
    Ok(id)
}

async fn by_hash(app: &App, hash: &str) -> Result<Option<Id<kind::Playbook>>, Error> {
    let row = Entity::find().filter(Column::Hash.eq(hash)).one(app.database().write()).await?;
    Ok(row.map(|row| Id::new(row.id)))
}

/// Parsing compiles expressions for tens of milliseconds: off the executor's threads.
async fn load(files: BTreeMap<String, String>) -> Result<Playbook, Vec<Fault>> {
    match tokio::task::spawn_blocking(move || Playbook::load(&files, &command::governed())).await {
        Ok(result) => result,
        Err(panic) => std::panic::resume_unwind(panic.into_panic()),
    }
}

/// The playbook that was imported last; none before the first import.
pub(crate) async fn latest(db: &impl ConnectionTrait) -> Result<Option<Uuid>, Error> {
    let id = Entity::find()
        .select_only()
        .column(Column::Id)
        .order_by_desc(Column::ImportedAt)
        .order_by_desc(Column::Id)
        .into_tuple()
        .one(db)
        .await?;
    Ok(id)
}
