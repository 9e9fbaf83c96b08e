//! `settle_webhook_event`: what became of an event is recorded.

use async_trait::async_trait;
use domain::{
    id::{Id, kind},
    webhook_source::EventStatus,
};
use entity::webhook_event;
use serde::{Deserialize, Serialize};

use super::event_store;
use crate::{Command, Context, Error, Right, Target, record::lock};

/// Records what became of a webhook event.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SettleWebhookEvent {
    /// The event.
    pub webhook_event_id: Id<kind::WebhookEvent>,
    /// What became of it.
    pub outcome: WebhookOutcome,
}

/// What became of a webhook event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WebhookOutcome {
    /// What it asks for was done, and led to this record.
    Handled(WebhookRecord),
    /// What it asks for was refused.
    Rejected {
        /// A stable code.
        code: String,
        /// A sentence for a person.
        message: String,
    },
    /// Its type means nothing here.
    Ignored,
}

/// The record that a webhook event led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "id", rename_all = "snake_case")]
pub enum WebhookRecord {
    /// An attestation.
    Attestation(Id<kind::Attestation>),
    /// A piece of evidence.
    Evidence(Id<kind::Evidence>),
    /// A sample of a metric.
    MetricSample(Id<kind::MetricSample>),
}

#[async_trait]
impl Command for SettleWebhookEvent {
    const NAME: &'static str = "settle_webhook_event";
    const RIGHT: Right = Right::Agent;
    type Output = ();

    fn target(&self) -> Target {
        Target::record::<webhook_event::Model>(self.webhook_event_id).appended()
    }

    async fn run(&self, cx: &mut Context<'_>) -> Result<(), Error> {
        let before = lock::<webhook_event::Model>(cx.tx(), &cx.scope(), self.webhook_event_id).await?;
        // Of two messages about one event the later finds nothing left to do.
        if *before.status != EventStatus::Received {
            return Ok(());
        }
        let (status, refusal, record) = match &self.outcome {
            WebhookOutcome::Handled(record) => (EventStatus::Handled, None, Some(record)),
            WebhookOutcome::Rejected { code, message } => {
                (EventStatus::Rejected, Some((code.clone(), message.clone())), None)
            }
            WebhookOutcome::Ignored => (EventStatus::Ignored, None, None),
        };
        let (code, message) = refusal.unzip();
        let after = webhook_event::Model {
            status: status.into(),
            attempts: before.attempts.saturating_add(1),
            handled_at: Some(cx.now()),
            code,
            message,
            record: record.map(serde_json::to_value).transpose()?,
            ..before.clone()
        };
        event_store::save(cx.tx(), &after).await?;
        let states = [&before, &after].map(|event| Some(event_store::state(event)));
        let [before, after] = states;
        cx.changed(before, after);
        Ok(())
    }
}
