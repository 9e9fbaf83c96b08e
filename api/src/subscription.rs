//! The root of subscriptions: it merges those of the features.

mod watch;

use async_graphql::MergedSubscription;

pub(crate) use watch::{Caller, Watch};

use crate::{
    event::EventSubscription, gate_run::GateRunSubscription, job::JobSubscription,
    waiting::WaitingSubscription,
};

/// Subscriptions, over WebSocket (graphql-transport-ws) or Server-Sent Events (graphql-sse).
#[derive(MergedSubscription, Default)]
pub struct Subscription(EventSubscription, GateRunSubscription, JobSubscription, WaitingSubscription);
