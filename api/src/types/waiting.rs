//! What waits for the viewer: one list of all that they can decide or must do.

use std::sync::Arc;

use app::query::{
    page::{Page, PageRequest},
    waiting::{self, Filter},
};
use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject, Union, connection::PageInfo};
use chrono::{DateTime, Utc};
use domain::{
    Role,
    agenda::{Action, Step},
    evidence::Target,
};

use super::{operations::DeadLetter, stage_run::StageRun, venture::Venture};
use crate::{
    cost::list_size,
    error::problem,
    global_id::{self, Kind},
    session::session,
};

/// Which of what waits; every part that is given must hold.
#[derive(InputObject, Default)]
pub(crate) struct WaitingFilter {
    /// In this portfolio.
    portfolio_id: Option<ID>,
    /// For this venture.
    venture_id: Option<ID>,
    /// Only steps that are the viewer's to answer for: those of their own roles, not those that a final
    /// authority may take in place of others.
    owned: Option<bool>,
}

impl WaitingFilter {
    fn checked(self) -> async_graphql::Result<Filter> {
        let read = |kind, id: Option<ID>| id.map(|id| global_id::expect(kind, &id)).transpose();
        Ok(Filter {
            portfolio: read(Kind::Portfolio, self.portfolio_id)?,
            venture: read(Kind::Venture, self.venture_id)?,
            owned: self.owned.unwrap_or_default(),
        })
    }
}

/// Something that waits for the viewer.
#[derive(Union)]
pub(crate) enum WaitingItem {
    /// A stage run in which they can take a step.
    WaitingStageRun(WaitingStageRun),
    /// A dead letter that they can replay.
    DeadLetter(DeadLetter),
}

/// A stage run in which the viewer can take a step.
pub(crate) struct WaitingStageRun {
    run: StageRun,
    venture: Venture,
    steps: Vec<Step>,
    held: Arc<[Role]>,
}

/// What a step does.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WaitingAction {
    /// `attest` a done-when label.
    AttestLabel,
    /// `attest` a criterion of a gate.
    AttestCriterion,
    /// `attest` the value of a fact.
    AttestFact,
    /// `requestGateValidation`: the gate would pass on what is known.
    ValidateGate,
    /// `advanceVenture`.
    Advance,
}

/// A step that the viewer can take.
#[derive(SimpleObject)]
pub(crate) struct WaitingStep {
    /// What it does.
    action: WaitingAction,
    /// What it is about: key of the label, criterion or gate, or name of the fact; null for `ADVANCE`.
    key: Option<String>,
    /// Key of the gate, for a criterion and for a gate; else null.
    gate: Option<String>,
    /// One sentence for a person.
    text: String,
    /// The role that answers for it; null: whoever may take it.
    owner: Option<String>,
    /// Whether the viewer holds that role, or there is none.
    owned: bool,
    /// The roles that may take it.
    roles: Vec<String>,
}

/// A stage run in which the viewer can take a step.
#[Object]
impl WaitingStageRun {
    /// The stage run.
    async fn stage_run(&self) -> &StageRun {
        &self.run
    }

    /// Its venture.
    async fn venture(&self) -> &Venture {
        &self.venture
    }

    /// When its expected days are over.
    async fn due_at(&self) -> DateTime<Utc> {
        self.run.0.due_at
    }

    /// The steps that the viewer can take: labels first, then gates in their order, then moving on.
    #[graphql(directive = list_size::apply(5))]
    async fn steps(&self) -> Vec<WaitingStep> {
        self.steps.iter().map(|step| WaitingStep::of(step, &self.held)).collect()
    }
}

impl WaitingStep {
    fn of(step: &Step, held: &[Role]) -> Self {
        let (action, key, gate) = match &step.action {
            Action::Attest(Target::DoneWhen(key)) => (WaitingAction::AttestLabel, Some(key), None),
            Action::Attest(Target::Criterion { gate, criterion }) => {
                (WaitingAction::AttestCriterion, Some(criterion), Some(gate))
            }
            Action::Attest(Target::Fact(name)) => (WaitingAction::AttestFact, Some(name), None),
            Action::Validate { gate } => (WaitingAction::ValidateGate, Some(gate), Some(gate)),
            Action::Advance => (WaitingAction::Advance, None, None),
        };
        Self {
            action,
            key: key.cloned(),
            gate: gate.cloned(),
            text: step.text.clone(),
            owner: step.owner.as_ref().map(Role::to_string),
            owned: step.is_owned(held),
            roles: step.roles.iter().map(Role::to_string).collect(),
        }
    }
}

/// A page of what waits for the viewer, most urgent first.
pub(crate) struct WaitingConnection {
    filter: Filter,
    page: Page<waiting::Waiting>,
}

/// Something that waits, in a page.
pub(crate) struct WaitingEdge<'a>(&'a str, &'a waiting::Waiting);

impl WaitingConnection {
    pub(crate) async fn read(
        ctx: &Context<'_>,
        filter: Option<WaitingFilter>,
        request: PageRequest,
    ) -> async_graphql::Result<Self> {
        let filter = filter.unwrap_or_default().checked()?;
        let session = session(ctx)?;
        // Boxed for the reason given at `Session::load`.
        let page = Box::pin(waiting::page(session.app(), session.actor()?, &filter, &request)).await;
        Ok(Self { filter, page: page.map_err(|e| problem(&e))? })
    }
}

fn item(ctx: &Context<'_>, waiting: &waiting::Waiting) -> async_graphql::Result<WaitingItem> {
    Ok(match waiting {
        waiting::Waiting::StageRun { run, venture, steps } => WaitingItem::WaitingStageRun(WaitingStageRun {
            held: session(ctx)?.actor()?.roles_in(venture.portfolio_id).into(),
            run: StageRun(Arc::new(run.as_ref().clone())),
            venture: Venture(Arc::new(venture.as_ref().clone())),
            steps: steps.clone(),
        }),
        waiting::Waiting::DeadLetter(letter) => {
            WaitingItem::DeadLetter(DeadLetter(Arc::new(letter.as_ref().clone())))
        }
    })
}

/// A page of what waits for the viewer, most urgent first.
#[Object]
impl WaitingConnection {
    /// What waits, with cursors.
    async fn edges(&self) -> Vec<WaitingEdge<'_>> {
        self.page.rows.iter().map(|(cursor, waiting)| WaitingEdge(cursor, waiting)).collect()
    }

    /// What waits.
    async fn nodes(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<WaitingItem>> {
        self.page.rows.iter().map(|(_, waiting)| item(ctx, waiting)).collect()
    }

    /// Where the page lies in the list.
    async fn page_info(&self) -> PageInfo {
        PageInfo {
            has_previous_page: self.page.has_previous,
            has_next_page: self.page.has_next,
            start_cursor: self.page.rows.first().map(|(cursor, _)| cursor.clone()),
            end_cursor: self.page.rows.last().map(|(cursor, _)| cursor.clone()),
        }
    }

    /// How much waits in all pages; counted only when asked for.
    async fn total_count(&self, ctx: &Context<'_>) -> async_graphql::Result<i64> {
        let session = session(ctx)?;
        let total = Box::pin(waiting::count(session.app(), session.actor()?, &self.filter)).await;
        Ok(i64::try_from(total.map_err(|e| problem(&e))?).unwrap_or(i64::MAX))
    }
}

/// Something that waits, in a page.
#[Object]
impl WaitingEdge<'_> {
    /// Where it stands in the list: for `after` and `before`, with the same filter.
    async fn cursor(&self) -> &str {
        self.0
    }

    /// What waits.
    async fn node(&self, ctx: &Context<'_>) -> async_graphql::Result<WaitingItem> {
        item(ctx, self.1)
    }
}
