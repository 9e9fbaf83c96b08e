//! Lists: arguments, pages and counts, the same for every list. A list of the application becomes one of the
//! schema by saying which type its rows are, and how it is filtered and ordered ([`Listing`]).

mod connection;
mod filter;

use app::query::{
    list::{Asked, List},
    page::PageRequest,
};
use async_graphql::{Enum, InputObject, InputType, OutputType, TypeName};

pub(crate) use connection::{Connection, page_info};
pub(crate) use filter::{Filtering, TimeRange, ids, names, optional_id, period, refused, set};

use crate::record::FromRow;

/// A list of the schema.
pub(crate) trait Listing: List {
    /// The type of its rows.
    type Node: FromRow<Row = Self::Row> + OutputType;
    /// Its filter.
    type By: Filtering<List = Self>;
    /// What it can be ordered by.
    type OrderField: InputType + Into<Self::Order>;

    /// Name of its connection.
    const CONNECTION: &'static str;
    /// Name of its edges.
    const EDGE: &'static str;
    /// Name of its order.
    const ORDER: &'static str;
}

/// Direction of a sort order.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OrderDirection {
    /// Smallest or earliest first.
    Asc,
    /// Greatest or latest first.
    Desc,
}

/// Sort order of a list. Items that are equal in the field are sorted by id.
#[derive(InputObject)]
#[graphql(name_type)]
pub(crate) struct Order<L: Listing> {
    /// Field to sort by.
    field: L::OrderField,
    /// Direction. Default: ASC, except where the `orderBy` argument of the list says DESC.
    direction: Option<OrderDirection>,
}

impl<L: Listing> TypeName for Order<L> {
    fn type_name() -> std::borrow::Cow<'static, str> {
        L::ORDER.into()
    }
}

/// The page that is asked for. Sizes below 1 become 0, which is refused like those above 100.
pub(crate) fn request(
    first: Option<i32>,
    after: Option<String>,
    last: Option<i32>,
    before: Option<String>,
) -> PageRequest {
    let size = |n: i32| u32::try_from(n).unwrap_or(0);
    PageRequest { first: first.map(size), after, last: last.map(size), before }
}

/// The rows that are asked for, with the list's defaults where an argument is not given.
pub(crate) fn asked<L: Listing>(
    filter: Option<L::By>,
    order: Option<Order<L>>,
    page: PageRequest,
) -> async_graphql::Result<Asked<L>> {
    let filter = filter.unwrap_or_default().checked()?;
    let (order, direction) = match order {
        Some(Order { field, direction }) => (field.into(), direction),
        None => (L::usual(&filter), None),
    };
    let descending = match direction {
        Some(direction) => direction == OrderDirection::Desc,
        None => L::descends(order),
    };
    Ok(Asked { filter, order, descending, page })
}
