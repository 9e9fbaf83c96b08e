//! How many ventures a portfolio has by stage and status. A command appends what it changed, and a sweep folds the rows:
//! a counter that all ventures of a portfolio share would have their commands wait for each other.

use std::collections::{BTreeMap, HashMap};

use domain::{
    id::{Id, kind},
    venture::{StatusKind, Venture},
};
use entity::stage_count::{ActiveModel, Column, Entity};
use sea_orm::sea_query::ExprTrait;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect, QueryTrait,
};
use uuid::Uuid;

use crate::{App, Context, Error, Scope, context::Write, root::Held};

/// How many ventures are at a stage and in a status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromQueryResult)]
pub struct StageCount {
    /// The portfolio.
    pub portfolio_id: Uuid,
    /// Number of the stage.
    pub stage: i16,
    /// The status.
    pub status: entity::Name<StatusKind>,
    /// How many ventures, at least one.
    pub ventures: i64,
}

/// What a command changed: one fewer where the venture was, one more where it is.
pub(crate) fn changed(cx: &Context<'_>, held: &Held<Venture>) -> Option<Write> {
    let place = |venture: &Venture| (venture.stage, venture.status.kind());
    let (before, now) = (held.before.as_ref().map(place), place(&held.now));
    if before == Some(now) {
        return None;
    }
    let rows =
        before.map(|place| (place, -1)).into_iter().chain([(now, 1)]).map(|((stage, status), ventures)| {
            ActiveModel {
                id: Set(cx.id::<()>().uuid()),
                portfolio_id: Set(held.now.portfolio_id.uuid()),
                stage: Set(i16::try_from(stage).unwrap_or(i16::MAX)),
                status: Set(status.into()),
                ventures: Set(ventures),
            }
        });
    Some(Entity::insert_many(rows).into_query().into())
}

/// How many active ventures a portfolio has.
pub(crate) async fn active(db: &impl ConnectionTrait, portfolio: Id<kind::Portfolio>) -> Result<i64, Error> {
    Ok(active_of(db, &[portfolio.uuid()]).await?.remove(&portfolio.uuid()).unwrap_or_default())
}

/// How many active ventures each portfolio has; those that have none are left out.
pub(crate) async fn active_of(
    db: &impl ConnectionTrait,
    portfolios: &[Uuid],
) -> Result<HashMap<Uuid, i64>, Error> {
    let mut active = HashMap::new();
    for count in read(db, portfolios).await?.into_iter().filter(|count| *count.status == StatusKind::Active) {
        *active.entry(count.portfolio_id).or_default() += count.ventures;
    }
    Ok(active)
}

/// The counts of each portfolio within scope, by stage and status; those that are zero are left out.
pub async fn of_portfolios(
    app: &App,
    scope: &Scope,
    portfolios: &[Uuid],
) -> Result<BTreeMap<Uuid, Vec<StageCount>>, Error> {
    let within: Vec<_> = portfolios.iter().copied().filter(|id| scope.reaches(*id)).collect();
    let mut counts: BTreeMap<_, Vec<_>> = within.iter().map(|id| (*id, Vec::new())).collect();
    for count in read(app.database().read(), &within).await? {
        counts.entry(count.portfolio_id).or_default().push(count);
    }
    Ok(counts)
}

async fn read(db: &impl ConnectionTrait, portfolios: &[Uuid]) -> Result<Vec<StageCount>, Error> {
    if portfolios.is_empty() {
        return Ok(Vec::new());
    }
    let query = Entity::find()
        .select_only()
        .columns([Column::PortfolioId, Column::Stage, Column::Status])
        .column_as(sum(), "ventures")
        .filter(Column::PortfolioId.is_in(portfolios.iter().copied()))
        .group_by(Column::PortfolioId)
        .group_by(Column::Stage)
        .group_by(Column::Status)
        .order_by_asc(Column::Stage)
        .order_by_asc(Column::Status);
    let counts: Vec<StageCount> = query.into_model().all(db).await?;
    Ok(counts.into_iter().filter(|count| count.ventures != 0).collect())
}

/// How many rows the counts of a portfolio take.
pub async fn rows(app: &App, portfolio: Id<kind::Portfolio>) -> Result<u64, Error> {
    let query = Entity::find().filter(Column::PortfolioId.eq(portfolio.uuid()));
    Ok(query.count(app.database().read()).await?)
}

/// PostgreSQL sums up to a decimal, which is read back as a whole number.
fn sum() -> sea_orm::sea_query::Expr {
    sea_orm::sea_query::Expr::cust("CAST(SUM(ventures) AS BIGINT)")
}

/// Folds rows of every portfolio that has many; tells whether there are more.
pub async fn fold_all(cx: &mut Context<'_>) -> Result<bool, Error> {
    let many: Vec<Uuid> = Entity::find()
        .select_only()
        .column(Column::PortfolioId)
        .group_by(Column::PortfolioId)
        .having(ExprTrait::gt(Column::Id.count(), FOLDED_FROM))
        .into_tuple()
        .all(cx.tx())
        .await?;
    let mut is_more = false;
    for portfolio in many {
        is_more |= fold(cx, Id::new(portfolio)).await?;
    }
    Ok(is_more)
}

/// Folds rows of a portfolio into one for each stage and status; tells whether there may be more.
async fn fold(cx: &mut Context<'_>, portfolio: Id<kind::Portfolio>) -> Result<bool, Error> {
    let rows = Entity::find()
        .filter(Column::PortfolioId.eq(portfolio.uuid()))
        .order_by_asc(Column::Id)
        .limit(FOLDED_AT_ONCE)
        .all(cx.tx())
        .await?;
    let mut sums: BTreeMap<(i16, StatusKind), i64> = BTreeMap::new();
    for row in &rows {
        *sums.entry((row.stage, *row.status)).or_default() += row.ventures;
    }
    if rows.len() <= sums.len() {
        return Ok(false);
    }
    let deleted =
        Entity::delete_many().filter(Column::Id.is_in(rows.iter().map(|row| row.id))).exec(cx.tx()).await?;
    if deleted.rows_affected != rows.len() as u64 {
        // Another sweep folded some of them meanwhile: their sums are not to be written twice.
        return Err(Error::Conflict("the counts were folded elsewhere".to_owned()));
    }
    let folded: Vec<_> = sums
        .into_iter()
        .filter(|(_, ventures)| *ventures != 0)
        .map(|((stage, status), ventures)| ActiveModel {
            id: Set(cx.id::<()>().uuid()),
            portfolio_id: Set(portfolio.uuid()),
            stage: Set(stage),
            status: Set(status.into()),
            ventures: Set(ventures),
        })
        .collect();
    if !folded.is_empty() {
        Entity::insert_many(folded).exec_without_returning(cx.tx()).await?;
    }
    Ok(rows.len() as u64 == FOLDED_AT_ONCE)
}

/// The most rows of a portfolio that are left as they are.
pub const FOLDED_FROM: i64 = 64;
/// The most rows of a portfolio that one transaction folds.
const FOLDED_AT_ONCE: u64 = 1_000;
