//! Queries: what callers may read, page by page and batch by batch. Each takes the caller's scope.

pub mod batch;

pub use crate::{
    dead_letter::list as dead_letters, event::list as events, evidence::list as evidence,
    gate_run::list as gate_runs, job::list as jobs, list, member::list as members,
    metric_sample::list as metric_samples, page, person::list as persons, portfolio::list as portfolios,
    stage_run::list as stage_runs, token::list as tokens, venture::list as ventures, waiting,
    webhook_endpoint::delivery_list as webhook_deliveries, webhook_endpoint::list as webhook_endpoints,
    webhook_source::event_list as webhook_events, webhook_source::list as webhook_sources,
};

use chrono::{DateTime, Utc};
use domain::{
    Role, RootId,
    id::{Id, kind},
};
use entity::{dead_letter, file, gate_run, history, portfolio, stage_run};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Select};

use crate::{Actor, App, Error, Scope, messages::outbox, store};

/// Rows as queries give them.
pub mod rows {
    pub use entity::{
        attestation::Model as Attestation, citation::Model as Citation, dead_letter::Model as DeadLetter,
        evidence::Model as Evidence, file::Model as File, gate_run::Model as GateRun,
        history::Model as Event, member::Model as Member, metric_sample::Model as MetricSample,
        person::Model as Person, playbook::Model as Playbook, portfolio::Model as Portfolio,
        stage_run::Model as StageRun, token::Model as Token, venture::Model as Venture,
        webhook_attempt::Model as WebhookAttempt, webhook_delivery::Model as WebhookDelivery,
        webhook_endpoint::Model as WebhookEndpoint, webhook_event::Model as WebhookEvent,
        webhook_message::Model as WebhookMessage, webhook_source::Model as WebhookSource,
    };
}

/// A portfolio by its short name, within scope.
pub async fn portfolio(app: &App, scope: &Scope, slug: &str) -> Result<Option<portfolio::Model>, Error> {
    crate::portfolio::store::by_slug(app.database().read(), scope, slug).await
}

/// Short names and ids of all portfolios within scope, by name.
pub async fn portfolio_ids(app: &App, scope: &Scope) -> Result<Vec<(String, Id<kind::Portfolio>)>, Error> {
    let rows: Vec<(String, uuid::Uuid)> = portfolio::Entity::find()
        .filter(scope.on(portfolio::Column::Id))
        .order_by_asc(portfolio::Column::Slug)
        .select_only()
        .columns([portfolio::Column::Slug, portfolio::Column::Id])
        .into_tuple()
        .all(app.database().read())
        .await?;
    Ok(rows.into_iter().map(|(slug, id)| (slug, Id::new(id))).collect())
}

/// Whether a portfolio within scope uses the playbook, or a stage run of one has.
pub async fn playbook_in_use(app: &App, scope: &Scope, id: uuid::Uuid) -> Result<bool, Error> {
    let db = app.database().read();
    let portfolios = portfolio::Entity::find()
        .filter(portfolio::Column::PlaybookId.eq(id))
        .filter(scope.on(portfolio::Column::Id));
    if portfolios.count(db).await? > 0 {
        return Ok(true);
    }
    let runs = stage_run::Entity::find()
        .filter(stage_run::Column::PlaybookId.eq(id))
        .filter(scope.on(stage_run::Column::PortfolioId));
    Ok(runs.count(db).await? > 0)
}

/// A gate run, within scope.
pub async fn gate_run(
    app: &App,
    scope: &Scope,
    id: Id<kind::GateRun>,
) -> Result<Option<gate_run::Model>, Error> {
    Ok(store::by_id::<gate_run::Model>(scope, id).one(app.database().read()).await?)
}

/// The uploaded file with its bytes, within scope.
pub async fn file(app: &App, scope: &Scope, id: Id<kind::File>) -> Result<Option<file::Model>, Error> {
    Ok(store::by_id::<file::Model>(scope, id).one(app.database().read()).await?)
}

/// The history of a root after a sequence number, oldest first, at most `limit` events.
pub async fn history(
    app: &App,
    scope: &Scope,
    root: RootId,
    after: i64,
    limit: u64,
) -> Result<Vec<history::Model>, Error> {
    let rows = history::Entity::find()
        .filter(scope.on(history::Column::PortfolioId))
        .filter(history::Column::RootId.eq(root.uuid()))
        .filter(history::Column::Sequence.gt(after))
        .order_by_asc(history::Column::Sequence)
        .limit(limit)
        .all(app.database().read())
        .await?;
    Ok(rows)
}

/// How the delivery of messages stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operations {
    /// Messages written and not yet confirmed, retries among them.
    pub outbox: u64,
    /// When the oldest of them was or is due.
    pub outbox_since: Option<DateTime<Utc>>,
    /// Dead letters not replayed.
    pub dead_letters: u64,
}

/// How the delivery of messages stands; for holders of OPERATOR or ADMIN. The outbox is the whole
/// system's, dead letters are those of the portfolios that the caller operates.
pub async fn operations(app: &App, actor: &Actor) -> Result<Operations, Error> {
    Ok(Operations {
        dead_letters: parked(&operated(actor)?).count(app.database().read()).await?,
        outbox: outbox::count(app).await?,
        outbox_since: outbox::next_due(app).await?,
    })
}

/// A dead letter; for holders of OPERATOR or ADMIN.
pub async fn dead_letter(
    app: &App,
    actor: &Actor,
    id: Id<kind::DeadLetter>,
) -> Result<Option<dead_letter::Model>, Error> {
    let scope = operated(actor)?;
    let query = dead_letter::Entity::find_by_id(id.uuid());
    Ok(query.filter(scope.on(dead_letter::Column::PortfolioId)).one(app.database().read()).await?)
}

fn parked(scope: &Scope) -> Select<dead_letter::Entity> {
    dead_letter::Entity::find()
        .filter(dead_letter::Column::ReplayedAt.is_null())
        .filter(scope.on(dead_letter::Column::PortfolioId))
}

/// The portfolios that the caller administers.
pub fn administered(actor: &Actor) -> Scope {
    Scope::Portfolios(actor.portfolios_with(&[Role::ADMIN]))
}

/// Refuses who may not see what of a portfolio is for its ADMINs: its tokens, say.
pub fn require_admin(actor: &Actor, portfolio: Id<kind::Portfolio>, what: &str) -> Result<(), Error> {
    if administered(actor).reaches(portfolio.uuid()) {
        return Ok(());
    }
    Err(Error::Forbidden(format!("a portfolio's {what} are for the role ADMIN")))
}

/// The portfolios that the caller operates; refuses who operates none.
pub fn operated(actor: &Actor) -> Result<Scope, Error> {
    let portfolios = actor.portfolios_with(&crate::dead_letter::replay_dead_letter::OPERATORS);
    if portfolios.is_empty() {
        return Err(Error::Forbidden("operations are for the roles OPERATOR and ADMIN".to_owned()));
    }
    Ok(Scope::Portfolios(portfolios))
}
