//! Events: what histories are made of.

mod list;
mod query;
mod reads;
mod subscription;

use std::sync::Arc;

use app::{
    actor::{Recorded, RecordedKind},
    query::rows,
};
use async_graphql::{Context, Enum, ID, Json, Object, SimpleObject};
use chrono::{DateTime, Utc};
use domain::{RootId, root::RootKind};

pub(crate) use list::EventFilter;
pub(crate) use query::EventQuery;
pub(crate) use reads::Reads;
pub(crate) use subscription::EventSubscription;

use crate::{
    error::problem,
    global_id::{Kind, encode},
    person::Person,
    record::record,
    root::Root,
};

/// An event in the history of a venture or a portfolio.
#[derive(Clone)]
pub(crate) struct Event(pub(crate) Arc<rows::Event>);

record!(Event, rows::Event, scope);

/// Kind of an actor.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "RecordedKind")]
pub(crate) enum ActorKind {
    /// A person or a service.
    Person,
    /// A named agent of the system.
    Agent,
}

/// Who caused an event.
#[derive(SimpleObject)]
pub(crate) struct EventActor {
    /// Kind of the actor.
    kind: ActorKind,
    /// Name of the person now, or of the agent. Empty when the person is no longer known.
    name: String,
    /// Roles that the actor held at the time of the event.
    roles: Vec<String>,
}

/// An event in the history of a venture or a portfolio.
#[Object]
impl Event {
    /// Global id.
    pub(crate) async fn id(&self) -> ID {
        encode(Kind::Event, self.0.id)
    }

    /// Number in the history, from 1, without gaps.
    async fn sequence(&self) -> i64 {
        self.0.sequence
    }

    /// Type, such as `venture.created.v1`. It determines the shape of `body`.
    async fn r#type(&self) -> &str {
        &self.0.kind
    }

    /// Time of the event.
    async fn at(&self) -> DateTime<Utc> {
        self.0.at
    }

    /// Who caused the event.
    async fn actor(&self, ctx: &Context<'_>) -> async_graphql::Result<EventActor> {
        let actor: Recorded = serde_json::from_value(self.0.actor.clone())
            .map_err(|error| problem(&app::Error::from(error)))?;
        let name = match (actor.id, actor.agent) {
            (Some(id), _) => {
                Person::by_name(ctx, id.uuid()).await?.map(|person| person.shown_name().to_owned())
            }
            (None, agent) => agent,
        };
        Ok(EventActor {
            kind: actor.kind.into(),
            name: name.unwrap_or_default(),
            roles: actor.roles.iter().map(ToString::to_string).collect(),
        })
    }

    /// Venture or portfolio to which the event happened.
    async fn root(&self, ctx: &Context<'_>) -> async_graphql::Result<Root> {
        let venture = (*self.0.root_kind == RootKind::Venture).then_some(self.0.root_id);
        Root::of(ctx, RootId::of(self.0.portfolio_id, venture)).await
    }

    /// Details of the event. The fields depend on the type: `eventTypes { name bodySchema }` gives the JSON Schema of each
    /// type's body.
    async fn body(&self) -> Json<serde_json::Value> {
        Json(self.0.body.clone())
    }

    /// Trace id of the request that caused the event, 32 hex digits. Null when the request was not traced.
    async fn trace_id(&self) -> Option<&str> {
        self.0.trace_id.as_deref()
    }
}
