//! `update_webhook_source`: a source's name and description.

use async_trait::async_trait;
use domain::{
    Role,
    id::{Id, kind},
    webhook_source::Settings,
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

/// Changes what is said of a webhook source. Its roles are those of its member.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct UpdateWebhookSource {
    /// The source.
    pub webhook_source_id: Id<kind::WebhookSource>,
    /// Another name, 1 to 100 characters.
    pub name: Option<String>,
    /// Another description of at most 500 characters; `Some(None)` takes it away.
    pub description: Option<Option<String>>,
}

/// The name or the description of a webhook source changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct WebhookSourceUpdated {
    /// The webhook source.
    pub webhook_source_id: Id<kind::WebhookSource>,
    /// Its name.
    pub name: String,
}

impl Event for WebhookSourceUpdated {
    const KIND: &'static str = "webhook_source.updated.v1";
}

#[async_trait]
impl Command for UpdateWebhookSource {
    const NAME: &'static str = "update_webhook_source";
    const RIGHT: Right = Right::Platform(&[Role::ADMIN]);
    const EVENTS: &'static [event::Declared] = &[event::Declared::of::<WebhookSourceUpdated>()];
    const ACTS_ON: Option<Kind> = Some(Kind::WebhookSource);
    type Output = Id<kind::WebhookSource>;

    fn target(&self) -> Target {
        Target::record::<entity::webhook_source::Model>(self.webhook_source_id)
    }

    async fn run(&self, cx: &mut Context<'_>) -> Result<Self::Output, Error> {
        let before = cx.record_row::<webhook_source::Model>()?.clone();
        let name = self.name.as_ref().unwrap_or(&before.name);
        let description = self.description.as_ref().unwrap_or(&before.description);
        let Settings { name, description } = Settings::checked(name, description.as_deref())?;
        if name != before.name {
            crate::person::store::rename(cx.tx(), before.person_id, &name).await?;
        }
        let after = webhook_source::Model { name: name.clone(), description, ..before.clone() };
        save(cx, &before, after).await?;
        cx.emit(WebhookSourceUpdated { webhook_source_id: self.webhook_source_id, name });
        Ok(self.webhook_source_id)
    }
}
