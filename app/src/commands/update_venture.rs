//! `update_venture`: what is said of a venture changes.

use async_trait::async_trait;
use domain::{
    id::Id,
    venture::{ProfileChange, Venture},
};
use serde::{Deserialize, Serialize};

use crate::{Command, Context, Error, Right, Target, event::Event};

/// Changes some of a venture's fields.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct UpdateVenture {
    /// The venture.
    pub venture_id: Id<Venture>,
    /// The version the caller saw.
    pub expected_version: Option<i64>,
    /// What changes.
    #[serde(flatten)]
    pub change: ProfileChange,
}

#[async_trait]
impl Command for UpdateVenture {
    const NAME: &'static str = "update_venture";
    const RIGHT: Right = Right::Playbook;
    type Output = Id<Venture>;

    fn target(&self) -> Target {
        Target::Venture { id: self.venture_id, seen: self.expected_version }
    }

    async fn run(&self, cx: &mut Context<'_>) -> Result<Self::Output, Error> {
        let venture = cx.venture_mut()?;
        venture.require_active()?;
        let after = venture.profile.changed(&self.change)?;
        if after != venture.profile {
            let before = std::mem::replace(&mut venture.profile, after.clone());
            cx.emit(Event::VentureUpdated { before, after });
        }
        Ok(self.venture_id)
    }
}
