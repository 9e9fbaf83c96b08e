//! The steps that can be taken in a stage run, from what was gathered of it.

use chrono::{DateTime, Utc};
use domain::{
    agenda::{self, Standing, Step},
    stage_run::StageRun,
};

use crate::gate_run::assessment::Assessment;

impl Assessment<'_> {
    /// The steps that can be taken in a run.
    pub(crate) fn steps(&self, run: &StageRun) -> Vec<Step> {
        let standing = self.stage().gates().map(|gate| Standing {
            gate,
            decision: self.decide(gate),
            recorded: run.recorded(&gate.key),
            queued: run.is_queued(&gate.key),
        });
        let standing: Vec<_> = standing.collect();
        agenda::steps((self.playbook(), self.stage()), run, &self.open_labels(), &standing, self.now())
    }

    /// When the first of the facts that the gates look at goes stale; none when none does.
    pub(crate) fn stale_at(&self) -> Option<DateTime<Utc>> {
        let declared = &self.playbook().facts;
        let ends = self.facts().iter().filter_map(|(name, observation)| {
            let max_age = declared.get(name)?.max_age?;
            // A fact is fresh at exactly its greatest age, and stale a moment later.
            observation
                .observed_at
                .checked_add_signed(max_age)?
                .checked_add_signed(chrono::TimeDelta::seconds(1))
        });
        ends.filter(|end| *end > self.now()).min()
    }
}
