//! Queries of gate runs.

use async_graphql::{Context, ID, Object};

use super::GateRun;
use crate::node::by_global_id;

/// Queries of gate runs.
#[derive(Default)]
pub(crate) struct GateRunQuery;

/// Queries of gate runs.
#[Object]
impl GateRunQuery {
    /// The gate run with a global id. Null when the caller has no such gate run.
    async fn gate_run(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Global id of the gate run.")] id: ID,
    ) -> Option<async_graphql::Result<GateRun>> {
        by_global_id(ctx, &id).await
    }
}
