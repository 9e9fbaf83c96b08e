//! `rotate_webhook_source_secret`: a source signs by a new secret.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::{
    Role,
    id::{Id, kind},
    webhook::overlap,
};
use entity::webhook_source;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::create_webhook_source::{WebhookSourceSecret, save};
use crate::{
    Command, Context, Error, Right, Target,
    event::{self, Event},
    global_id::Kind,
    secret::SigningSecret,
};

/// Gives a webhook source a new secret. The one until now stays good for a while; the one before that ends.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RotateWebhookSourceSecret {
    /// The source.
    pub webhook_source_id: Id<kind::WebhookSource>,
    /// How long both secrets are good, in hours, 0 to [`domain::webhook::MAX_OVERLAP_HOURS`].
    pub overlap_hours: u32,
}

/// A webhook source got a new secret.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct WebhookSourceSecretRotated {
    /// The webhook source.
    pub webhook_source_id: Id<kind::WebhookSource>,
    /// Until when the previous secret is good; null: it is revoked at once.
    pub previous_until: Option<DateTime<Utc>>,
}

impl Event for WebhookSourceSecretRotated {
    const KIND: &'static str = "webhook_source.secret_rotated.v1";
}

#[async_trait]
impl Command for RotateWebhookSourceSecret {
    const NAME: &'static str = "rotate_webhook_source_secret";
    const RIGHT: Right = Right::Platform(&[Role::ADMIN]);
    const EVENTS: &'static [event::Declared] = &[event::Declared::of::<WebhookSourceSecretRotated>()];
    const ACTS_ON: Option<Kind> = Some(Kind::WebhookSource);
    type Output = WebhookSourceSecret;

    fn target(&self) -> Target {
        Target::record::<entity::webhook_source::Model>(self.webhook_source_id)
    }

    async fn run(&self, cx: &mut Context<'_>) -> Result<Self::Output, Error> {
        let overlap = overlap(self.overlap_hours)?;
        let before = cx.record_row::<webhook_source::Model>()?.clone();
        let secret = SigningSecret::random();
        let until = (!overlap.is_zero()).then(|| cx.now() + overlap);
        let after = webhook_source::Model {
            secret: cx.app().keyring().seal(before.id, secret.expose())?,
            previous_secret: until.map(|_| before.secret.clone()),
            previous_secret_until: until,
            ..before.clone()
        };
        save(cx, &before, after).await?;
        cx.emit(WebhookSourceSecretRotated {
            webhook_source_id: self.webhook_source_id,
            previous_until: until,
        });
        Ok(WebhookSourceSecret { webhook_source_id: self.webhook_source_id, secret: Some(secret) })
    }
}
