//! Mutations of dead letters.

use app::commands;
use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use domain::id::{Id, kind};

use super::DeadLetter;
use crate::{
    change::{Changed, Input, Keyed, NotRun, Payload, change},
    global_id::{Kind, id_of},
    session::session,
};

/// Input of `replayDeadLetter`.
#[derive(InputObject)]
pub(crate) struct ReplayDeadLetter {
    /// Global id of the dead letter.
    dead_letter_id: ID,
}

impl Input for ReplayDeadLetter {
    type Command = commands::ReplayDeadLetter;
    type Payload = ReplayDeadLetterAnswer;

    async fn command(self, _: &Context<'_>) -> Result<commands::ReplayDeadLetter, NotRun> {
        Ok(commands::ReplayDeadLetter { dead_letter_id: id_of(Kind::DeadLetter, &self.dead_letter_id)? })
    }
}

/// What `replayDeadLetter` answers.
#[derive(SimpleObject, Default)]
pub(crate) struct ReplayDeadLetterAnswer {
    /// The dead letter after the change. Null when the mutation was refused.
    dead_letter: Option<DeadLetter>,
}

impl Payload<commands::ReplayDeadLetter> for ReplayDeadLetterAnswer {
    async fn read(
        ctx: &Context<'_>,
        _: &commands::ReplayDeadLetter,
        id: Id<kind::DeadLetter>,
    ) -> async_graphql::Result<Self> {
        Ok(Self { dead_letter: session(ctx)?.find(id.uuid()).await? })
    }
}

/// Mutations of dead letters.
#[derive(Default)]
pub(crate) struct DeadLetterMutation;

/// Mutations of dead letters.
#[Object]
impl DeadLetterMutation {
    /// Sends the message of a dead letter to its queue again. Requires the role OPERATOR or ADMIN. A dead letter can be
    /// replayed once.
    async fn replay_dead_letter(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The dead letter.")] input: Keyed<ReplayDeadLetter>,
    ) -> Changed<ReplayDeadLetter> {
        change(ctx, input).await
    }
}
