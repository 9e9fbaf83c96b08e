//! `adopt_playbook`: new stage runs of a portfolio start with another playbook. Runs under way keep theirs.

use async_trait::async_trait;
use domain::id::{Id, kind};
use entity::portfolio;
use sea_orm::{ActiveValue::Set, EntityTrait};
use serde::{Deserialize, Serialize};

use crate::{Command, Context, Error, Right, Target, event::Event};

/// Makes an imported playbook the portfolio's own for new runs.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AdoptPlaybook {
    /// The portfolio.
    pub portfolio_id: Id<kind::Portfolio>,
    /// The playbook.
    pub playbook_id: Id<kind::Playbook>,
}

#[async_trait]
impl Command for AdoptPlaybook {
    const NAME: &'static str = "adopt_playbook";
    const RIGHT: Right = Right::Agent;
    type Output = bool;

    fn target(&self) -> Target {
        Target::Portfolio(self.portfolio_id)
    }

    async fn run(&self, cx: &mut Context<'_>) -> Result<Self::Output, Error> {
        let row = cx.portfolio().await?;
        if row.playbook_id == self.playbook_id.uuid() {
            return Ok(false);
        }
        let playbook = cx.playbook(self.playbook_id).await?;
        let change = portfolio::ActiveModel {
            id: Set(row.id),
            playbook_id: Set(self.playbook_id.uuid()),
            version: Set(row.version + 1),
            ..Default::default()
        };
        portfolio::Entity::update(change).exec_without_returning(cx.tx()).await?;
        cx.emit(Event::PlaybookAdopted {
            playbook_id: self.playbook_id,
            name: playbook.name.clone(),
            version: playbook.version.clone(),
        });
        Ok(true)
    }
}
