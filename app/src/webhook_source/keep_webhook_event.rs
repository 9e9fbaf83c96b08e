//! `keep_webhook_event`: an event is kept as it came, and a worker is told.

use std::collections::BTreeMap;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::{
    Refusal,
    id::{Id, kind},
    refusal::Code,
    webhook_source::EventStatus,
};
use entity::{webhook_event, webhook_source};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{acting::HandleWebhookEvent, event_store, store};
use crate::{Command, Context, Error, Right, Target};

/// Keeps an event of a source whose signature was found good; the same event again is kept once.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct KeepWebhookEvent {
    /// The source.
    pub webhook_source_id: Id<kind::WebhookSource>,
    /// The event's id at the source.
    pub webhook_id: String,
    /// Its type.
    pub event_type: String,
    /// When it happened, as the source says.
    pub occurred_at: Option<DateTime<Utc>>,
    /// Media type of its body.
    pub content_type: String,
    /// What else its headers said, by name in lower case.
    pub headers: BTreeMap<String, String>,
    /// Its body, to the byte.
    pub body: String,
}

/// An event that is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptWebhookEvent {
    /// The event.
    pub webhook_event_id: Id<kind::WebhookEvent>,
    /// Whether it was kept before.
    pub duplicate: bool,
}

#[async_trait]
impl Command for KeepWebhookEvent {
    const NAME: &'static str = "keep_webhook_event";
    const RIGHT: Right = Right::Agent;
    type Output = KeptWebhookEvent;

    fn target(&self) -> Target {
        Target::record::<webhook_source::Model>(self.webhook_source_id).appended()
    }

    async fn run(&self, cx: &mut Context<'_>) -> Result<Self::Output, Error> {
        let source = cx.record_row::<webhook_source::Model>()?.clone();
        store::require_enabled(&source)?;
        let body_hash = hex::encode(Sha256::digest(&self.body));
        if let Some(kept) = event_store::sent(cx.tx(), self.webhook_source_id, &self.webhook_id).await? {
            if kept.body_hash != body_hash {
                let message = "this webhook-id came before with another body";
                return Err(Refusal::new(Code::WebhookIdReused, message).into());
            }
            return Ok(KeptWebhookEvent { webhook_event_id: Id::new(kept.id), duplicate: true });
        }
        let id = cx.id::<kind::WebhookEvent>();
        let event = webhook_event::Model {
            id: id.uuid(),
            portfolio_id: source.portfolio_id,
            source_id: source.id,
            webhook_id: self.webhook_id.clone(),
            event_type: self.event_type.clone(),
            occurred_at: self.occurred_at,
            received_at: cx.now(),
            content_type: self.content_type.clone(),
            headers: serde_json::to_value(&self.headers)?,
            body: self.body.clone(),
            body_hash,
            status: EventStatus::Received.into(),
            attempts: 0,
            handled_at: None,
            code: None,
            message: None,
            record: None,
        };
        event_store::insert(cx.tx(), &event).await?;
        cx.changed(None, Some(event_store::state(&event)));
        cx.send(&HandleWebhookEvent { webhook_event_id: id })?;
        Ok(KeptWebhookEvent { webhook_event_id: id, duplicate: false })
    }
}
