//! What a command is about: found within the actor's scope, and locked, before anything is decided.

use domain::{
    Refusal,
    id::{Id, kind},
    refusal::Code,
    venture::Venture,
};
use entity::{member, portfolio, webhook_delivery, webhook_event, webhook_source};
use uuid::Uuid;

use super::Context;
use crate::{Error, Scope, Target, store};

/// What the command is about, once found.
#[derive(Debug, Default)]
pub(super) struct Subject {
    pub(super) portfolio: Option<portfolio::Model>,
    pub(super) venture: Option<Held>,
    /// Whether an endpoint is told of the portfolio's events.
    pub(super) listened_to: bool,
    pub(super) record: Option<Uuid>,
    /// The person whose own affair the record is: who asked for it, or holds it.
    pub(super) owner: Option<Id<kind::Person>>,
}

/// A venture under lock, and as it was.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) before: Venture,
    pub(super) now: Venture,
}

impl Target {
    /// The record beside portfolio and venture.
    fn record(self) -> Option<Uuid> {
        match self {
            Self::Platform | Self::Portfolio(_) | Self::Venture { .. } => None,
            Self::GateRun(id) => Some(id.uuid()),
            Self::Evidence(id) => Some(id.uuid()),
            Self::Member(id) => Some(id.uuid()),
            Self::Token(id) => Some(id.uuid()),
            Self::WebhookSource(id) => Some(id.uuid()),
            Self::WebhookEvent(id) => Some(id.uuid()),
            Self::DeadLetter(id) => Some(id.uuid()),
            Self::WebhookEndpoint(id) => Some(id.uuid()),
            Self::WebhookDelivery(id) => Some(id.uuid()),
        }
    }
}

impl Context<'_> {
    pub(super) async fn find(&mut self, target: Target) -> Result<(), Error> {
        let (db, scope) = (&self.tx, self.scope());
        self.subject.record = target.record();
        let portfolio = match target {
            Target::Platform => return Ok(()),
            Target::Venture { id, .. } => return self.find_venture(id).await,
            Target::GateRun(id) => {
                let (venture, asker) = store::gate_run::subject_of(db, &scope, id).await?;
                self.subject.owner = Some(asker);
                return self.find_venture(venture).await;
            }
            Target::Evidence(id) => {
                let venture = store::evidence::venture_of(db, &scope, id).await?;
                return self.find_venture(venture).await;
            }
            Target::Token(id) => return self.find_token(id).await,
            Target::Member(id) => {
                let member: member::Model = store::find(db, &scope, id).await?;
                self.subject.owner = Some(Id::new(member.person_id));
                Id::new(member.portfolio_id)
            }
            Target::Portfolio(id) => id,
            Target::DeadLetter(id) => store::dead_letter_portfolio(db, id).await?,
            Target::WebhookSource(id) => store::portfolio_of::<webhook_source::Model>(db, &scope, id).await?,
            Target::WebhookEvent(id) => store::portfolio_of::<webhook_event::Model>(db, &scope, id).await?,
            Target::WebhookEndpoint(id) => store::webhook_endpoint::portfolio_of(db, &scope, id).await?,
            Target::WebhookDelivery(id) => {
                store::portfolio_of::<webhook_delivery::Model>(db, &scope, id).await?
            }
        };
        self.find_portfolio(&scope, portfolio).await
    }

    async fn find_venture(&mut self, id: Id<Venture>) -> Result<(), Error> {
        let (venture, listened_to) = store::venture::lock(&self.tx, &self.scope(), id).await?;
        self.hold(venture);
        self.subject.listened_to = listened_to;
        Ok(())
    }

    async fn find_portfolio(&mut self, scope: &Scope, id: Id<kind::Portfolio>) -> Result<(), Error> {
        let portfolio = store::find(&self.tx, scope, id).await?;
        self.hold_portfolio(portfolio);
        Ok(())
    }

    async fn find_token(&mut self, id: Id<kind::Token>) -> Result<(), Error> {
        let token = store::token::find(&self.tx, self.actor(), id).await?;
        self.subject.owner = Some(Id::new(token.person_id));
        // One's own may be bound to a portfolio that one has left.
        match token.portfolio_id {
            Some(portfolio) => self.find_portfolio(&Scope::All, Id::new(portfolio)).await,
            None => Ok(()),
        }
    }

    /// Refuses a change of a venture that is newer than what the caller saw.
    pub(super) fn require_unchanged(&self, target: Target) -> Result<(), Error> {
        let Target::Venture { seen: Some(seen), .. } = target else { return Ok(()) };
        let current = self.venture()?.version;
        if seen == current {
            return Ok(());
        }
        let message = format!("version {seen} was seen, but the venture is at version {current}");
        Err(Refusal::new(Code::StaleVersion, message).at("expectedVersion").into())
    }
}
