//! `create_webhook_source`: an integration may send us events.

use async_trait::async_trait;
use domain::{
    Refusal, Role,
    id::{Id, kind},
    member::{PersonKind, granted},
    refusal::Code,
    webhook_source::{MAX_SOURCES, Settings},
};
use entity::webhook_source;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::store;
use crate::{
    Command, Context, Error, Right, Target,
    event::{self, Event},
    global_id::Kind,
    member::add_member::{MemberAdded, join, require_room},
    person::{self, store::NewPerson},
    secret::SigningSecret,
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

/// A webhook source was created, with the person it acts as.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct WebhookSourceCreated {
    /// The webhook source.
    pub webhook_source_id: Id<kind::WebhookSource>,
    /// The person.
    pub person_id: Id<kind::Person>,
    /// Its name.
    pub name: String,
}

impl Event for WebhookSourceCreated {
    const KIND: &'static str = "webhook_source.created.v1";
}

#[async_trait]
impl Command for CreateWebhookSource {
    const NAME: &'static str = "create_webhook_source";
    const RIGHT: Right = Right::Platform(&[Role::ADMIN]);
    const EVENTS: &'static [event::Declared] =
        &[event::Declared::of::<WebhookSourceCreated>(), event::Declared::of::<MemberAdded>()];
    const ACTS_ON: Option<Kind> = Some(Kind::Portfolio);
    type Output = WebhookSourceSecret;

    fn target(&self) -> Target {
        Target::root(self.portfolio_id)
    }

    async fn run(&self, cx: &mut Context<'_>) -> Result<Self::Output, Error> {
        let portfolio = cx.portfolio()?.clone();
        let Settings { name, description } = Settings::checked(&self.name, self.description.as_deref())?;
        let playbook = cx.playbook(portfolio.playbook_id).await?;
        let roles = granted(&self.roles, |role| playbook.roles.contains_key(role))?;
        if store::count(cx.tx(), portfolio.id.uuid()).await? >= MAX_SOURCES {
            let message = format!("a portfolio has at most {MAX_SOURCES} webhook sources");
            return Err(Refusal::new(Code::LimitReached, message).into());
        }
        require_room(cx, portfolio.id.uuid()).await?;
        let (id, person) = (cx.id::<kind::WebhookSource>(), cx.id::<kind::Person>());
        let handle = format!("webhook-{}", id.uuid().simple());
        let service = NewPerson {
            handle: handle.clone(),
            name: name.clone(),
            kind: PersonKind::Service,
            email: None,
            subject: None,
        };
        person::store::insert(cx.tx(), person.uuid(), service, cx.now()).await?;
        join(cx, person.uuid(), &handle, roles)?;
        let secret = SigningSecret::random();
        let source = webhook_source::Model {
            id: id.uuid(),
            portfolio_id: portfolio.id.uuid(),
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
        store::insert(cx.tx(), &source).await?;
        cx.changed(None, Some(store::state(&source)));
        cx.emit(WebhookSourceCreated { webhook_source_id: id, person_id: person, name });
        Ok(WebhookSourceSecret { webhook_source_id: id, secret: Some(secret) })
    }
}

/// Writes a source that changed, and what it was before.
pub(crate) async fn save(
    cx: &mut Context<'_>,
    before: &webhook_source::Model,
    after: webhook_source::Model,
) -> Result<(), Error> {
    let after = webhook_source::Model { updated_at: cx.now(), ..after };
    store::save(cx.tx(), &after).await?;
    let states = [before, &after].map(|source| Some(store::state(source)));
    let [before, after] = states;
    cx.changed(before, after);
    Ok(())
}
