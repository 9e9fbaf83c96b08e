//! `rotate_webhook_source_secret`: a source signs by a new secret.

use async_trait::async_trait;
use domain::{
    Role,
    id::{Id, kind},
    webhook::overlap,
};
use entity::webhook_source;
use serde::{Deserialize, Serialize};

use super::create_webhook_source::{WebhookSourceSecret, save};
use crate::{Command, Context, Error, Right, Target, event::Event, secret::SigningSecret, store};

/// Gives a webhook source a new secret. The one until now stays good for a while; the one before that ends.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RotateWebhookSourceSecret {
    /// The source.
    pub webhook_source_id: Id<kind::WebhookSource>,
    /// How long both secrets are good, in hours, 0 to [`domain::webhook::MAX_OVERLAP_HOURS`].
    pub overlap_hours: u32,
}

#[async_trait]
impl Command for RotateWebhookSourceSecret {
    const NAME: &'static str = "rotate_webhook_source_secret";
    const RIGHT: Right = Right::Platform(&[Role::ADMIN]);
    type Output = WebhookSourceSecret;

    fn target(&self) -> Target {
        Target::WebhookSource(self.webhook_source_id)
    }

    async fn run(&self, cx: &mut Context<'_>) -> Result<Self::Output, Error> {
        let overlap = overlap(self.overlap_hours)?;
        let before =
            store::lock::<webhook_source::Model>(cx.tx(), &cx.scope(), self.webhook_source_id).await?;
        let secret = SigningSecret::random();
        let until = (!overlap.is_zero()).then(|| cx.now() + overlap);
        let after = webhook_source::Model {
            secret: cx.app().keyring().seal(before.id, secret.expose())?,
            previous_secret: until.map(|_| before.secret.clone()),
            previous_secret_until: until,
            ..before.clone()
        };
        save(cx, &before, after).await?;
        cx.emit(Event::WebhookSourceSecretRotated {
            webhook_source_id: self.webhook_source_id,
            previous_until: until,
        });
        Ok(WebhookSourceSecret { webhook_source_id: self.webhook_source_id, secret: Some(secret) })
    }
}
