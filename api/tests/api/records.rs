//! One record of every kind in the demo portfolio, for calls that are made up from the schema.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::{
    gateway::{Gateway, dead_letters, park},
    webhooks_in::Source,
};

/// Global ids, by the argument of a mutation that takes them.
pub(crate) async fn of_all_kinds(gateway: &Gateway) -> BTreeMap<&'static str, String> {
    let venture = gateway.venture("Looked at").await;
    gateway.attest("EVA", &venture, json!({ "doneWhen": "title-captured" })).await;
    let query = "query($id: ID!) { venture(id: $id) { portfolio { id } stageRun { evidence { id } } } }";
    let seen = gateway.data("VIEWER", query, json!({ "id": venture })).await["venture"].clone();
    let input = json!({ "ventureId": venture, "gate": "title-validated" });
    let requested = gateway.change("LEAD", "requestGateValidation", "gateRun { id }", input).await;
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let evidence = text(&seen["stageRun"]["evidence"][0]["id"]);
    let portfolio = text(&seen["portfolio"]["id"]);
    park(gateway, gateway.world.portfolio().await).await;
    let dead_letter = dead_letters(gateway, gateway.token("OPERATOR")).await[0].clone();
    let lead = gateway.token("LEAD").unwrap();
    let place = gateway.place(lead).await;
    let (api_token, _) = gateway.make_token(lead, json!({ "portfolioId": portfolio })).await;
    let admin = gateway.token("ADMIN").unwrap();
    let (endpoint, delivery) = gateway.endpoint(admin, &portfolio, "https://example.com/").await;
    let source = Source::of(gateway, &["INTEGRATION"]).await;
    let webhook_event = source.send(gateway, "msg_1", "nobody.knows", json!({})).await;
    BTreeMap::from([
        ("ventureId", venture),
        ("evidenceIds", evidence.clone()),
        ("evidenceId", evidence),
        ("portfolioId", portfolio),
        ("deadLetterId", dead_letter),
        ("jobId", text(&requested["gateRun"]["id"])),
        ("memberId", place.member),
        ("tokenId", api_token),
        ("webhookEndpointId", endpoint),
        ("webhookDeliveryId", delivery),
        ("webhookSourceId", source.id),
        ("webhookEventId", webhook_event),
    ])
}
