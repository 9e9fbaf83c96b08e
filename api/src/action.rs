//! Actions: what the viewer can do with a record, and if not, why. The answers come from the rights and the rules that
//! refuse the mutations.

use std::any::Any;

use app::{
    command::Standing,
    context::{Denied, permitted},
    record::Record,
};
use async_graphql::{Context, SimpleObject};
use domain::{id::Id, stage_run::StageRun as Run, venture::Venture as DomainVenture};
use uuid::Uuid;

use crate::{
    error::{code_text, not_found, problem},
    portfolio::Portfolio,
    session::session,
    stage_run::StageRun,
    venture::Venture,
};

/// A mutation that can be asked for on a record.
#[derive(SimpleObject)]
pub(crate) struct Action {
    /// Name of the mutation, such as `pauseVenture`.
    name: String,
    /// Whether the viewer may run the mutation now. It can still be refused for its input, or because somebody else
    /// was faster.
    allowed: bool,
    /// Why the mutation would be refused. Null when it is allowed.
    reason: Option<String>,
    /// Code of the refusal, such as `FORBIDDEN` or `VENTURE_NOT_ACTIVE`. Null when the mutation is allowed.
    code: Option<String>,
}

impl Action {
    /// The actions on a row; an empty list for what no mutation acts on.
    pub(crate) async fn of<M: Record + Any>(ctx: &Context<'_>, row: &M) -> async_graphql::Result<Vec<Self>> {
        let Some(portfolio) = row.portfolio() else { return Ok(Vec::new()) };
        let standing = Stood::of(ctx, row.venture()).await?;
        Self::listed::<M>(
            ctx,
            portfolio,
            (row.id(), row.owner(), Some(row as &(dyn Any + Send + Sync))),
            &standing,
        )
        .await
    }

    /// The actions on a venture, of which the domain's value is at hand.
    pub(crate) async fn of_venture(
        ctx: &Context<'_>,
        venture: &DomainVenture,
    ) -> async_graphql::Result<Vec<Self>> {
        let standing = Stood::of(ctx, Some(venture.id.uuid())).await?;
        let portfolio = venture.portfolio_id.uuid();
        Self::listed::<app::query::rows::Venture>(ctx, portfolio, (venture.id.uuid(), None, None), &standing)
            .await
    }

    async fn listed<M: Record>(
        ctx: &Context<'_>,
        portfolio: Uuid,
        (id, owner, row): (Uuid, Option<Uuid>, Option<&(dyn Any + Send + Sync)>),
        stood: &Stood,
    ) -> async_graphql::Result<Vec<Self>> {
        let session = session(ctx)?;
        let of: Portfolio = session.get(portfolio).await?;
        let playbook = session.app().playbook(Id::new(of.playbook_id())).await.map_err(|e| problem(&e))?;
        let standing = Standing {
            venture: stood.venture.as_ref().map(|venture| &*venture.0),
            stage_run: stood.run.as_ref(),
            record: row,
            now: session.app().clock().now(),
        };
        let place = (Id::new(portfolio), id, owner);
        let actions = permitted(session.actor()?, M::KIND, &playbook, place, &standing);
        Ok(actions.into_iter().map(Self::from).collect())
    }
}

impl From<app::context::Action> for Action {
    fn from(action: app::context::Action) -> Self {
        let (reason, code) = match action.refused {
            None => (None, None),
            Some(Denied::Forbidden(reason)) => (Some(reason), Some("FORBIDDEN".to_owned())),
            Some(Denied::Refused(refusal)) => (Some(refusal.message), Some(code_text(refusal.code))),
        };
        Self { name: camel_case(action.name), allowed: reason.is_none(), reason, code }
    }
}

/// `pause_venture` as the schema spells it: `pauseVenture`.
fn camel_case(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |mut name, word| {
        let mut letters = word.chars();
        name.extend(letters.next().map(|letter| letter.to_ascii_uppercase()));
        name.push_str(letters.as_str());
        name
    })
}

/// How the root of a record stands.
struct Stood {
    venture: Option<Venture>,
    run: Option<Run>,
}

impl Stood {
    async fn of(ctx: &Context<'_>, venture: Option<Uuid>) -> async_graphql::Result<Self> {
        let Some(id) = venture else { return Ok(Self { venture: None, run: None }) };
        let session = session(ctx)?;
        let venture: Venture = session.get(id).await?;
        let run: StageRun =
            session.find(venture.0.stage_run_id.uuid()).await?.ok_or_else(|| not_found("the stage run"))?;
        let run = app::stage_run::store::from_row(run.row().clone()).map_err(|e| problem(&e))?;
        Ok(Self { venture: Some(venture), run: Some(run) })
    }
}
