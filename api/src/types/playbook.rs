//! Playbooks.

use std::sync::Arc;

use async_graphql::{ID, Object, SimpleObject};
use uuid::Uuid;

use super::stage::Stage;
use crate::{
    cost::list_size,
    global_id::{Kind, encode},
};

/// A playbook: phases and stages with their gates, one version of them.
#[derive(Clone)]
pub(crate) struct Playbook {
    pub(crate) id: Uuid,
    pub(crate) playbook: Arc<domain::playbook::Playbook>,
}

/// A run of stages.
#[derive(SimpleObject)]
pub(crate) struct Phase {
    /// Its key, unique in the playbook.
    key: String,
    /// Its title.
    title: String,
    /// Number of its first stage.
    first_stage: u32,
    /// Number of its last stage.
    last_stage: u32,
}

/// A role that the playbook names.
#[derive(SimpleObject)]
pub(crate) struct PlaybookRole {
    /// Its key, such as `LEAD`.
    key: String,
    /// Its title.
    title: String,
}

/// A playbook: phases and stages with their gates, one version of them.
#[Object]
impl Playbook {
    /// Its global id.
    pub(crate) async fn id(&self) -> ID {
        encode(Kind::Playbook, self.id)
    }

    /// Its name.
    async fn name(&self) -> &str {
        &self.playbook.name
    }

    /// The version its authors gave it.
    async fn version(&self) -> &str {
        &self.playbook.version
    }

    /// Hash of its content: lower-case hex SHA-256.
    async fn hash(&self) -> &str {
        &self.playbook.hash
    }

    /// Its phases, in order.
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

    /// The roles it names; the platform's own are not among them.
    async fn roles(&self) -> Vec<PlaybookRole> {
        let roles = self.playbook.roles.iter();
        roles.map(|(key, title)| PlaybookRole { key: key.to_string(), title: title.clone() }).collect()
    }

    /// Its stages, by number.
    #[graphql(directive = list_size::apply(40))]
    async fn stages(&self) -> Vec<Stage> {
        let stages = self.playbook.stages.iter();
        stages.map(|stage| Stage { playbook: Arc::clone(&self.playbook), number: stage.number }).collect()
    }
}
