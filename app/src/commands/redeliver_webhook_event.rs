//! `redeliver_webhook_event`: an event that was rejected or ignored is handled again.

use async_trait::async_trait;
use domain::{
    Role,
    id::{Id, kind},
    webhook_source::EventStatus,
};
use entity::webhook_event;
use serde::{Deserialize, Serialize};

use crate::{Command, Context, Error, Right, Target, source::HandleWebhookEvent, store};

/// Has a webhook event handled again, as whatever its source may do by now.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RedeliverWebhookEvent {
    /// The event.
    pub webhook_event_id: Id<kind::WebhookEvent>,
}

#[async_trait]
impl Command for RedeliverWebhookEvent {
    const NAME: &'static str = "redeliver_webhook_event";
    const RIGHT: Right = Right::Platform(&[Role::ADMIN]);
    type Output = Id<kind::WebhookEvent>;

    fn target(&self) -> Target {
        Target::WebhookEvent(self.webhook_event_id)
    }

    async fn run(&self, cx: &mut Context<'_>) -> Result<Self::Output, Error> {
        let before = store::lock::<webhook_event::Model>(cx.tx(), &cx.scope(), self.webhook_event_id).await?;
        store::webhook_event::status(&before)?.require_unhandled()?;
        let after = webhook_event::Model {
            status: EventStatus::Received.name().to_owned(),
            handled_at: None,
            code: None,
            message: None,
            ..before.clone()
        };
        store::webhook_event::save(cx.tx(), &after).await?;
        let states = [&before, &after].map(|event| Some(store::webhook_event::state(event)));
        let [before, after] = states;
        cx.changed(before, after);
        cx.send(&HandleWebhookEvent { webhook_event_id: self.webhook_event_id })?;
        Ok(self.webhook_event_id)
    }
}
