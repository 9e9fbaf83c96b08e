//! Stages, as the playbook has them.

use std::sync::Arc;

use async_graphql::{Enum, Object, SimpleObject};
use domain::playbook::{self, Playbook};

use super::gate::Gate;
use crate::{cost::list_size, error::not_found};

/// A stage of the workflow, as a playbook has it.
#[derive(Clone)]
pub(crate) struct Stage {
    pub(crate) playbook: Arc<Playbook>,
    pub(crate) number: u32,
}

/// What a stage is run for.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StageSubject {
    /// One venture.
    Venture,
    /// The portfolio as a whole.
    Portfolio,
}

/// A part of a stage.
#[derive(SimpleObject)]
pub(crate) struct Substage {
    /// Its key, unique in the playbook, such as `14.1`.
    key: String,
    /// Its title.
    title: String,
    /// The role that answers for it.
    owner: String,
    /// More days are late.
    expected_days: u32,
    /// It is done when all of these are attested.
    #[graphql(directive = list_size::apply(3))]
    done_when: Vec<DoneWhen>,
}

/// A label that says when a substage is done.
#[derive(SimpleObject)]
pub(crate) struct DoneWhen {
    /// Its key, unique in the stage.
    key: String,
    /// The label.
    label: String,
}

impl Stage {
    fn stage(&self) -> async_graphql::Result<&playbook::Stage> {
        self.playbook.stage(self.number).ok_or_else(|| not_found("the stage"))
    }

    fn gates(&self, gates: &[playbook::Gate]) -> Vec<Gate> {
        let gate = |gate: &playbook::Gate| Gate {
            playbook: Arc::clone(&self.playbook),
            stage: self.number,
            key: gate.key.clone(),
            run: None,
        };
        gates.iter().map(gate).collect()
    }
}

/// A stage of the workflow, as a playbook has it.
#[Object]
impl Stage {
    /// Its number, from 1.
    async fn number(&self) -> u32 {
        self.number
    }

    /// Its title.
    async fn title(&self) -> async_graphql::Result<&str> {
        Ok(&self.stage()?.title)
    }

    /// Key of its phase.
    async fn phase(&self) -> async_graphql::Result<&str> {
        Ok(&self.stage()?.phase)
    }

    /// What it is run for.
    async fn subject(&self) -> async_graphql::Result<StageSubject> {
        Ok(match self.stage()?.subject {
            playbook::Subject::Venture => StageSubject::Venture,
            playbook::Subject::Portfolio => StageSubject::Portfolio,
        })
    }

    /// The role that answers for it.
    async fn owner(&self) -> async_graphql::Result<&str> {
        Ok(self.stage()?.owner.as_str())
    }

    /// What it is for, in one sentence.
    async fn summary(&self) -> async_graphql::Result<&str> {
        Ok(&self.stage()?.summary)
    }

    /// Numbers of the stages that come before it.
    async fn depends_on(&self) -> async_graphql::Result<&[u32]> {
        Ok(&self.stage()?.depends_on)
    }

    /// What it starts from.
    async fn inputs(&self) -> async_graphql::Result<&[String]> {
        Ok(&self.stage()?.inputs)
    }

    /// What it yields.
    async fn outputs(&self) -> async_graphql::Result<&[String]> {
        Ok(&self.stage()?.outputs)
    }

    /// What it is measured by.
    async fn metrics(&self) -> async_graphql::Result<&[String]> {
        Ok(&self.stage()?.metrics)
    }

    /// A run that takes more days is late.
    async fn expected_days(&self) -> async_graphql::Result<u32> {
        Ok(self.stage()?.expected_days)
    }

    /// All must pass before work begins.
    #[graphql(directive = list_size::apply(3))]
    async fn entry_gates(&self) -> async_graphql::Result<Vec<Gate>> {
        Ok(self.gates(&self.stage()?.entry_gates))
    }

    /// All must pass before the next stage.
    #[graphql(directive = list_size::apply(3))]
    async fn exit_gates(&self) -> async_graphql::Result<Vec<Gate>> {
        Ok(self.gates(&self.stage()?.exit_gates))
    }

    /// Its parts, in order.
    #[graphql(directive = list_size::apply(3))]
    async fn substages(&self) -> async_graphql::Result<Vec<Substage>> {
        let substages = self.stage()?.substages.iter();
        Ok(substages.map(substage).collect())
    }
}

fn substage(substage: &playbook::Substage) -> Substage {
    let labels = substage.done_when.iter();
    Substage {
        key: substage.key.clone(),
        title: substage.title.clone(),
        owner: substage.owner.to_string(),
        expected_days: substage.expected_days,
        done_when: labels.map(|d| DoneWhen { key: d.key.clone(), label: d.label.clone() }).collect(),
    }
}
