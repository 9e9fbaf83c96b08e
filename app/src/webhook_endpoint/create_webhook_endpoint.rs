//! `create_webhook_endpoint`: an address that is told of a portfolio's events from now on.

use async_trait::async_trait;
use domain::{
    Refusal, Role,
    id::{Id, kind},
    refusal::Code,
    webhook::{Endpoint, MAX_ENDPOINTS, Settings, State},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    message,
    store::{self, Sealed, Stored},
};
use crate::{
    Command, Context, Error, Right, Target,
    event::{self, Event},
    global_id::Kind,
    secret::SigningSecret,
};

/// Makes a webhook endpoint, with a secret.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CreateWebhookEndpoint {
    /// The portfolio whose events it is told of.
    pub portfolio_id: Id<kind::Portfolio>,
    /// Where messages go, for what, and of which events.
    #[serde(flatten)]
    pub settings: Settings,
}

/// An endpoint, and the secret that was made for it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EndpointSecret {
    /// The endpoint.
    pub endpoint_id: Id<kind::WebhookEndpoint>,
    /// The secret itself. It is no part of what is kept for a repeated request, which is answered without.
    #[serde(skip)]
    pub secret: Option<SigningSecret>,
}

/// A webhook endpoint was created.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct WebhookEndpointCreated {
    /// The webhook endpoint.
    pub endpoint_id: Id<kind::WebhookEndpoint>,
    /// The event types it is told of; null: all.
    pub event_types: Option<Vec<String>>,
}

impl Event for WebhookEndpointCreated {
    const KIND: &'static str = "webhook_endpoint.created.v1";
}

#[async_trait]
impl Command for CreateWebhookEndpoint {
    const NAME: &'static str = "create_webhook_endpoint";
    const RIGHT: Right = Right::Platform(&[Role::ADMIN]);
    const EVENTS: &'static [event::Declared] = &[event::Declared::of::<WebhookEndpointCreated>()];
    const ACTS_ON: Option<Kind> = Some(Kind::Portfolio);
    type Output = EndpointSecret;

    fn target(&self) -> Target {
        Target::root(self.portfolio_id)
    }

    async fn run(&self, cx: &mut Context<'_>) -> Result<Self::Output, Error> {
        let settings = self.settings.checked(&message::event_types())?;
        // The portfolio is locked, so that two creates at once cannot exceed the limit.
        if store::count(cx.tx(), self.portfolio_id.uuid()).await? >= MAX_ENDPOINTS {
            let message = format!("a portfolio has at most {MAX_ENDPOINTS} webhook endpoints");
            return Err(Refusal::new(Code::LimitReached, message).into());
        }
        let (id, secret) = (cx.id(), SigningSecret::random());
        let stored = Stored {
            endpoint: Endpoint {
                id,
                portfolio_id: self.portfolio_id,
                settings,
                state: State::Enabled { failing_since: None },
                created_by: cx.person()?,
                created_at: cx.now(),
                updated_at: cx.now(),
                version: 1,
            },
            secrets: vec![Sealed::seal(cx.app().keyring(), id, &secret, cx.now())?],
        };
        store::insert(cx.tx(), &stored).await?;
        cx.portfolio_mut()?.listeners += 1;
        cx.changed(None, Some(store::state(&stored)));
        let event_types = stored.endpoint.settings.event_types;
        cx.emit(WebhookEndpointCreated { endpoint_id: id, event_types });
        Ok(EndpointSecret { endpoint_id: id, secret: Some(secret) })
    }
}
