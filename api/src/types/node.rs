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
    Ok(match kind {
        Kind::Portfolio => session.load(PortfolioKey(id)).await?.map(|row| Node::Portfolio(Portfolio(row))),
        Kind::Venture => session.load(VentureKey(id)).await?.map(|v| Node::Venture(Venture(v))),
        Kind::StageRun => session.load(StageRunKey(id)).await?.map(|row| Node::StageRun(StageRun(row))),
        Kind::GateRun => session.load(GateRunKey(id)).await?.map(|row| Node::GateRun(GateRun(row))),
        Kind::Evidence => session.load(EvidenceKey(id)).await?.map(|row| Node::Evidence(Evidence(row))),
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
        Kind::Attestation => {
            session.load(AttestationKey(id)).await?.map(|row| Node::Attestation(Attestation(row)))
        }
        Kind::File => session.load(FileKey(id)).await?.map(|file| Node::File(File::from(&*file))),
        Kind::Event => session.load(EventKey(id)).await?.map(|row| Node::VentureEvent(VentureEvent(row))),
        Kind::Person => query::persons::find(session.app(), session.actor()?, id)
            .await
            .map_err(|e| problem(&e))?
            .map(|row| Node::Person(Person(Arc::new(row)))),
        Kind::Member => session.load(MemberKey(id)).await?.map(|row| Node::Member(Member(row))),
        Kind::Token => session.load(TokenKey(id)).await?.map(|row| Node::ApiToken(ApiToken(row))),
        Kind::WebhookEndpoint => {
            session.load(WebhookEndpointKey(id)).await?.map(|row| Node::WebhookEndpoint(WebhookEndpoint(row)))
        }
        Kind::WebhookDelivery => {
            session.load(WebhookDeliveryKey(id)).await?.map(|row| Node::WebhookDelivery(WebhookDelivery(row)))
        }
        Kind::MetricSample => {
            session.load(MetricSampleKey(id)).await?.map(|row| Node::MetricSample(MetricSample(row)))
        }
        Kind::WebhookSource => {
            session.load(WebhookSourceKey(id)).await?.map(|row| Node::WebhookSource(WebhookSource(row)))
        }
        Kind::WebhookEvent => {
            session.load(WebhookEventKey(id)).await?.map(|row| Node::WebhookEvent(WebhookEvent(row)))
        }
    })
}

/// A playbook that one of the caller's portfolios uses or has used in a stage run.
async fn playbook(ctx: &Context<'_>, id: Uuid) -> async_graphql::Result<Option<Playbook>> {
    let session = session(ctx)?;
    let reachable =
        query::playbook_in_use(session.app(), &session.scope()?, id).await.map_err(|e| problem(&e))?;
    if reachable { by_id(ctx, id).await.map(Some) } else { Ok(None) }
}
