//! How gate runs are listed.

use app::query::gate_runs::{self, GateRuns, OrderBy};
use async_graphql::{Enum, InputObject};
use domain::{gate, job::Status, playbook};

use super::{GateRun, Verdict};
use crate::{
    job::JobStatus,
    list::{Filtering, Listing, TimeRange, names, period, set},
    playbook::GateKind,
};

/// Conditions on gate runs. All conditions that are given must hold.
#[derive(InputObject, Default)]
pub(crate) struct GateRunFilter {
    /// Keys of gates, at most 100.
    gates: Option<Vec<String>>,
    /// Kinds of gate, at most 100.
    kinds: Option<Vec<GateKind>>,
    /// Statuses, at most 100.
    statuses: Option<Vec<JobStatus>>,
    /// Verdicts, at most 100.
    verdicts: Option<Vec<Verdict>>,
    /// Numbers of stages, at most 100.
    stages: Option<Vec<u32>>,
    /// Requested in this range.
    requested_at: Option<TimeRange>,
}

impl Filtering for GateRunFilter {
    type List = GateRuns;

    fn checked(self) -> async_graphql::Result<gate_runs::Filter> {
        Ok(gate_runs::Filter {
            gates: set("gates", self.gates, |gate| gate)?,
            kinds: names::<_, playbook::GateKind>("kinds", self.kinds)?,
            statuses: names::<_, Status>("statuses", self.statuses)?,
            verdicts: names::<_, gate::Verdict>("verdicts", self.verdicts)?,
            stages: set("stages", self.stages, |stage| stage)?,
            requested: period("requestedAt", self.requested_at)?,
        })
    }
}

/// Field to sort gate runs by.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "OrderBy")]
pub(crate) enum GateRunOrderField {
    /// Time of the request.
    RequestedAt,
}

impl Listing for GateRuns {
    type Node = GateRun;
    type By = GateRunFilter;
    type OrderField = GateRunOrderField;

    const CONNECTION: &'static str = "GateRunConnection";
    const EDGE: &'static str = "GateRunEdge";
    const ORDER: &'static str = "GateRunOrder";
}
