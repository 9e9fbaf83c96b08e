//! `rotate_webhook_secret`: a new secret for an endpoint, beside which the old ones sign for a while.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::{
    Refusal, Role,
    id::{Id, kind},
    refusal::Code,
    webhook::{MAX_SECRETS, overlap},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    create_webhook_endpoint::EndpointSecret,
    store::{self, Sealed},
};
use crate::{
    Command, Context, Error, Right, Target,
    event::{self, Event},
    global_id::Kind,
    secret::SigningSecret,
};

/// Makes a new secret for a webhook endpoint.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RotateWebhookSecret {
    /// The endpoint.
    pub endpoint_id: Id<kind::WebhookEndpoint>,
    /// How long the secrets before it sign too, in hours, 0 to [`domain::webhook::MAX_OVERLAP_HOURS`]. One that ends sooner by
    /// itself still does.
    pub overlap_hours: u32,
}

/// A webhook endpoint got a new secret. The secrets before it sign until `old_until`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct WebhookSecretRotated {
    /// The webhook endpoint.
    pub endpoint_id: Id<kind::WebhookEndpoint>,
    /// Until when the secrets before it sign.
    pub old_until: DateTime<Utc>,
}

impl Event for WebhookSecretRotated {
    const KIND: &'static str = "webhook_endpoint.secret_rotated.v1";
}

#[async_trait]
impl Command for RotateWebhookSecret {
    const NAME: &'static str = "rotate_webhook_secret";
    const RIGHT: Right = Right::Platform(&[Role::ADMIN]);
    const EVENTS: &'static [event::Declared] = &[event::Declared::of::<WebhookSecretRotated>()];
    const ACTS_ON: Option<Kind> = Some(Kind::WebhookEndpoint);
    type Output = EndpointSecret;

    fn target(&self) -> Target {
        Target::record::<entity::webhook_endpoint::Model>(self.endpoint_id)
    }

    async fn run(&self, cx: &mut Context<'_>) -> Result<Self::Output, Error> {
        let now = cx.now();
        let old_until = now + overlap(self.overlap_hours)?;
        let mut stored = store::lock(cx.tx(), self.endpoint_id).await?;
        let before = store::state(&stored);
        for secret in &mut stored.secrets {
            secret.expires_at = Some(secret.expires_at.map_or(old_until, |end| end.min(old_until)));
        }
        stored.secrets.retain(|secret| secret.signs(now));
        if stored.secrets.len() >= MAX_SECRETS {
            let message = format!("at most {MAX_SECRETS} secrets sign at the same time: let one end first");
            return Err(Refusal::new(Code::LimitReached, message).into());
        }
        let secret = SigningSecret::random();
        stored.secrets.push(Sealed::seal(cx.app().keyring(), self.endpoint_id, &secret, now)?);
        store::save(cx.tx(), &mut stored, now).await?;
        cx.changed(Some(before), Some(store::state(&stored)));
        cx.emit(WebhookSecretRotated { endpoint_id: self.endpoint_id, old_until });
        Ok(EndpointSecret { endpoint_id: self.endpoint_id, secret: Some(secret) })
    }
}
