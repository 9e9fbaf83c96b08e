//! Mutations of webhook sources and of what they sent.

use app::commands::{self, WebhookSourceSecret};
use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, SimpleObject};
use domain::id::{Id, kind};
use uuid::Uuid;

use super::{attempt, key_of, run};
use crate::{
    error::{UserError, not_found},
    global_id::Kind,
    loader::{WebhookEventKey, WebhookSourceKey},
    session::session,
    types::webhook_source::{WebhookEvent, WebhookSource},
};

/// Input of `createWebhookSource`.
#[derive(InputObject)]
pub(crate) struct CreateWebhookSourceInput {
    /// The portfolio.
    portfolio_id: ID,
    /// 1 to 100 characters; also the name of the person it acts as.
    name: String,
    /// What it is for, at most 500 characters.
    description: Option<String>,
    /// The roles it gets, at least one of the playbook's or the platform's: what its events may do. INTEGRATION
    /// lets it submit evidence and record samples.
    #[graphql(default_with = "vec![\"INTEGRATION\".to_owned()]")]
    roles: Vec<String>,
    /// The caller's key: the same key again gives the same answer, without the secret, and no second effect.
    idempotency_key: Option<String>,
}

/// Input of `updateWebhookSource`; what is not given stays as it is.
#[derive(InputObject)]
pub(crate) struct UpdateWebhookSourceInput {
    /// The source.
    webhook_source_id: ID,
    /// 1 to 100 characters.
    name: Option<String>,
    /// What it is for, at most 500 characters; null takes it away.
    description: MaybeUndefined<String>,
    /// The caller's key: the same key again gives the same answer and no second effect.
    idempotency_key: Option<String>,
}

/// Input of `rotateWebhookSourceSecret`.
#[derive(InputObject)]
pub(crate) struct RotateWebhookSourceSecretInput {
    /// The source.
    webhook_source_id: ID,
    /// How long the secret until now is good beside the new one, in hours, 0 to 168. One from before that ends.
    #[graphql(default = 24)]
    overlap_hours: u32,
    /// The caller's key: the same key again gives the same answer, without the secret, and no second effect.
    idempotency_key: Option<String>,
}

/// Input of `disableWebhookSource`.
#[derive(InputObject)]
pub(crate) struct DisableWebhookSourceInput {
    /// The source.
    webhook_source_id: ID,
    /// The caller's key: the same key again gives the same answer and no second effect.
    idempotency_key: Option<String>,
}

/// Input of `enableWebhookSource`.
#[derive(InputObject)]
pub(crate) struct EnableWebhookSourceInput {
    /// The source.
    webhook_source_id: ID,
    /// The caller's key: the same key again gives the same answer and no second effect.
    idempotency_key: Option<String>,
}

/// Input of `redeliverWebhookEvent`.
#[derive(InputObject)]
pub(crate) struct RedeliverWebhookEventInput {
    /// The event: one that was REJECTED or IGNORED.
    webhook_event_id: ID,
    /// The caller's key: the same key again gives the same answer and no second effect.
    idempotency_key: Option<String>,
}

/// What came of `createWebhookSource` or `rotateWebhookSourceSecret`.
#[derive(SimpleObject)]
pub(crate) struct WebhookSourceSecretPayload {
    /// The source as it is now; null when it was refused.
    webhook_source: Option<WebhookSource>,
    /// The secret it signs by from now on: `whsec_` and the base64 of 32 bytes. It is shown this once, so a
    /// request repeated under its idempotency key is answered with null; rotate it if the first answer was lost.
    secret: Option<String>,
    /// Why nothing was changed; empty when it was.
    user_errors: Vec<UserError>,
}

/// What came of a mutation of a webhook source.
#[derive(SimpleObject)]
pub(crate) struct WebhookSourcePayload {
    /// The source as it is now; null when it was refused.
    webhook_source: Option<WebhookSource>,
    /// Why nothing was changed; empty when it was.
    user_errors: Vec<UserError>,
}

/// What came of `redeliverWebhookEvent`.
#[derive(SimpleObject)]
pub(crate) struct RedeliverWebhookEventPayload {
    /// The event as it is now; null when it was refused.
    webhook_event: Option<WebhookEvent>,
    /// Why nothing was changed; empty when it was.
    user_errors: Vec<UserError>,
}

/// Webhook sources and what they sent.
pub(crate) struct WebhookSourceMutation;

/// Webhook sources and what they sent.
#[Object]
impl WebhookSourceMutation {
    /// Makes a webhook source: a service, member of the portfolio, that sends events to its path. For holders of
    /// ADMIN there.
    async fn create_webhook_source(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The source, and its roles.")] input: CreateWebhookSourceInput,
    ) -> Option<async_graphql::Result<WebhookSourceSecretPayload>> {
        attempt(async {
            let command = commands::CreateWebhookSource {
                portfolio_id: Id::new(key_of(ctx, Kind::Portfolio, &input.portfolio_id)?),
                name: input.name,
                description: input.description,
                roles: input.roles,
            };
            with_secret(ctx, run(ctx, input.idempotency_key, &command).await?).await
        })
        .await
    }

    /// Changes a source's name or description. For holders of ADMIN; its roles are changed with `setRoles`.
    async fn update_webhook_source(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What changes.")] input: UpdateWebhookSourceInput,
    ) -> Option<async_graphql::Result<WebhookSourcePayload>> {
        attempt(async {
            let description = match input.description {
                MaybeUndefined::Undefined => None,
                MaybeUndefined::Null => Some(None),
                MaybeUndefined::Value(description) => Some(Some(description)),
            };
            let command = commands::UpdateWebhookSource {
                webhook_source_id: Id::new(key_of(ctx, Kind::WebhookSource, &input.webhook_source_id)?),
                name: input.name,
                description,
            };
            changed(ctx, run(ctx, input.idempotency_key, &command).await?).await
        })
        .await
    }

    /// Gives a source a new secret; the one until now stays good for a while. For holders of ADMIN.
    async fn rotate_webhook_source_secret(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which source, and how long both secrets are good.")]
        input: RotateWebhookSourceSecretInput,
    ) -> Option<async_graphql::Result<WebhookSourceSecretPayload>> {
        attempt(async {
            let command = commands::RotateWebhookSourceSecret {
                webhook_source_id: Id::new(key_of(ctx, Kind::WebhookSource, &input.webhook_source_id)?),
                overlap_hours: input.overlap_hours,
            };
            with_secret(ctx, run(ctx, input.idempotency_key, &command).await?).await
        })
        .await
    }

    /// Takes nothing more from a source until it is enabled; what waits to be handled is rejected. For holders of
    /// ADMIN.
    async fn disable_webhook_source(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which source.")] input: DisableWebhookSourceInput,
    ) -> Option<async_graphql::Result<WebhookSourcePayload>> {
        attempt(async {
            let webhook_source_id = Id::new(key_of(ctx, Kind::WebhookSource, &input.webhook_source_id)?);
            let command = commands::DisableWebhookSource { webhook_source_id };
            changed(ctx, run(ctx, input.idempotency_key, &command).await?).await
        })
        .await
    }

    /// Takes events from a source again. For holders of ADMIN.
    async fn enable_webhook_source(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which source.")] input: EnableWebhookSourceInput,
    ) -> Option<async_graphql::Result<WebhookSourcePayload>> {
        attempt(async {
            let webhook_source_id = Id::new(key_of(ctx, Kind::WebhookSource, &input.webhook_source_id)?);
            let command = commands::EnableWebhookSource { webhook_source_id };
            changed(ctx, run(ctx, input.idempotency_key, &command).await?).await
        })
        .await
    }

    /// Has an event handled again that was rejected or ignored, as whatever its source may do by now. For holders
    /// of ADMIN.
    async fn redeliver_webhook_event(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which event.")] input: RedeliverWebhookEventInput,
    ) -> Option<async_graphql::Result<RedeliverWebhookEventPayload>> {
        attempt(async {
            let webhook_event_id = Id::new(key_of(ctx, Kind::WebhookEvent, &input.webhook_event_id)?);
            let command = commands::RedeliverWebhookEvent { webhook_event_id };
            let (webhook_event, user_errors) = match run(ctx, input.idempotency_key, &command).await? {
                Ok(id) => (Some(event(ctx, id.uuid()).await?), Vec::new()),
                Err(user_errors) => (None, user_errors),
            };
            Ok(RedeliverWebhookEventPayload { webhook_event, user_errors })
        })
        .await
    }
}

/// A source as it is now, with the secret that was made for it.
async fn with_secret(
    ctx: &Context<'_>,
    outcome: Result<WebhookSourceSecret, Vec<UserError>>,
) -> async_graphql::Result<WebhookSourceSecretPayload> {
    Ok(match outcome {
        Ok(made) => WebhookSourceSecretPayload {
            webhook_source: Some(source(ctx, made.webhook_source_id.uuid()).await?),
            secret: made.secret.map(|secret| secret.expose().to_owned()),
            user_errors: Vec::new(),
        },
        Err(user_errors) => WebhookSourceSecretPayload { webhook_source: None, secret: None, user_errors },
    })
}

/// The source that a command was about, as it is now.
async fn changed(
    ctx: &Context<'_>,
    outcome: Result<Id<kind::WebhookSource>, Vec<UserError>>,
) -> async_graphql::Result<WebhookSourcePayload> {
    let (webhook_source, user_errors) = match outcome {
        Ok(id) => (Some(source(ctx, id.uuid()).await?), Vec::new()),
        Err(user_errors) => (None, user_errors),
    };
    Ok(WebhookSourcePayload { webhook_source, user_errors })
}

async fn source(ctx: &Context<'_>, id: Uuid) -> async_graphql::Result<WebhookSource> {
    let found = session(ctx)?.load(WebhookSourceKey(id)).await?;
    found.map(WebhookSource).ok_or_else(|| not_found("the source"))
}

async fn event(ctx: &Context<'_>, id: Uuid) -> async_graphql::Result<WebhookEvent> {
    let found = session(ctx)?.load(WebhookEventKey(id)).await?;
    found.map(WebhookEvent).ok_or_else(|| not_found("the event"))
}
