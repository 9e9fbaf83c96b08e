//! Stages, as a playbook defines them.

use std::sync::Arc;

use async_graphql::{Enum, Object, SimpleObject};
use domain::playbook::{self, Playbook};

use super::Gate;
use crate::{cost::list_size, error::not_found};

/// A stage.
#[derive(Clone)]
pub(crate) struct Stage {
    pub(super) playbook: Arc<Playbook>,
    pub(super) number: u32,
}

/// Subject of the runs of a stage.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "playbook::Subject")]
pub(crate) enum StageSubject {
    /// One venture.
    Venture,
    /// The whole portfolio.
    Portfolio,
}

/// A part of a stage.
#[derive(SimpleObject)]
pub(crate) struct Substage {
    /// Key, unique in the playbook, such as `14.1`.
    key: String,
    /// Title.
    title: String,
    /// Role that owns the substage.
    owner: String,
    /// Days that the substage may take.
    expected_days: u32,
    /// Labels that must all be attested before the substage is done.
    #[graphql(directive = list_size::apply(3))]
    done_when: Vec<DoneWhen>,
}

/// A label that says when a substage is done.
#[derive(SimpleObject)]
pub(crate) struct DoneWhen {
    /// Key, unique in the stage.
    key: String,
    /// Text.
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

/// A stage of the workflow, as a playbook defines it.
#[Object]
impl Stage {
    /// Number, from 1.
    async fn number(&self) -> u32 {
        self.number
    }

    /// Title.
    async fn title(&self) -> async_graphql::Result<&str> {
        Ok(&self.stage()?.title)
    }

    /// Key of the phase that the stage belongs to.
    async fn phase(&self) -> async_graphql::Result<&str> {
        Ok(&self.stage()?.phase)
    }

    /// Subject of the stage's runs.
    async fn subject(&self) -> async_graphql::Result<StageSubject> {
        Ok(self.stage()?.subject.into())
    }

    /// Role that owns the stage.
    async fn owner(&self) -> async_graphql::Result<&str> {
        Ok(self.stage()?.owner.as_str())
    }

    /// Purpose of the stage, in one sentence.
    async fn summary(&self) -> async_graphql::Result<&str> {
        Ok(&self.stage()?.summary)
    }

    /// Numbers of the stages that must come before.
    async fn depends_on(&self) -> async_graphql::Result<&[u32]> {
        Ok(&self.stage()?.depends_on)
    }

    /// Inputs that the stage starts from, one text each.
    async fn inputs(&self) -> async_graphql::Result<&[String]> {
        Ok(&self.stage()?.inputs)
    }

    /// Outputs of the stage, one text each.
    async fn outputs(&self) -> async_graphql::Result<&[String]> {
        Ok(&self.stage()?.outputs)
    }

    /// Metrics that the stage is measured by, one text each.
    async fn metrics(&self) -> async_graphql::Result<&[String]> {
        Ok(&self.stage()?.metrics)
    }

    /// Days that a run of the stage may take before it is late.
    async fn expected_days(&self) -> async_graphql::Result<u32> {
        Ok(self.stage()?.expected_days)
    }

    /// Gates that must all pass before work begins.
    #[graphql(directive = list_size::apply(3))]
    async fn entry_gates(&self) -> async_graphql::Result<Vec<Gate>> {
        Ok(self.gates(&self.stage()?.entry_gates))
    }

    /// Gates that must all pass before the next stage begins.
    #[graphql(directive = list_size::apply(3))]
    async fn exit_gates(&self) -> async_graphql::Result<Vec<Gate>> {
        Ok(self.gates(&self.stage()?.exit_gates))
    }

    /// Parts of the stage, in order.
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
