//! `resume_venture`: a paused venture runs again.

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

/// Resumes a paused venture.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ResumeVenture {
    /// The venture.
    pub venture_id: Id<Venture>,
    /// The version the caller saw.
    pub expected_version: Option<i64>,
}

/// The venture was resumed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct VentureResumed {}

impl Event for VentureResumed {
    const KIND: &'static str = "venture.resumed.v1";
}

#[async_trait]
impl Command for ResumeVenture {
    const NAME: &'static str = "resume_venture";
    const RIGHT: Right = Right::Playbook;
    const EVENTS: &'static [event::Declared] = &[event::Declared::of::<VentureResumed>()];
    const ACTS_ON: Option<Kind> = Some(Kind::Venture);
    type Output = Id<Venture>;

    fn target(&self) -> Target {
        Target::root(self.venture_id).seen(self.expected_version)
    }

    fn ready(standing: &Standing<'_>) -> Result<(), Refusal> {
        standing.venture.map_or(Ok(()), |venture| venture.require_paused())
    }

    async fn run(&self, cx: &mut Context<'_>) -> Result<Self::Output, Error> {
        cx.venture_mut()?.resume()?;
        cx.emit(VentureResumed {});
        Ok(self.venture_id)
    }
}
