//! Mutations of webhook endpoints and of deliveries to them (outgoing).

use app::{
    Command,
    commands::{self, EndpointSecret},
};
use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, SimpleObject};
use domain::{
    Refusal,
    id::{Id, kind},
    webhook::{Change, Settings},
};
use outbound::Guard;
use url::Url;

use super::{WebhookDelivery, WebhookEndpoint};
use crate::{
    change::{Changed, Input, Keyed, NotRun, Payload, change},
    global_id::{Kind, encode, id_of},
    session::session,
};

/// What mutations of a webhook endpoint answer.
#[derive(SimpleObject, Default)]
pub(crate) struct WebhookEndpointAnswer {
    /// The endpoint after the change. Null when the mutation was refused.
    webhook_endpoint: Option<WebhookEndpoint>,
}

impl<C: Command<Output = Id<kind::WebhookEndpoint>>> Payload<C> for WebhookEndpointAnswer {
    async fn read(ctx: &Context<'_>, _: &C, id: Id<kind::WebhookEndpoint>) -> async_graphql::Result<Self> {
        Ok(Self { webhook_endpoint: Some(session(ctx)?.get(id.uuid()).await?) })
    }
}

/// What mutations answer that create a secret of a webhook endpoint.
#[derive(SimpleObject, Default)]
pub(crate) struct WebhookEndpointSecretAnswer {
    /// The endpoint after the change. Null when the mutation was refused.
    webhook_endpoint: Option<WebhookEndpoint>,
    /// The new secret: `whsec_` followed by base64, as libraries for Standard Webhooks take it. It is shown once. Null
    /// when the mutation was refused, and in the answer to a repeat with the same idempotency key: if the first answer
    /// was lost, rotate the secret.
    secret: Option<String>,
}

impl<C: Command<Output = EndpointSecret>> Payload<C> for WebhookEndpointSecretAnswer {
    async fn read(ctx: &Context<'_>, _: &C, created: EndpointSecret) -> async_graphql::Result<Self> {
        Ok(Self {
            webhook_endpoint: Some(session(ctx)?.get(created.endpoint_id.uuid()).await?),
            secret: created.secret.map(|secret| secret.expose().to_owned()),
        })
    }
}

/// What mutations answer that send a message to a webhook endpoint.
#[derive(SimpleObject, Default)]
pub(crate) struct WebhookDeliveryAnswer {
    /// The pending delivery. Null when the mutation was refused.
    webhook_delivery: Option<WebhookDelivery>,
}

impl<C: Command<Output = Id<kind::WebhookDelivery>>> Payload<C> for WebhookDeliveryAnswer {
    async fn read(ctx: &Context<'_>, _: &C, id: Id<kind::WebhookDelivery>) -> async_graphql::Result<Self> {
        Ok(Self { webhook_delivery: Some(session(ctx)?.get(id.uuid()).await?) })
    }
}

/// Refuses an address that the system would never call, as far as that is known before its name is resolved. A text
/// that is no address is left to the command, and what a name resolves to is checked at each call.
fn guarded(ctx: &Context<'_>, url: Option<&str>) -> Result<(), NotRun> {
    let guard = ctx.data::<Guard>()?;
    let parsed = url.and_then(|url| Url::parse(url).ok());
    match parsed.and_then(|url| guard.check_url(&url).err()) {
        Some(reason) => Err(Refusal::invalid("url", reason.to_string()).into()),
        None => Ok(()),
    }
}

/// Input of `createWebhookEndpoint`.
#[derive(InputObject)]
pub(crate) struct CreateWebhookEndpoint {
    /// Global id of the portfolio whose events are sent.
    portfolio_id: ID,
    /// URL that messages are sent to: it begins with `https://`, has at most 2,048 characters and no credentials, and
    /// is not in a private network.
    url: String,
    /// Purpose of the endpoint, 1 to 500 characters.
    description: Option<String>,
    /// Event types that are sent, from `eventTypes`. Default: all event types.
    event_types: Option<Vec<String>>,
}

impl Input for CreateWebhookEndpoint {
    type Command = commands::CreateWebhookEndpoint;
    type Payload = WebhookEndpointSecretAnswer;

    async fn command(self, ctx: &Context<'_>) -> Result<commands::CreateWebhookEndpoint, NotRun> {
        let portfolio_id = id_of(Kind::Portfolio, &self.portfolio_id)?;
        guarded(ctx, Some(&self.url))?;
        let Self { url, description, event_types, .. } = self;
        let settings = Settings { url, description, event_types };
        Ok(commands::CreateWebhookEndpoint { portfolio_id, settings })
    }
}

/// Input of `updateWebhookEndpoint`.
#[derive(InputObject)]
pub(crate) struct UpdateWebhookEndpoint {
    /// Global id of the endpoint.
    webhook_endpoint_id: ID,
    /// New URL. Pending deliveries go there too.
    url: Option<String>,
    /// New purpose, 1 to 500 characters. Null removes the purpose.
    description: MaybeUndefined<String>,
    /// New event types. Null: all event types.
    event_types: MaybeUndefined<Vec<String>>,
}

impl Input for UpdateWebhookEndpoint {
    type Command = commands::UpdateWebhookEndpoint;
    type Payload = WebhookEndpointAnswer;

    async fn command(self, ctx: &Context<'_>) -> Result<commands::UpdateWebhookEndpoint, NotRun> {
        let endpoint_id = id_of(Kind::WebhookEndpoint, &self.webhook_endpoint_id)?;
        guarded(ctx, self.url.as_deref())?;
        let change = Change {
            url: self.url,
            description: self.description.into(),
            event_types: self.event_types.into(),
        };
        Ok(commands::UpdateWebhookEndpoint { endpoint_id, change })
    }
}

/// Input of `enableWebhookEndpoint`.
#[derive(InputObject)]
pub(crate) struct EnableWebhookEndpoint {
    /// Global id of the endpoint.
    webhook_endpoint_id: ID,
}

impl Input for EnableWebhookEndpoint {
    type Command = commands::EnableWebhookEndpoint;
    type Payload = WebhookEndpointAnswer;

    async fn command(self, _: &Context<'_>) -> Result<commands::EnableWebhookEndpoint, NotRun> {
        let endpoint_id = id_of(Kind::WebhookEndpoint, &self.webhook_endpoint_id)?;
        Ok(commands::EnableWebhookEndpoint { endpoint_id })
    }
}

/// Input of `disableWebhookEndpoint`.
#[derive(InputObject)]
pub(crate) struct DisableWebhookEndpoint {
    /// Global id of the endpoint.
    webhook_endpoint_id: ID,
}

impl Input for DisableWebhookEndpoint {
    type Command = commands::DisableWebhookEndpoint;
    type Payload = WebhookEndpointAnswer;

    async fn command(self, _: &Context<'_>) -> Result<commands::DisableWebhookEndpoint, NotRun> {
        let endpoint_id = id_of(Kind::WebhookEndpoint, &self.webhook_endpoint_id)?;
        Ok(commands::DisableWebhookEndpoint { endpoint_id })
    }
}

/// Input of `deleteWebhookEndpoint`.
#[derive(InputObject)]
pub(crate) struct DeleteWebhookEndpoint {
    /// Global id of the endpoint.
    webhook_endpoint_id: ID,
}

impl Input for DeleteWebhookEndpoint {
    type Command = commands::DeleteWebhookEndpoint;
    type Payload = DeleteWebhookEndpointAnswer;

    async fn command(self, _: &Context<'_>) -> Result<commands::DeleteWebhookEndpoint, NotRun> {
        let endpoint_id = id_of(Kind::WebhookEndpoint, &self.webhook_endpoint_id)?;
        Ok(commands::DeleteWebhookEndpoint { endpoint_id })
    }
}

/// What `deleteWebhookEndpoint` answers.
#[derive(SimpleObject, Default)]
pub(crate) struct DeleteWebhookEndpointAnswer {
    /// Global id of the deleted endpoint. Null when the mutation was refused.
    deleted_webhook_endpoint_id: Option<ID>,
}

impl Payload<commands::DeleteWebhookEndpoint> for DeleteWebhookEndpointAnswer {
    async fn read(
        _: &Context<'_>,
        _: &commands::DeleteWebhookEndpoint,
        id: Id<kind::WebhookEndpoint>,
    ) -> async_graphql::Result<Self> {
        Ok(Self { deleted_webhook_endpoint_id: Some(encode(Kind::WebhookEndpoint, id.uuid())) })
    }
}

/// Input of `rotateWebhookEndpointSecret`.
#[derive(InputObject)]
pub(crate) struct RotateWebhookEndpointSecret {
    /// Global id of the endpoint.
    webhook_endpoint_id: ID,
    /// Hours for which the older secrets sign as well, 0 to 168. A secret that expires earlier still does.
    #[graphql(default = 24)]
    overlap_hours: u32,
}

impl Input for RotateWebhookEndpointSecret {
    type Command = commands::RotateWebhookSecret;
    type Payload = WebhookEndpointSecretAnswer;

    async fn command(self, _: &Context<'_>) -> Result<commands::RotateWebhookSecret, NotRun> {
        let endpoint_id = id_of(Kind::WebhookEndpoint, &self.webhook_endpoint_id)?;
        Ok(commands::RotateWebhookSecret { endpoint_id, overlap_hours: self.overlap_hours })
    }
}

/// Input of `sendTestWebhook`.
#[derive(InputObject)]
pub(crate) struct SendTestWebhook {
    /// Global id of the endpoint.
    webhook_endpoint_id: ID,
}

impl Input for SendTestWebhook {
    type Command = commands::SendTestWebhook;
    type Payload = WebhookDeliveryAnswer;

    async fn command(self, _: &Context<'_>) -> Result<commands::SendTestWebhook, NotRun> {
        let endpoint_id = id_of(Kind::WebhookEndpoint, &self.webhook_endpoint_id)?;
        Ok(commands::SendTestWebhook { endpoint_id })
    }
}

/// Input of `redeliverWebhook`.
#[derive(InputObject)]
pub(crate) struct RedeliverWebhook {
    /// Global id of the delivery.
    webhook_delivery_id: ID,
}

impl Input for RedeliverWebhook {
    type Command = commands::RedeliverWebhook;
    type Payload = WebhookDeliveryAnswer;

    async fn command(self, _: &Context<'_>) -> Result<commands::RedeliverWebhook, NotRun> {
        let delivery_id = id_of(Kind::WebhookDelivery, &self.webhook_delivery_id)?;
        Ok(commands::RedeliverWebhook { delivery_id })
    }
}

/// Mutations of webhook endpoints.
#[derive(Default)]
pub(crate) struct WebhookEndpointMutation;

/// Mutations of webhook endpoints.
#[Object]
impl WebhookEndpointMutation {
    /// Creates a webhook endpoint: an address to which the system sends the portfolio's events from now on. Requires
    /// the role ADMIN in the portfolio.
    async fn create_webhook_endpoint(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The new endpoint.")] input: Keyed<CreateWebhookEndpoint>,
    ) -> Changed<CreateWebhookEndpoint> {
        change(ctx, input).await
    }

    /// Changes fields of a webhook endpoint. Fields that are not given stay as they are. Requires the role ADMIN.
    async fn update_webhook_endpoint(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The endpoint and its new values.")] input: Keyed<UpdateWebhookEndpoint>,
    ) -> Changed<UpdateWebhookEndpoint> {
        change(ctx, input).await
    }

    /// Enables a webhook endpoint that is disabled. Cancelled deliveries stay cancelled until `redeliverWebhook`.
    /// Requires the role ADMIN.
    async fn enable_webhook_endpoint(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The endpoint.")] input: Keyed<EnableWebhookEndpoint>,
    ) -> Changed<EnableWebhookEndpoint> {
        change(ctx, input).await
    }

    /// Disables a webhook endpoint and cancels its pending deliveries. Nothing is sent until the endpoint is enabled.
    /// Requires the role ADMIN.
    async fn disable_webhook_endpoint(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The endpoint.")] input: Keyed<DisableWebhookEndpoint>,
    ) -> Changed<DisableWebhookEndpoint> {
        change(ctx, input).await
    }

    /// Deletes a webhook endpoint with its secrets and cancels its pending deliveries. Deliveries stay on record.
    /// Requires the role ADMIN.
    async fn delete_webhook_endpoint(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The endpoint.")] input: Keyed<DeleteWebhookEndpoint>,
    ) -> Changed<DeleteWebhookEndpoint> {
        change(ctx, input).await
    }

    /// Creates a new secret for a webhook endpoint. During the overlap, messages carry one signature for each secret.
    /// Requires the role ADMIN.
    async fn rotate_webhook_endpoint_secret(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The endpoint and the overlap.")] input: Keyed<RotateWebhookEndpointSecret>,
    ) -> Changed<RotateWebhookEndpointSecret> {
        change(ctx, input).await
    }

    /// Sends a test message of the type `webhook.test.v1` to a webhook endpoint, whatever its `eventTypes`. Requires
    /// the role ADMIN.
    async fn send_test_webhook(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The endpoint.")] input: Keyed<SendTestWebhook>,
    ) -> Changed<SendTestWebhook> {
        change(ctx, input).await
    }

    /// Sends the message of a delivery again, whatever its status. Restarts the retry schedule. Message id and body
    /// stay the same. Requires the role ADMIN.
    async fn redeliver_webhook(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The delivery.")] input: Keyed<RedeliverWebhook>,
    ) -> Changed<RedeliverWebhook> {
        change(ctx, input).await
    }
}
