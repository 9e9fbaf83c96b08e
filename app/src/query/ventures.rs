//! Lists of ventures.

use chrono::{DateTime, Utc};
use domain::{
    id::{Id, kind},
    venture::Venture,
};
use entity::venture::{Column, Entity, Model};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, Order, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Select,
};
use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;

use super::page::{Page, PageRequest, Position, Window};
use crate::{App, Error, Scope, store};

/// Which ventures; every given part must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Of this portfolio.
    pub portfolio: Option<Id<kind::Portfolio>>,
    /// In one of these statuses: ACTIVE, PAUSED, KILLED, COMPLETED.
    pub statuses: Option<Vec<String>>,
    /// At one of these stages.
    pub stages: Option<Vec<u32>>,
    /// Of this category.
    pub category: Option<String>,
}

/// In which order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OrderBy {
    /// By creation.
    #[default]
    CreatedAt,
    /// By name, byte by byte.
    Name,
}

/// A page of ventures within scope.
pub async fn page(
    app: &App,
    scope: &Scope,
    filter: &Filter,
    (order_by, descending): (OrderBy, bool),
    request: &PageRequest,
) -> Result<Page<Venture>, Error> {
    let query = Entity::find().filter(condition(scope, filter));
    match order_by {
        OrderBy::CreatedAt => {
            let key = |row: &Model| row.created_at;
            keyset::<DateTime<Utc>>(app, query, Column::CreatedAt, descending, request, key).await
        }
        OrderBy::Name => {
            keyset::<String>(app, query, Column::Name, descending, request, |row| row.name.clone()).await
        }
    }
}

/// How many ventures within scope.
pub async fn count(app: &App, scope: &Scope, filter: &Filter) -> Result<u64, Error> {
    Ok(Entity::find().filter(condition(scope, filter)).count(app.database().read()).await?)
}

fn condition(scope: &Scope, filter: &Filter) -> Condition {
    scope
        .on(Column::PortfolioId)
        .add_option(filter.portfolio.map(|id| Column::PortfolioId.eq(id.uuid())))
        .add_option(filter.statuses.as_ref().map(|list| Column::Status.is_in(list)))
        .add_option(filter.stages.as_ref().map(|list| Column::Stage.is_in(list.iter().copied())))
        .add_option(filter.category.as_ref().map(|category| Column::Category.eq(category)))
}

async fn keyset<K>(
    app: &App,
    mut query: Select<Entity>,
    column: Column,
    descending: bool,
    request: &PageRequest,
    key: impl Fn(&Model) -> K + Send,
) -> Result<Page<Venture>, Error>
where
    K: Serialize + DeserializeOwned + Clone + Into<sea_orm::Value> + Send,
{
    let window: Window<K> = request.window()?;
    for (position, later) in [(&window.after, true), (&window.before, false)] {
        if let Some(position) = position {
            query = query.filter(beyond(column, position, later != descending));
        }
    }
    let order = if window.backward == descending { Order::Asc } else { Order::Desc };
    let rows = query
        .order_by(column, order.clone())
        .order_by(Column::Id, order)
        .limit(u64::from(window.size) + 1)
        .all(app.database().read())
        .await?;
    let page = window.page(rows, |row| Position { key: key(row), id: row.id }.cursor());
    let ventures = page.rows.into_iter().map(|(cursor, row)| Ok((cursor, store::venture::from_row(row)?)));
    let rows = ventures.collect::<Result<_, Error>>()?;
    Ok(Page { rows, has_previous: page.has_previous, has_next: page.has_next })
}

/// Rows past a position, by the order column and then the id.
fn beyond<K: Clone + Into<sea_orm::Value>>(
    column: Column,
    position: &Position<K>,
    greater: bool,
) -> Condition {
    let (key, id): (sea_orm::Value, Uuid) = (position.key.clone().into(), position.id);
    let (past, past_id) = if greater {
        (column.gt(key.clone()), Column::Id.gt(id))
    } else {
        (column.lt(key.clone()), Column::Id.lt(id))
    };
    Condition::any().add(past).add(Condition::all().add(column.eq(key)).add(past_id))
}
