//! What waits for somebody, as rows: one for each thing and each role that can act on it, written and removed in the
//! transaction that causes it. A page, a count and a subscription read as many rows as they show.
//!
//! A stage run waits for the roles that can take a step in it (`domain::agenda`); a dead letter waits for those who can
//! replay it. Commands on a root make its rows anew. What changes beside a root does not pass through it: a timer
//! makes the rows of a run anew when a fact that its gates look at goes stale, and a sweep when the portfolio's facts,
//! its playbook or the playbook's rights change.

mod check;
mod letters;
mod read;
mod refresh;
mod steps;

pub use check::mismatches;
pub use read::{Count, Filter, Waiting, count, page};
pub use refresh::{
    REFRESH_PORTFOLIO, REFRESH_STAGE_RUN, begin_again, is_fresh, refresh_portfolio, refresh_stage_run,
    watch_portfolios,
};

pub(crate) use letters::{parked, replayed};
pub(crate) use refresh::refresh;
