//! A person's command, done by whoever runs the system at its command line: they hold no role in any
//! portfolio, and the database itself.

use async_trait::async_trait;
use domain::Refusal;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::Standing;
use crate::{Command, Context, Error, Right, Target, event};

/// The same command, recorded under the same name as done by the agent `operator`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent, bound = "C: Serialize + DeserializeOwned")]
pub struct ByOperator<C>(pub C);

#[async_trait]
impl<C: Command> Command for ByOperator<C> {
    const NAME: &'static str = C::NAME;
    const RIGHT: Right = Right::Agent;
    const EVENTS: &'static [event::Declared] = C::EVENTS;
    type Output = C::Output;

    fn target(&self) -> Target {
        self.0.target()
    }

    fn ready(standing: &Standing<'_>) -> Result<(), Refusal> {
        C::ready(standing)
    }

    async fn run(&self, cx: &mut Context<'_>) -> Result<Self::Output, Error> {
        self.0.run(cx).await
    }
}
