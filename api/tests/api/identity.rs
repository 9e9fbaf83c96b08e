//! Members and API tokens, as a frontend manages them.

use chrono::Duration;
use serde_json::{Value, json};
use testing::world::until;

use crate::gateway::{Gateway, code, mutation};

const VIEWER: &str = "{ viewer { handle
    memberships { portfolio { slug } roles }
    tokens { totalCount nodes { id } }
    credential { __typename ... on ApiToken { id hint label status roles lastUsedAt person { handle } createdBy { handle } } }
} }";

/// The refusal of a mutation by a role: code and field.
async fn refusal(gateway: &Gateway, role: &str, name: &str, input: Value) -> (String, Value) {
    let payload = gateway.mutate(role, name, "__typename", input).await;
    let error = &payload["userErrors"][0];
    (error["code"].as_str().unwrap_or("none").to_owned(), error["field"].clone())
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

/// Somebody new of the demo portfolio; their global ids as a member and a person.
async fn add(gateway: &Gateway, portfolio: &str, mut input: Value) -> (String, String) {
    input["portfolioId"] = json!(portfolio);
    let payload = gateway.change("ADMIN", "addMember", "member { id person { id } }", input).await;
    (text(&payload["member"]["id"]), text(&payload["member"]["person"]["id"]))
}

#[tokio::test]
async fn a_token_is_shown_once_used_and_revoked() {
    let gateway = Gateway::open().await;
    let input = json!({ "label": "laptop", "roles": ["EVA"] });
    let fields =
        "secret token { id label hint status expiresAt portfolio { id } roles createdBy { handle } }";
    let made = gateway.change("EVA", "createToken", fields, input).await;
    let (secret, token) = (text(&made["secret"]), &made["token"]);
    assert_eq!(secret.strip_prefix(token["hint"].as_str().unwrap()).map(str::len), Some(44), "{token}");
    let ends = gateway.world.app.clock().now() + Duration::days(90);
    assert_eq!(token["expiresAt"].as_str().and_then(|end| end.parse().ok()), Some(ends), "{token}");
    assert_eq!((&token["status"], &token["portfolio"]), (&json!("ACTIVE"), &Value::Null));
    let used = gateway.ask(Some(&secret), VIEWER, json!({})).await["data"]["viewer"].clone();
    assert_eq!(used["handle"], "demo.eva");
    assert_eq!(used["credential"]["id"], token["id"]);
    assert_eq!(used["credential"]["createdBy"]["handle"], "demo.eva");
    assert_eq!(used["tokens"], json!({ "totalCount": 1, "nodes": [{ "id": token["id"] }] }), "itself alone");
    let noted = || async {
        let viewer = gateway.ask(Some(&secret), VIEWER, json!({})).await["data"]["viewer"].clone();
        viewer["credential"]["lastUsedAt"].is_string()
    };
    assert!(until(noted).await);
    let own = gateway.data("EVA", VIEWER, json!({})).await["viewer"].clone();
    assert_eq!(own["tokens"]["totalCount"], 2, "the demo's and this one");
    let input = json!({ "tokenId": token["id"] });
    let payload = gateway.change("EVA", "revokeToken", "token { status revokedAt }", input.clone()).await;
    assert_eq!(payload["token"]["status"], "REVOKED");
    assert!(payload["token"]["revokedAt"].is_string());
    assert_eq!(code(&gateway.ask(Some(&secret), VIEWER, json!({})).await), "UNAUTHENTICATED");
    assert_eq!(refusal(&gateway, "EVA", "revokeToken", input).await.0, "TOKEN_REVOKED");
    let query = "query($in: [ApiTokenStatus!]) { viewer { tokens(filter: { statuses: $in }) { totalCount nodes { status } } } }";
    for (statuses, count) in
        [(json!(["REVOKED"]), 1), (json!(["ACTIVE"]), 1), (json!(["EXPIRED"]), 0), (json!([]), 0)]
    {
        let tokens = gateway.data("EVA", query, json!({ "in": statuses })).await["viewer"]["tokens"].clone();
        assert_eq!(
            (&tokens["totalCount"], tokens["nodes"].as_array().map(Vec::len)),
            (&json!(count), Some(count))
        );
    }
}

#[tokio::test]
async fn a_token_ends_when_it_was_said_to() {
    let gateway = Gateway::open().await;
    let eva = gateway.token("EVA").unwrap();
    let (_, short) = gateway.make_token(eva, json!({ "expiresInDays": 1 })).await;
    let (_, long) = gateway.make_token(eva, json!({ "expiresInDays": 365 })).await;
    for days in [0, 366] {
        let refused = refusal(&gateway, "EVA", "createToken", json!({ "label": "x", "expiresInDays": days }));
        assert_eq!(refused.await, ("INVALID_INPUT".to_owned(), json!(["expiresInDays"])), "{days}");
    }
    gateway.world.clock.advance(Duration::days(1));
    assert_eq!(code(&gateway.ask(Some(&short), VIEWER, json!({})).await), "UNAUTHENTICATED");
    assert_eq!(code(&gateway.ask(Some(&long), VIEWER, json!({})).await), "none");
}

#[tokio::test]
async fn a_repeated_request_is_answered_without_the_secret() {
    let gateway = Gateway::open().await;
    let input = json!({ "label": "once", "idempotencyKey": "token-1" });
    let first = gateway.change("EVA", "createToken", "secret token { id }", input.clone()).await;
    let again = gateway.change("EVA", "createToken", "secret token { id }", input).await;
    assert!(first["secret"].is_string() && again["secret"].is_null());
    assert_eq!(first["token"], again["token"]);
}

#[tokio::test]
async fn a_bound_token_sees_and_does_what_it_was_made_for() {
    let gateway = Gateway::open().await;
    let admin = gateway.token("ADMIN").unwrap();
    let input = json!({ "slug": "second", "name": "A second one" });
    gateway.change("ADMIN", "createPortfolio", "portfolio { id }", input).await;
    let demo = gateway.data("ADMIN", "{ portfolio(slug: \"demo\") { id } }", json!({})).await;
    let demo = text(&demo["portfolio"]["id"]);
    let (id, bound) = gateway.make_token(admin, json!({ "portfolioId": demo, "roles": ["ADMIN"] })).await;
    let viewer = gateway.ask(Some(&bound), VIEWER, json!({})).await["data"]["viewer"].clone();
    assert_eq!(viewer["memberships"], json!([{ "portfolio": { "slug": "demo" }, "roles": ["ADMIN"] }]));
    let answer = gateway.ask(Some(&bound), "{ portfolio(slug: \"second\") { id } }", json!({})).await;
    assert!(answer["data"]["portfolio"].is_null(), "{answer}");
    let input = json!({ "input": { "slug": "third", "name": "A third one" } });
    let query = mutation("createPortfolio", "portfolio { id }");
    assert_eq!(code(&gateway.ask(Some(&bound), &query, input).await), "FORBIDDEN");
    let query = mutation("createToken", "secret");
    let unbound = gateway.ask(Some(&bound), &query, json!({ "input": { "label": "wider" } })).await;
    assert_eq!(code(&unbound), "FORBIDDEN");
    assert!(unbound["data"]["createToken"].is_null());
    // What is bound to a portfolio its ADMINs see, and end.
    let query = "{ portfolio(slug: \"demo\") { tokens { totalCount nodes { id label hint } } } }";
    let tokens = gateway.data("ADMIN", query, json!({})).await["portfolio"]["tokens"].clone();
    assert_eq!((&tokens["totalCount"], &tokens["nodes"][0]["id"]), (&json!(1), &json!(id)));
    gateway.change("ADMIN", "revokeToken", "token { status }", json!({ "tokenId": id })).await;
    assert_eq!(code(&gateway.ask(Some(&bound), VIEWER, json!({})).await), "UNAUTHENTICATED");
}

#[tokio::test]
async fn a_token_that_only_reads_cancels_nothing() {
    let gateway = Gateway::open().await;
    let venture = gateway.venture("Asked of").await;
    let input = json!({ "ventureId": venture, "gate": "title-validated" });
    let run = gateway.change("LEAD", "requestGateValidation", "gateRun { id }", input).await;
    let (_, reading) = gateway.make_token(gateway.token("LEAD").unwrap(), json!({ "roles": [] })).await;
    let query = mutation("cancelJob", "job { id }");
    let input = json!({ "input": { "jobId": run["gateRun"]["id"] } });
    let answer = gateway.ask(Some(&reading), &query, input.clone()).await;
    assert_eq!(code(&answer), "FORBIDDEN", "its holder asked for it, and yet: {answer}");
    assert_eq!(code(&gateway.ask(gateway.token("LEAD"), &query, input).await), "none");
}

#[tokio::test]
async fn members_are_listed_page_by_page() {
    let gateway = Gateway::open().await;
    let place = gateway.place(gateway.token("VIEWER").unwrap()).await;
    gateway.world.clock.advance(Duration::seconds(1));
    let service = json!({ "handle": "a.webhook", "name": "The shop", "kind": "SERVICE", "roles": ["INTEGRATION", "LEAD"] });
    add(&gateway, &place.portfolio, service).await;
    let query = "query($filter: MemberFilter, $order: MemberOrder, $first: Int, $after: String, $last: Int, $before: String) {
        portfolio(slug: \"demo\") { members(filter: $filter, orderBy: $order, first: $first, after: $after, last: $last, before: $before) {
            totalCount nodes { roles person { handle kind } } edges { cursor } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
        } } }";
    let ask = |variables: Value| {
        let gateway = &gateway;
        async move { gateway.data("VIEWER", query, variables).await["portfolio"]["members"].clone() }
    };
    let handles = |page: &Value| {
        let nodes = page["nodes"].as_array().unwrap().iter();
        nodes.map(|node| text(&node["person"]["handle"])).collect::<Vec<_>>()
    };
    let all = handles(&ask(json!({ "first": 100 })).await);
    assert!(all.len() > 15 && all[0] == "a.webhook" && all.is_sorted(), "{all:?}");
    for order in [json!({ "field": "HANDLE", "direction": "DESC" }), json!({ "field": "JOINED_AT" })] {
        for (size, position, cursor, more) in [
            ("first", "after", "endCursor", "hasNextPage"),
            ("last", "before", "startCursor", "hasPreviousPage"),
        ] {
            let (mut window, mut pages) = (json!({ "order": order, size: 4 }), Vec::new());
            loop {
                let page = ask(window.clone()).await;
                pages.push(handles(&page));
                assert_eq!(page["totalCount"], all.len());
                if page["pageInfo"][more] == false {
                    break;
                }
                window[position] = page["pageInfo"][cursor].clone();
            }
            if size == "last" {
                pages.reverse();
            }
            let whole = handles(&ask(json!({ "order": order, "first": 100 })).await);
            assert_eq!(pages.concat(), whole, "{order} by {size}");
            assert_eq!(whole.len(), all.len());
        }
    }
    let last = ask(json!({ "order": { "field": "JOINED_AT" }, "last": 1 })).await;
    assert_eq!(handles(&last), ["a.webhook"], "who joined last");
    for (filter, expected) in [
        (json!({ "kind": "SERVICE" }), &["a.webhook"][..]),
        (json!({ "roles": ["LEAD"] }), &["a.webhook", "demo.lead"]),
        (json!({ "roles": ["LEAD", "BOARD"], "kind": "PERSON" }), &["demo.board", "demo.lead"]),
        (json!({ "roles": [] }), &[]),
        (json!({ "roles": ["LEA"] }), &[]),
    ] {
        let page = ask(json!({ "filter": filter })).await;
        assert_eq!(handles(&page), expected, "{filter}");
        assert_eq!(page["totalCount"], expected.len(), "{filter}");
    }
    for bad in [json!({ "first": 0 }), json!({ "first": 101 }), json!({ "after": "x" })] {
        let answer = gateway.ask(gateway.token("VIEWER"), query, bad.clone()).await;
        assert_eq!(code(&answer), "INVALID_INPUT", "{bad}");
    }
}

#[tokio::test]
async fn an_address_is_for_oneself_and_for_admins() {
    let gateway = Gateway::open().await;
    let place = gateway.place(gateway.token("ADMIN").unwrap()).await;
    let jane =
        json!({ "handle": "jane", "name": "Jane Doe", "email": "jane@example.org", "roles": ["VIEWER"] });
    let (member, person) = add(&gateway, &place.portfolio, jane).await;
    let (_, own) = gateway.make_token(gateway.token("ADMIN").unwrap(), json!({ "memberId": member })).await;
    let query = "query($id: ID!) { node(id: $id) { ... on Person { handle name kind email oidcSubject } } }";
    let seen = |token| {
        let (gateway, person) = (&gateway, &person);
        async move { gateway.ask(token, query, json!({ "id": person })).await["data"]["node"].clone() }
    };
    let known = json!({ "handle": "jane", "name": "Jane Doe", "kind": "PERSON", "email": "jane@example.org", "oidcSubject": null });
    assert_eq!(seen(gateway.token("ADMIN")).await, known);
    assert_eq!(seen(Some(own.as_str())).await, known);
    let mut named = known.clone();
    named["email"] = Value::Null;
    assert_eq!(seen(gateway.token("CHAIRMAN")).await, named);
    gateway.change("ADMIN", "removeMember", "removedMemberId", json!({ "memberId": member })).await;
    assert!(seen(gateway.token("ADMIN")).await.is_null(), "no portfolio is shared any more");
    assert_eq!(code(&gateway.ask(Some(&own), VIEWER, json!({})).await), "UNAUTHENTICATED");
}

#[tokio::test]
async fn what_a_rule_refuses_of_members_has_its_code() {
    let gateway = Gateway::open().await;
    let admin = gateway.place(gateway.token("ADMIN").unwrap()).await;
    let lead = gateway.place(gateway.token("LEAD").unwrap()).await;
    let portfolio = &admin.portfolio;
    let new = |handle: &str, roles: Value| json!({ "portfolioId": portfolio, "handle": handle, "name": "New", "roles": roles });
    let with = |field: &str, value: Value| {
        let mut input = new("new", json!(["LEAD"]));
        input[field] = value;
        input
    };
    let cases = [
        ("setRoles", json!({ "memberId": admin.member, "roles": ["LEAD"] }), "LAST_ADMIN", json!([])),
        ("removeMember", json!({ "memberId": admin.member }), "LAST_ADMIN", json!([])),
        (
            "setRoles",
            json!({ "memberId": lead.member, "roles": ["SAILOR"] }),
            "UNKNOWN_ROLE",
            json!(["roles"]),
        ),
        ("setRoles", json!({ "memberId": lead.member, "roles": [] }), "INVALID_INPUT", json!(["roles"])),
        ("addMember", new("demo.lead", json!(["LEAD"])), "ALREADY_MEMBER", json!(["handle"])),
        ("addMember", new("Jane", json!(["LEAD"])), "INVALID_INPUT", json!(["handle"])),
        ("addMember", new("new", json!(["lead"])), "UNKNOWN_ROLE", json!(["roles"])),
        ("addMember", with("name", json!("")), "INVALID_INPUT", json!(["name"])),
        ("addMember", with("email", json!("nobody")), "INVALID_INPUT", json!(["email"])),
        ("addMember", with("oidcSubject", json!("sub-1")), "INVALID_INPUT", json!(["oidcSubject"])),
        (
            "createToken",
            json!({ "label": "x", "memberId": lead.member, "roles": ["BOARD"] }),
            "ROLE_NOT_HELD",
            json!(["roles"]),
        ),
        ("createToken", json!({ "label": "" }), "INVALID_INPUT", json!(["label"])),
    ];
    for (name, input, expected, field) in cases {
        let refused = refusal(&gateway, "ADMIN", name, input.clone()).await;
        assert_eq!(refused, (expected.to_owned(), field), "{name} {input}");
    }
    let input = json!({ "memberId": lead.member, "roles": ["VIEWER", "SALES"] });
    let payload = gateway.change("ADMIN", "setRoles", "member { roles }", input).await;
    assert_eq!(payload["member"]["roles"], json!(["SALES", "VIEWER"]));
    let viewer = gateway.data("LEAD", VIEWER, json!({})).await["viewer"]["memberships"].clone();
    assert_eq!(viewer[0]["roles"], json!(["SALES", "VIEWER"]), "at the next request");
}
