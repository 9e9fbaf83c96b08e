//! Mutations of webhook sources and of the events that they sent (incoming).

use app::{
    Command,
    commands::{self, WebhookSourceSecret},
};
use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, SimpleObject};
use domain::id::{Id, kind};

use super::{WebhookEvent, WebhookSource};
use crate::{
    change::{Changed, Input, Keyed, NotRun, Payload, change},
    global_id::{Kind, id_of},
    session::session,
};

/// What mutations of a webhook source answer.
#[derive(SimpleObject, Default)]
pub(crate) struct WebhookSourceAnswer {
    /// The source after the change. Null when the mutation was refused.
    webhook_source: Option<WebhookSource>,
}

impl<C: Command<Output = Id<kind::WebhookSource>>> Payload<C> for WebhookSourceAnswer {
    async fn read(ctx: &Context<'_>, _: &C, id: Id<kind::WebhookSource>) -> async_graphql::Result<Self> {
        Ok(Self { webhook_source: Some(session(ctx)?.get(id.uuid()).await?) })
    }
}

/// What mutations answer that create a secret of a webhook source.
#[derive(SimpleObject, Default)]
pub(crate) struct WebhookSourceSecretAnswer {
    /// The source after the change. Null when the mutation was refused.
    webhook_source: Option<WebhookSource>,
    /// The new secret, which the source signs with from now on: `whsec_` followed by the base64 of 32 bytes. It is
    /// shown once. Null when the mutation was refused, and in the answer to a repeat with the same idempotency key: if
    /// the first answer was lost, rotate the secret.
    secret: Option<String>,
}

impl<C: Command<Output = WebhookSourceSecret>> Payload<C> for WebhookSourceSecretAnswer {
    async fn read(ctx: &Context<'_>, _: &C, created: WebhookSourceSecret) -> async_graphql::Result<Self> {
        Ok(Self {
            webhook_source: Some(session(ctx)?.get(created.webhook_source_id.uuid()).await?),
            secret: created.secret.map(|secret| secret.expose().to_owned()),
        })
    }
}

/// Input of `createWebhookSource`.
#[derive(InputObject)]
pub(crate) struct CreateWebhookSource {
    /// Global id of the portfolio.
    portfolio_id: ID,
    /// Name of the source and of the service that it acts as, 1 to 100 characters.
    name: String,
    /// Purpose of the source, at most 500 characters.
    description: Option<String>,
    /// Roles of the source: at least one, of the playbook or of the platform. They limit what its events may do.
    /// INTEGRATION allows to submit evidence and to record samples.
    #[graphql(default_with = "vec![\"INTEGRATION\".to_owned()]")]
    roles: Vec<String>,
}

impl Input for CreateWebhookSource {
    type Command = commands::CreateWebhookSource;
    type Payload = WebhookSourceSecretAnswer;

    async fn command(self, _: &Context<'_>) -> Result<commands::CreateWebhookSource, NotRun> {
        Ok(commands::CreateWebhookSource {
            portfolio_id: id_of(Kind::Portfolio, &self.portfolio_id)?,
            name: self.name,
            description: self.description,
            roles: self.roles,
        })
    }
}

/// Input of `updateWebhookSource`.
#[derive(InputObject)]
pub(crate) struct UpdateWebhookSource {
    /// Global id of the source.
    webhook_source_id: ID,
    /// New name, 1 to 100 characters.
    name: Option<String>,
    /// New purpose, at most 500 characters. Null removes the purpose.
    description: MaybeUndefined<String>,
}

impl Input for UpdateWebhookSource {
    type Command = commands::UpdateWebhookSource;
    type Payload = WebhookSourceAnswer;

    async fn command(self, _: &Context<'_>) -> Result<commands::UpdateWebhookSource, NotRun> {
        Ok(commands::UpdateWebhookSource {
            webhook_source_id: id_of(Kind::WebhookSource, &self.webhook_source_id)?,
            name: self.name,
            description: self.description.into(),
        })
    }
}

/// Input of `rotateWebhookSourceSecret`.
#[derive(InputObject)]
pub(crate) struct RotateWebhookSourceSecret {
    /// Global id of the source.
    webhook_source_id: ID,
    /// Hours for which the current secret is accepted beside the new one, 0 to 168. An older secret is revoked at
    /// once.
    #[graphql(default = 24)]
    overlap_hours: u32,
}

impl Input for RotateWebhookSourceSecret {
    type Command = commands::RotateWebhookSourceSecret;
    type Payload = WebhookSourceSecretAnswer;

    async fn command(self, _: &Context<'_>) -> Result<commands::RotateWebhookSourceSecret, NotRun> {
        let webhook_source_id = id_of(Kind::WebhookSource, &self.webhook_source_id)?;
        Ok(commands::RotateWebhookSourceSecret { webhook_source_id, overlap_hours: self.overlap_hours })
    }
}

/// Input of `disableWebhookSource`.
#[derive(InputObject)]
pub(crate) struct DisableWebhookSource {
    /// Global id of the source.
    webhook_source_id: ID,
}

impl Input for DisableWebhookSource {
    type Command = commands::DisableWebhookSource;
    type Payload = WebhookSourceAnswer;

    async fn command(self, _: &Context<'_>) -> Result<commands::DisableWebhookSource, NotRun> {
        let webhook_source_id = id_of(Kind::WebhookSource, &self.webhook_source_id)?;
        Ok(commands::DisableWebhookSource { webhook_source_id })
    }
}

/// Input of `enableWebhookSource`.
#[derive(InputObject)]
pub(crate) struct EnableWebhookSource {
    /// Global id of the source.
    webhook_source_id: ID,
}

impl Input for EnableWebhookSource {
    type Command = commands::EnableWebhookSource;
    type Payload = WebhookSourceAnswer;

    async fn command(self, _: &Context<'_>) -> Result<commands::EnableWebhookSource, NotRun> {
        let webhook_source_id = id_of(Kind::WebhookSource, &self.webhook_source_id)?;
        Ok(commands::EnableWebhookSource { webhook_source_id })
    }
}

/// Input of `reprocessWebhookEvent`.
#[derive(InputObject)]
pub(crate) struct ReprocessWebhookEvent {
    /// Global id of an event whose status is REJECTED or IGNORED.
    webhook_event_id: ID,
}

impl Input for ReprocessWebhookEvent {
    type Command = commands::ReprocessWebhookEvent;
    type Payload = ReprocessWebhookEventAnswer;

    async fn command(self, _: &Context<'_>) -> Result<commands::ReprocessWebhookEvent, NotRun> {
        let webhook_event_id = id_of(Kind::WebhookEvent, &self.webhook_event_id)?;
        Ok(commands::ReprocessWebhookEvent { webhook_event_id })
    }
}

/// What `reprocessWebhookEvent` answers.
#[derive(SimpleObject, Default)]
pub(crate) struct ReprocessWebhookEventAnswer {
    /// The event after the change. Null when the mutation was refused.
    webhook_event: Option<WebhookEvent>,
}

impl Payload<commands::ReprocessWebhookEvent> for ReprocessWebhookEventAnswer {
    async fn read(
        ctx: &Context<'_>,
        _: &commands::ReprocessWebhookEvent,
        id: Id<kind::WebhookEvent>,
    ) -> async_graphql::Result<Self> {
        Ok(Self { webhook_event: Some(session(ctx)?.get(id.uuid()).await?) })
    }
}

/// Mutations of webhook sources.
#[derive(Default)]
pub(crate) struct WebhookSourceMutation;

/// Mutations of webhook sources.
#[Object]
impl WebhookSourceMutation {
    /// Creates a webhook source: a service that is a member of the portfolio and posts events to its own path. Requires
    /// the role ADMIN in the portfolio.
    async fn create_webhook_source(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The new source and its roles.")] input: Keyed<CreateWebhookSource>,
    ) -> Changed<CreateWebhookSource> {
        change(ctx, input).await
    }

    /// Changes name or purpose of a webhook source. Fields that are not given stay as they are. Requires the role
    /// ADMIN. `setRoles` changes the roles of a source.
    async fn update_webhook_source(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The source and its new values.")] input: Keyed<UpdateWebhookSource>,
    ) -> Changed<UpdateWebhookSource> {
        change(ctx, input).await
    }

    /// Creates a new secret for a webhook source. During the overlap, both secrets are accepted. Requires the role
    /// ADMIN.
    async fn rotate_webhook_source_secret(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The source and the overlap.")] input: Keyed<RotateWebhookSourceSecret>,
    ) -> Changed<RotateWebhookSourceSecret> {
        change(ctx, input).await
    }

    /// Disables a webhook source. New events are refused, and events that wait for a worker are rejected. Requires the
    /// role ADMIN.
    async fn disable_webhook_source(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The source.")] input: Keyed<DisableWebhookSource>,
    ) -> Changed<DisableWebhookSource> {
        change(ctx, input).await
    }

    /// Enables a webhook source that is disabled. Its secrets stay the same. Requires the role ADMIN.
    async fn enable_webhook_source(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The source.")] input: Keyed<EnableWebhookSource>,
    ) -> Changed<EnableWebhookSource> {
        change(ctx, input).await
    }

    /// Processes a webhook event again that was REJECTED or IGNORED, with the roles the source has now. Requires the
    /// role ADMIN.
    async fn reprocess_webhook_event(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The event.")] input: Keyed<ReprocessWebhookEvent>,
    ) -> Changed<ReprocessWebhookEvent> {
        change(ctx, input).await
    }
}
