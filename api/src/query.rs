//! The root of queries: it merges those of the features.

use async_graphql::MergedObject;

use crate::{
    dead_letter::OperationsQuery, event::EventQuery, gate_run::GateRunQuery, job::JobQuery, node::NodeQuery,
    playbook::PlaybookQuery, portfolio::PortfolioQuery, rate_limit::RateLimitQuery, venture::VentureQuery,
    viewer::ViewerQuery,
};

/// Queries. Records of portfolios that the caller is not a member of do not exist for the caller.
#[derive(MergedObject, Default)]
pub struct Query(
    ViewerQuery,
    NodeQuery,
    PortfolioQuery,
    VentureQuery,
    GateRunQuery,
    JobQuery,
    PlaybookQuery,
    EventQuery,
    OperationsQuery,
    RateLimitQuery,
);
