//! Relay's arguments of a list, and its answer's page.

use app::query::page::{Page, PageRequest};
use async_graphql::{
    Positioned, VisitorContext,
    connection::PageInfo,
    parser::types::{Field, VariableDefinition},
};

/// The page asked for; numbers below one are refused with the same words as those above a hundred.
pub(crate) fn request(
    first: Option<i32>,
    after: Option<String>,
    last: Option<i32>,
    before: Option<String>,
) -> PageRequest {
    let size = |n: i32| u32::try_from(n).unwrap_or(0);
    PageRequest { first: first.map(size), after, last: last.map(size), before }
}

/// What Relay wants to know of a page.
pub(crate) fn page_info<T>(page: &Page<T>) -> PageInfo {
    PageInfo {
        has_previous_page: page.has_previous,
        has_next_page: page.has_next,
        start_cursor: page.rows.first().map(|(cursor, _)| cursor.clone()),
        end_cursor: page.rows.last().map(|(cursor, _)| cursor.clone()),
    }
}

/// What a list costs: its page size times what each row costs.
///
/// It is called with the names that the engine's `complexity` expressions have at hand, and reads the
/// arguments itself: an argument that such an expression names fails the whole document when its variable
/// is left out, and callers leave out `last` when they send `first`.
pub(crate) fn list_cost(
    ctx: &VisitorContext<'_>,
    variables: &[Positioned<VariableDefinition>],
    field: &Field,
    each: usize,
) -> usize {
    let given = |name| ctx.param_value::<Option<i32>>(variables, field, name, None).ok().flatten();
    let size = given("first").or_else(|| given("last")).and_then(|n| usize::try_from(n).ok());
    1 + size.unwrap_or(20).min(100) * each
}
