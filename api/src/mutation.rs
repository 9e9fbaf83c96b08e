//! The root of mutations: each turns its input into one command.
//!
//! Every field is nullable, so that one that fails does not hide what another has changed.

mod identity;
mod input;
mod webhook;
mod webhook_source;

use std::sync::Arc;

use app::{Command, Error, commands};
use async_graphql::{Context, ID, MergedObject, Object, SimpleObject};
use domain::id::Id;
use uuid::Uuid;

use crate::{
    cost::list_size,
    error::{UserError, not_found, problem},
    global_id::{Kind, expect},
    loader::{EvidenceKey, GateRunKey, VentureKey},
    query::only_portfolio,
    session::session,
    types::{
        evidence::Evidence,
        gate_run::GateRun,
        job::{self, Job},
        operations::DeadLetter,
        portfolio::Portfolio,
        venture::Venture,
    },
};
use identity::IdentityMutation;
use input::{
    AdvanceVentureInput, AttestInput, CancelJobInput, CreatePortfolioInput, CreateVentureInput,
    KillVentureInput, PauseVentureInput, ReplayDeadLetterInput, RequestGateValidationInput,
    ResumeVentureInput, SubmitEvidenceInput, UpdateVentureInput, WithdrawEvidenceInput,
};
use webhook::WebhookMutation;
use webhook_source::WebhookSourceMutation;

/// What can be changed. What a rule refuses comes back in `userErrors`, and nothing was changed.
#[derive(MergedObject)]
pub struct Mutation(WorkflowMutation, IdentityMutation, WebhookMutation, WebhookSourceMutation);

impl Mutation {
    pub(crate) fn new() -> Self {
        Self(WorkflowMutation, IdentityMutation, WebhookMutation, WebhookSourceMutation)
    }
}

/// Portfolios, and ventures on their way.
pub(crate) struct WorkflowMutation;

macro_rules! payloads {
    ($($(#[$doc:meta])* $name:ident { $(#[$field_doc:meta])* $field:ident: $type:ty })*) => { $(
        $(#[$doc])*
        #[derive(SimpleObject)]
        pub(crate) struct $name {
            $(#[$field_doc])*
            $field: Option<$type>,
            /// Why nothing was changed; empty when it was.
            #[graphql(directive = list_size::apply(1))]
            user_errors: Vec<UserError>,
        }

        impl $name {
            fn refused(user_errors: Vec<UserError>) -> Self {
                Self { $field: None, user_errors }
            }
        }
    )* };
}

payloads! {
    /// What came of `createPortfolio`.
    CreatePortfolioPayload {
        /// The new portfolio; null when it was refused.
        portfolio: Portfolio
    }
    /// What came of a mutation of a venture.
    VenturePayload {
        /// The venture as it is now; null when the mutation was refused.
        venture: Venture
    }
    /// What came of `submitEvidence`.
    SubmitEvidencePayload {
        /// The evidence; null when it was refused.
        evidence: Evidence
    }
    /// What came of `withdrawEvidence`.
    WithdrawEvidencePayload {
        /// The evidence as it is now; null when it was refused.
        evidence: Evidence
    }
    /// What came of `requestGateValidation`.
    RequestGateValidationPayload {
        /// The queued gate run; null when it was refused.
        gate_run: GateRun
    }
    /// What came of `cancelJob`.
    CancelJobPayload {
        /// The job as it is now; null when it was refused.
        job: Job
    }
    /// What came of `replayDeadLetter`.
    ReplayDeadLetterPayload {
        /// The message as it is now; null when it was refused.
        dead_letter: DeadLetter
    }
}

/// A field of its own: failing, it is null, and the others stand.
async fn attempt<T>(
    done: impl Future<Output = async_graphql::Result<T>>,
) -> Option<async_graphql::Result<T>> {
    Some(done.await)
}

/// The key of an id in the input of somebody who is signed in.
fn key_of(ctx: &Context<'_>, kind: Kind, id: &ID) -> async_graphql::Result<Uuid> {
    session(ctx)?;
    expect(kind, id)
}

/// Runs a command as the caller. A refusal is the inner error.
async fn run<C: Command>(
    ctx: &Context<'_>,
    key: Option<String>,
    command: &C,
) -> async_graphql::Result<Result<C::Output, Vec<UserError>>> {
    let session = session(ctx)?;
    let request = match session.request()?.with_key(key) {
        Ok(request) => request,
        Err(refusal) => return Ok(Err(vec![refusal.into()])),
    };
    // Boxed for the reason given at `Session::load`.
    match Box::pin(session.app().execute(&request, command)).await {
        Ok(output) => Ok(Ok(output)),
        Err(Error::Refused(refusal)) => Ok(Err(vec![refusal.into()])),
        Err(error) => Err(problem(&error)),
    }
}

/// Runs a command on a venture and reads the venture again.
async fn change<C: Command>(
    ctx: &Context<'_>,
    key: Option<String>,
    venture: Uuid,
    command: &C,
) -> async_graphql::Result<VenturePayload> {
    match run(ctx, key, command).await? {
        Ok(_) => {
            Ok(VenturePayload { venture: Some(read_venture(ctx, venture).await?), user_errors: Vec::new() })
        }
        Err(refused) => Ok(VenturePayload::refused(refused)),
    }
}

async fn read_venture(ctx: &Context<'_>, id: Uuid) -> async_graphql::Result<Venture> {
    let found = session(ctx)?.load(VentureKey(id)).await?;
    found.map(Venture).ok_or_else(|| not_found("the venture"))
}

/// Portfolios, and ventures on their way.
#[Object]
impl WorkflowMutation {
    /// Creates a portfolio; its creator becomes its ADMIN. For holders of ADMIN in any portfolio.
    async fn create_portfolio(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The portfolio.")] input: CreatePortfolioInput,
    ) -> Option<async_graphql::Result<CreatePortfolioPayload>> {
        attempt(async {
            let command = commands::CreatePortfolio {
                slug: input.slug,
                name: input.name,
                zone: input.zone,
                currency: input.currency,
            };
            let id = match run(ctx, input.idempotency_key, &command).await? {
                Ok(id) => id,
                Err(refused) => return Ok(CreatePortfolioPayload::refused(refused)),
            };
            // The session's scope is from before: its creator's place in it is new.
            let scope = app::Scope::Portfolios(vec![id.uuid()]);
            let found = app::query::batch::by_ids(session(ctx)?.app(), &scope, &[id.uuid()]).await;
            let row = found.map_err(|e| problem(&e))?.remove(&id.uuid());
            Ok(CreatePortfolioPayload {
                portfolio: row.map(Arc::new).map(Portfolio),
                user_errors: Vec::new(),
            })
        })
        .await
    }

    /// Creates a venture at the first stage of its portfolio's playbook.
    async fn create_venture(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The venture.")] input: CreateVentureInput,
    ) -> Option<async_graphql::Result<VenturePayload>> {
        attempt(async {
            let portfolio = match &input.portfolio_id {
                Some(id) => key_of(ctx, Kind::Portfolio, id)?,
                None => only_portfolio(session(ctx)?).await?.id,
            };
            let command = commands::CreateVenture {
                portfolio_id: Id::new(portfolio),
                name: input.name,
                description: input.description,
                category: input.category,
                zone: input.zone,
                currency: input.currency,
            };
            match run(ctx, input.idempotency_key, &command).await? {
                Ok(id) => {
                    let venture = Some(read_venture(ctx, id.uuid()).await?);
                    Ok(VenturePayload { venture, user_errors: Vec::new() })
                }
                Err(refused) => Ok(VenturePayload::refused(refused)),
            }
        })
        .await
    }

    /// Changes what is said of a venture.
    async fn update_venture(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What changes.")] input: UpdateVentureInput,
    ) -> Option<async_graphql::Result<VenturePayload>> {
        attempt(async {
            let id = key_of(ctx, Kind::Venture, &input.venture_id)?;
            let key = input.idempotency_key.clone();
            change(ctx, key, id, &input.command(id)).await
        })
        .await
    }

    /// Puts the caller's word, and evidence, behind a label, a criterion or a fact of a venture's stage.
    async fn attest(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is attested.")] input: AttestInput,
    ) -> Option<async_graphql::Result<VenturePayload>> {
        attempt(async {
            let id = key_of(ctx, Kind::Venture, &input.venture_id)?;
            let key = input.idempotency_key.clone();
            change(ctx, key, id, &input.command(id)?).await
        })
        .await
    }

    /// Puts evidence on record for a venture's stage without attesting anything: `attest` can cite it by its id.
    async fn submit_evidence(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The evidence.")] input: SubmitEvidenceInput,
    ) -> Option<async_graphql::Result<SubmitEvidencePayload>> {
        attempt(async {
            let id = key_of(ctx, Kind::Venture, &input.venture_id)?;
            let key = input.idempotency_key.clone();
            match run(ctx, key, &input.command(id)?).await? {
                Ok(id) => {
                    let evidence = session(ctx)?.load(EvidenceKey(id.uuid())).await?.map(Evidence);
                    Ok(SubmitEvidencePayload { evidence, user_errors: Vec::new() })
                }
                Err(refused) => Ok(SubmitEvidencePayload::refused(refused)),
            }
        })
        .await
    }

    /// Withdraws a piece of evidence: it no longer counts, and stays on record.
    async fn withdraw_evidence(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The evidence.")] input: WithdrawEvidenceInput,
    ) -> Option<async_graphql::Result<WithdrawEvidencePayload>> {
        attempt(async {
            let id = key_of(ctx, Kind::Evidence, &input.evidence_id)?;
            let command = commands::WithdrawEvidence { evidence_id: Id::new(id), reason: input.reason };
            match run(ctx, input.idempotency_key, &command).await? {
                Ok(_) => {
                    let found = session(ctx)?.load(EvidenceKey(id)).await?;
                    Ok(WithdrawEvidencePayload { evidence: found.map(Evidence), user_errors: Vec::new() })
                }
                Err(refused) => Ok(WithdrawEvidencePayload::refused(refused)),
            }
        })
        .await
    }

    /// Asks for a gate of a venture's stage to be decided. Answers at once with the queued run; its verdict
    /// follows on `gateRunUpdated`.
    async fn request_gate_validation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which gate.")] input: RequestGateValidationInput,
    ) -> Option<async_graphql::Result<RequestGateValidationPayload>> {
        attempt(async {
            let command = commands::RequestGateValidation {
                venture_id: Id::new(key_of(ctx, Kind::Venture, &input.venture_id)?),
                expected_version: input.expected_version,
                gate: input.gate,
            };
            match run(ctx, input.idempotency_key, &command).await? {
                Ok(id) => {
                    let gate_run = session(ctx)?.load(GateRunKey(id.uuid())).await?.map(GateRun);
                    Ok(RequestGateValidationPayload { gate_run, user_errors: Vec::new() })
                }
                Err(refused) => Ok(RequestGateValidationPayload::refused(refused)),
            }
        })
        .await
    }

    /// Cancels a job that has not ended. For whoever asked for it, and holders of the right.
    async fn cancel_job(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The job.")] input: CancelJobInput,
    ) -> Option<async_graphql::Result<CancelJobPayload>> {
        attempt(async {
            session(ctx)?;
            let job = job::expect(&input.job_id)?;
            if let Err(refused) = run(ctx, input.idempotency_key, &commands::CancelJob { job }).await? {
                return Ok(CancelJobPayload::refused(refused));
            }
            let domain::job::Job::GateRun(id) = job;
            let job = session(ctx)?.load(GateRunKey(id.uuid())).await?.map(Job::of);
            Ok(CancelJobPayload { job, user_errors: Vec::new() })
        })
        .await
    }

    /// Moves a venture to its next stage: all labels attested, all exit gates passed and passing still.
    async fn advance_venture(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The venture.")] input: AdvanceVentureInput,
    ) -> Option<async_graphql::Result<VenturePayload>> {
        attempt(async {
            let id = key_of(ctx, Kind::Venture, &input.venture_id)?;
            let command = commands::AdvanceVenture {
                venture_id: Id::new(id),
                expected_version: input.expected_version,
            };
            change(ctx, input.idempotency_key, id, &command).await
        })
        .await
    }

    /// Lets a venture rest until a person resumes it.
    async fn pause_venture(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The venture.")] input: PauseVentureInput,
    ) -> Option<async_graphql::Result<VenturePayload>> {
        attempt(async {
            let id = key_of(ctx, Kind::Venture, &input.venture_id)?;
            let command = commands::PauseVenture {
                venture_id: Id::new(id),
                expected_version: input.expected_version,
                reason: input.reason,
            };
            change(ctx, input.idempotency_key, id, &command).await
        })
        .await
    }

    /// Lets a paused venture run again.
    async fn resume_venture(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The venture.")] input: ResumeVentureInput,
    ) -> Option<async_graphql::Result<VenturePayload>> {
        attempt(async {
            let id = key_of(ctx, Kind::Venture, &input.venture_id)?;
            let command =
                commands::ResumeVenture { venture_id: Id::new(id), expected_version: input.expected_version };
            change(ctx, input.idempotency_key, id, &command).await
        })
        .await
    }

    /// Gives a venture up for good.
    async fn kill_venture(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The venture.")] input: KillVentureInput,
    ) -> Option<async_graphql::Result<VenturePayload>> {
        attempt(async {
            let id = key_of(ctx, Kind::Venture, &input.venture_id)?;
            let command = commands::KillVenture {
                venture_id: Id::new(id),
                expected_version: input.expected_version,
                reason: input.reason,
            };
            change(ctx, input.idempotency_key, id, &command).await
        })
        .await
    }

    /// Sends a message that was parked again. For holders of OPERATOR or ADMIN.
    async fn replay_dead_letter(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The message.")] input: ReplayDeadLetterInput,
    ) -> Option<async_graphql::Result<ReplayDeadLetterPayload>> {
        attempt(async {
            let dead_letter_id = Id::new(key_of(ctx, Kind::DeadLetter, &input.dead_letter_id)?);
            let command = commands::ReplayDeadLetter { dead_letter_id };
            match run(ctx, input.idempotency_key, &command).await? {
                Ok(_) => {
                    let session = session(ctx)?;
                    let found =
                        app::query::dead_letter(session.app(), session.actor()?, dead_letter_id).await;
                    let dead_letter = found.map_err(|e| problem(&e))?.map(Arc::new).map(DeadLetter);
                    Ok(ReplayDeadLetterPayload { dead_letter, user_errors: Vec::new() })
                }
                Err(refused) => Ok(ReplayDeadLetterPayload::refused(refused)),
            }
        })
        .await
    }
}
