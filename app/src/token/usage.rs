//! When tokens were last used: kept to the minute, and never waited for.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
};

use chrono::{DateTime, Duration, Utc};
use entity::token;
use sea_orm::{ActiveValue::Set, ColumnTrait, Condition, EntityTrait, QueryFilter};
use uuid::Uuid;

use crate::{Actor, App, Error, actor::Credential};

/// How old what is on record may become before it is written again.
const EVERY: Duration = Duration::minutes(1);

/// The tokens whose use is being written by this process.
#[derive(Clone, Debug, Default)]
pub(crate) struct Usage(Arc<Mutex<HashSet<Uuid>>>);

impl Usage {
    fn begin(&self, token: Uuid) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(token)
    }

    fn end(&self, token: Uuid) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&token);
    }
}

/// Notes that the actor's token is in use. Returns at once: what is on record is written beside the
/// request, at most once a minute for each token, and a use that could not be written is not missed.
pub fn note(app: &App, actor: &Actor) {
    let Some(Credential::Token { id, last_used_at, .. }) = actor.person().map(|person| &person.credential)
    else {
        return;
    };
    let (id, now) = (id.uuid(), app.clock().now());
    if last_used_at.is_some_and(|last| now < last + EVERY) || !app.usage().begin(id) {
        return;
    }
    let app = app.clone();
    tokio::spawn(async move {
        if let Err(error) = write(&app, id, now).await {
            tracing::debug!(%error, "the use of a token was not written");
        }
        app.usage().end(id);
    });
}

async fn write(app: &App, id: Uuid, now: DateTime<Utc>) -> Result<(), Error> {
    let due = Condition::any()
        .add(token::Column::LastUsedAt.is_null())
        .add(token::Column::LastUsedAt.lte(now - EVERY));
    token::Entity::update_many()
        .set(token::ActiveModel { last_used_at: Set(Some(now)), ..Default::default() })
        .filter(token::Column::Id.eq(id))
        .filter(due)
        .exec(app.database().write())
        .await?;
    Ok(())
}
