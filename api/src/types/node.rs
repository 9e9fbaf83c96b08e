//! Relay's nodes: any record by its global id.

use std::sync::Arc;

use app::query;
use async_graphql::{Context, ID, Interface};
use domain::id::Id;
use uuid::Uuid;

use super::{
    event::VentureEvent,
    evidence::{Attestation, Evidence, File},
    gate_run::GateRun,
    member::Member,
    metric_sample::MetricSample,
    operations::DeadLetter,
    person::Person,
    playbook::Playbook,
    portfolio::{Portfolio, by_id},
    stage_run::StageRun,
    token::ApiToken,
    venture::Venture,
    webhook::{WebhookDelivery, WebhookEndpoint},
    webhook_source::{WebhookEvent, WebhookSource},
};
use crate::{
    error::problem,
    global_id::Kind,
    loader::{
        AttestationKey, EventKey, EvidenceKey, FileKey, GateRunKey, MemberKey, MetricSampleKey, PortfolioKey,
        StageRunKey, TokenKey, VentureKey, WebhookDeliveryKey, WebhookEndpointKey, WebhookEventKey,
        WebhookSourceKey,
    },
    session::session,
};

/// A record with a global id.
#[derive(Interface)]
#[graphql(field(name = "id", ty = "ID", desc = "Its global id."))]
pub(crate) enum Node {
    /// A portfolio.
    Portfolio(Portfolio),
    /// A venture.
    Venture(Venture),
    /// A stage run.
    StageRun(StageRun),
    /// A gate run.
    GateRun(GateRun),
    /// A person's word.
    Attestation(Attestation),
    /// A piece of evidence.
    Evidence(Evidence),
    /// An uploaded file.
    File(File),
    /// An event of a venture's history.
    VentureEvent(VentureEvent),
    /// A playbook.
    Playbook(Playbook),
    /// A dead letter.
    DeadLetter(DeadLetter),
    /// A person.
    Person(Person),
    /// A member.
    Member(Member),
    /// An API token.
    ApiToken(ApiToken),
    /// A webhook endpoint.
    WebhookEndpoint(WebhookEndpoint),
    /// A webhook delivery.
    WebhookDelivery(WebhookDelivery),
    /// A sample of a metric.
    MetricSample(MetricSample),
    /// A webhook source.
    WebhookSource(WebhookSource),
    /// A webhook event.
    WebhookEvent(WebhookEvent),
}

/// The record, if there is one within the caller's scope.
pub(crate) async fn find(ctx: &Context<'_>, kind: Kind, id: Uuid) -> async_graphql::Result<Option<Node>> {
    let session = session(ctx)?;
    let reader = session.reader();
    let fail = |error: Arc<app::Error>| problem(&error);
    Ok(match kind {
        Kind::Portfolio => {
            reader.load_one(PortfolioKey(id)).await.map_err(fail)?.map(|row| Node::Portfolio(Portfolio(row)))
        }
        Kind::Venture => {
            reader.load_one(VentureKey(id)).await.map_err(fail)?.map(|v| Node::Venture(Venture(v)))
        }
        Kind::StageRun => {
            reader.load_one(StageRunKey(id)).await.map_err(fail)?.map(|row| Node::StageRun(StageRun(row)))
        }
        Kind::GateRun => {
            reader.load_one(GateRunKey(id)).await.map_err(fail)?.map(|row| Node::GateRun(GateRun(row)))
        }
        Kind::Evidence => {
            reader.load_one(EvidenceKey(id)).await.map_err(fail)?.map(|row| Node::Evidence(Evidence(row)))
        }
        Kind::Playbook => playbook(ctx, id).await?.map(Node::Playbook),
        Kind::DeadLetter => {
            let found = query::dead_letter(session.app(), session.actor()?, Id::new(id)).await;
            match found {
                Err(app::Error::Forbidden(_)) => None,
                found => {
                    found.map_err(|e| problem(&e))?.map(|row| Node::DeadLetter(DeadLetter(Arc::new(row))))
                }
            }
        }
        Kind::Attestation => reader
            .load_one(AttestationKey(id))
            .await
            .map_err(fail)?
            .map(|row| Node::Attestation(Attestation(row))),
        Kind::File => {
            reader.load_one(FileKey(id)).await.map_err(fail)?.map(|file| Node::File(File::from(&*file)))
        }
        Kind::Event => reader
            .load_one(EventKey(id))
            .await
            .map_err(fail)?
            .map(|row| Node::VentureEvent(VentureEvent(row))),
        Kind::Person => query::persons::find(session.app(), session.actor()?, id)
            .await
            .map_err(|e| problem(&e))?
            .map(|row| Node::Person(Person(Arc::new(row)))),
        Kind::Member => {
            reader.load_one(MemberKey(id)).await.map_err(fail)?.map(|row| Node::Member(Member(row)))
        }
        Kind::Token => {
            reader.load_one(TokenKey(id)).await.map_err(fail)?.map(|row| Node::ApiToken(ApiToken(row)))
        }
        Kind::WebhookEndpoint => reader
            .load_one(WebhookEndpointKey(id))
            .await
            .map_err(fail)?
            .map(|row| Node::WebhookEndpoint(WebhookEndpoint(row))),
        Kind::WebhookDelivery => reader
            .load_one(WebhookDeliveryKey(id))
            .await
            .map_err(fail)?
            .map(|row| Node::WebhookDelivery(WebhookDelivery(row))),
        Kind::MetricSample => reader
            .load_one(MetricSampleKey(id))
            .await
            .map_err(fail)?
            .map(|row| Node::MetricSample(MetricSample(row))),
        Kind::WebhookSource => reader
            .load_one(WebhookSourceKey(id))
            .await
            .map_err(fail)?
            .map(|row| Node::WebhookSource(WebhookSource(row))),
        Kind::WebhookEvent => reader
            .load_one(WebhookEventKey(id))
            .await
            .map_err(fail)?
            .map(|row| Node::WebhookEvent(WebhookEvent(row))),
    })
}

/// A playbook that one of the caller's portfolios uses or has used in a stage run.
async fn playbook(ctx: &Context<'_>, id: Uuid) -> async_graphql::Result<Option<Playbook>> {
    let session = session(ctx)?;
    let reachable =
        query::playbook_in_use(session.app(), &session.scope()?, id).await.map_err(|e| problem(&e))?;
    if reachable { by_id(ctx, id).await.map(Some) } else { Ok(None) }
}
