//! Repeated requests: the answer that a caller's key got before is the answer it gets again.

use domain::{Refusal, refusal::Code};
use entity::idempotency;
use sea_orm::{ActiveValue::Set, EntityTrait};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{Command, Context, Error};

impl Context<'_> {
    /// The answer given before to the same key, if there is one; refuses another command under it.
    pub(crate) async fn answered<C: Command>(&self, command: &C) -> Result<Option<C::Output>, Error> {
        let Some((person, key)) = self.idempotency() else { return Ok(None) };
        let found = idempotency::Entity::find_by_id((person, key.clone())).one(&self.tx).await?;
        let Some(row) = found else { return Ok(None) };
        if row.command != C::NAME || row.input_hash != hash(command)? {
            return Err(Refusal::new(
                Code::IdempotencyKeyReused,
                "this idempotency key was used before with another input",
            )
            .at("idempotencyKey")
            .into());
        }
        Ok(Some(serde_json::from_value(row.output)?))
    }

    /// Keeps the answer for the caller's key, in the same transaction as the effect.
    pub(crate) async fn remember<C: Command>(&self, command: &C, output: &C::Output) -> Result<(), Error> {
        let Some((person, key)) = self.idempotency() else { return Ok(()) };
        idempotency::Entity::insert(idempotency::ActiveModel {
            person_id: Set(person),
            key: Set(key),
            command: Set(C::NAME.to_owned()),
            input_hash: Set(hash(command)?),
            output: Set(serde_json::to_value(output)?),
            at: Set(self.now),
        })
        .exec_without_returning(&self.tx)
        .await?;
        Ok(())
    }

    fn idempotency(&self) -> Option<(Uuid, String)> {
        let person = self.request.actor.person()?.id.uuid();
        self.request.idempotency_key.clone().map(|key| (person, key))
    }
}

fn hash<C: Command>(command: &C) -> Result<String, Error> {
    Ok(hex::encode(Sha256::digest(serde_json::to_vec(command)?)))
}
