//! `pause_venture`: a venture rests until a person resumes it.

use async_trait::async_trait;
use domain::{Refusal, id::Id, venture::Venture};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Command, Context, Error, Right, Target,
    command::Standing,
    event::{self, Event},
    global_id::Kind,
};

/// Pauses a venture.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PauseVenture {
    /// The venture.
    pub venture_id: Id<Venture>,
    /// The version the caller saw.
    pub expected_version: Option<i64>,
    /// Why: 3 to 500 characters.
    pub reason: String,
}

/// The venture was paused.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct VenturePaused {
    /// Why.
    pub reason: String,
}

impl Event for VenturePaused {
    const KIND: &'static str = "venture.paused.v1";
}

#[async_trait]
impl Command for PauseVenture {
    const NAME: &'static str = "pause_venture";
    const RIGHT: Right = Right::Playbook;
    const EVENTS: &'static [event::Declared] = &[event::Declared::of::<VenturePaused>()];
    const ACTS_ON: Option<Kind> = Some(Kind::Venture);
    type Output = Id<Venture>;

    fn target(&self) -> Target {
        Target::root(self.venture_id).seen(self.expected_version)
    }

    fn ready(standing: &Standing<'_>) -> Result<(), Refusal> {
        standing.venture.map_or(Ok(()), |venture| venture.require_active())
    }

    async fn run(&self, cx: &mut Context<'_>) -> Result<Self::Output, Error> {
        let now = cx.now();
        cx.venture_mut()?.pause(&self.reason, now)?;
        cx.emit(VenturePaused { reason: self.reason.clone() });
        Ok(self.venture_id)
    }
}
