//! Queries of event types.

use app::event;
use async_graphql::{Context, Json, Object, SimpleObject};

use crate::{cost::list_size, session::session};

/// A type of event. Histories contain events of these types, and webhook endpoints can choose among them.
#[derive(SimpleObject)]
pub(crate) struct EventKind {
    /// Name, such as `venture.created.v1`. Webhook endpoints take it in `eventTypes`.
    name: &'static str,
    /// What has happened, in one sentence.
    description: &'static str,
    /// JSON Schema (2020-12) of the body: its fields, their types, units and descriptions.
    body_schema: Json<serde_json::Value>,
}

/// The number of event types.
fn count() -> u32 {
    u32::try_from(event::kinds().len()).unwrap_or(u32::MAX)
}

/// Queries of event types.
#[derive(Default)]
pub(crate) struct EventQuery;

/// Queries of event types.
#[Object]
impl EventQuery {
    /// All types of event.
    #[graphql(directive = list_size::apply(count()))]
    async fn event_types(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<EventKind>> {
        session(ctx)?;
        let kinds = event::kinds().map(|kind| EventKind {
            name: kind.name,
            description: &kind.description,
            body_schema: Json(kind.body_schema.clone()),
        });
        Ok(kinds.collect())
    }
}
