//! `disable_webhook_source`: nothing more is taken from a source.

use async_trait::async_trait;
use domain::{
    Role,
    id::{Id, kind},
};
use entity::webhook_source;
use serde::{Deserialize, Serialize};

use super::create_webhook_source::save;
use crate::{Command, Context, Error, Right, Target, event::Event, store};

/// Takes nothing more from a webhook source until it is enabled. What was kept and is not handled yet is rejected.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DisableWebhookSource {
    /// The source.
    pub webhook_source_id: Id<kind::WebhookSource>,
}

#[async_trait]
impl Command for DisableWebhookSource {
    const NAME: &'static str = "disable_webhook_source";
    const RIGHT: Right = Right::Platform(&[Role::ADMIN]);
    type Output = Id<kind::WebhookSource>;

    fn target(&self) -> Target {
        Target::WebhookSource(self.webhook_source_id)
    }

    async fn run(&self, cx: &mut Context<'_>) -> Result<Self::Output, Error> {
        let before =
            store::lock::<webhook_source::Model>(cx.tx(), &cx.scope(), self.webhook_source_id).await?;
        store::webhook_source::require_enabled(&before)?;
        let after = webhook_source::Model { disabled_at: Some(cx.now()), ..before.clone() };
        save(cx, &before, after).await?;
        cx.emit(Event::WebhookSourceDisabled { webhook_source_id: self.webhook_source_id });
        Ok(self.webhook_source_id)
    }
}
