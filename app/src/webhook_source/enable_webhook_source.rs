//! `enable_webhook_source`: events are taken from a source again.

use async_trait::async_trait;
use domain::{
    Refusal, Role,
    id::{Id, kind},
    refusal::Code,
};
use entity::webhook_source;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::create_webhook_source::save;
use crate::{
    Command, Context, Error, Right, Target,
    event::{self, Event},
    global_id::Kind,
};

/// Takes events from a webhook source again, signed by the secrets it had.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EnableWebhookSource {
    /// The source.
    pub webhook_source_id: Id<kind::WebhookSource>,
}

/// A webhook source was enabled again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct WebhookSourceEnabled {
    /// The webhook source.
    pub webhook_source_id: Id<kind::WebhookSource>,
}

impl Event for WebhookSourceEnabled {
    const KIND: &'static str = "webhook_source.enabled.v1";
}

#[async_trait]
impl Command for EnableWebhookSource {
    const NAME: &'static str = "enable_webhook_source";
    const RIGHT: Right = Right::Platform(&[Role::ADMIN]);
    const EVENTS: &'static [event::Declared] = &[event::Declared::of::<WebhookSourceEnabled>()];
    const ACTS_ON: Option<Kind> = Some(Kind::WebhookSource);
    type Output = Id<kind::WebhookSource>;

    fn target(&self) -> Target {
        Target::record::<entity::webhook_source::Model>(self.webhook_source_id)
    }

    async fn run(&self, cx: &mut Context<'_>) -> Result<Self::Output, Error> {
        let before = cx.record_row::<webhook_source::Model>()?.clone();
        if before.disabled_at.is_none() {
            return Err(Refusal::new(Code::WebhookSourceEnabled, "the source is enabled already").into());
        }
        let after = webhook_source::Model { disabled_at: None, ..before.clone() };
        save(cx, &before, after).await?;
        cx.emit(WebhookSourceEnabled { webhook_source_id: self.webhook_source_id });
        Ok(self.webhook_source_id)
    }
}
