//! `rotate_webhook_secret`: a new secret for an endpoint, beside which the old ones sign for a while.

use async_trait::async_trait;
use chrono::Duration;
use domain::{
    Refusal, Role,
    id::{Id, kind},
    refusal::Code,
    webhook::MAX_SECRETS,
};
use serde::{Deserialize, Serialize};

use super::create_webhook_endpoint::EndpointSecret;
use crate::{
    Command, Context, Error, Right, Target,
    event::Event,
    secret::SigningSecret,
    store::{self, webhook_endpoint::Sealed},
};

/// The longest that old secrets sign beside a new one, in hours.
pub const MAX_OVERLAP_HOURS: u32 = 168;

/// Makes a new secret for a webhook endpoint.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RotateWebhookSecret {
    /// The endpoint.
    pub endpoint_id: Id<kind::WebhookEndpoint>,
    /// How long the secrets before it sign too, in hours, 0 to [`MAX_OVERLAP_HOURS`]. One that ends sooner by
    /// itself still does.
    pub overlap_hours: u32,
}

#[async_trait]
impl Command for RotateWebhookSecret {
    const NAME: &'static str = "rotate_webhook_secret";
    const RIGHT: Right = Right::Platform(&[Role::ADMIN]);
    type Output = EndpointSecret;

    fn target(&self) -> Target {
        Target::WebhookEndpoint(self.endpoint_id)
    }

    async fn run(&self, cx: &mut Context<'_>) -> Result<Self::Output, Error> {
        if self.overlap_hours > MAX_OVERLAP_HOURS {
            let message = format!("old secrets sign for 0 to {MAX_OVERLAP_HOURS} hours more");
            return Err(Refusal::invalid("overlapHours", message).into());
        }
        let (now, old_until) = (cx.now(), cx.now() + Duration::hours(i64::from(self.overlap_hours)));
        let mut stored = store::webhook_endpoint::lock(cx.tx(), self.endpoint_id).await?;
        let before = store::webhook_endpoint::state(&stored);
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
        store::webhook_endpoint::save(cx.tx(), &mut stored, now).await?;
        cx.changed(Some(before), Some(store::webhook_endpoint::state(&stored)));
        cx.emit(Event::WebhookSecretRotated { endpoint_id: self.endpoint_id, old_until });
        Ok(EndpointSecret { endpoint_id: self.endpoint_id, secret: Some(secret) })
    }
}
