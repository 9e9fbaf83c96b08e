//! `pause_venture`: a venture rests until a person resumes it.

use async_trait::async_trait;
use domain::{id::Id, venture::Venture};
use serde::{Deserialize, Serialize};

use crate::{Command, Context, Error, Right, Target, event::Event};

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

#[async_trait]
impl Command for PauseVenture {
    const NAME: &'static str = "pause_venture";
    const RIGHT: Right = Right::Playbook;
    type Output = Id<Venture>;

    fn target(&self) -> Target {
        Target::Venture { id: self.venture_id, seen: self.expected_version }
    }

    async fn run(&self, cx: &mut Context<'_>) -> Result<Self::Output, Error> {
        let now = cx.now();
        cx.venture_mut()?.pause(&self.reason, now)?;
        cx.emit(Event::VenturePaused { reason: self.reason.clone() });
        Ok(self.venture_id)
    }
}
