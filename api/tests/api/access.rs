//! Who is let in: nobody without a token, and of the members only those whose role allows it. The calls
//! are made up from the schema, so that a new field is held to it too.

use axum::{
    body::Body,
    http::{Request, StatusCode},
};
use serde_json::json;

use crate::{
    gateway::{Gateway, code, mutation, signed},
    introspection::Introspected,
    records,
};

#[tokio::test]
async fn nobody_reads_or_changes_anything_without_a_token() {
    let gateway = Gateway::open().await;
    let schema = Introspected::of(&gateway).await;
    let mut refused = 0;
    for (root, operation) in [("Query", "query"), ("Mutation", "mutation")] {
        for call in schema.calls(root, &[]) {
            let answer = gateway.ask(None, &format!("{operation} {{ {} }}", call.text), json!({})).await;
            assert_eq!(code(&answer), "UNAUTHENTICATED", "{}: {answer}", call.text);
            assert!(answer["data"].is_null() || answer["data"][&call.name].is_null(), "{answer}");
            refused += 1;
        }
    }
    assert!(refused >= 20, "{refused} fields");
    for call in schema.calls("Subscription", &[]) {
        let mut frames = gateway.watch(None, &format!("subscription {{ {} }}", call.text)).await;
        let (_, answer) = frames.next().await.unwrap();
        assert_eq!(code(&answer), "UNAUTHENTICATED", "{}", call.text);
        assert_eq!(frames.next().await.unwrap().0, "complete");
    }
    let open = gateway.ask(None, "{ __typename }", json!({})).await;
    assert_eq!(open, json!({ "data": { "__typename": "Query" } }), "all that is public");
}

#[tokio::test]
async fn a_viewer_reads_everything_and_changes_nothing() {
    let gateway = Gateway::open().await;
    let records = records::of_all_kinds(&gateway).await;
    let ids: Vec<_> = records.iter().map(|(argument, id)| (*argument, id.as_str())).collect();
    for call in Introspected::of(&gateway).await.calls("Mutation", &ids) {
        let text = format!("mutation {{ {} }}", call.text);
        let answer = gateway.ask(gateway.token("VIEWER"), &text, json!({})).await;
        assert_eq!(code(&answer), "FORBIDDEN", "{}: {answer}", call.text);
    }
    let upload = signed(Request::post("/files?name=a.txt"), gateway.token("VIEWER"));
    let upload = upload.header("content-type", "text/plain").body(Body::from("text")).unwrap();
    assert_eq!(gateway.send(upload).await.status, StatusCode::FORBIDDEN);
    let operations = gateway.ask(gateway.token("VIEWER"), "{ operations { outboxCount } }", json!({})).await;
    assert_eq!(code(&operations), "FORBIDDEN");
    let tokens = "query($id: ID!) { node(id: $id) { ... on Portfolio { tokens { totalCount } } } }";
    let answer = gateway.ask(gateway.token("VIEWER"), tokens, json!({ "id": records["portfolioId"] })).await;
    assert_eq!(code(&answer), "FORBIDDEN");
    assert_eq!(answer["data"]["node"], json!({ "tokens": null }));
    assert_eq!(gateway.world.recorded("attest").await, 1, "the one before");
}

#[tokio::test]
async fn a_label_is_attested_by_its_owner_alone() {
    let gateway = Gateway::open().await;
    let venture = gateway.venture("Owned by EVA").await;
    let evidence = json!([{ "title": "Note", "content": { "text": "Written down." } }]);
    let target = json!({ "doneWhen": "title-captured" });
    let input = json!({ "ventureId": venture, "target": target, "evidence": evidence });
    let payload = gateway.mutate("LEAD", "attest", "venture { id }", input.clone()).await;
    assert_eq!(payload["userErrors"][0]["code"], "ATTESTATION_NOT_ALLOWED");
    assert!(payload["venture"].is_null());
    gateway.change("EVA", "attest", "venture { id }", input).await;
}

#[tokio::test]
async fn operations_are_for_operators_and_portfolios_for_admins() {
    let gateway = Gateway::open().await;
    for role in ["OPERATOR", "ADMIN"] {
        let data = gateway.data(role, "{ operations { outboxCount deadLetterCount } }", json!({})).await;
        assert_eq!(data["operations"]["deadLetterCount"], 0, "{role}");
    }
    let input = json!({ "slug": "second", "name": "A second one" });
    let query = mutation("createPortfolio", "portfolio { slug timeZone }");
    let chairman = gateway.ask(gateway.token("CHAIRMAN"), &query, json!({ "input": input })).await;
    assert_eq!(code(&chairman), "FORBIDDEN");
    let payload =
        gateway.change("ADMIN", "createPortfolio", "portfolio { slug timeZone }", input.clone()).await;
    assert_eq!(payload["portfolio"], json!({ "slug": "second", "timeZone": "UTC" }));
    let again = gateway.mutate("ADMIN", "createPortfolio", "portfolio { slug }", input).await;
    assert_eq!(again["userErrors"][0]["code"], "ALREADY_EXISTS");
    assert_eq!(again["userErrors"][0]["field"], json!(["slug"]));
}
