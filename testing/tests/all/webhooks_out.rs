//! Webhooks out, against a receiver on this machine: what is sent, when it is tried again, and what ends it.

use app::{
    Error,
    commands::{
        AddMember, DeleteWebhookEndpoint, DisableWebhookEndpoint, DisableWebhookSource,
        EnableWebhookEndpoint, EndpointSecret, PauseVenture, RedeliverWebhook, RemoveMember, ResumeVenture,
        RotateWebhookSecret, SendTestWebhook,
    },
};
use bus::Route;
use chrono::{DateTime, Duration, Utc};
use delivery::Faults;
use domain::{
    id::{Id, kind},
    member::PersonKind,
    refusal::Code,
    root::RootKind,
    webhook::{DeliveryStatusKind, DisabledReason, MAX_SECRETS, SCHEDULE},
};
use entity::{Name, history, outbox, portfolio, webhook_attempt, webhook_delivery, webhook_endpoint};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use serde_json::json;
use testing::{
    database::Kind,
    receiver::{Receiver, Reply},
    world::{Process, Transport, World, now, until},
};

on_both! {
    an_endpoint_is_told_of_the_events_it_wants
    whatever_happens_in_a_portfolio_is_told
    nobody_is_told_where_nobody_listens
    a_receiver_that_is_gone_is_not_called_again
    retry_after_puts_the_next_attempt_off
    an_endpoint_that_fails_for_five_days_is_disabled
    a_delivery_is_made_again_on_request
    both_secrets_sign_while_they_overlap
    a_private_address_is_not_dialled
    what_is_pending_is_cancelled_with_its_endpoint
    a_message_delivered_twice_is_one_attempt
    of_two_orders_under_way_at_once_one_is_recorded
    ended_deliveries_are_forgotten_and_pending_ones_are_not
}

/// Events that these tests do not cause: what comes is the tests that were sent.
const TESTS_ALONE: Option<&[&str]> = Some(&["venture.killed.v1"]);

/// A world whose demo portfolio has an endpoint at a receiver, and a process.
struct Hooked {
    world: World,
    process: Process,
    receiver: Receiver,
    endpoint: Id<kind::WebhookEndpoint>,
    secret: String,
}

impl Hooked {
    async fn up(world: World, event_types: Option<&[&str]>) -> Self {
        let receiver = Receiver::start().await;
        let made = world.listen(&receiver.url, event_types).await;
        let secret = made.secret.expect("shown once").expose().to_owned();
        let process = world.start(Faults::default()).await;
        Self { world, process, receiver, endpoint: made.endpoint_id, secret }
    }

    /// Sends a test, and waits for what came of its first attempt.
    async fn tested(&self) -> Id<kind::WebhookDelivery> {
        let command = SendTestWebhook { endpoint_id: self.endpoint };
        let id = self.world.app.execute(&self.world.request("ADMIN").await, &command).await.unwrap();
        self.attempted(id, 1).await;
        id
    }

    /// Waits until so many attempts are recorded, and nothing is under way.
    async fn attempted(&self, id: Id<kind::WebhookDelivery>, number: i32) -> webhook_delivery::Model {
        let there = until(|| async { self.delivery(id).await.attempts >= number }).await;
        assert!(there, "attempt {number}: {:?}", self.delivery(id).await);
        self.world.settled().await;
        self.delivery(id).await
    }

    async fn delivery(&self, id: Id<kind::WebhookDelivery>) -> webhook_delivery::Model {
        let query = webhook_delivery::Entity::find_by_id(id.uuid());
        query.one(self.world.app.database().read()).await.unwrap().unwrap()
    }

    async fn deliveries(&self) -> Vec<webhook_delivery::Model> {
        let query = webhook_delivery::Entity::find().order_by_asc(webhook_delivery::Column::Id);
        query.all(self.world.app.database().read()).await.unwrap()
    }

    async fn attempts(&self, id: Id<kind::WebhookDelivery>) -> Vec<webhook_attempt::Model> {
        webhook_attempt::Entity::find()
            .filter(webhook_attempt::Column::DeliveryId.eq(id.uuid()))
            .order_by_asc(webhook_attempt::Column::Number)
            .all(self.world.app.database().read())
            .await
            .unwrap()
    }

    async fn row(&self) -> webhook_endpoint::Model {
        let query = webhook_endpoint::Entity::find_by_id(self.endpoint.uuid());
        query.one(self.world.app.database().read()).await.unwrap().unwrap()
    }

    /// Runs a command as the ADMIN.
    async fn change<C: app::Command>(&self, command: &C) -> Result<C::Output, Error> {
        self.world.app.execute(&self.world.request("ADMIN").await, command).await
    }

    async fn end(self) {
        self.process.drain().await;
        assert!(self.world.parked().await.is_empty());
        assert_eq!(listeners(&self.world).await, enabled(&self.world).await, "counted right");
        self.world.end().await;
    }
}

async fn listeners(world: &World) -> i32 {
    let rows = portfolio::Entity::find().all(world.app.database().read()).await.unwrap();
    rows.iter().map(|row| row.listeners).sum()
}

async fn enabled(world: &World) -> i32 {
    let rows = webhook_endpoint::Entity::find().all(world.app.database().read()).await.unwrap();
    let enabled = rows.iter().filter(|row| row.deleted_at.is_none() && row.disabled_reason.is_none());
    i32::try_from(enabled.count()).unwrap()
}

/// What the portfolio's own history says of endpoints.
async fn told(world: &World) -> Vec<(String, serde_json::Value)> {
    let rows = history::Entity::find()
        .filter(history::Column::RootKind.eq(Name(RootKind::Portfolio)))
        .filter(history::Column::Kind.starts_with("webhook_endpoint."))
        .order_by_asc(history::Column::Id)
        .all(world.app.database().read())
        .await
        .unwrap();
    rows.into_iter().map(|row| (row.kind, row.body)).collect()
}

fn refused<T: std::fmt::Debug>(outcome: Result<T, Error>) -> Code {
    match outcome {
        Err(Error::Refused(refusal)) => refusal.code,
        other => panic!("not refused: {other:?}"),
    }
}

/// Ten attempts, each when the schedule says and signed anew; then it has failed.
async fn the_whole_schedule(kind: Kind, transport: Transport) {
    let hooked = Hooked::up(World::create(kind, transport).await, None).await;
    let Hooked { world, receiver, .. } = &hooked;
    receiver.answer(Reply { body: "x\0".repeat(1_000), ..Reply::status(500) });
    let id = hooked.tested().await;
    let mut waits: Vec<DateTime<Utc>> = vec![now(world)];
    for (number, wait) in SCHEDULE.iter().enumerate().skip(1) {
        let delivery = hooked.attempted(id, i32::try_from(number).unwrap()).await;
        let (now, at) = (now(world), delivery.next_attempt_at.expect("another attempt"));
        assert!(at >= now + *wait && at <= now + *wait + *wait / 5, "{number}: {at} after {now}");
        world.clock.advance(at - now);
        waits.push(at);
    }
    let delivery = hooked.attempted(id, 10).await;
    assert_eq!((delivery.status.0, delivery.next_attempt_at), (DeliveryStatusKind::Failed, None));
    let received = receiver.received();
    let times: Vec<_> = received.iter().map(|request| request.timestamp).collect();
    assert_eq!(times, waits.iter().map(DateTime::timestamp).collect::<Vec<_>>());
    let (first, later) = received.split_first().unwrap();
    assert!(later.iter().all(|request| (&request.id, &request.body) == (&first.id, &first.body)));
    assert!(received.iter().all(|request| request.is_signed_by(&hooked.secret)));
    assert_eq!(first.json()["type"], "webhook.test.v1");
    let attempts = hooked.attempts(id).await;
    assert_eq!(attempts.iter().map(|row| row.number).collect::<Vec<_>>(), (1..=10).collect::<Vec<_>>());
    let body = attempts[0].body.clone().unwrap();
    assert_eq!((attempts[0].status, body.chars().count()), (Some(500), 1_024), "its beginning, without NUL");
    assert!(!body.contains('\0'));
    assert!(hooked.row().await.failing_since.is_some(), "enabled still: it is not five days yet");
    hooked.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_whole_schedule_in_process() {
    the_whole_schedule(Kind::Sqlite, Transport::InProcess).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_whole_schedule_over_rabbitmq() {
    the_whole_schedule(Kind::Postgres, Transport::Amqp).await;
}

async fn an_endpoint_is_told_of_the_events_it_wants(world: World) {
    let hooked = Hooked::up(world, Some(&["venture.paused.v1", "venture.resumed.v1"])).await;
    let all = Receiver::start().await;
    hooked.world.listen(&all.url, None).await;
    let venture_id = hooked.world.venture("Told of").await;
    let chairman = hooked.world.request("CHAIRMAN").await;
    let pause = PauseVenture { venture_id, expected_version: None, reason: "A rest.".to_owned() };
    hooked.world.app.execute(&chairman, &pause).await.unwrap();
    let resume = ResumeVenture { venture_id, expected_version: None };
    hooked.world.app.execute(&chairman, &resume).await.unwrap();
    assert!(until(|| async { hooked.receiver.received().len() == 2 && all.received().len() >= 4 }).await);
    hooked.world.settled().await;
    let types = |receiver: &Receiver| {
        let received = receiver.received();
        let mut types: Vec<_> =
            received.iter().map(|request| request.json()["type"].as_str().unwrap().to_owned()).collect();
        types.sort();
        types
    };
    assert_eq!(types(&hooked.receiver), ["venture.paused.v1", "venture.resumed.v1"]);
    let everything = ["stage.opened.v1", "venture.created.v1", "venture.paused.v1", "venture.resumed.v1"];
    let heard = types(&all);
    assert_eq!(
        heard.iter().filter(|name| !name.starts_with("webhook_endpoint.")).collect::<Vec<_>>(),
        everything
    );
    let received = hooked.receiver.received();
    let paused = received.iter().find(|request| request.json()["type"] == "venture.paused.v1").unwrap();
    let data = paused.json()["data"].clone();
    assert_eq!(data["body"], json!({ "reason": "A rest." }));
    assert_eq!((&data["actor"]["kind"], &data["sequence"]), (&"PERSON".into(), &3.into()));
    assert!(paused.is_signed_by(&hooked.secret));
    let same = all.received().into_iter().find(|request| request.id == paused.id).expect("one message");
    assert_eq!(same.body, paused.body);
    assert!(!same.is_signed_by(&hooked.secret), "each endpoint has its own secret");
    hooked.end().await;
}

/// A command costs no message more where nobody listens, and one where somebody does.
/// Commands find their portfolio by many ways: by a venture, a member, a token, a source, an endpoint.
async fn whatever_happens_in_a_portfolio_is_told(world: World) {
    let hooked = Hooked::up(world, None).await;
    let Hooked { world, receiver, .. } = &hooked;
    let portfolio_id = world.portfolio().await;
    let webhook_source_id = world.source(&["INTEGRATION"]).await;
    hooked.change(&DisableWebhookSource { webhook_source_id }).await.unwrap();
    hooked.change(&RotateWebhookSecret { endpoint_id: hooked.endpoint, overlap_hours: 0 }).await.unwrap();
    let add = AddMember {
        portfolio_id,
        handle: "guest".to_owned(),
        name: "Guest".to_owned(),
        kind: PersonKind::Person,
        email: None,
        subject: None,
        roles: vec!["VIEWER".to_owned()],
    };
    let member_id = hooked.change(&add).await.unwrap();
    hooked.change(&RemoveMember { member_id }).await.unwrap();
    world.venture("Told of").await;
    let wanted = [
        "webhook_source.created.v1",
        "webhook_source.disabled.v1",
        "webhook_endpoint.secret_rotated.v1",
        "member.added.v1",
        "member.removed.v1",
        "venture.created.v1",
    ];
    let missing = || {
        let told: Vec<_> = receiver.received().iter().map(|request| request.json()["type"].clone()).collect();
        wanted.into_iter().filter(|kind| !told.contains(&json!(kind))).collect::<Vec<_>>()
    };
    until(|| async { missing().is_empty() }).await;
    assert!(missing().is_empty(), "not told: {:?}", missing());
    world.settled().await;
    hooked.end().await;
}

async fn nobody_is_told_where_nobody_listens(world: World) {
    let sent = async || {
        let rows = outbox::Entity::find().all(world.app.database().read()).await.unwrap();
        rows.iter().filter(|row| row.kind == "dispatch_webhooks.v1").count()
    };
    world.venture("Unheard").await;
    assert_eq!(sent().await, 0);
    let EndpointSecret { endpoint_id, .. } = world.listen("https://example.com/", None).await;
    assert_eq!(sent().await, 0, "it is told of what follows");
    let venture_id = world.venture("Heard").await;
    assert_eq!(sent().await, 1, "two events, one message");
    let pause = PauseVenture { venture_id, expected_version: None, reason: "A rest.".to_owned() };
    world.app.execute(&world.request("CHAIRMAN").await, &pause).await.unwrap();
    assert_eq!(sent().await, 2);
    let admin = world.request("ADMIN").await;
    world.app.execute(&admin, &DisableWebhookEndpoint { endpoint_id }).await.unwrap();
    let after = sent().await;
    world.venture("Unheard again").await;
    assert_eq!(sent().await, after);
    world.app.execute(&admin, &EnableWebhookEndpoint { endpoint_id }).await.unwrap();
    world.app.execute(&admin, &DeleteWebhookEndpoint { endpoint_id }).await.unwrap();
    let after = sent().await;
    world.venture("Unheard for good").await;
    assert_eq!((sent().await, listeners(&world).await), (after, 0));
}

async fn a_receiver_that_is_gone_is_not_called_again(world: World) {
    let hooked = Hooked::up(world, None).await;
    hooked.receiver.answer(Reply::status(410));
    let id = hooked.tested().await;
    let delivery = hooked.delivery(id).await;
    assert_eq!((delivery.status.0, delivery.next_attempt_at), (DeliveryStatusKind::Failed, None));
    hooked.world.settled().await;
    assert_eq!(hooked.row().await.disabled_reason, Some(Name(DisabledReason::Gone)));
    let (kind, body) = told(&hooked.world).await.pop().unwrap();
    assert_eq!((kind.as_str(), &body["reason"]), ("webhook_endpoint.disabled.v1", &"GONE".into()));
    let test = SendTestWebhook { endpoint_id: hooked.endpoint };
    assert_eq!(refused(hooked.change(&test).await), Code::WebhookEndpointDisabled);
    let again = RedeliverWebhook { delivery_id: id };
    assert_eq!(refused(hooked.change(&again).await), Code::WebhookEndpointDisabled);
    hooked.world.venture("Unheard").await;
    hooked.world.settled().await;
    assert_eq!(hooked.receiver.received().len(), 1);
    hooked.end().await;
}

async fn retry_after_puts_the_next_attempt_off(world: World) {
    let hooked = Hooked::up(world, None).await;
    hooked.receiver.answer(Reply { retry_after: Some("3600"), ..Reply::status(429) });
    let id = hooked.tested().await;
    let next = hooked.delivery(id).await.next_attempt_at.unwrap();
    assert_eq!(next, now(&hooked.world) + Duration::hours(1), "not after five seconds");
    hooked.receiver.answer(Reply::default());
    hooked.world.clock.advance(Duration::hours(1));
    assert_eq!(hooked.attempted(id, 2).await.status.0, DeliveryStatusKind::Delivered);
    assert_eq!(hooked.row().await.failing_since, None);
    hooked.end().await;
}

async fn an_endpoint_that_fails_for_five_days_is_disabled(world: World) {
    let hooked = Hooked::up(world, None).await;
    hooked.receiver.answer(Reply::status(503));
    let first = hooked.tested().await;
    let since = hooked.row().await.failing_since.expect("it fails");
    hooked.world.clock.advance(Duration::days(5) - Duration::seconds(1));
    hooked.attempted(first, 2).await;
    let row = hooked.row().await;
    assert_eq!((row.disabled_reason, row.failing_since), (None, Some(since)));
    hooked.world.clock.advance(Duration::seconds(1));
    let second = hooked.tested().await;
    hooked.world.settled().await;
    assert_eq!(hooked.row().await.disabled_reason, Some(Name(DisabledReason::Failing)));
    for id in [first, second] {
        assert_eq!(
            hooked.delivery(id).await.status.0,
            DeliveryStatusKind::Cancelled,
            "nothing is tried any more"
        );
    }
    let (kind, body) = told(&hooked.world).await.pop().unwrap();
    assert_eq!((kind.as_str(), &body["reason"]), ("webhook_endpoint.disabled.v1", &"FAILING".into()));
    let enable = EnableWebhookEndpoint { endpoint_id: hooked.endpoint };
    hooked.change(&enable).await.unwrap();
    let row = hooked.row().await;
    assert_eq!((row.disabled_reason, row.failing_since), (None, None), "counted anew");
    assert_eq!(refused(hooked.change(&enable).await), Code::WebhookEndpointEnabled);
    hooked.end().await;
}

async fn a_delivery_is_made_again_on_request(world: World) {
    let hooked = Hooked::up(world, None).await;
    let id = hooked.tested().await;
    assert_eq!(hooked.delivery(id).await.status.0, DeliveryStatusKind::Delivered);
    hooked.receiver.answer(Reply::status(500));
    hooked.change(&RedeliverWebhook { delivery_id: id }).await.unwrap();
    let delivery = hooked.attempted(id, 2).await;
    assert_eq!(
        (delivery.status.0, delivery.tried),
        (DeliveryStatusKind::Pending, 1),
        "the schedule begins anew"
    );
    // Again while one is due: that one is not made as well.
    hooked.receiver.answer(Reply::default());
    hooked.change(&RedeliverWebhook { delivery_id: id }).await.unwrap();
    assert_eq!(hooked.attempted(id, 3).await.status.0, DeliveryStatusKind::Delivered);
    hooked.world.clock.advance(Duration::minutes(10));
    hooked.world.settled().await;
    let received = hooked.receiver.received();
    assert_eq!(received.len(), 3);
    assert!(received.iter().all(|request| request.id == received[0].id), "the receiver knows it by its id");
    assert_eq!(hooked.attempts(id).await.len(), 3);
    hooked.end().await;
}

async fn both_secrets_sign_while_they_overlap(world: World) {
    let hooked = Hooked::up(world, TESTS_ALONE).await;
    let rotate = |overlap_hours| RotateWebhookSecret { endpoint_id: hooked.endpoint, overlap_hours };
    let rotated = hooked.change(&rotate(24)).await.unwrap();
    let (old, new) = (&hooked.secret, rotated.secret.unwrap().expose().to_owned());
    hooked.tested().await;
    hooked.world.clock.advance(Duration::hours(24) - Duration::seconds(1));
    hooked.tested().await;
    hooked.world.clock.advance(Duration::seconds(1));
    hooked.tested().await;
    let signed: Vec<_> = hooked.receiver.received();
    let by: Vec<_> = signed.iter().map(|got| (got.is_signed_by(old), got.is_signed_by(&new))).collect();
    assert_eq!(by, [(true, true), (true, true), (false, true)]);
    // Without overlap the old one ends at once.
    let last = hooked.change(&rotate(0)).await.unwrap().secret.unwrap().expose().to_owned();
    hooked.tested().await;
    let got = hooked.receiver.received().pop().unwrap();
    assert_eq!((got.signatures.len(), got.is_signed_by(&last)), (1, true));
    assert_eq!(refused(hooked.change(&rotate(169)).await), Code::InvalidInput);
    for _ in 1..MAX_SECRETS {
        hooked.change(&rotate(168)).await.unwrap();
    }
    assert_eq!(refused(hooked.change(&rotate(168)).await), Code::LimitReached);
    let kept = hooked.row().await.secrets.to_string();
    assert!(!kept.contains(last.strip_prefix("whsec_").unwrap()), "sealed");
    hooked.end().await;
}

async fn a_private_address_is_not_dialled(world: World) {
    let hooked = Hooked::up(world, TESTS_ALONE).await;
    let port = hooked.receiver.url.rsplit(':').next().unwrap().to_owned();
    // Another way to this machine: IPv6, which the tests' settings do not allow.
    let made = hooked.world.listen(&format!("http://[::1]:{port}"), None).await;
    let test = SendTestWebhook { endpoint_id: made.endpoint_id };
    let id = hooked.change(&test).await.unwrap();
    assert_eq!(hooked.attempted(id, 1).await.status.0, DeliveryStatusKind::Pending);
    let attempts = hooked.attempts(id).await;
    let error = attempts[0].error.clone().unwrap();
    assert!(attempts[0].status.is_none() && error.contains("::1 is not called"), "{error}");
    assert!(hooked.receiver.received().is_empty());
    hooked.end().await;
}

async fn what_is_pending_is_cancelled_with_its_endpoint(world: World) {
    let hooked = Hooked::up(world, None).await;
    hooked.receiver.answer(Reply::status(500));
    let disabled = hooked.tested().await;
    let endpoint_id = hooked.endpoint;
    hooked.change(&DisableWebhookEndpoint { endpoint_id }).await.unwrap();
    assert_eq!(hooked.delivery(disabled).await.status.0, DeliveryStatusKind::Cancelled);
    assert_eq!(
        refused(hooked.change(&DisableWebhookEndpoint { endpoint_id }).await),
        Code::WebhookEndpointDisabled
    );
    hooked.change(&EnableWebhookEndpoint { endpoint_id }).await.unwrap();
    let deleted = hooked.tested().await;
    hooked.change(&DeleteWebhookEndpoint { endpoint_id }).await.unwrap();
    assert_eq!(hooked.delivery(deleted).await.status.0, DeliveryStatusKind::Cancelled);
    assert_eq!(hooked.row().await.secrets, json!([]), "its secrets are gone");
    let gone = hooked.change(&SendTestWebhook { endpoint_id }).await;
    assert!(matches!(gone, Err(Error::NotFound)), "{gone:?}");
    let again = hooked.change(&RedeliverWebhook { delivery_id: deleted }).await;
    assert!(matches!(again, Err(Error::NotFound)), "{again:?}");
    // The timers that are left lead to nothing.
    let sent = hooked.receiver.received().len();
    hooked.world.clock.advance(Duration::days(1));
    let due = || async {
        let sweep = app::messages::due::next(&hooked.world.app, "retry_webhook").await.unwrap();
        sweep.is_none()
    };
    assert!(until(due).await);
    hooked.world.settled().await;
    assert_eq!(hooked.receiver.received().len(), sent);
    hooked.end().await;
}

async fn a_message_delivered_twice_is_one_attempt(world: World) {
    let receiver = Receiver::start().await;
    receiver.answer(Reply::status(500));
    world.listen(&receiver.url, Some(&["venture.created.v1"])).await;
    world.venture("Told of once").await;
    let rows = outbox::Entity::find().all(world.app.database().read()).await.unwrap();
    let process = world.start(Faults::default()).await;
    let dispatch = rows.iter().find(|row| row.kind == "dispatch_webhooks.v1").unwrap();
    // The message again, and the same order under another id: what an outage can leave behind.
    for id in [dispatch.message_id, uuid::Uuid::from_u128(rand::random())] {
        let mut envelope = bus::Envelope::new(id, dispatch.kind.clone(), dispatch.body.clone());
        envelope.headers = serde_json::from_value(dispatch.headers.clone()).unwrap();
        process.bus().publish(Route::Kind, &envelope).await.unwrap();
    }
    let hooked =
        Hooked { world, process, receiver, endpoint: Id::new(uuid::Uuid::nil()), secret: String::new() };
    assert!(until(|| async { hooked.deliveries().await.len() == 1 }).await);
    let id = Id::new(hooked.deliveries().await[0].id);
    hooked.attempted(id, 1).await;
    let order = json!({ "delivery_id": id, "attempt": 1 }).to_string();
    for _ in 0..2 {
        let message = uuid::Uuid::from_u128(rand::random());
        let envelope = bus::Envelope::new(message, "deliver_webhook.v1", order.clone());
        hooked.process.bus().publish(Route::Kind, &envelope).await.unwrap();
    }
    // What came after them was handled after them.
    hooked.world.clock.advance(Duration::seconds(10));
    hooked.attempted(id, 2).await;
    assert_eq!(hooked.deliveries().await.len(), 1);
    let numbers: Vec<_> = hooked.attempts(id).await.iter().map(|row| row.number).collect();
    assert_eq!((numbers, hooked.receiver.received().len()), (vec![1, 2], 2));
    hooked.end().await;
}

async fn of_two_orders_under_way_at_once_one_is_recorded(world: World) {
    let hooked = Hooked::up(world, TESTS_ALONE).await;
    hooked.receiver.answers(false);
    let test = SendTestWebhook { endpoint_id: hooked.endpoint };
    let id = hooked.change(&test).await.unwrap();
    assert!(until(|| async { hooked.receiver.received().len() == 1 }).await);
    // The same attempt is ordered once more while it is being made.
    hooked.change(&RedeliverWebhook { delivery_id: id }).await.unwrap();
    assert!(until(|| async { hooked.receiver.received().len() == 2 }).await);
    hooked.receiver.answers(true);
    hooked.attempted(id, 1).await;
    let received = hooked.receiver.received();
    assert_eq!(received[0].id, received[1].id, "the receiver knows it by its id");
    assert_eq!((hooked.attempts(id).await.len(), hooked.delivery(id).await.attempts), (1, 1));
    assert_eq!(hooked.world.recorded("record_webhook_attempt").await, 2, "one of them changed nothing");
    hooked.end().await;
}

async fn ended_deliveries_are_forgotten_and_pending_ones_are_not(world: World) {
    let hooked = Hooked::up(world, None).await;
    let ended = hooked.tested().await;
    hooked.receiver.answer(Reply::status(500));
    let pending = hooked.tested().await;
    assert_eq!(hooked.deliveries().await.len(), 2);
    let Hooked { world, process, receiver, endpoint, secret } = hooked;
    process.drain().await;
    world.clock.advance(Duration::days(90) + Duration::seconds(1));
    let by = app::Request::by(app::Actor::Agent("purge".to_owned()));
    world.app.execute(&by, &app::commands::Purge {}).await.unwrap();
    let process = world.start(Faults::default()).await;
    let hooked = Hooked { world, process, receiver, endpoint, secret };
    let left: Vec<_> = hooked.deliveries().await.iter().map(|row| row.id).collect();
    assert_eq!(left, [pending.uuid()]);
    assert!(hooked.attempts(ended).await.is_empty());
    assert_eq!(hooked.attempted(pending, 2).await.attempts, 2, "its message is there still");
    hooked.end().await;
}
