//! What the handlers' exercises have in common: a tenant of their own, so that no exercise meets another's work.

use std::sync::Arc;

use app::{
    App, Error, Request, Scope,
    clock::{Clock, SystemIds},
    commands::{CreatePortfolio, CreateVenture, CreateWebhookEndpoint, FoundPortfolio, SendTestWebhook},
    query::{
        batch,
        list::{self, List},
        rows, webhook_deliveries,
    },
    token,
    webhook_endpoint::message,
};
use async_trait::async_trait;
use chrono::{DateTime, Duration, Utc};
use delivery::exercise::{Progress, Work, World};
use domain::{
    Role,
    id::{Id, kind},
    venture::Venture,
    webhook::Settings,
};
use uuid::Uuid;

/// A portfolio that was founded for one exercise.
pub(crate) struct Tenant {
    pub(crate) portfolio_id: Id<kind::Portfolio>,
    /// Requests by the person with this role.
    pub(crate) chairman: Request,
    /// Requests by the person with this role.
    pub(crate) admin: Request,
}

impl Tenant {
    pub(crate) async fn found(app: &App) -> Result<Self, Error> {
        let slug = format!("e{}", app.ids().next().simple());
        let input = CreatePortfolio {
            slug: slug.clone(),
            name: "Exercise".to_owned(),
            zone: "Europe/Vienna".to_owned(),
            currency: "EUR".to_owned(),
        };
        let portfolio_id = app.execute(&Request::by_operator(), &FoundPortfolio(input)).await?;
        let chairman = request(app, &slug, "CHAIRMAN").await?;
        let admin = request(app, &slug, Role::ADMIN).await?;
        Ok(Self { portfolio_id, chairman, admin })
    }

    /// A new venture, its category set.
    pub(crate) async fn venture(&self, app: &App) -> Result<Id<Venture>, Error> {
        let command = CreateVenture {
            portfolio_id: self.portfolio_id,
            name: "Exercise".to_owned(),
            description: "A venture made by an exercise, to be led through its gates.".to_owned(),
            category: Some("exercises".to_owned()),
            zone: None,
            currency: None,
        };
        app.execute(&self.chairman, &command).await
    }

    /// The stage run of a new venture.
    pub(crate) async fn stage_run(&self, app: &App) -> Result<Uuid, Error> {
        let venture = self.venture(app).await?;
        let found = batch::ventures(app, &Scope::All, &[venture.uuid()]).await?;
        found.get(&venture.uuid()).map(|venture| venture.stage_run_id.uuid()).ok_or(Error::NotFound)
    }

    /// An endpoint at the world's receiver that is told of one type of event.
    pub(crate) async fn endpoint(
        &self,
        world: &dyn World,
        event_type: &str,
    ) -> Result<Id<kind::WebhookEndpoint>, Error> {
        let event_types = Some(vec![event_type.to_owned()]);
        let settings = Settings { url: world.receiver().to_owned(), description: None, event_types };
        let command = CreateWebhookEndpoint { portfolio_id: self.portfolio_id, settings };
        Ok(world.app().execute(&self.admin, &command).await?.endpoint_id)
    }

    /// A test webhook to the world's receiver.
    pub(crate) async fn test_webhook(&self, world: &dyn World) -> Result<TestWebhook, Error> {
        let endpoint_id = self.endpoint(world, "stage.late.v1").await?;
        let delivery = world.app().execute(&self.admin, &SendTestWebhook { endpoint_id }).await?;
        Ok(TestWebhook(delivery))
    }
}

/// Has a sweep's timer due now.
pub(crate) async fn due_now(app: &App, sweep: &str, key: Uuid) -> Result<(), Error> {
    let request = Request::by_operator();
    let mut cx = app.begin(&request).await?;
    cx.schedule(sweep, key, cx.now()).await?;
    cx.commit().await
}

/// A person of a portfolio, made for a role.
async fn request(app: &App, slug: &str, role: &str) -> Result<Request, Error> {
    let role = Role::parse(role).map_err(anyhow::Error::from)?;
    let token = token::create(app, slug, &role, None).await?;
    match token::authenticate(app, &token).await? {
        Ok(actor) => Ok(Request::by(actor)),
        Err(_) => Err(Error::Forbidden("a token made just now was not taken".to_owned())),
    }
}

/// A webhook on its way, which its receiver refuses the first time.
pub(crate) struct TestWebhook(Id<kind::WebhookDelivery>);

#[async_trait]
impl Work for TestWebhook {
    /// The receiver may be called more than once for an attempt, and knows the webhook by its id. Each attempt is on
    /// record once, under a number of its own, and none follows the one that was taken.
    async fn progress(&self, world: &dyn World) -> Result<Progress, Error> {
        let (app, id) = (world.app(), self.0.uuid());
        let attempts = webhook_deliveries::attempts_of(app, &Scope::All, &[id]).await?;
        let attempts = attempts.get(&id).map(Vec::as_slice).unwrap_or_default();
        let taken = attempts.iter().filter(|attempt| attempt.status == Some(204)).count();
        let numbered = attempts.iter().zip(1..).all(|(attempt, number)| attempt.number == number);
        if !numbered || (taken > 0 && attempts.last().is_some_and(|last| last.status != Some(204))) {
            return Ok(Progress::Wrong(format!("the attempts are {attempts:?}")));
        }
        let found = batch::by_ids::<rows::WebhookDelivery>(app, &Scope::All, &[id]).await?;
        let Some(delivery) = found.get(&id) else {
            return Ok(Progress::Wrong("a delivery is gone".to_owned()));
        };
        let received = world.received(&message::public_id(delivery.message_id)).min(1);
        Ok(Progress::count("attempts that were taken", taken, 1).and(Progress::count(
            "webhooks received",
            received,
            1,
        )))
    }
}

/// What a venture's history says.
pub(crate) struct Events {
    count: usize,
    /// Whether its numbers are 1, 2, 3 and so on.
    gapless: bool,
}

impl Events {
    /// Whether there are as many as there should be.
    pub(crate) fn are(&self, what: &str, wanted: usize) -> Progress {
        if self.gapless {
            Progress::count(what, self.count, wanted)
        } else {
            Progress::Wrong("the numbers of a history have a gap".to_owned())
        }
    }
}

/// A venture's events of one kind whose bodies are as they should be.
pub(crate) async fn events(
    world: &dyn World,
    venture: Id<Venture>,
    kind: &str,
    good: impl Fn(&serde_json::Value) -> bool + Send,
) -> Result<Events, Error> {
    let history = world.history(venture.uuid()).await?;
    let count = history.iter().filter(|event| event.kind == kind && good(&event.body)).count();
    let gapless = history.iter().zip(1..).all(|(event, number)| event.sequence == number);
    Ok(Events { count, gapless })
}

/// How many rows of a list belong to a record.
pub(crate) async fn count<L: List>(world: &dyn World, parent: L::Parent, id: Uuid) -> Result<usize, Error> {
    let filter = L::Filter::default();
    let counts = list::counts_of::<L>(world.app(), &Scope::All, (parent, &[id]), &filter).await?;
    Ok(usize::try_from(counts.get(&id).map_or(0, |count| count.total)).unwrap_or(usize::MAX))
}

/// The application as it was some days ago: what it does is on record as done then. Exercises of timers need no
/// clock that is moved.
pub(crate) fn days_ago(app: &App, days: i64) -> App {
    let clock = Past { app: app.clone(), by: Duration::days(days) };
    App::with(app.database().clone(), Arc::new(clock), Arc::new(SystemIds))
        .with_keyring(app.keyring().clone())
}

/// An application's clock, put back.
#[derive(Debug)]
struct Past {
    app: App,
    by: Duration,
}

impl Clock for Past {
    fn now(&self) -> DateTime<Utc> {
        self.app.clock().now() - self.by
    }
}
