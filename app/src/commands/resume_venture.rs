//! `resume_venture`: a paused venture runs again.

use async_trait::async_trait;
use domain::{id::Id, venture::Venture};
use serde::{Deserialize, Serialize};

use crate::{Command, Context, Error, Right, Target, event::Event};

/// Resumes a paused venture.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ResumeVenture {
    /// The venture.
    pub venture_id: Id<Venture>,
    /// The version the caller saw.
    pub expected_version: Option<i64>,
}

#[async_trait]
impl Command for ResumeVenture {
    const NAME: &'static str = "resume_venture";
    const RIGHT: Right = Right::Playbook;
    type Output = Id<Venture>;

    fn target(&self) -> Target {
        Target::Venture { id: self.venture_id, seen: self.expected_version }
    }

    async fn run(&self, cx: &mut Context<'_>) -> Result<Self::Output, Error> {
        cx.venture_mut()?.resume()?;
        cx.emit(Event::VentureResumed {});
        Ok(self.venture_id)
    }
}
