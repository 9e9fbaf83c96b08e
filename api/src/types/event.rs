//! Events of a venture's history.

use std::sync::Arc;

use app::{
    actor::{Recorded, RecordedKind},
    query::rows,
};
use async_graphql::{Enum, ID, Json, Object, SimpleObject};
use chrono::{DateTime, Utc};

use crate::{
    error::problem,
    global_id::{Kind, encode},
};

/// Something that happened to a venture.
#[derive(Clone)]
pub(crate) struct VentureEvent(pub(crate) Arc<rows::Event>);

/// What kind of actor did it.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ActorKind {
    /// A person.
    Person,
    /// A named agent of the system.
    Agent,
}

/// Who did something.
#[derive(SimpleObject)]
pub(crate) struct EventActor {
    /// A person or an agent.
    kind: ActorKind,
    /// Name of the person or the agent.
    name: String,
    /// Roles held at the time.
    roles: Vec<String>,
}

/// Something that happened to a venture.
#[Object]
impl VentureEvent {
    /// Its global id.
    pub(crate) async fn id(&self) -> ID {
        encode(Kind::Event, self.0.id)
    }

    /// Its number in the venture's history, from 1 without a hole.
    async fn sequence(&self) -> i64 {
        self.0.sequence
    }

    /// What kind of event it is, such as `venture.created.v1`; the shape of `body` is its own.
    async fn r#type(&self) -> &str {
        &self.0.kind
    }

    /// When it happened.
    async fn at(&self) -> DateTime<Utc> {
        self.0.at
    }

    /// Who did it.
    async fn actor(&self) -> async_graphql::Result<EventActor> {
        let actor: Recorded = serde_json::from_value(self.0.actor.clone())
            .map_err(|error| problem(&app::Error::from(error)))?;
        let kind = match actor.kind {
            RecordedKind::Person => ActorKind::Person,
            RecordedKind::Agent => ActorKind::Agent,
        };
        Ok(EventActor {
            kind,
            name: actor.name,
            roles: actor.roles.iter().map(ToString::to_string).collect(),
        })
    }

    /// What happened, by type.
    async fn body(&self) -> Json<serde_json::Value> {
        Json(self.0.body.clone())
    }

    /// Trace of the request that caused it, 32 hex digits.
    async fn trace_id(&self) -> Option<&str> {
        self.0.trace_id.as_deref()
    }
}
