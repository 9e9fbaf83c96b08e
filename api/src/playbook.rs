//! Playbooks, as data: phases, stages and gates.

mod gate;
mod query;
mod stage;

use std::{collections::HashMap, sync::Arc};

use app::query::playbook_in_use;
use async_graphql::{Context, ID, Object, SimpleObject};
use domain::{id::Id, playbook};
use uuid::Uuid;

pub(crate) use gate::{FailureAction, Gate, GateKind};
pub(crate) use query::PlaybookQuery;
pub(crate) use stage::Stage;

use crate::{
    cost::list_size,
    error::problem,
    global_id::{Kind, encode},
    loader::Reader,
    record::{FromRow, Record},
    session::session,
};

/// A version of a playbook.
#[derive(Clone)]
pub(crate) struct Playbook {
    id: Uuid,
    pub(crate) playbook: Arc<playbook::Playbook>,
}

impl FromRow for Playbook {
    type Row = (Uuid, Arc<playbook::Playbook>);

    fn of(row: Arc<Self::Row>) -> Self {
        Self { id: row.0, playbook: Arc::clone(&row.1) }
    }
}

impl Record for Playbook {
    const KIND: Kind = Kind::Playbook;

    /// Playbooks that a portfolio of the caller uses, or has used in a stage run.
    async fn rows(reader: &Reader, ids: &[Uuid]) -> Result<HashMap<Uuid, Self::Row>, app::Error> {
        let mut found = HashMap::new();
        for id in ids {
            if playbook_in_use(reader.app(), reader.scope(), *id).await? {
                found.insert(*id, (*id, reader.app().playbook(Id::new(*id)).await?));
            }
        }
        Ok(found)
    }
}

impl Playbook {
    /// A playbook by id. It is read from the database once and then kept in memory.
    pub(crate) async fn by_id(ctx: &Context<'_>, id: Uuid) -> async_graphql::Result<Self> {
        let app = session(ctx)?.app();
        // Boxed for the rare case that it is read, for the reason given at `Session::load`.
        let playbook = Box::pin(app.playbook(Id::new(id))).await.map_err(|error| problem(&error))?;
        Ok(Self { id, playbook })
    }

    /// Its stage with this number.
    pub(crate) fn stage_numbered(self, number: u32) -> Stage {
        Stage { playbook: self.playbook, number }
    }
}

/// Consecutive stages of a playbook.
#[derive(SimpleObject)]
pub(crate) struct Phase {
    /// Key, unique in the playbook.
    key: String,
    /// Title.
    title: String,
    /// Number of the first stage.
    first_stage: u32,
    /// Number of the last stage.
    last_stage: u32,
}

/// A role that a playbook defines.
#[derive(SimpleObject)]
pub(crate) struct PlaybookRole {
    /// Key, such as `LEAD`.
    key: String,
    /// Title.
    title: String,
}

/// One version of a playbook: phases, and stages with their gates.
#[Object]
impl Playbook {
    /// Global id.
    pub(crate) async fn id(&self) -> ID {
        encode(Kind::Playbook, self.id)
    }

    /// Name.
    async fn name(&self) -> &str {
        &self.playbook.name
    }

    /// Version that the authors of the playbook gave it.
    async fn version(&self) -> &str {
        &self.playbook.version
    }

    /// SHA-256 of the content, 64 lower-case hex digits.
    async fn hash(&self) -> &str {
        &self.playbook.hash
    }

    /// Phases, in order.
    async fn phases(&self) -> Vec<Phase> {
        let phases = self.playbook.phases.iter();
        phases
            .map(|phase| Phase {
                key: phase.key.clone(),
                title: phase.title.clone(),
                first_stage: phase.first_stage,
                last_stage: phase.last_stage,
            })
            .collect()
    }

    /// Roles that the playbook defines. The roles of the platform, such as ADMIN, are not included.
    async fn roles(&self) -> Vec<PlaybookRole> {
        let roles = self.playbook.roles.iter();
        roles.map(|(key, title)| PlaybookRole { key: key.to_string(), title: title.clone() }).collect()
    }

    /// Stages, by number.
    #[graphql(directive = list_size::apply(40))]
    async fn stages(&self) -> Vec<Stage> {
        let stages = self.playbook.stages.iter();
        stages.map(|stage| self.clone().stage_numbered(stage.number)).collect()
    }
}
