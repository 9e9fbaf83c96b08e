//! Records: anything that has a global id and belongs to a portfolio. A record declares once its kind, its table, where it
//! belongs, and who reads it. Finders, targets of commands, nodes of the API and the tests of foreign callers follow
//! from that one declaration.

use std::{any::Any, collections::HashMap, sync::Arc};

use domain::{
    RootId,
    id::{Id, kind},
    role::Role,
    stage_run::StageRun,
    venture::Venture,
};
use entity::{
    attestation, dead_letter, evidence, file, gate_run, history, member, metric_sample, portfolio, stage_run,
    token, venture, webhook_delivery, webhook_endpoint, webhook_event, webhook_message, webhook_source,
};
use futures_util::{FutureExt, future::BoxFuture};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DatabaseTransaction, EntityTrait, FromQueryResult, ModelTrait,
    QueryFilter, QuerySelect, QueryTrait, Select,
    sea_query::{Expr, ExprTrait, Func, LockType, Query, SelectStatement},
};
use uuid::Uuid;

use crate::{Actor, Error, Scope, global_id::Kind};

/// A row that has a global id.
pub trait Record:
    ModelTrait<Entity: EntityTrait<Model = Self>> + FromQueryResult + Send + Sync + 'static
{
    /// What its id is of.
    type Of;
    /// Its kind in global ids.
    const KIND: Kind;
    /// Its key.
    const ID: ColumnOf<Self>;
    /// The portfolio that it belongs to.
    const PORTFOLIO: ColumnOf<Self>;
    /// The venture that is its root; none when every record of the kind has the portfolio as its root.
    const VENTURE: Option<ColumnOf<Self>>;
    /// Who reads it, of those who see its portfolio.
    const READERS: Readers;

    /// Its id.
    fn id(&self) -> Uuid;

    /// The portfolio that it belongs to; none for what belongs to a person alone.
    fn portfolio(&self) -> Option<Uuid>;

    /// The venture that is its root; none when the root is the portfolio.
    fn venture(&self) -> Option<Uuid> {
        None
    }

    /// The person whose own affair it is: who asked for it, or holds it.
    fn owner(&self) -> Option<Uuid> {
        None
    }

    /// What must hold of records that an actor can name; whether they may act on one is a question of rights.
    fn sight(actor: &Actor) -> Condition {
        actor.scope().on(Self::PORTFOLIO)
    }
}

/// Who reads a record, of those who see its portfolio.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readers {
    /// Every member.
    Members,
    /// Holders of ADMIN.
    Admins,
    /// Holders of OPERATOR or ADMIN.
    Operators,
    /// Its holder, and holders of ADMIN in the portfolio that it is bound to.
    Holder,
}

impl Readers {
    /// How far an actor reads records of this kind by their portfolio.
    pub fn scope(self, actor: &Actor) -> Scope {
        match (self, actor) {
            (_, Actor::Agent(_)) => Scope::All,
            (Self::Members, _) => actor.scope(),
            (Self::Admins | Self::Holder, _) => Scope::Portfolios(actor.portfolios_with(&[Role::ADMIN])),
            (Self::Operators, _) => Scope::Portfolios(actor.portfolios_with(&["OPERATOR", Role::ADMIN])),
        }
    }
}

/// A column of a row's table.
pub type ColumnOf<M> = <<M as ModelTrait>::Entity as EntityTrait>::Column;

macro_rules! records {
    ($($table:ident: $of:ty, $kind:ident, $readers:ident, by $portfolio:ident
       $(, venture $venture:ident)? $(, owner $owner:ident)?, |$row:ident| $place:expr;)*) => { $(
        impl Record for $table::Model {
            type Of = $of;
            const KIND: Kind = Kind::$kind;
            const ID: $table::Column = $table::Column::Id;
            const PORTFOLIO: $table::Column = $table::Column::$portfolio;
            const VENTURE: Option<$table::Column> = records!(@venture $table $($venture)?);
            const READERS: Readers = Readers::$readers;

            fn id(&self) -> Uuid {
                self.id
            }

            fn portfolio(&self) -> Option<Uuid> {
                let $row = self;
                let place: (Option<Uuid>, Option<Uuid>) = $place;
                place.0
            }

            fn venture(&self) -> Option<Uuid> {
                let $row = self;
                let place: (Option<Uuid>, Option<Uuid>) = $place;
                place.1
            }

            $(fn owner(&self) -> Option<Uuid> {
                Some(self.$owner)
            })?
        }
    )* };
    (@venture $table:ident) => { None };
    (@venture $table:ident $venture:ident) => { Some($table::Column::$venture) };
}

// Table, what its id is of, kind in global ids, readers, and where it belongs: (portfolio, venture).
records! {
    attestation: kind::Attestation, Attestation, Members, by PortfolioId, venture VentureId,
        |row| (Some(row.portfolio_id), row.venture_id);
    dead_letter: kind::DeadLetter, DeadLetter, Operators, by PortfolioId, venture VentureId,
        |row| (row.portfolio_id, row.venture_id);
    evidence: kind::Evidence, Evidence, Members, by PortfolioId, venture VentureId,
        |row| (Some(row.portfolio_id), row.venture_id);
    file: kind::File, File, Members, by PortfolioId, |row| (Some(row.portfolio_id), None);
    gate_run: kind::GateRun, GateRun, Members, by PortfolioId, venture VentureId, owner requested_by_id,
        |row| (Some(row.portfolio_id), row.venture_id);
    history: kind::Event, Event, Members, by PortfolioId, |row| (Some(row.portfolio_id), None);
    member: kind::Member, Member, Members, by PortfolioId, owner person_id, |row| (Some(row.portfolio_id), None);
    metric_sample: kind::MetricSample, MetricSample, Members, by PortfolioId, venture VentureId,
        |row| (Some(row.portfolio_id), Some(row.venture_id));
    portfolio: kind::Portfolio, Portfolio, Members, by Id, |row| (Some(row.id), None);
    stage_run: StageRun, StageRun, Members, by PortfolioId, venture VentureId,
        |row| (Some(row.portfolio_id), row.venture_id);
    venture: Venture, Venture, Members, by PortfolioId, venture Id, |row| (Some(row.portfolio_id), Some(row.id));
    webhook_delivery: kind::WebhookDelivery, WebhookDelivery, Admins, by PortfolioId,
        |row| (Some(row.portfolio_id), None);
    webhook_endpoint: kind::WebhookEndpoint, WebhookEndpoint, Admins, by PortfolioId,
        |row| (Some(row.portfolio_id), None);
    webhook_event: kind::WebhookEvent, WebhookEvent, Admins, by PortfolioId, |row| (Some(row.portfolio_id), None);
    webhook_source: kind::WebhookSource, WebhookSource, Admins, by PortfolioId, |row| (Some(row.portfolio_id), None);
    webhook_message: kind::WebhookMessage, WebhookMessage, Admins, by PortfolioId,
        |row| (Some(row.portfolio_id), None);
}

/// A token belongs to its holder, and to the portfolio that it is bound to, if it is bound.
impl Record for token::Model {
    type Of = kind::Token;
    const KIND: Kind = Kind::Token;
    const ID: token::Column = token::Column::Id;
    const PORTFOLIO: token::Column = token::Column::PortfolioId;
    const VENTURE: Option<token::Column> = None;
    const READERS: Readers = Readers::Holder;

    fn id(&self) -> Uuid {
        self.id
    }

    fn portfolio(&self) -> Option<Uuid> {
        self.portfolio_id
    }

    fn owner(&self) -> Option<Uuid> {
        Some(self.person_id)
    }

    fn sight(actor: &Actor) -> Condition {
        crate::token::store::nameable(actor)
    }
}

/// A record by kind and id, and how it is found.
#[derive(Clone, Copy)]
pub struct RecordId {
    /// Its kind.
    pub kind: Kind,
    /// Its id.
    pub id: Uuid,
    pub(crate) resolve: Resolve,
}

/// Finds the records of these ids that the actor can name.
pub(crate) type Resolve = for<'a> fn(
    &'a DatabaseTransaction,
    &'a Actor,
    &'a [Uuid],
) -> BoxFuture<'a, Result<HashMap<Uuid, Found>, Error>>;

impl RecordId {
    /// The record of an id.
    pub fn of<M: Record>(id: Id<M::Of>) -> Self {
        Self { kind: M::KIND, id: id.uuid(), resolve: resolve::<M> }
    }
}

impl std::fmt::Debug for RecordId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} {}", self.kind, self.id)
    }
}

/// A record that was found.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    /// The root that it belongs to; none for what belongs to a person alone.
    pub(crate) root: Option<RootId>,
    pub(crate) portfolio: Option<Uuid>,
    pub(crate) owner: Option<Uuid>,
    /// The root's version when the row was read: a root that is locked at another version makes the row old.
    pub(crate) root_version: Option<i64>,
    pub(crate) row: Arc<dyn Any + Send + Sync>,
}

const ROOT_VERSION: &str = "root_version";

fn resolve<'a, M: Record>(
    tx: &'a DatabaseTransaction,
    actor: &'a Actor,
    ids: &'a [Uuid],
) -> BoxFuture<'a, Result<HashMap<Uuid, Found>, Error>> {
    async move {
        let mut query =
            M::Entity::find().filter(M::ID.is_in(ids.iter().copied())).filter(M::sight(actor)).into_query();
        query.expr_as(root_version::<M>(), ROOT_VERSION);
        let rows = tx.query_all(&query).await?;
        rows.iter()
            .map(|row| {
                let root_version = row.try_get("", ROOT_VERSION)?;
                let model = M::from_query_result(row, "")?;
                let (id, portfolio, owner) = (model.id(), model.portfolio(), model.owner());
                let root = portfolio.map(|portfolio| RootId::of(portfolio, model.venture()));
                Ok((id, Found { root, portfolio, owner, root_version, row: Arc::new(model) }))
            })
            .collect()
    }
    .boxed()
}

/// The version of a row's root, as the statement sees it.
fn root_version<M: Record>() -> Expr {
    let version = |version: Expr, id: Expr, table: SelectStatement, of: ColumnOf<M>| {
        let mut select = table;
        select.expr(version).and_where(id.eq(Expr::col(of.as_column_ref())));
        Expr::from(select)
    };
    let own = version(
        Expr::col(("root_portfolio", portfolio::Column::Version)),
        Expr::col(("root_portfolio", portfolio::Column::Id)),
        Query::select().from_as(portfolio::Entity, "root_portfolio").take(),
        M::PORTFOLIO,
    );
    let Some(venture) = M::VENTURE else { return own };
    let ventures = version(
        Expr::col(("root_venture", venture::Column::Version)),
        Expr::col(("root_venture", venture::Column::Id)),
        Query::select().from_as(venture::Entity, "root_venture").take(),
        venture,
    );
    Func::coalesce([ventures, own]).into()
}

/// The row of an id, within scope.
pub(crate) fn by_id<M: Record>(scope: &Scope, id: Id<M::Of>) -> Select<M::Entity> {
    M::Entity::find().filter(M::ID.eq(id.uuid())).filter(scope.on(M::PORTFOLIO))
}

/// The rows of many ids, within scope.
pub(crate) fn by_ids<M: Record>(scope: &Scope, ids: &[Uuid]) -> Select<M::Entity> {
    M::Entity::find().filter(M::ID.is_in(ids.iter().copied())).filter(scope.on(M::PORTFOLIO))
}

/// Reads a row, within scope.
pub(crate) async fn find<M: Record>(
    db: &impl ConnectionTrait,
    scope: &Scope,
    id: Id<M::Of>,
) -> Result<M, Error> {
    by_id::<M>(scope, id).one(db).await?.ok_or(Error::NotFound)
}

/// Reads a row, within scope, and locks it until the transaction ends.
pub(crate) async fn lock<M: Record>(
    db: &impl ConnectionTrait,
    scope: &Scope,
    id: Id<M::Of>,
) -> Result<M, Error> {
    by_id::<M>(scope, id).lock(LockType::NoKeyUpdate).one(db).await?.ok_or(Error::NotFound)
}

/// Rows under their ids.
pub(crate) fn keyed<M: Record>(rows: Vec<M>) -> HashMap<Uuid, M> {
    rows.into_iter().map(|row| (row.id(), row)).collect()
}
