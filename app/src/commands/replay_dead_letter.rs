//! `replay_dead_letter`: a parked message goes back to the queue it came from.

use async_trait::async_trait;
use domain::{
    Refusal,
    id::{Id, kind},
    refusal::Code,
};
use entity::dead_letter;
use sea_orm::{ActiveValue::Set, EntityTrait};
use serde::{Deserialize, Serialize};

use crate::{Command, Context, Error, Right, Target, messages::outbox::Draft};

/// Sends a dead letter again, once.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReplayDeadLetter {
    /// The letter.
    pub dead_letter_id: Id<kind::DeadLetter>,
}

#[async_trait]
impl Command for ReplayDeadLetter {
    const NAME: &'static str = "replay_dead_letter";
    const RIGHT: Right = Right::Platform(&["OPERATOR", "ADMIN"]);
    type Output = Id<kind::DeadLetter>;

    fn target(&self) -> Target {
        Target::DeadLetter(self.dead_letter_id)
    }

    async fn run(&self, cx: &mut Context<'_>) -> Result<Self::Output, Error> {
        let person = cx.person()?;
        let letter = dead_letter::Entity::find_by_id(self.dead_letter_id.uuid()).one(cx.tx()).await?;
        let letter = letter.ok_or(Error::NotFound)?;
        if letter.replayed_at.is_some() {
            return Err(Refusal::new(Code::AlreadyReplayed, "this message was replayed before").into());
        }
        cx.send_draft(Draft {
            message_id: letter.message_id,
            kind: letter.kind,
            queue: Some(letter.queue),
            body: letter.body,
            headers: serde_json::from_value(letter.headers)?,
            attempt: 0,
            available_at: None,
        });
        let change = dead_letter::ActiveModel {
            id: Set(letter.id),
            replayed_at: Set(Some(cx.now())),
            replayed_by_id: Set(Some(person.uuid())),
            ..Default::default()
        };
        dead_letter::Entity::update(change).exec_without_returning(cx.tx()).await?;
        Ok(self.dead_letter_id)
    }
}
