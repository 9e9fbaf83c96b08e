//! `enable_webhook_source`: events are taken from a source again.

use async_trait::async_trait;
use domain::{
    Refusal, Role,
    id::{Id, kind},
    refusal::Code,
};
use entity::webhook_source;
use serde::{Deserialize, Serialize};

use super::create_webhook_source::save;
use crate::{Command, Context, Error, Right, Target, event::Event, store};

/// Takes events from a webhook source again, signed by the secrets it had.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EnableWebhookSource {
    /// The source.
    pub webhook_source_id: Id<kind::WebhookSource>,
}

#[async_trait]
impl Command for EnableWebhookSource {
    const NAME: &'static str = "enable_webhook_source";
    const RIGHT: Right = Right::Platform(&[Role::ADMIN]);
    type Output = Id<kind::WebhookSource>;

    fn target(&self) -> Target {
        Target::WebhookSource(self.webhook_source_id)
    }

    async fn run(&self, cx: &mut Context<'_>) -> Result<Self::Output, Error> {
        let before =
            store::lock::<webhook_source::Model>(cx.tx(), &cx.scope(), self.webhook_source_id).await?;
        if before.disabled_at.is_none() {
            return Err(Refusal::new(Code::WebhookSourceEnabled, "the source is enabled already").into());
        }
        let after = webhook_source::Model { disabled_at: None, ..before.clone() };
        save(cx, &before, after).await?;
        cx.emit(Event::WebhookSourceEnabled { webhook_source_id: self.webhook_source_id });
        Ok(self.webhook_source_id)
    }
}
