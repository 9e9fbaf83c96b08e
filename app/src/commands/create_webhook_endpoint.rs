//! `create_webhook_endpoint`: an address that is told of a portfolio's events from now on.

use async_trait::async_trait;
use domain::{
    Refusal, Role,
    id::{Id, kind},
    refusal::Code,
    webhook::{Endpoint, MAX_ENDPOINTS, Settings, State},
};
use serde::{Deserialize, Serialize};

use crate::{
    Command, Context, Error, Right, Target,
    event::Event,
    secret::SigningSecret,
    store::{
        self,
        webhook_endpoint::{Sealed, Stored},
    },
    webhook,
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

#[async_trait]
impl Command for CreateWebhookEndpoint {
    const NAME: &'static str = "create_webhook_endpoint";
    const RIGHT: Right = Right::Platform(&[Role::ADMIN]);
    type Output = EndpointSecret;

    fn target(&self) -> Target {
        Target::Portfolio(self.portfolio_id)
    }

    async fn run(&self, cx: &mut Context<'_>) -> Result<Self::Output, Error> {
        let settings = self.settings.checked(&webhook::event_types())?;
        // Two at once are not both the last that there may be.
        store::member::take_turn(cx.tx(), self.portfolio_id.uuid()).await?;
        if store::webhook_endpoint::count(cx.tx(), self.portfolio_id.uuid()).await? >= MAX_ENDPOINTS {
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
        store::webhook_endpoint::insert(cx.tx(), &stored).await?;
        store::webhook_endpoint::count_listener(cx.tx(), self.portfolio_id, 1).await?;
        cx.changed(None, Some(store::webhook_endpoint::state(&stored)));
        let event_types = stored.endpoint.settings.event_types;
        cx.emit(Event::WebhookEndpointCreated { endpoint_id: id, event_types });
        Ok(EndpointSecret { endpoint_id: id, secret: Some(secret) })
    }
}
