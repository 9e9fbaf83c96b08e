//! What endpoints are told: the body of a message, made once and never changed, and the order to send it.
//!
//! Signing and sending are done outside, by whoever carries out [`DeliverWebhook`].

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use domain::{
    Role,
    id::{Id, kind},
    root::RootKind,
    webhook::Endpoint,
};
use entity::{history, person, webhook_message};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    Error,
    actor::{Recorded, RecordedKind},
    event,
    global_id::{Kind, encode},
    messages::{Message, queues},
};

/// The type of a message that a person sends to try an endpoint out. It is no event, and comes whichever
/// events the endpoint wants.
pub const TEST: &str = "webhook.test.v1";
/// The longest body, in bytes: of an event that would make it longer, what happened is left out.
pub const MAX_BODY_BYTES: usize = 64 * 1024;

/// The order to try a delivery once.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DeliverWebhook {
    /// The delivery.
    pub delivery_id: Id<kind::WebhookDelivery>,
    /// The attempt's number: another one is not made.
    pub attempt: u32,
}

impl Message for DeliverWebhook {
    const NAME: &'static str = "deliver_webhook";
    const QUEUE: &'static str = queues::NOTIFIER;
}

/// The wire names that an endpoint may ask for.
pub fn event_types() -> Vec<&'static str> {
    event::kinds().map(|kind| kind.name).collect()
}

/// What the receiver knows a message by: the same at every attempt, and at every endpoint.
pub fn public_id(message: Uuid) -> String {
    format!("msg_{}", message.simple())
}

/// A body, as the Standard Webhooks specification lays it out. Fields are written in this order.
#[derive(Serialize)]
struct Body<'a, D> {
    r#type: &'a str,
    timestamp: DateTime<Utc>,
    data: D,
}

/// What is said of an event.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Told<'a> {
    event_id: String,
    portfolio_id: String,
    /// None for an event of the portfolio itself.
    venture_id: Option<String>,
    /// Its number in the history of the venture, or of the portfolio.
    sequence: i64,
    actor: Who,
    /// What happened; none when the message would be too long with it.
    body: Option<&'a Value>,
}

/// Who did it, as the API tells it.
#[derive(Serialize)]
struct Who {
    kind: &'static str,
    name: String,
    roles: Vec<Role>,
}

/// What is said in a test.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Test {
    portfolio_id: String,
    endpoint_id: String,
}

impl Who {
    fn of(actor: Recorded, names: &HashMap<Uuid, String>) -> Self {
        let kind = match actor.kind {
            RecordedKind::Person => "PERSON",
            RecordedKind::Agent => "AGENT",
        };
        let name = actor.id.and_then(|id| names.get(&id.uuid()).cloned()).or(actor.agent);
        Self { kind, name: name.unwrap_or_default(), roles: actor.roles }
    }
}

/// The names of the persons who did it, by id.
pub(crate) async fn names(
    db: &impl ConnectionTrait,
    events: &[history::Model],
) -> Result<HashMap<Uuid, String>, Error> {
    let actors = events.iter().map(|event| Recorded::deserialize(&event.actor));
    let actors = actors.collect::<Result<Vec<_>, _>>()?;
    let ids: BTreeSet<_> = actors.into_iter().filter_map(|actor| actor.id.map(Id::uuid)).collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let names: Vec<(Uuid, String)> = person::Entity::find()
        .select_only()
        .columns([person::Column::Id, person::Column::Name])
        .filter(person::Column::Id.is_in(ids))
        .into_tuple()
        .all(db)
        .await?;
    Ok(names.into_iter().collect())
}

/// The message that tells of an event.
pub(crate) fn of_event(
    event: &history::Model,
    names: &HashMap<Uuid, String>,
    now: DateTime<Utc>,
) -> Result<webhook_message::Model, Error> {
    let mut body = body_of(event, names, Some(&event.body))?;
    if body.len() > MAX_BODY_BYTES {
        body = body_of(event, names, None)?;
    }
    Ok(webhook_message::Model {
        id: event.id,
        portfolio_id: event.portfolio_id,
        event_id: Some(event.id),
        kind: event.kind.clone(),
        body,
        created_at: now,
    })
}

fn body_of(
    event: &history::Model,
    names: &HashMap<Uuid, String>,
    what: Option<&Value>,
) -> Result<String, Error> {
    let actor = Recorded::deserialize(&event.actor)?;
    let venture = *event.root_kind == RootKind::Venture;
    let data = Told {
        event_id: encode(Kind::Event, event.id),
        portfolio_id: encode(Kind::Portfolio, event.portfolio_id),
        venture_id: venture.then(|| encode(Kind::Venture, event.root_id)),
        sequence: event.sequence,
        actor: Who::of(actor, names),
        body: what,
    };
    Ok(serde_json::to_string(&Body { r#type: &event.kind, timestamp: event.at, data })?)
}

/// The message that tries an endpoint out.
pub(crate) fn of_test(
    id: Uuid,
    endpoint: &Endpoint,
    now: DateTime<Utc>,
) -> Result<webhook_message::Model, Error> {
    let data = Test {
        portfolio_id: encode(Kind::Portfolio, endpoint.portfolio_id.uuid()),
        endpoint_id: encode(Kind::WebhookEndpoint, endpoint.id.uuid()),
    };
    Ok(webhook_message::Model {
        id,
        portfolio_id: endpoint.portfolio_id.uuid(),
        event_id: None,
        kind: TEST.to_owned(),
        body: serde_json::to_string(&Body { r#type: TEST, timestamp: now, data })?,
        created_at: now,
    })
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone;
    use serde_json::json;

    use domain::RootId;

    use super::*;

    fn event(venture_id: Option<Uuid>, body: Value) -> history::Model {
        let root = RootId::of(Uuid::from_u128(2), venture_id);
        history::Model {
            root_kind: root.kind().into(),
            root_id: root.uuid(),
            command: None,
            reason: None,
            before: None,
            after: None,
            request_id: None,
            id: Uuid::from_u128(1),
            portfolio_id: Uuid::from_u128(2),
            sequence: 7,
            kind: "venture.paused.v1".to_owned(),
            at: Utc.with_ymd_and_hms(2026, 3, 2, 9, 0, 0).unwrap(),
            actor: json!({ "kind": "person", "id": Uuid::from_u128(9), "roles": ["LEAD"], "token_id": Uuid::nil() }),
            body,
            trace_id: Some("trace".to_owned()),
        }
    }

    #[test]
    fn a_body_says_what_the_api_says_in_one_spelling() {
        let told = event(Some(Uuid::from_u128(3)), json!({ "reason": "rest" }));
        let names = HashMap::from([(Uuid::from_u128(9), "Ada".to_owned())]);
        let message = of_event(&told, &names, told.at).unwrap();
        let id = |kind, key| encode(kind, Uuid::from_u128(key));
        let expected = format!(
            "{{\"type\":\"venture.paused.v1\",\"timestamp\":\"2026-03-02T09:00:00Z\",\"data\":{{\
             \"eventId\":\"{}\",\"portfolioId\":\"{}\",\"ventureId\":\"{}\",\"sequence\":7,\
             \"actor\":{{\"kind\":\"PERSON\",\"name\":\"Ada\",\"roles\":[\"LEAD\"]}},\"body\":{{\"reason\":\"rest\"}}}}}}",
            id(Kind::Event, 1),
            id(Kind::Portfolio, 2),
            id(Kind::Venture, 3),
        );
        assert_eq!((message.body, message.id, message.event_id), (expected, told.id, Some(told.id)));
    }

    #[test]
    fn an_event_of_the_portfolio_names_no_venture() {
        let told = event(None, json!({}));
        let message = of_event(&told, &HashMap::new(), told.at).unwrap();
        let body: Value = serde_json::from_str(&message.body).unwrap();
        assert_eq!(body["data"]["ventureId"], Value::Null);
        assert_eq!(body["data"]["sequence"], 7);
        assert_eq!(body["data"]["eventId"], encode(Kind::Event, told.id));
    }

    #[test]
    fn what_would_be_too_long_is_told_without_what_happened() {
        let long = |length: usize| event(None, json!({ "reason": "x".repeat(length) }));
        let fits = of_event(&long(MAX_BODY_BYTES - 500), &HashMap::new(), DateTime::UNIX_EPOCH).unwrap().body;
        assert!(fits.len() <= MAX_BODY_BYTES && fits.contains("xxx"));
        let left_out = of_event(&long(MAX_BODY_BYTES), &HashMap::new(), DateTime::UNIX_EPOCH).unwrap().body;
        assert!(left_out.ends_with("\"body\":null}}"), "{left_out}");
    }
}
