//! What waits for the viewer: one list of everything that they can decide or must do.

mod connection;
mod filter;
mod step;
mod subscription;

use std::sync::Arc;

use app::query::waiting::Waiting;
use async_graphql::{Context, Object, Union};
use chrono::{DateTime, Utc};
use domain::{Role, agenda::Step, id::Id};

pub(crate) use connection::WaitingConnection;
pub(crate) use filter::WaitingFilter;
pub(crate) use subscription::WaitingSubscription;

use crate::{
    cost::list_size, dead_letter::DeadLetter, record::FromRow, session::session, stage_run::StageRun,
    venture::Venture,
};
use step::WaitingStep;

/// Something that waits for the viewer.
#[derive(Union)]
pub(crate) enum WaitingItem {
    /// A stage run in which the viewer can take a step.
    WaitingStageRun(WaitingStageRun),
    /// A dead letter that the viewer can replay.
    DeadLetter(DeadLetter),
}

/// A stage run that waits for the viewer.
pub(crate) struct WaitingStageRun {
    run: StageRun,
    venture: Option<Venture>,
    steps: Vec<Step>,
    held: Arc<[Role]>,
}

impl WaitingItem {
    fn of(ctx: &Context<'_>, waiting: &Waiting) -> async_graphql::Result<Self> {
        Ok(match waiting {
            Waiting::StageRun { run, venture, steps } => Self::WaitingStageRun(WaitingStageRun {
                held: session(ctx)?.actor()?.roles_in(Id::new(run.portfolio_id)).into(),
                run: StageRun::of(Arc::new(run.as_ref().clone())),
                venture: venture.as_ref().map(|venture| Venture::of(Arc::new(venture.as_ref().clone()))),
                steps: steps.clone(),
            }),
            Waiting::DeadLetter(letter) => {
                Self::DeadLetter(DeadLetter::of(Arc::new(letter.as_ref().clone())))
            }
        })
    }
}

/// A stage run that waits for a role of the viewer. `steps` is empty when somebody else was faster.
#[Object]
impl WaitingStageRun {
    /// The stage run.
    async fn stage_run(&self) -> &StageRun {
        &self.run
    }

    /// Venture that the stage run belongs to. Null when the run is the portfolio's own.
    async fn venture(&self) -> Option<&Venture> {
        self.venture.as_ref()
    }

    /// Time at which the stage's expected days are over.
    async fn due_at(&self) -> DateTime<Utc> {
        self.run.0.due_at
    }

    /// Steps that the viewer can take: labels first, then gates in their order, then the move to the next stage.
    #[graphql(directive = list_size::apply(5))]
    async fn steps(&self) -> Vec<WaitingStep> {
        self.steps.iter().map(|step| WaitingStep::of(step, &self.held)).collect()
    }
}
