//! `update_venture`: what is said of a venture changes.

use async_trait::async_trait;
use domain::{
    Refusal,
    id::Id,
    venture::{Profile, ProfileChange, Venture},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Command, Context, Error, Right, Target,
    command::Standing,
    event::{self, Event},
    global_id::Kind,
};

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

/// Name, description, category, time zone or currency of the venture changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct VentureUpdated {
    /// What it was before.
    pub before: Profile,
    /// What it is now.
    pub after: Profile,
}

impl Event for VentureUpdated {
    const KIND: &'static str = "venture.updated.v1";
}

#[async_trait]
impl Command for UpdateVenture {
    const NAME: &'static str = "update_venture";
    const RIGHT: Right = Right::Playbook;
    const EVENTS: &'static [event::Declared] = &[event::Declared::of::<VentureUpdated>()];
    const ACTS_ON: Option<Kind> = Some(Kind::Venture);
    type Output = Id<Venture>;

    fn target(&self) -> Target {
        Target::root(self.venture_id).seen(self.expected_version)
    }

    fn ready(standing: &Standing<'_>) -> Result<(), Refusal> {
        standing.require_active()
    }

    async fn run(&self, cx: &mut Context<'_>) -> Result<Self::Output, Error> {
        let venture = cx.venture_mut()?;
        let after = venture.profile.changed(&self.change)?;
        if after != venture.profile {
            let before = std::mem::replace(&mut venture.profile, after.clone());
            cx.emit(VentureUpdated { before, after });
        }
        Ok(self.venture_id)
    }
}
