//! `adopt_playbook`: new stage runs of a portfolio start with another playbook. Runs under way keep theirs.

use async_trait::async_trait;
use domain::id::{Id, kind};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Command, Context, Error, Right, Target,
    event::{self, Event},
};

/// Makes an imported playbook the portfolio's own for new runs.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AdoptPlaybook {
    /// The portfolio.
    pub portfolio_id: Id<kind::Portfolio>,
    /// The playbook.
    pub playbook_id: Id<kind::Playbook>,
}

/// The portfolio adopted another playbook. Stage runs that open later start with it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct PlaybookAdopted {
    /// The playbook version.
    pub playbook_id: Id<kind::Playbook>,
    /// Its name.
    pub name: String,
    /// The version that its authors gave it.
    pub version: String,
}

impl Event for PlaybookAdopted {
    const KIND: &'static str = "portfolio.playbook_adopted.v1";
}

#[async_trait]
impl Command for AdoptPlaybook {
    const NAME: &'static str = "adopt_playbook";
    const RIGHT: Right = Right::Agent;
    const EVENTS: &'static [event::Declared] = &[event::Declared::of::<PlaybookAdopted>()];
    type Output = bool;

    fn target(&self) -> Target {
        Target::root(self.portfolio_id)
    }

    async fn run(&self, cx: &mut Context<'_>) -> Result<Self::Output, Error> {
        if cx.portfolio()?.playbook_id == self.playbook_id {
            return Ok(false);
        }
        let playbook = cx.playbook(self.playbook_id).await?;
        cx.portfolio_mut()?.playbook_id = self.playbook_id;
        cx.emit(PlaybookAdopted {
            playbook_id: self.playbook_id,
            name: playbook.name.clone(),
            version: playbook.version.clone(),
        });
        Ok(true)
    }
}
