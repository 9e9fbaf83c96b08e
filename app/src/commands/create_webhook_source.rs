//! `create_webhook_source`: an integration may send us events.

use async_trait::async_trait;
use domain::{
    Refusal, Role,
    id::{Id, kind},
    member::{self, PersonKind},
    refusal::Code,
    webhook_source::{MAX_SOURCES, Settings},
};
use entity::webhook_source;
use serde::{Deserialize, Serialize};

use super::add_member::{join, require_room};
use crate::{
    Command, Context, Error, Right, Target,
    event::Event,
    secret::SigningSecret,
    store::{self, person::NewPerson},
};

/// Makes a webhook source: a service, member of the portfolio like anybody, whose word is what it signs.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CreateWebhookSource {
    /// The portfolio.
    pub portfolio_id: Id<kind::Portfolio>,
    /// 1 to 100 characters; also the name of the person it acts as.
    pub name: String,
    /// What it is for, at most 500 characters.
    pub description: Option<String>,
    /// The roles it gets, of the playbook's and the platform's.
    pub roles: Vec<String>,
}

/// A webhook source and the secret it signs by from now on.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct WebhookSourceSecret {
    /// The source.
    pub webhook_source_id: Id<kind::WebhookSource>,
    /// The secret. It is no part of what is kept for a repeated request, which is answered without.
    #[serde(skip)]
    pub secret: Option<SigningSecret>,
}

#[async_trait]
impl Command for CreateWebhookSource {
    const NAME: &'static str = "create_webhook_source";
    const RIGHT: Right = Right::Platform(&[Role::ADMIN]);
    type Output = WebhookSourceSecret;

    fn target(&self) -> Target {
        Target::Portfolio(self.portfolio_id)
    }

    async fn run(&self, cx: &mut Context<'_>) -> Result<Self::Output, Error> {
        let portfolio = cx.portfolio().await?;
        store::member::take_turn(cx.tx(), portfolio.id).await?;
        let Settings { name, description } = Settings::checked(&self.name, self.description.as_deref())?;
        let playbook = cx.playbook(Id::new(portfolio.playbook_id)).await?;
        let roles = member::granted(&self.roles, |role| playbook.roles.contains_key(role))?;
        if store::webhook_source::count(cx.tx(), portfolio.id).await? >= MAX_SOURCES {
            let message = format!("a portfolio has at most {MAX_SOURCES} webhook sources");
            return Err(Refusal::new(Code::LimitReached, message).into());
        }
        require_room(cx, portfolio.id).await?;
        let (id, person) = (cx.id::<kind::WebhookSource>(), cx.id::<kind::Person>());
        let handle = format!("webhook-{}", id.uuid().simple());
        let service = NewPerson {
            handle: handle.clone(),
            name: name.clone(),
            kind: PersonKind::Service,
            email: None,
            subject: None,
        };
        store::person::insert(cx.tx(), person.uuid(), service, cx.now()).await?;
        join(cx, person.uuid(), &handle, roles).await?;
        let secret = SigningSecret::random();
        let source = webhook_source::Model {
            id: id.uuid(),
            portfolio_id: portfolio.id,
            person_id: person.uuid(),
            name: name.clone(),
            description,
            secret: cx.app().keyring().seal(id.uuid(), secret.expose())?,
            previous_secret: None,
            previous_secret_until: None,
            created_at: cx.now(),
            created_by_id: cx.person()?.uuid(),
            updated_at: cx.now(),
            disabled_at: None,
        };
        store::webhook_source::insert(cx.tx(), &source).await?;
        cx.changed(None, Some(store::webhook_source::state(&source)));
        cx.emit(Event::WebhookSourceCreated { webhook_source_id: id, person_id: person, name });
        Ok(WebhookSourceSecret { webhook_source_id: id, secret: Some(secret) })
    }
}

/// Writes a source that changed, and what it was before.
pub(super) async fn save(
    cx: &mut Context<'_>,
    before: &webhook_source::Model,
    after: webhook_source::Model,
) -> Result<(), Error> {
    let after = webhook_source::Model { updated_at: cx.now(), ..after };
    store::webhook_source::save(cx.tx(), &after).await?;
    let states = [before, &after].map(|source| Some(store::webhook_source::state(source)));
    let [before, after] = states;
    cx.changed(before, after);
    Ok(())
}
