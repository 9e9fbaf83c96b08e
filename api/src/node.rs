//! Relay's nodes: any record by its global id.

use async_graphql::{Context, ID, Interface, Object};
use futures_util::{FutureExt, TryFutureExt, future::BoxFuture};
use uuid::Uuid;

use crate::{
    dead_letter::DeadLetter,
    error::coded,
    event::Event,
    evidence::{Attestation, Evidence, File},
    gate_run::GateRun,
    global_id::{self, Kind},
    member::Member,
    metric_sample::MetricSample,
    person::Person,
    playbook::Playbook,
    portfolio::Portfolio,
    record::Record,
    session::{Session, session},
    stage_run::StageRun,
    token::ApiToken,
    venture::Venture,
    webhook_endpoint::{WebhookDelivery, WebhookEndpoint},
    webhook_source::{WebhookEvent, WebhookSource},
};

/// The most ids that `nodes` takes.
const MAX_IDS: usize = 100;

/// A record with a global id.
#[derive(Interface)]
#[graphql(field(name = "id", ty = "ID", desc = "Global id."))]
pub(crate) enum Node {
    Portfolio(Portfolio),
    Venture(Venture),
    StageRun(StageRun),
    GateRun(GateRun),
    Attestation(Attestation),
    Evidence(Evidence),
    File(File),
    Event(Event),
    Playbook(Playbook),
    DeadLetter(DeadLetter),
    Person(Person),
    Member(Member),
    ApiToken(ApiToken),
    WebhookEndpoint(WebhookEndpoint),
    WebhookDelivery(WebhookDelivery),
    MetricSample(MetricSample),
    WebhookSource(WebhookSource),
    WebhookEvent(WebhookEvent),
}

/// Finds a record of one kind for a caller.
type Find = fn(&Session, Uuid) -> BoxFuture<'_, async_graphql::Result<Option<Node>>>;

/// How records of each kind are found.
const FINDERS: [(Kind, Find); 18] = [
    finder::<Portfolio>(),
    finder::<Venture>(),
    finder::<StageRun>(),
    finder::<GateRun>(),
    finder::<Attestation>(),
    finder::<Evidence>(),
    finder::<File>(),
    finder::<Event>(),
    finder::<Playbook>(),
    finder::<DeadLetter>(),
    finder::<Person>(),
    finder::<Member>(),
    finder::<ApiToken>(),
    finder::<WebhookEndpoint>(),
    finder::<WebhookDelivery>(),
    finder::<MetricSample>(),
    finder::<WebhookSource>(),
    finder::<WebhookEvent>(),
];

const fn finder<R: Record + Into<Node>>() -> (Kind, Find) {
    (R::KIND, |session, id| session.find::<R>(id).map_ok(|record| record.map(Into::into)).boxed())
}

/// The record of one type with a global id; none when the caller has no such record.
pub(crate) async fn by_global_id<R: Record>(ctx: &Context<'_>, id: &ID) -> Option<async_graphql::Result<R>> {
    let found = async {
        let session = session(ctx)?;
        match global_id::decode(id) {
            Some((kind, key)) if kind == R::KIND => session.find(key).await,
            _ => Ok(None),
        }
    };
    found.await.transpose()
}

/// The record of any type with a global id; none when the caller has no such record.
async fn find(ctx: &Context<'_>, id: &ID) -> Option<async_graphql::Result<Node>> {
    let found = async {
        let session = session(ctx)?;
        let Some((kind, key)) = global_id::decode(id) else { return Ok(None) };
        match FINDERS.iter().find(|(known, _)| *known == kind) {
            Some((_, find)) => find(session, key).await,
            None => Ok(None),
        }
    };
    found.await.transpose()
}

/// Queries of records of any type.
#[derive(Default)]
pub(crate) struct NodeQuery;

/// Queries of records of any type.
#[Object]
impl NodeQuery {
    /// The record with a global id. Null when the caller has no such record.
    async fn node(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Global id.")] id: ID,
    ) -> Option<async_graphql::Result<Node>> {
        find(ctx, &id).await
    }

    /// The records with these global ids, in the same order. Null in place of each record that the caller does not
    /// have.
    async fn nodes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Global ids, at most 100.")] ids: Vec<ID>,
    ) -> async_graphql::Result<Vec<Option<async_graphql::Result<Node>>>> {
        session(ctx)?;
        if ids.len() > MAX_IDS {
            return Err(coded("at most 100 ids", "INVALID_INPUT"));
        }
        Ok(futures_util::future::join_all(ids.iter().map(|id| find(ctx, id))).await)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

    use super::*;

    #[test]
    fn every_type_with_a_global_id_is_found_by_it() {
        let sdl = crate::schema::sdl();
        let types: BTreeSet<_> = sdl
            .lines()
            .filter_map(|line| line.strip_prefix("type ")?.split_once(" implements "))
            .filter(|(_, interfaces)| interfaces.contains("Node"))
            .map(|(name, _)| name.to_owned())
            .collect();
        let found: BTreeSet<_> = FINDERS
            .iter()
            .map(|(kind, _)| {
                let id = URL_SAFE_NO_PAD.decode(global_id::encode(*kind, Uuid::nil()).as_bytes()).unwrap();
                String::from_utf8(id).unwrap().split_once(':').unwrap().0.to_owned()
            })
            .collect();
        assert_eq!(types, found, "a type is missing in `Node` or in `FINDERS`, or names another's kind");
        assert!(types.len() >= 18, "{types:?}");
    }
}
