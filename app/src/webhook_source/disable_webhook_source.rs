//! `disable_webhook_source`: nothing more is taken from a source.

use async_trait::async_trait;
use domain::{
    Refusal, Role,
    id::{Id, kind},
};
use entity::webhook_source;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{create_webhook_source::save, store};
use crate::{
    Command, Context, Error, Right, Target,
    command::Standing,
    event::{self, Event},
    global_id::Kind,
};

/// Takes nothing more from a webhook source until it is enabled. What was kept and is not handled yet is rejected.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DisableWebhookSource {
    /// The source.
    pub webhook_source_id: Id<kind::WebhookSource>,
}

/// A webhook source was disabled. Its events are refused.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct WebhookSourceDisabled {
    /// The webhook source.
    pub webhook_source_id: Id<kind::WebhookSource>,
}

impl Event for WebhookSourceDisabled {
    const KIND: &'static str = "webhook_source.disabled.v1";
}

#[async_trait]
impl Command for DisableWebhookSource {
    const NAME: &'static str = "disable_webhook_source";
    const RIGHT: Right = Right::Platform(&[Role::ADMIN]);
    const EVENTS: &'static [event::Declared] = &[event::Declared::of::<WebhookSourceDisabled>()];
    const ACTS_ON: Option<Kind> = Some(Kind::WebhookSource);
    type Output = Id<kind::WebhookSource>;

    fn target(&self) -> Target {
        Target::record::<entity::webhook_source::Model>(self.webhook_source_id)
    }

    fn ready(standing: &Standing<'_>) -> Result<(), Refusal> {
        standing.record().map_or(Ok(()), store::require_enabled)
    }

    async fn run(&self, cx: &mut Context<'_>) -> Result<Self::Output, Error> {
        let before = cx.record_row::<webhook_source::Model>()?.clone();
        let after = webhook_source::Model { disabled_at: Some(cx.now()), ..before.clone() };
        save(cx, &before, after).await?;
        cx.emit(WebhookSourceDisabled { webhook_source_id: self.webhook_source_id });
        Ok(self.webhook_source_id)
    }
}
