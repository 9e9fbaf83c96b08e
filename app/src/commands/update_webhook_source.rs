//! `update_webhook_source`: a source's name and description.

use async_trait::async_trait;
use domain::{
    Role,
    id::{Id, kind},
    webhook_source::Settings,
};
use entity::webhook_source;
use serde::{Deserialize, Serialize};

use super::create_webhook_source::save;
use crate::{Command, Context, Error, Right, Target, event::Event, store};

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

#[async_trait]
impl Command for UpdateWebhookSource {
    const NAME: &'static str = "update_webhook_source";
    const RIGHT: Right = Right::Platform(&[Role::ADMIN]);
    type Output = Id<kind::WebhookSource>;

    fn target(&self) -> Target {
        Target::WebhookSource(self.webhook_source_id)
    }

    async fn run(&self, cx: &mut Context<'_>) -> Result<Self::Output, Error> {
        let before =
            store::lock::<webhook_source::Model>(cx.tx(), &cx.scope(), self.webhook_source_id).await?;
        let name = self.name.as_ref().unwrap_or(&before.name);
        let description = self.description.as_ref().unwrap_or(&before.description);
        let Settings { name, description } = Settings::checked(name, description.as_deref())?;
        if name != before.name {
            store::person::rename(cx.tx(), before.person_id, &name).await?;
        }
        let after = webhook_source::Model { name: name.clone(), description, ..before.clone() };
        save(cx, &before, after).await?;
        cx.emit(Event::WebhookSourceUpdated { webhook_source_id: self.webhook_source_id, name });
        Ok(self.webhook_source_id)
    }
}
