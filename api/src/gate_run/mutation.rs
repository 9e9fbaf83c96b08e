//! Mutations of gate runs.

use app::commands;
use async_graphql::{Context, InputObject, Object, SimpleObject};
use domain::id::{Id, kind};

use super::GateRun;
use crate::{
    change::{Changed, Input, Keyed, NotRun, Payload, Seen, change},
    root::RootInput,
    session::session,
};

/// Input of `requestGateValidation`.
#[derive(InputObject)]
pub(crate) struct RequestGateValidation {
    #[graphql(flatten)]
    root: RootInput,
    #[graphql(flatten)]
    seen: Seen,
    /// Key of a gate of the current stage.
    gate: String,
}

impl Input for RequestGateValidation {
    type Command = commands::RequestGateValidation;
    type Payload = RequestGateValidationAnswer;

    async fn command(self, _: &Context<'_>) -> Result<commands::RequestGateValidation, NotRun> {
        let root = self.root.root()?;
        let expected_version = self.seen.expected_version;
        Ok(commands::RequestGateValidation { root, expected_version, gate: self.gate })
    }
}

/// What `requestGateValidation` answers.
#[derive(SimpleObject, Default)]
pub(crate) struct RequestGateValidationAnswer {
    /// The queued gate run. Null when the mutation was refused.
    gate_run: Option<GateRun>,
}

impl Payload<commands::RequestGateValidation> for RequestGateValidationAnswer {
    async fn read(
        ctx: &Context<'_>,
        _: &commands::RequestGateValidation,
        id: Id<kind::GateRun>,
    ) -> async_graphql::Result<Self> {
        Ok(Self { gate_run: session(ctx)?.find(id.uuid()).await? })
    }
}

/// Mutations of gate runs.
#[derive(Default)]
pub(crate) struct GateRunMutation;

/// Mutations of gate runs.
#[Object]
impl GateRunMutation {
    /// Requests a decision of one gate of the current stage of a venture or a portfolio. Returns the queued gate run at once; a worker
    /// decides it. Follow it with the subscription `gateRunUpdated`.
    async fn request_gate_validation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The venture or portfolio, and the gate.")] input: Keyed<RequestGateValidation>,
    ) -> Changed<RequestGateValidation> {
        change(ctx, input).await
    }
}
