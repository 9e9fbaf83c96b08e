//! `record_metric_sample`: a value of a metric at a time.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::{
    Refusal,
    id::{Id, kind},
    metric::Sample,
    refusal::Code,
    venture::Venture,
};
use entity::metric_sample;
use serde::{Deserialize, Serialize};

use super::store;
use crate::{Command, Context, Error, Right, Target, global_id::Kind};

/// Records a sample of a venture's metric. The same key again is the same sample.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RecordMetricSample {
    /// The venture that was measured.
    pub venture_id: Id<Venture>,
    /// The metric's name.
    pub metric: String,
    /// When it was measured.
    pub at: DateTime<Utc>,
    /// What was measured.
    pub value: f64,
    /// The recorder's own key for it.
    pub key: String,
}

#[async_trait]
impl Command for RecordMetricSample {
    const NAME: &'static str = "record_metric_sample";
    const RIGHT: Right = Right::Platform(&["INTEGRATION"]);
    const ACTS_ON: Option<Kind> = Some(Kind::Venture);
    type Output = Id<kind::MetricSample>;

    fn target(&self) -> Target {
        Target::root(self.venture_id).appended()
    }

    async fn run(&self, cx: &mut Context<'_>) -> Result<Self::Output, Error> {
        let person = cx.person()?;
        let Sample { metric, at, value } = Sample::checked(&self.metric, self.at, self.value, cx.now())?;
        let good = (1..=200).contains(&self.key.len()) && self.key.chars().all(|c| c.is_ascii_graphic());
        if !good {
            let message = "key is 1 to 200 printable ASCII characters, no spaces";
            return Err(Refusal::invalid("key", message).into());
        }
        let sample = metric_sample::Model {
            id: cx.id::<kind::MetricSample>().uuid(),
            portfolio_id: cx.portfolio_id()?.uuid(),
            venture_id: self.venture_id.uuid(),
            metric,
            at,
            value,
            by_person_id: person.uuid(),
            key: self.key.clone(),
            recorded_at: cx.now(),
        };
        if let Some(known) = store::recorded(cx.tx(), person, &self.key).await? {
            let said = |s: &metric_sample::Model| (s.venture_id, s.metric.clone(), s.at, s.value.to_bits());
            if said(&known) == said(&sample) {
                return Ok(Id::new(known.id));
            }
            let message = "another sample was recorded under this key before";
            return Err(Refusal::new(Code::IdempotencyKeyReused, message).at("key").into());
        }
        store::insert(cx.tx(), &sample).await?;
        cx.changed(None, Some(store::state(&sample)));
        Ok(Id::new(sample.id))
    }
}
