//! Webhook endpoints and their deliveries, as an ADMIN manages them.

use api::Settings;
use chrono::Duration;
use delivery::Faults;
use serde_json::{Value, json};
use testing::{
    database::Kind,
    receiver::{Receiver, Reply},
    world::{Transport, World, outbound, until},
};

use crate::gateway::{Gateway, code};

/// A gateway that may call this machine, and its portfolio's global id.
async fn open() -> (Gateway, String) {
    let world = World::create(Kind::Sqlite, Transport::InProcess).await;
    let gateway = Gateway::over(world, Settings { outbound: outbound(), ..Settings::default() }).await;
    let data = gateway.data("ADMIN", "{ portfolio(slug: \"demo\") { id } }", json!({})).await;
    let portfolio = data["portfolio"]["id"].as_str().unwrap().to_owned();
    (gateway, portfolio)
}

const ENDPOINT: &str =
    "webhookEndpoint { id url description eventTypes enabled disabledReason disabledAt failingSince
    secrets { hint createdAt expiresAt } createdBy { handle } portfolio { slug } createdAt updatedAt }";

const DELIVERIES: &str = "query($id: ID!, $filter: WebhookDeliveryFilter, $order: WebhookDeliveryOrder) {
    node(id: $id) { ... on WebhookEndpoint { deliveries(filter: $filter, orderBy: $order) { totalCount nodes {
        id messageId eventType status nextAttemptAt createdAt endedAt body endpoint { id } event { type }
        attempts { number status body error tookMs at }
    } } } } }";

/// The refusal of a mutation by the ADMIN: code and field.
async fn refusal(gateway: &Gateway, name: &str, input: Value) -> (String, Value) {
    let payload = gateway.mutate("ADMIN", name, "__typename", input).await;
    let error = &payload["userErrors"][0];
    (error["code"].as_str().unwrap_or("none").to_owned(), error["field"].clone())
}

#[tokio::test]
async fn an_endpoint_is_made_changed_and_deleted() {
    let (gateway, portfolio) = open().await;
    let input = json!({
        "portfolioId": portfolio, "url": "https://Example.com/in", "description": "Billing",
        "eventTypes": ["venture.created.v1"], "idempotencyKey": "endpoint-1",
    });
    let fields = format!("secret {ENDPOINT}");
    let made = gateway.change("ADMIN", "createWebhookEndpoint", &fields, input.clone()).await;
    let (endpoint, secret) = (&made["webhookEndpoint"], made["secret"].as_str().unwrap());
    assert_eq!(endpoint["url"], "https://example.com/in");
    assert_eq!(
        (&endpoint["enabled"], &endpoint["eventTypes"]),
        (&json!(true), &json!(["venture.created.v1"]))
    );
    assert_eq!(
        (&endpoint["createdBy"]["handle"], &endpoint["portfolio"]["slug"]),
        (&json!("demo.admin"), &json!("demo"))
    );
    assert!(secret.starts_with(endpoint["secrets"][0]["hint"].as_str().unwrap()), "{endpoint}");
    assert_eq!(secret.len(), 50, "whsec_ and the base64 of 32 bytes");
    let again = gateway.change("ADMIN", "createWebhookEndpoint", &fields, input).await;
    assert_eq!((&again["webhookEndpoint"], &again["secret"]), (endpoint, &Value::Null), "shown once");
    let id = endpoint["id"].clone();
    let input = json!({ "webhookEndpointId": id, "description": null, "eventTypes": null });
    let changed =
        gateway.change("ADMIN", "updateWebhookEndpoint", ENDPOINT, input).await["webhookEndpoint"].clone();
    assert_eq!((&changed["description"], &changed["eventTypes"]), (&Value::Null, &Value::Null));
    assert_eq!(changed["url"], "https://example.com/in", "what is not given stays");
    let plain = json!({ "webhookEndpointId": id });
    let disabled = gateway.change("ADMIN", "disableWebhookEndpoint", ENDPOINT, plain.clone()).await;
    let disabled = &disabled["webhookEndpoint"];
    assert_eq!((&disabled["enabled"], &disabled["disabledReason"]), (&json!(false), &json!("REQUESTED")));
    assert!(disabled["disabledAt"].is_string());
    let query = "query($id: ID!, $filter: WebhookEndpointFilter) { node(id: $id) { ... on Portfolio {
        webhookEndpoints(filter: $filter) { totalCount nodes { id } } } } }";
    for (filter, count) in
        [(json!({ "enabled": true }), 0), (json!({ "enabled": false }), 1), (Value::Null, 1)]
    {
        let data = gateway.data("ADMIN", query, json!({ "id": portfolio, "filter": filter })).await;
        let listed = &data["node"]["webhookEndpoints"];
        assert_eq!(
            (&listed["totalCount"], listed["nodes"].as_array().unwrap().len()),
            (&json!(count), count)
        );
    }
    gateway.change("ADMIN", "enableWebhookEndpoint", ENDPOINT, plain.clone()).await;
    let fields = "deletedWebhookEndpointId";
    let deleted = gateway.change("ADMIN", "deleteWebhookEndpoint", fields, plain.clone()).await;
    assert_eq!(deleted["deletedWebhookEndpointId"], id);
    let data = gateway.data("ADMIN", query, json!({ "id": portfolio })).await;
    assert_eq!(data["node"]["webhookEndpoints"], json!({ "totalCount": 0, "nodes": [] }));
    let data = gateway.data("ADMIN", "query($id: ID!) { node(id: $id) { id } }", json!({ "id": id })).await;
    assert_eq!(data["node"], Value::Null);
    let who = gateway.ask(gateway.token("LEAD"), query, json!({ "id": portfolio })).await;
    assert_eq!((code(&who), &who["data"]["node"]["webhookEndpoints"]), ("FORBIDDEN", &Value::Null));
}

#[tokio::test]
async fn an_address_that_would_never_be_called_is_refused() {
    let (gateway, portfolio) = open().await;
    // As an operator leaves it: nothing but public addresses by https.
    let app = gateway.world.app.clone();
    let gateway = gateway.with(&app, &Settings::default()).await;
    let input = |url: &str| json!({ "portfolioId": portfolio, "url": url });
    let invalid = ("INVALID_INPUT".to_owned(), json!(["url"]));
    for bad in [
        "http://example.com/",
        "ftp://example.com/",
        "https://127.0.0.1/",
        "https://2130706433/",
        "https://[::1]/",
        "https://169.254.169.254/latest/meta-data",
        "https://10.0.0.1/",
        "https://u:p@example.com/",
        "nowhere",
        "https://example.com/#part",
    ] {
        assert_eq!(refusal(&gateway, "createWebhookEndpoint", input(bad)).await, invalid, "{bad}");
    }
    let mut unknown = input("https://example.com/");
    unknown["eventTypes"] = json!(["venture.renamed.v1"]);
    let refused = refusal(&gateway, "createWebhookEndpoint", unknown).await;
    assert_eq!(refused, ("INVALID_INPUT".to_owned(), json!(["eventTypes"])));
    let admin = gateway.token("ADMIN").unwrap();
    let (id, _) = gateway.endpoint(admin, &portfolio, "https://example.com/").await;
    let change = json!({ "webhookEndpointId": id, "url": "https://192.168.0.1/" });
    assert_eq!(refusal(&gateway, "updateWebhookEndpoint", change).await, invalid);
    let data = gateway.data(
        "ADMIN",
        "{ portfolio(slug: \"demo\") { webhookEndpoints { nodes { url } } } }",
        json!({}),
    );
    assert_eq!(
        data.await["portfolio"]["webhookEndpoints"]["nodes"],
        json!([{ "url": "https://example.com/" }])
    );
}

#[tokio::test]
async fn a_portfolio_has_so_many_endpoints_and_no_more() {
    let (gateway, portfolio) = open().await;
    let input = json!({ "portfolioId": portfolio, "url": "https://example.com/" });
    for _ in 0..50 {
        gateway.change("ADMIN", "createWebhookEndpoint", "webhookEndpoint { id }", input.clone()).await;
    }
    assert_eq!(refusal(&gateway, "createWebhookEndpoint", input).await.0, "LIMIT_REACHED");
}

#[tokio::test]
async fn a_delivery_is_followed_and_made_again() {
    let (gateway, portfolio) = open().await;
    let receiver = Receiver::start().await;
    let admin = gateway.token("ADMIN").unwrap();
    let (endpoint, delivery) = gateway.endpoint(admin, &portfolio, &receiver.url).await;
    receiver.answer(Reply { body: "no room".to_owned(), ..Reply::status(507) });
    gateway.venture("Told of").await;
    let process = gateway.world.start(Faults::default()).await;
    let listed = async |filter: Value| {
        let variables = json!({ "id": endpoint, "filter": filter });
        gateway.data("ADMIN", DELIVERIES, variables).await["node"]["deliveries"].clone()
    };
    let tried = || async {
        let nodes = listed(Value::Null).await["nodes"].clone();
        let nodes = nodes.as_array().unwrap();
        nodes.len() == 3 && nodes.iter().all(|node| node["attempts"][0]["status"] == 507)
    };
    assert!(until(tried).await, "{}", listed(Value::Null).await);
    let of_type = listed(json!({ "eventTypes": ["venture.created.v1"] })).await;
    assert_eq!(of_type["totalCount"], 1);
    let node = &of_type["nodes"][0];
    assert_eq!((&node["status"], &node["event"]["type"]), (&json!("PENDING"), &json!("venture.created.v1")));
    assert!(node["nextAttemptAt"].is_string() && node["endedAt"].is_null());
    assert_eq!(node["attempts"][0]["body"], "no room");
    assert_eq!(node["endpoint"]["id"], endpoint.as_str());
    let sent = receiver.received().into_iter().find(|got| node["messageId"] == got.id.as_str()).unwrap();
    assert_eq!(node["body"], sent.body.as_str());
    let event = &sent.json()["data"]["eventId"];
    let query = "query($id: ID!) { node(id: $id) { ... on Event { type } } }";
    let data = gateway.data("ADMIN", query, json!({ "id": event })).await;
    assert_eq!(data["node"]["type"], "venture.created.v1", "what is told leads back to the API");
    let from = gateway.world.app.clock().now() + Duration::seconds(1);
    for (filter, count) in [
        (json!({ "statuses": ["PENDING"] }), 3),
        (json!({ "statuses": ["DELIVERED", "FAILED", "CANCELLED"] }), 0),
        (json!({ "createdAt": { "from": from } }), 0),
        (json!({ "createdAt": { "before": from } }), 3),
        (json!({ "eventTypes": ["webhook.test.v1", "stage.opened.v1"] }), 2),
    ] {
        assert_eq!(listed(filter.clone()).await["totalCount"], count, "{filter}");
    }
    process.drain().await;
    receiver.answer(Reply::default());
    let again = json!({ "webhookDeliveryId": delivery });
    let fields = "webhookDelivery { status attempts { number } }";
    let sent = gateway.change("ADMIN", "redeliverWebhook", fields, again).await["webhookDelivery"].clone();
    assert_eq!(sent, json!({ "status": "PENDING", "attempts": [{ "number": 1 }] }));
    let process = gateway.world.start(Faults::default()).await;
    let arrived = || async { listed(json!({ "statuses": ["DELIVERED"] })).await["totalCount"] == 1 };
    assert!(until(arrived).await);
    process.drain().await;
}

#[tokio::test]
async fn a_secret_is_rotated() {
    let (gateway, portfolio) = open().await;
    let admin = gateway.token("ADMIN").unwrap();
    let (endpoint, _) = gateway.endpoint(admin, &portfolio, "https://example.com/").await;
    let fields = "secret webhookEndpoint { secrets { hint expiresAt } }";
    let input = json!({ "webhookEndpointId": endpoint });
    let rotated = gateway.change("ADMIN", "rotateWebhookEndpointSecret", fields, input).await;
    let secrets = rotated["webhookEndpoint"]["secrets"].as_array().unwrap();
    let end = gateway.world.app.clock().now() + Duration::hours(24);
    assert_eq!(secrets[0]["expiresAt"].as_str().and_then(|end| end.parse().ok()), Some(end));
    assert_eq!((secrets.len(), &secrets[1]["expiresAt"]), (2, &Value::Null));
    assert!(rotated["secret"].as_str().unwrap().starts_with(secrets[1]["hint"].as_str().unwrap()));
    let input = json!({ "webhookEndpointId": endpoint, "overlapHours": 169 });
    let refused = refusal(&gateway, "rotateWebhookEndpointSecret", input).await;
    assert_eq!(refused, ("INVALID_INPUT".to_owned(), json!(["overlapHours"])));
}

#[tokio::test]
async fn without_a_key_no_secret_is_kept() {
    let (gateway, portfolio) = open().await;
    let bare = gateway.world.app.clone().with_keyring(app::secret::Keyring::default());
    let gateway = gateway.with(&bare, &Settings::default()).await;
    let input = json!({ "portfolioId": portfolio, "url": "https://example.com/" });
    assert_eq!(refusal(&gateway, "createWebhookEndpoint", input).await.0, "SECRET_KEY_MISSING");
}

#[tokio::test]
async fn every_type_that_is_listed_can_be_asked_for() {
    let (gateway, portfolio) = open().await;
    let data = gateway.data("VIEWER", "{ eventTypes { name description } }", json!({})).await;
    let types: Vec<_> = data["eventTypes"].as_array().unwrap().iter().map(|kind| &kind["name"]).collect();
    assert!(types.contains(&&json!("gate_run.decided.v1")), "{types:?}");
    let input = json!({ "portfolioId": portfolio, "url": "https://example.com/", "eventTypes": types });
    let made = gateway.change("ADMIN", "createWebhookEndpoint", ENDPOINT, input).await;
    assert_eq!(json!(types), made["webhookEndpoint"]["eventTypes"]);
}
