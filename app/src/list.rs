//! Lists: one mechanism for every list that can grow. A list says what its rows are, how they are filtered
//! and what they can be ordered by; pages, cursors and counts follow, alone or under many parents at once.

use std::{collections::HashMap, fmt::Debug, hash::Hash};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbBackend, EntityTrait, FromQueryResult, QueryResult,
    QueryTrait,
    sea_query::{
        Asterisk, Expr, ExprTrait, Order, OverStatement, Query, SelectStatement, UnionType, WindowStatement,
    },
};
use serde::Serialize;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::page::{Key, Page, PageRequest, Position, Sort, Window};
use crate::{App, Error, Scope};

/// A list of rows of one entity.
pub trait List: Copy + Debug + Eq + Hash + Send + Sync + Sized + 'static {
    /// Whose rows they are.
    type Entity: EntityTrait;
    /// A row as it is given.
    type Row: Send + Sync + 'static;
    /// Which rows; by default all.
    type Filter: Clone + Debug + Default + Eq + Hash + Serialize + Send + Sync + 'static;
    /// What rows can be ordered by: values that are never null.
    type Order: Copy + Debug + Default + Eq + Hash + Serialize + Send + Sync + 'static;
    /// What rows can belong to.
    type Parent: Copy + Debug + Eq + Hash + Send + Sync + 'static;

    /// Its name, in cursors.
    const NAME: &'static str;
    /// The entity's key.
    const ID: <Self::Entity as EntityTrait>::Column;

    /// All rows, joined to what filters and parents need.
    fn rows() -> SelectStatement {
        Self::Entity::find().into_query()
    }

    /// What must hold of rows within scope.
    fn condition(scope: &Scope, filter: &Self::Filter, backend: DbBackend) -> Condition;

    /// What rows are ordered by.
    fn sort(order: Self::Order, filter: &Self::Filter, backend: DbBackend) -> (Expr, Sort);

    /// What a row belongs to.
    fn parent(parent: Self::Parent) -> Expr;

    /// What rows are ordered by when nobody says.
    fn usual(_filter: &Self::Filter) -> Self::Order {
        Self::Order::default()
    }

    /// Whether the greatest comes first when nobody says.
    fn descends(_order: Self::Order) -> bool {
        false
    }

    /// Refuses a filter and an order that make no sense together, before anything is read.
    fn check(_filter: &Self::Filter, _order: Self::Order) -> Result<(), Error> {
        Ok(())
    }

    /// A row as it is given.
    fn row(model: <Self::Entity as EntityTrait>::Model) -> Result<Self::Row, Error>;
}

/// Which rows of a list are asked for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Asked<L: List> {
    /// Which rows.
    pub filter: L::Filter,
    /// What they are ordered by.
    pub order: L::Order,
    /// Greatest first.
    pub descending: bool,
    /// Which page of them.
    pub page: PageRequest,
}

/// Half-open: from the first instant on, before the last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Period {
    /// Not earlier than this.
    pub from: Option<DateTime<Utc>>,
    /// Earlier than this.
    pub before: Option<DateTime<Utc>>,
}

impl Period {
    /// The condition that a time lies in it.
    pub(crate) fn on(&self, column: impl ColumnTrait) -> Condition {
        Condition::all()
            .add_option(self.from.map(|from| column.gte(from)))
            .add_option(self.before.map(|before| column.lt(before)))
    }
}

/// No rows of the list belong to anything that has a page of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NoParent {}

/// A page of a list within scope.
pub async fn page<L: List>(app: &App, scope: &Scope, asked: &Asked<L>) -> Result<Page<L::Row>, Error> {
    let reading = Reading::of(app, scope, asked)?;
    reading.page(reading.select()).await
}

/// Up to how many rows are counted.
pub const COUNTED: u64 = 1_000;

/// How many rows there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    /// So many, at most [`COUNTED`].
    pub total: u64,
    /// Whether there are no more than that.
    pub is_exact: bool,
}

impl Count {
    /// The count of rows of which at most one more than [`COUNTED`] were read.
    pub(crate) fn of(found: u64) -> Self {
        Self { total: Ord::min(found, COUNTED), is_exact: found <= COUNTED }
    }
}

/// How many rows a list has within scope. It reads as many as it counts.
pub async fn count<L: List>(app: &App, scope: &Scope, filter: &L::Filter) -> Result<Count, Error> {
    let mut rows = L::rows();
    rows.cond_where(L::condition(scope, filter, app.database().backend()));
    rows.clear_selects().expr(Expr::val(1)).limit(COUNTED + 1);
    let query = Query::select().expr_as(Expr::cust("COUNT(*)"), TOTAL).from_subquery(rows, "counted").take();
    let row = app.database().read().query_one(&query).await?;
    Ok(Count::of(row.as_ref().map_or(Ok(0), total)?))
}

/// The same page of a list under each of many parents, in one statement.
pub async fn pages_of<L: List>(
    app: &App,
    scope: &Scope,
    (parent, ids): (L::Parent, &[Uuid]),
    asked: &Asked<L>,
) -> Result<HashMap<Uuid, Page<L::Row>>, Error> {
    let reading = Reading::of(app, scope, asked)?;
    let belongs_to = L::parent(parent);
    let mut query = reading.select();
    query.cond_where(belongs_to.clone().is_in(ids.iter().copied()));
    // One parent's page is found by its index, and ends there.
    if let [id] = ids {
        return Ok(HashMap::from([(*id, reading.page(query).await?)]));
    }
    query.expr_as(belongs_to.clone(), PARENT);
    query.expr_window_as(Expr::cust("ROW_NUMBER()"), reading.places(belongs_to), PLACE);
    let mut ranked = Query::select();
    ranked.column(Asterisk).from_subquery(query, "ranked").order_by(PLACE, Order::Asc);
    ranked.cond_where(Expr::col(PLACE).lte(reading.window.size + 1));
    let rows = app.database().read().query_all(&ranked).await?;
    let mut groups: HashMap<Uuid, Vec<_>> = ids.iter().map(|id| (*id, Vec::new())).collect();
    for row in &rows {
        groups.entry(row.try_get("", PARENT)?).or_default().push(reading.row(row)?);
    }
    Ok(groups.into_iter().map(|(id, rows)| (id, reading.window.page(rows))).collect())
}

/// How many rows of a list belong to each of many parents, in one statement that reads as many as it counts.
pub async fn counts_of<L: List>(
    app: &App,
    scope: &Scope,
    (parent, ids): (L::Parent, &[Uuid]),
    filter: &L::Filter,
) -> Result<HashMap<Uuid, Count>, Error> {
    let mut counts: HashMap<_, _> = ids.iter().map(|id| (*id, Count::of(0))).collect();
    let per_parent = ids.iter().enumerate().map(|(number, id)| {
        let mut rows = L::rows();
        rows.cond_where(L::condition(scope, filter, app.database().backend()));
        rows.cond_where(ExprTrait::eq(L::parent(parent), *id));
        rows.clear_selects().expr_as(L::parent(parent), PARENT).limit(COUNTED + 1);
        Query::select().column(Asterisk).from_subquery(rows, format!("parent_{number}")).take()
    });
    let Some(counted) = per_parent.reduce(|mut all, one| all.union(UnionType::All, one).take()) else {
        return Ok(counts);
    };
    let mut query = Query::select();
    query.column(PARENT).expr_as(Expr::cust("COUNT(*)"), TOTAL).from_subquery(counted, "counted");
    query.group_by_col(PARENT);
    for row in &app.database().read().query_all(&query).await? {
        counts.insert(row.try_get("", PARENT)?, Count::of(total(row)?));
    }
    Ok(counts)
}

/// Names of what is selected beside a row's own columns.
const SORT: &str = "list_sort";
const PARENT: &str = "list_parent";
const PLACE: &str = "list_place";
const TOTAL: &str = "list_total";

fn total(row: &QueryResult) -> Result<u64, Error> {
    Ok(u64::try_from(row.try_get::<i64>("", TOTAL)?).unwrap_or_default())
}

/// One reading of a list: what was asked, checked.
struct Reading<'a, L: List> {
    app: &'a App,
    scope: &'a Scope,
    asked: &'a Asked<L>,
    list: String,
    window: Window,
    key: Expr,
    sort: Sort,
}

impl<'a, L: List> Reading<'a, L> {
    fn of(app: &'a App, scope: &'a Scope, asked: &'a Asked<L>) -> Result<Self, Error> {
        L::check(&asked.filter, asked.order)?;
        let (key, sort) = L::sort(asked.order, &asked.filter, app.database().backend());
        let list = fingerprint(&(L::NAME, &asked.filter, asked.order, asked.descending))?;
        let window = asked.page.window(&list, sort)?;
        Ok(Self { app, scope, asked, list, window, key, sort })
    }

    /// Rows between the cursors, with what they are ordered by.
    fn select(&self) -> SelectStatement {
        let mut query = L::rows();
        query.cond_where(L::condition(self.scope, &self.asked.filter, self.app.database().backend()));
        query.expr_as(self.key.clone(), SORT);
        for (position, later) in [(&self.window.after, true), (&self.window.before, false)] {
            let Some(position) = position else { continue };
            let here = Expr::tuple([self.key.clone(), id::<L>()]);
            let there = Expr::tuple([value(&position.key), Expr::val(position.id)]);
            query.cond_where(if later != self.asked.descending { here.gt(there) } else { here.lt(there) });
        }
        query
    }

    async fn page(&self, mut query: SelectStatement) -> Result<Page<L::Row>, Error> {
        query
            .order_by_expr(self.key.clone(), self.direction())
            .order_by_expr(id::<L>(), self.direction())
            .limit(u64::from(self.window.size) + 1);
        let rows = self.app.database().read().query_all(&query).await?;
        Ok(self.window.page(rows.iter().map(|row| self.row(row)).collect::<Result<_, _>>()?))
    }

    /// Numbers the rows of each parent, in reading direction.
    fn places(&self, parent: Expr) -> WindowStatement {
        let mut window = WindowStatement::new();
        window.add_partition_by(parent);
        window.order_by_expr(self.key.clone(), self.direction());
        window.order_by_expr(id::<L>(), self.direction());
        window
    }

    fn direction(&self) -> Order {
        if self.window.backward == self.asked.descending { Order::Asc } else { Order::Desc }
    }

    /// A row with its cursor.
    fn row(&self, row: &QueryResult) -> Result<(String, L::Row), Error> {
        let key = match self.sort {
            Sort::Time => Key::Time(row.try_get("", SORT)?),
            Sort::Text => Key::Text(row.try_get("", SORT)?),
            Sort::Number => Key::Number(row.try_get("", SORT)?),
        };
        let position = Position { list: self.list.clone(), key, id: row.try_get("", "id")? };
        let model = <L::Entity as EntityTrait>::Model::from_query_result(row, "")?;
        Ok((position.cursor(), L::row(model)?))
    }
}

fn id<L: List>() -> Expr {
    Expr::col(L::ID.as_column_ref())
}

fn value(key: &Key) -> Expr {
    match key {
        Key::Time(time) => Expr::val(*time),
        Key::Text(text) => Expr::val(text.clone()),
        Key::Number(number) => Expr::val(*number),
    }
}

/// Short for a list with its filter and order: a cursor holds it, and is good for these alone.
pub(crate) fn fingerprint(list: &impl Serialize) -> Result<String, Error> {
    let told = serde_json::to_vec(list)?;
    let digest: Vec<u8> = Sha256::digest(told).iter().take(9).copied().collect();
    Ok(URL_SAFE_NO_PAD.encode(digest))
}
