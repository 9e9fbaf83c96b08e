//! Webhook sources and what they send, on both databases: who decides of them, and that one event has one effect.

use app::{
    Error, Request, Scope,
    commands::{
        CreateWebhookSource, DisableWebhookSource, EnableWebhookSource, RecordMetricSample,
        ReprocessWebhookEvent, RotateWebhookSourceSecret, SubmitEvidence, UpdateWebhookSource,
    },
    query::{self, rows::WebhookEvent},
    webhook_source::acting::{self, HandleWebhookEvent},
};
use delivery::Faults;
use domain::{
    evidence::{Content, MAX_PER_RUN, Submission},
    id::{Id, kind},
    refusal::Code,
    root::RootKind,
    webhook_source::{EventStatus, MAX_SOURCES},
};
use entity::{Name, audit, history, idempotency, metric_sample, webhook_source};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use serde_json::json;
use testing::{
    probe,
    world::{World, until},
};
use uuid::Uuid;

on_both! {
    a_source_is_a_member_and_all_of_it_is_on_record
    only_an_admin_there_decides_of_sources
    a_portfolio_has_so_many_sources_and_no_more
    no_secret_is_kept_in_the_clear
    a_sample_is_recorded_once_under_its_key
    a_stage_run_has_so_much_evidence_of_its_own
    two_messages_about_one_event_have_one_effect
    what_was_done_is_not_called_rejected_once_its_source_is_disabled
}

fn code<T: std::fmt::Debug>(outcome: Result<T, Error>) -> Code {
    match outcome {
        Err(Error::Refused(refusal)) => refusal.code,
        other => panic!("not refused: {other:?}"),
    }
}

async fn create(world: &World) -> CreateWebhookSource {
    CreateWebhookSource {
        portfolio_id: world.portfolio().await,
        name: "Integration".to_owned(),
        description: None,
        roles: vec!["INTEGRATION".to_owned()],
    }
}

async fn row(world: &World, id: Id<kind::WebhookSource>) -> webhook_source::Model {
    let found = webhook_source::Entity::find_by_id(id.uuid()).one(world.app.database().read()).await;
    found.unwrap().expect("the source")
}

async fn a_source_is_a_member_and_all_of_it_is_on_record(world: World) {
    let admin = world.request("ADMIN").await;
    let made = world.app.execute(&admin, &create(&world).await).await.unwrap();
    let webhook_source_id = made.webhook_source_id;
    let name = Some("Renamed".to_owned());
    let update =
        UpdateWebhookSource { webhook_source_id, name, description: Some(Some("For a test.".to_owned())) };
    world.app.execute(&admin, &update).await.unwrap();
    let rotate = RotateWebhookSourceSecret { webhook_source_id, overlap_hours: 24 };
    let rotated = world.app.execute(&admin, &rotate).await.unwrap();
    assert_ne!(made.secret, rotated.secret);
    world.app.execute(&admin, &DisableWebhookSource { webhook_source_id }).await.unwrap();
    assert!(acting::secrets(&world.app, webhook_source_id).await.unwrap().is_empty());
    world.app.execute(&admin, &EnableWebhookSource { webhook_source_id }).await.unwrap();
    assert_eq!(acting::secrets(&world.app, webhook_source_id).await.unwrap().len(), 2);
    let acting = acting::acting(&world.app, webhook_source_id).await.unwrap();
    let person = acting.actor.person().expect("a person");
    assert_eq!((person.name.as_str(), person.memberships.len()), ("Renamed", 1));
    let rows = history::Entity::find().filter(history::Column::RootKind.eq(Name(RootKind::Portfolio)));
    let rows = rows.all(world.app.database().read()).await.unwrap();
    let kinds: Vec<_> =
        rows.iter().map(|row| row.kind.as_str()).filter(|kind| kind.starts_with("webhook")).collect();
    let wanted = ["created", "updated", "secret_rotated", "disabled", "enabled"]
        .map(|done| format!("webhook_source.{done}.v1"));
    assert_eq!(kinds.len(), wanted.len());
    assert!(wanted.iter().all(|kind| kinds.contains(&kind.as_str())), "{kinds:?}");
    // What it does is on record as done by it, and as which source.
    let venture = world.venture("Measured").await;
    let piece = Submission { title: "Note".to_owned(), content: Content::Text("Seen.".to_owned()) };
    let submit = SubmitEvidence { root: venture.into(), expected_version: None, evidence: piece };
    world.app.execute(&Request::by(acting.actor.clone()), &submit).await.unwrap();
    let rows = history::Entity::find().filter(history::Column::Kind.eq("evidence.submitted.v1"));
    let rows = rows.all(world.app.database().read()).await.unwrap();
    assert_eq!(rows[0].actor["webhook_source_id"], json!(webhook_source_id.uuid()));
    assert_eq!(rows[0].actor["id"], json!(person.id.uuid()), "whose name is read from their record");
    assert_eq!(rows[0].actor["roles"], json!(["INTEGRATION"]));
}

async fn only_an_admin_there_decides_of_sources(world: World) {
    let id = world.source(&["INTEGRATION", "VIEWER"]).await;
    let event = world.keep(id, "msg_1", "nobody.knows", json!({})).await;
    let lead = world.request("LEAD").await;
    macro_rules! forbidden {
        ($($command:expr),*) => { $(
            let outcome = world.app.execute(&lead, &$command).await;
            assert!(matches!(outcome, Err(Error::Forbidden(_))), "{outcome:?}");
        )* };
    }
    forbidden!(
        create(&world).await,
        UpdateWebhookSource { webhook_source_id: id, name: None, description: None },
        RotateWebhookSourceSecret { webhook_source_id: id, overlap_hours: 0 },
        DisableWebhookSource { webhook_source_id: id },
        EnableWebhookSource { webhook_source_id: id },
        ReprocessWebhookEvent { webhook_event_id: event }
    );
    // A source is held to its portfolio, whatever its roles.
    let acting = acting::acting(&world.app, id).await.unwrap();
    assert!(!acting.actor.holds_anywhere("INTEGRATION"));
}

async fn a_portfolio_has_so_many_sources_and_no_more(world: World) {
    let (admin, command) = (world.request("ADMIN").await, create(&world).await);
    for _ in 0..MAX_SOURCES {
        world.app.execute(&admin, &command).await.unwrap();
    }
    assert_eq!(code(world.app.execute(&admin, &command).await), Code::LimitReached);
}

async fn no_secret_is_kept_in_the_clear(world: World) {
    let admin = world.request("ADMIN").await.with_key(Some("once".to_owned())).unwrap();
    let command = create(&world).await;
    let made = world.app.execute(&admin, &command).await.unwrap();
    let secret = made.secret.expect("shown once");
    let again = world.app.execute(&admin, &command).await.unwrap();
    assert_eq!((again.webhook_source_id, again.secret), (made.webhook_source_id, None));
    let db = world.app.database().read();
    let kept = row(&world, made.webhook_source_id).await;
    let bare = secret.expose().strip_prefix("whsec_").expect("its prefix");
    let told = format!(
        "{} {:?} {:?} {:?}",
        String::from_utf8_lossy(&kept.secret),
        audit::Entity::find().all(db).await.unwrap(),
        history::Entity::find().all(db).await.unwrap(),
        idempotency::Entity::find().all(db).await.unwrap(),
    );
    assert!(!told.contains(bare));
    assert_eq!(format!("{secret:?}"), "***");
}

async fn a_sample_is_recorded_once_under_its_key(world: World) {
    let venture = world.venture("Measured").await;
    let id = world.source(&["INTEGRATION"]).await;
    let request = Request::by(acting::acting(&world.app, id).await.unwrap().actor);
    let sample = RecordMetricSample {
        venture_id: venture,
        metric: "leads".to_owned(),
        at: world.app.clock().now(),
        value: 7.0,
        key: "sample-1".to_owned(),
    };
    let all = (0..10).map(|_| world.app.execute(&request, &sample));
    let ids: std::collections::BTreeSet<_> =
        futures_util::future::join_all(all).await.into_iter().map(|id| id.unwrap()).collect();
    assert_eq!(ids.len(), 1);
    let other = RecordMetricSample { value: 8.0, ..sample.clone() };
    assert_eq!(code(world.app.execute(&request, &other).await), Code::IdempotencyKeyReused);
    let other = world.source(&["INTEGRATION"]).await;
    let other = Request::by(acting::acting(&world.app, other).await.unwrap().actor);
    assert!(!ids.contains(&world.app.execute(&other, &sample).await.unwrap()), "keys are each source's own");
    assert_eq!(metric_sample::Entity::find().count(world.app.database().read()).await.unwrap(), 2);
    let lead = world.app.execute(&world.request("LEAD").await, &sample).await;
    assert!(matches!(lead, Err(Error::Forbidden(_))), "{lead:?}");
}

async fn a_stage_run_has_so_much_evidence_of_its_own(world: World) {
    let venture = world.venture("Flooded").await;
    let lead = world.request("LEAD").await;
    let content = Content::Text("Seen.".to_owned());
    let evidence = Submission { title: "Note".to_owned(), content };
    let submit = SubmitEvidence { root: venture.into(), expected_version: None, evidence };
    for _ in 0..MAX_PER_RUN {
        world.app.execute(&lead, &submit).await.unwrap();
    }
    assert_eq!(code(world.app.execute(&lead, &submit).await), Code::LimitReached);
}

async fn two_messages_about_one_event_have_one_effect(world: World) {
    let venture = world.venture("Measured").await;
    let id = world.source(&["INTEGRATION"]).await;
    let data = json!({ "ventureId": venture, "metric": "leads", "value": 1 });
    let event = world.keep(id, "msg_1", "metric.sample", data).await;
    let second = Uuid::from_u128(rand::random());
    probe::send(&world.app, second, &HandleWebhookEvent { webhook_event_id: event }).await;
    let process = world.start(Faults::default()).await;
    assert!(until(|| async { world.recorded("settle_webhook_event").await == 2 }).await);
    world.settled().await;
    process.drain().await;
    assert_eq!(world.became_of(event).await, EventStatus::Handled);
    assert_eq!(world.recorded("record_metric_sample").await, 1);
    let kept = query::batch::by_ids::<WebhookEvent>(&world.app, &Scope::All, &[event.uuid()]).await;
    assert_eq!(kept.unwrap()[&event.uuid()].attempts, 1);
}

/// The command was committed, the process killed, and the source disabled before the event is handled again.
async fn what_was_done_is_not_called_rejected_once_its_source_is_disabled(world: World) {
    let venture = world.venture("Measured").await;
    let id = world.source(&["INTEGRATION"]).await;
    let data = json!({ "ventureId": venture, "metric": "leads", "value": 1 });
    let event = world.keep(id, "msg_1", "metric.sample", data).await;
    let acting = acting::acting(&world.app, id).await.unwrap();
    let done = Request::by(acting.actor).with_key(Some(event.to_string())).unwrap();
    let command = RecordMetricSample {
        venture_id: venture,
        metric: "leads".to_owned(),
        at: world.app.clock().now(),
        value: 1.0,
        key: "msg_1".to_owned(),
    };
    world.app.execute(&done, &command).await.unwrap();
    let disable = DisableWebhookSource { webhook_source_id: id };
    world.app.execute(&world.request("ADMIN").await, &disable).await.unwrap();
    let process = world.start(Faults::default()).await;
    world.settled().await;
    process.drain().await;
    assert_eq!(world.became_of(event).await, EventStatus::Handled);
    assert_eq!(world.recorded("record_metric_sample").await, 1);
}
