//! `reprocess_webhook_event`: an event that was rejected or ignored is handled again.

use async_trait::async_trait;
use domain::{
    Refusal, Role,
    id::{Id, kind},
    webhook_source::EventStatus,
};
use entity::webhook_event;
use serde::{Deserialize, Serialize};

use super::{acting::HandleWebhookEvent, event_store};
use crate::{Command, Context, Error, Right, Target, command::Standing, global_id::Kind, record::lock};

/// Handles a rejected or ignored webhook event again, with the roles that its source has now.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReprocessWebhookEvent {
    /// The event.
    pub webhook_event_id: Id<kind::WebhookEvent>,
}

#[async_trait]
impl Command for ReprocessWebhookEvent {
    const NAME: &'static str = "reprocess_webhook_event";
    const RIGHT: Right = Right::Platform(&[Role::ADMIN]);
    const ACTS_ON: Option<Kind> = Some(Kind::WebhookEvent);
    type Output = Id<kind::WebhookEvent>;

    fn target(&self) -> Target {
        Target::record::<entity::webhook_event::Model>(self.webhook_event_id)
    }

    fn ready(standing: &Standing<'_>) -> Result<(), Refusal> {
        standing.record::<webhook_event::Model>().map_or(Ok(()), |event| event.status.require_unhandled())
    }

    async fn run(&self, cx: &mut Context<'_>) -> Result<Self::Output, Error> {
        let before = lock::<webhook_event::Model>(cx.tx(), &cx.scope(), self.webhook_event_id).await?;
        before.status.require_unhandled()?;
        let after = webhook_event::Model {
            status: EventStatus::Received.into(),
            handled_at: None,
            code: None,
            message: None,
            ..before.clone()
        };
        event_store::save(cx.tx(), &after).await?;
        let states = [&before, &after].map(|event| Some(event_store::state(event)));
        let [before, after] = states;
        cx.changed(before, after);
        cx.send(&HandleWebhookEvent { webhook_event_id: self.webhook_event_id })?;
        Ok(self.webhook_event_id)
    }
}
