//! Mutations of webhooks out: endpoints, their secrets and their deliveries. For ADMINs.

use app::{Command, commands};
use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, SimpleObject};
use domain::{
    Refusal,
    id::{Id, kind},
    webhook::{Change, Settings},
};
use outbound::Guard;
use url::Url;
use uuid::Uuid;

use super::{attempt, key_of, run};
use crate::{
    cost::list_size,
    error::{UserError, not_found},
    global_id::{Kind, encode},
    loader::{WebhookDeliveryKey, WebhookEndpointKey},
    session::session,
    types::webhook::{WebhookDelivery, WebhookEndpoint},
};

/// Input of `createWebhookEndpoint`.
#[derive(InputObject)]
pub(crate) struct CreateWebhookEndpointInput {
    /// The portfolio whose events it is told of.
    portfolio_id: ID,
    /// Where messages go: an address of at most 2,048 characters that begins with `https://`, without credentials,
    /// in no private network.
    url: String,
    /// What it is for, 1 to 500 characters.
    description: Option<String>,
    /// Types of the events it is told of, of those in `webhookEventTypes`; all when not given.
    event_types: Option<Vec<String>>,
    /// The caller's key: the same key again gives the same answer, without the secret, and no second effect.
    idempotency_key: Option<String>,
}

/// Input of `updateWebhookEndpoint`; what is not given stays as it is.
#[derive(InputObject)]
pub(crate) struct UpdateWebhookEndpointInput {
    /// The endpoint.
    endpoint_id: ID,
    /// Where messages go, those on their way included.
    url: Option<String>,
    /// What it is for, 1 to 500 characters; null takes it away.
    description: MaybeUndefined<String>,
    /// Types of the events it is told of; null: all.
    event_types: MaybeUndefined<Vec<String>>,
    /// The caller's key: the same key again gives the same answer and no second effect.
    idempotency_key: Option<String>,
}

/// Input of `enableWebhookEndpoint`.
#[derive(InputObject)]
pub(crate) struct EnableWebhookEndpointInput {
    /// The endpoint.
    endpoint_id: ID,
    /// The caller's key: the same key again gives the same answer and no second effect.
    idempotency_key: Option<String>,
}

/// Input of `disableWebhookEndpoint`.
#[derive(InputObject)]
pub(crate) struct DisableWebhookEndpointInput {
    /// The endpoint.
    endpoint_id: ID,
    /// The caller's key: the same key again gives the same answer and no second effect.
    idempotency_key: Option<String>,
}

/// Input of `deleteWebhookEndpoint`.
#[derive(InputObject)]
pub(crate) struct DeleteWebhookEndpointInput {
    /// The endpoint.
    endpoint_id: ID,
    /// The caller's key: the same key again gives the same answer and no second effect.
    idempotency_key: Option<String>,
}

/// Input of `rotateWebhookSecret`.
#[derive(InputObject)]
pub(crate) struct RotateWebhookSecretInput {
    /// The endpoint.
    endpoint_id: ID,
    /// How long the secrets before it sign too, in hours, 0 to 168. One that ends sooner by itself still does.
    #[graphql(default = 24)]
    overlap_hours: u32,
    /// The caller's key: the same key again gives the same answer, without the secret, and no second effect.
    idempotency_key: Option<String>,
}

/// Input of `sendTestWebhook`.
#[derive(InputObject)]
pub(crate) struct SendTestWebhookInput {
    /// The endpoint.
    endpoint_id: ID,
    /// The caller's key: the same key again gives the same answer and no second effect.
    idempotency_key: Option<String>,
}

/// Input of `redeliverWebhook`.
#[derive(InputObject)]
pub(crate) struct RedeliverWebhookInput {
    /// The delivery.
    delivery_id: ID,
    /// The caller's key: the same key again gives the same answer and no second effect.
    idempotency_key: Option<String>,
}

/// What came of `createWebhookEndpoint` or `rotateWebhookSecret`.
#[derive(SimpleObject)]
pub(crate) struct WebhookSecretPayload {
    /// The endpoint as it is now; null when it was refused.
    endpoint: Option<WebhookEndpoint>,
    /// The new secret: `whsec_` and base64, as libraries for Standard Webhooks take it. It is shown this once, so a
    /// request repeated under its idempotency key is answered with null; rotate it if the first answer was lost.
    secret: Option<String>,
    /// Why nothing was changed; empty when it was.
    #[graphql(directive = list_size::apply(1))]
    user_errors: Vec<UserError>,
}

/// What came of a mutation of a webhook endpoint.
#[derive(SimpleObject)]
pub(crate) struct WebhookEndpointPayload {
    /// The endpoint as it is now; null when it was refused.
    endpoint: Option<WebhookEndpoint>,
    /// Why nothing was changed; empty when it was.
    #[graphql(directive = list_size::apply(1))]
    user_errors: Vec<UserError>,
}

/// What came of `deleteWebhookEndpoint`.
#[derive(SimpleObject)]
pub(crate) struct DeleteWebhookEndpointPayload {
    /// Global id of the endpoint that was deleted; null when it was refused.
    deleted_endpoint_id: Option<ID>,
    /// Why nothing was changed; empty when it was.
    #[graphql(directive = list_size::apply(1))]
    user_errors: Vec<UserError>,
}

/// What came of `sendTestWebhook` or `redeliverWebhook`.
#[derive(SimpleObject)]
pub(crate) struct WebhookDeliveryPayload {
    /// The delivery, on its way; null when it was refused.
    delivery: Option<WebhookDelivery>,
    /// Why nothing was changed; empty when it was.
    #[graphql(directive = list_size::apply(1))]
    user_errors: Vec<UserError>,
}

/// Webhooks out.
pub(crate) struct WebhookMutation;

/// Webhooks out.
#[Object]
impl WebhookMutation {
    /// Makes a webhook endpoint: an address that is told of a portfolio's events from now on. For holders of ADMIN
    /// there.
    async fn create_webhook_endpoint(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The endpoint.")] input: CreateWebhookEndpointInput,
    ) -> Option<async_graphql::Result<WebhookSecretPayload>> {
        attempt(async {
            let command = commands::CreateWebhookEndpoint {
                portfolio_id: Id::new(key_of(ctx, Kind::Portfolio, &input.portfolio_id)?),
                settings: Settings {
                    url: input.url,
                    description: input.description,
                    event_types: input.event_types,
                },
            };
            let refused = guarded(ctx, Some(&command.settings.url))?;
            secret(ctx, refused, input.idempotency_key, &command).await
        })
        .await
    }

    /// Changes a webhook endpoint's address, description or choice of events. For holders of ADMIN.
    async fn update_webhook_endpoint(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What changes.")] input: UpdateWebhookEndpointInput,
    ) -> Option<async_graphql::Result<WebhookEndpointPayload>> {
        attempt(async {
            let command = commands::UpdateWebhookEndpoint {
                endpoint_id: endpoint_id(ctx, &input.endpoint_id)?,
                change: Change {
                    url: input.url,
                    description: given(input.description),
                    event_types: given(input.event_types),
                },
            };
            if let Some(refusal) = guarded(ctx, command.change.url.as_deref())? {
                return Ok(WebhookEndpointPayload { endpoint: None, user_errors: vec![refusal.into()] });
            }
            change(ctx, input.idempotency_key, &command).await
        })
        .await
    }

    /// Has a disabled webhook endpoint told of events again. What was cancelled stays so until it is redelivered.
    /// For holders of ADMIN.
    async fn enable_webhook_endpoint(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The endpoint.")] input: EnableWebhookEndpointInput,
    ) -> Option<async_graphql::Result<WebhookEndpointPayload>> {
        attempt(async {
            let endpoint_id = endpoint_id(ctx, &input.endpoint_id)?;
            change(ctx, input.idempotency_key, &commands::EnableWebhookEndpoint { endpoint_id }).await
        })
        .await
    }

    /// Has a webhook endpoint told of nothing until it is enabled, and cancels what is on its way to it. For holders
    /// of ADMIN.
    async fn disable_webhook_endpoint(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The endpoint.")] input: DisableWebhookEndpointInput,
    ) -> Option<async_graphql::Result<WebhookEndpointPayload>> {
        attempt(async {
            let endpoint_id = endpoint_id(ctx, &input.endpoint_id)?;
            change(ctx, input.idempotency_key, &commands::DisableWebhookEndpoint { endpoint_id }).await
        })
        .await
    }

    /// Deletes a webhook endpoint with its secrets, and cancels what is on its way to it; its deliveries stay on
    /// record. For holders of ADMIN.
    async fn delete_webhook_endpoint(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The endpoint.")] input: DeleteWebhookEndpointInput,
    ) -> Option<async_graphql::Result<DeleteWebhookEndpointPayload>> {
        attempt(async {
            let endpoint_id = endpoint_id(ctx, &input.endpoint_id)?;
            let command = commands::DeleteWebhookEndpoint { endpoint_id };
            Ok(match run(ctx, input.idempotency_key, &command).await? {
                Ok(id) => DeleteWebhookEndpointPayload {
                    deleted_endpoint_id: Some(encode(Kind::WebhookEndpoint, id.uuid())),
                    user_errors: Vec::new(),
                },
                Err(user_errors) => DeleteWebhookEndpointPayload { deleted_endpoint_id: None, user_errors },
            })
        })
        .await
    }

    /// Makes a new secret for a webhook endpoint; for a while messages carry a signature by it and by those before.
    /// For holders of ADMIN.
    async fn rotate_webhook_secret(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The endpoint.")] input: RotateWebhookSecretInput,
    ) -> Option<async_graphql::Result<WebhookSecretPayload>> {
        attempt(async {
            let command = commands::RotateWebhookSecret {
                endpoint_id: endpoint_id(ctx, &input.endpoint_id)?,
                overlap_hours: input.overlap_hours,
            };
            secret(ctx, None, input.idempotency_key, &command).await
        })
        .await
    }

    /// Sends a message of the type `webhook.test.v1` to a webhook endpoint, whichever events it is told of. For
    /// holders of ADMIN.
    async fn send_test_webhook(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The endpoint.")] input: SendTestWebhookInput,
    ) -> Option<async_graphql::Result<WebhookDeliveryPayload>> {
        attempt(async {
            let endpoint_id = endpoint_id(ctx, &input.endpoint_id)?;
            delivery(ctx, input.idempotency_key, &commands::SendTestWebhook { endpoint_id }).await
        })
        .await
    }

    /// Sends a message to its webhook endpoint again, whatever came of it before, with the whole schedule of attempts
    /// before it. The receiver knows it by the same id. For holders of ADMIN.
    async fn redeliver_webhook(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The delivery.")] input: RedeliverWebhookInput,
    ) -> Option<async_graphql::Result<WebhookDeliveryPayload>> {
        attempt(async {
            let delivery_id = Id::new(key_of(ctx, Kind::WebhookDelivery, &input.delivery_id)?);
            delivery(ctx, input.idempotency_key, &commands::RedeliverWebhook { delivery_id }).await
        })
        .await
    }
}

fn endpoint_id(ctx: &Context<'_>, id: &ID) -> async_graphql::Result<Id<kind::WebhookEndpoint>> {
    key_of(ctx, Kind::WebhookEndpoint, id).map(Id::new)
}

/// What was said of a field that null takes away.
fn given<T>(value: MaybeUndefined<T>) -> Option<Option<T>> {
    match value {
        MaybeUndefined::Undefined => None,
        MaybeUndefined::Null => Some(None),
        MaybeUndefined::Value(value) => Some(Some(value)),
    }
}

/// Refuses an address that would never be called, as far as that is known before its name is resolved. One that
/// is no address the command refuses; what the name stands for is looked at when it is called.
fn guarded(ctx: &Context<'_>, url: Option<&str>) -> async_graphql::Result<Option<Refusal>> {
    let guard = ctx.data::<Guard>()?;
    let parsed = url.and_then(|url| Url::parse(url).ok());
    let refused = parsed.and_then(|url| guard.check_url(&url).err());
    Ok(refused.map(|reason| Refusal::invalid("url", reason.to_string())))
}

/// Runs a command that makes a secret, unless it was refused already.
async fn secret<C: Command<Output = commands::EndpointSecret>>(
    ctx: &Context<'_>,
    refused: Option<Refusal>,
    key: Option<String>,
    command: &C,
) -> async_graphql::Result<WebhookSecretPayload> {
    let outcome = match refused {
        Some(refusal) => Err(vec![refusal.into()]),
        None => run(ctx, key, command).await?,
    };
    Ok(match outcome {
        Ok(made) => WebhookSecretPayload {
            endpoint: Some(endpoint(ctx, made.endpoint_id.uuid()).await?),
            secret: made.secret.map(|secret| secret.expose().to_owned()),
            user_errors: Vec::new(),
        },
        Err(user_errors) => WebhookSecretPayload { endpoint: None, secret: None, user_errors },
    })
}

/// Runs a command on an endpoint and reads it again.
async fn change<C: Command<Output = Id<kind::WebhookEndpoint>>>(
    ctx: &Context<'_>,
    key: Option<String>,
    command: &C,
) -> async_graphql::Result<WebhookEndpointPayload> {
    Ok(match run(ctx, key, command).await? {
        Ok(id) => {
            let endpoint = Some(endpoint(ctx, id.uuid()).await?);
            WebhookEndpointPayload { endpoint, user_errors: Vec::new() }
        }
        Err(user_errors) => WebhookEndpointPayload { endpoint: None, user_errors },
    })
}

/// Runs a command that sends a delivery and reads it.
async fn delivery<C: Command<Output = Id<kind::WebhookDelivery>>>(
    ctx: &Context<'_>,
    key: Option<String>,
    command: &C,
) -> async_graphql::Result<WebhookDeliveryPayload> {
    let id = match run(ctx, key, command).await? {
        Ok(id) => id.uuid(),
        Err(user_errors) => return Ok(WebhookDeliveryPayload { delivery: None, user_errors }),
    };
    let found = session(ctx)?.load(WebhookDeliveryKey(id)).await?;
    let delivery = found.map(WebhookDelivery).ok_or_else(|| not_found("the delivery"))?;
    Ok(WebhookDeliveryPayload { delivery: Some(delivery), user_errors: Vec::new() })
}

async fn endpoint(ctx: &Context<'_>, id: Uuid) -> async_graphql::Result<WebhookEndpoint> {
    let found = session(ctx)?.load(WebhookEndpointKey(id)).await?;
    found.map(WebhookEndpoint).ok_or_else(|| not_found("the endpoint"))
}
