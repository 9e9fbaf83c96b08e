//! What a request may hold at most: just under passes, just over is refused before it runs, with its code.
//!
//! Some of the documents here would keep a gateway without these limits busy for years, or end its process.

use api::{Limits, Settings};
use axum::http::{Request, StatusCode, header};
use serde_json::{Value, json};

use crate::{
    gateway::{Gateway, code, signed},
    sockets::Socket,
};

async fn ask(gateway: &Gateway, query: &str) -> Value {
    gateway.ask(gateway.token("VIEWER"), query, json!({})).await
}

async fn limited(limits: Limits) -> Gateway {
    Gateway::told(Settings { limits, ..Settings::default() }).await
}

/// The first passes, the second is refused with a code and the limit.
async fn borders(gateway: &Gateway, under: &str, over: &str, (expected, limit): (&str, u32)) {
    let answer = ask(gateway, under).await;
    assert!(answer.get("errors").is_none(), "{under}: {answer}");
    let answer = ask(gateway, over).await;
    assert_eq!(code(&answer), expected, "{over}: {answer}");
    assert_eq!(answer["errors"][0]["extensions"]["limit"], limit);
    assert!(answer.get("data").is_none(), "not run");
}

/// So many of something, each made from its number.
fn many(count: usize, one: impl Fn(usize) -> String) -> String {
    (0..count).map(one).collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn depth() {
    let gateway = Gateway::open().await;
    // Each turn is two levels deep, and the gate run above them one.
    let turns = |turns: usize, leaf: &str| {
        let (open, close) = ("gate { latestRun { ".repeat(turns), "} } ".repeat(turns));
        format!("{{ gateRun(id: \"x\") {{ {open} {leaf} {close} }} }}")
    };
    let (under, over) = (turns(6, "gate { key }"), turns(7, "id"));
    borders(&gateway, &under, &over, ("QUERY_TOO_DEEP", 15)).await;
    // Hidden in fragments it is as deep.
    let hidden = format!(
        "{{ gateRun(id: \"x\") {{ ...A }} }} fragment A on GateRun {{ gate {{ latestRun {{ ...B }} }} }}
         fragment B on GateRun {{ {} gate {{ key }} {} }}",
        "gate { latestRun { ".repeat(6),
        "} } ".repeat(6)
    );
    assert_eq!(code(&ask(&gateway, &hidden).await), "QUERY_TOO_DEEP");
}

#[tokio::test]
async fn tokens() {
    // Twelve, and the ids.
    let ids = |count| format!("{{ nodes(ids: [{}]) {{ id }} }}", "\"x\" ".repeat(count));
    let gateway = limited(Limits { tokens: 100, ..Limits::default() }).await;
    borders(&gateway, &ids(88), &ids(89), ("TOO_MANY_TOKENS", 100)).await;
    let gateway = Gateway::open().await;
    let ten_thousand = format!("{{ {} }}", "a ".repeat(9_998));
    assert_eq!(code(&ask(&gateway, &ten_thousand).await), "TOO_MANY_TOKENS");
}

#[tokio::test]
async fn selections() {
    let gateway = limited(Limits { selections: 100, ..Limits::default() }).await;
    let viewers =
        |last| format!("{{ {} z: viewer {{ {last} }} }}", many(49, |n| format!("v{n}: viewer {{ name }}")));
    borders(&gateway, &viewers("name"), &viewers("name handle"), ("QUERY_TOO_LARGE", 100)).await;
    // A fragment counts wherever it is spread: 33 times a spread and two fields.
    let spread = |rest| {
        format!("{{ viewer {{ {} {rest} }} }} fragment V on Viewer {{ name handle }}", "...V ".repeat(33))
    };
    assert!(ask(&gateway, &spread("")).await.get("errors").is_none());
    assert_eq!(code(&ask(&gateway, &spread("handle")).await), "QUERY_TOO_LARGE");
}

#[tokio::test]
async fn aliases() {
    let gateway = Gateway::open().await;
    let aliases = |count| format!("{{ viewer {{ {} }} }}", many(count, |n| format!("a{n}: handle")));
    borders(&gateway, &aliases(100), &aliases(101), ("TOO_MANY_ALIASES", 100)).await;
}

#[tokio::test]
async fn directives() {
    let gateway = Gateway::open().await;
    let directives =
        |count| format!("{{ viewer {{ {} }} }}", many(count, |n| format!("a{n}: handle @skip(if: false)")));
    borders(&gateway, &directives(50), &directives(51), ("TOO_MANY_DIRECTIVES", 50)).await;
}

#[tokio::test]
async fn root_fields() {
    let gateway = Gateway::open().await;
    let roots = |count| format!("{{ {} }}", many(count, |n| format!("a{n}: __typename")));
    borders(&gateway, &roots(50), &roots(51), ("TOO_MANY_ROOT_FIELDS", 50)).await;
    let hidden = format!("{{ ...R }} fragment R on Query {}", roots(51));
    assert_eq!(code(&ask(&gateway, &hidden).await), "TOO_MANY_ROOT_FIELDS");
}

#[tokio::test]
async fn duplicate_fields() {
    let gateway = Gateway::open().await;
    let repeated = |count| format!("{{ viewer {{ {} }} }}", "handle ".repeat(count));
    borders(&gateway, &repeated(50), &repeated(51), ("TOO_MANY_DUPLICATE_FIELDS", 50)).await;
    assert_eq!(code(&ask(&gateway, &repeated(500)).await), "TOO_MANY_DUPLICATE_FIELDS");
    let spread =
        format!("{{ viewer {{ {} }} }} fragment V on Viewer {{ handle }}", "...V ... { handle } ".repeat(26));
    assert_eq!(code(&ask(&gateway, &spread).await), "TOO_MANY_DUPLICATE_FIELDS");
}

#[tokio::test]
async fn cost() {
    let gateway = Gateway::open().await;
    // Per venture: ten runs of ten labels, the runs, their list and the venture; the connection is one.
    let runs = "stageRuns(first: 10) { nodes { doneWhen { key } } }";
    let query = |first| format!("{{ ventures(first: {first}) {{ nodes {{ {runs} }} }} }}");
    borders(&gateway, &query(44), &query(45), ("QUERY_TOO_COMPLEX", 5_000)).await;
}

#[tokio::test]
async fn variables() {
    let gateway = limited(Limits { variable_bytes: 1_000, ..Limits::default() }).await;
    let ask =
        async |variables: Value| gateway.ask(gateway.token("VIEWER"), "{ viewer { name } }", variables).await;
    let count = |count: usize| (0..count).map(|n| (format!("v{n}"), json!(1))).collect::<Value>();
    let deep = |levels| (0..levels).fold(json!("x"), |inner, _| json!([inner]));
    // The JSON around it, and that of the extensions, which are none.
    let long = |bytes: usize| json!({ "v": "x".repeat(bytes - r#"{"v":""}{}"#.len()) });
    let cases = [
        (count(100), count(101), "TOO_MANY_VARIABLES"),
        (json!({ "v": deep(10) }), json!({ "v": deep(11) }), "VARIABLES_TOO_DEEP"),
        (json!({ "v": { "w": deep(9) } }), json!({ "v": { "w": deep(10) } }), "VARIABLES_TOO_DEEP"),
        (long(1_000), long(1_001), "VARIABLES_TOO_LARGE"),
    ];
    for (under, over, expected) in cases {
        let answer = ask(under).await;
        assert!(answer.get("errors").is_none(), "{expected}: {answer}");
        assert_eq!(code(&ask(over).await), expected);
    }
}

#[tokio::test]
async fn deep_json() {
    let gateway = Gateway::open().await;
    for (levels, status, expected) in
        [(100, StatusCode::OK, "VARIABLES_TOO_DEEP"), (200_000, StatusCode::BAD_REQUEST, "BAD_REQUEST")]
    {
        for field in ["variables", "extensions"] {
            let (open, close) = ("[".repeat(levels), "]".repeat(levels));
            let body = format!(r#"{{"query": "{{ __typename }}", "{field}": {{"v": {open}{close}}}}}"#);
            let request = signed(Request::post("/graphql"), gateway.token("VIEWER"));
            let request = request.header(header::CONTENT_TYPE, "application/json").body(body.into());
            let answer = gateway.send(request.unwrap()).await;
            assert_eq!((answer.status, code(&answer.json())), (status, expected), "{field}: {levels}");
        }
    }
}

/// Documents that no parser or engine may be given, and their refusals.
fn traps() -> Vec<(String, &'static str)> {
    let nested = |open: &str, close: &str, count| format!("{}{}", open.repeat(count), close.repeat(count));
    // Each fragment spreads the next one twice: more fields than there is time for.
    let bomb = |leaf: &str| {
        let fragments = many(30, |n| format!("fragment F{n} on Viewer {{ ...F{0} ...F{0} }}", n + 1));
        format!("{{ viewer {{ ...F0 }} }} {fragments} fragment F30 on Viewer {{ {leaf} }}")
    };
    let chain = many(100, |n| format!("fragment F{n} on Viewer {{ ...F{} }}", n + 1));
    let chain = format!("{{ viewer {{ ...F0 }} }} {chain} fragment F100 on Viewer {{ name }}");
    vec![
        (bomb("name"), "QUERY_TOO_LARGE"),
        (bomb("...Nowhere"), "QUERY_TOO_LARGE"),
        (chain.replace("{ viewer { ...F0 } }", "{ __typename }"), "QUERY_TOO_DEEP"),
        (chain, "QUERY_TOO_DEEP"),
        ("{ viewer { ...A } } fragment A on Viewer { ...A }".to_owned(), "GRAPHQL_VALIDATION_FAILED"),
        (
            "{ viewer { name } } fragment A on Viewer { ...B ...B } fragment B on Viewer { ... { ...A ...A } }".to_owned(),
            "GRAPHQL_VALIDATION_FAILED",
        ),
        (nested("{ viewer ", "}", 2_000), "QUERY_TOO_DEEP"),
        (format!("{{ nodes(ids: {}) {{ id }} }}", nested("[", "]", 500)), "QUERY_TOO_DEEP"),
        (format!("{{ viewer @skip(if: {}1{}) }}", "{ a: ".repeat(500), "}".repeat(500)), "QUERY_TOO_DEEP"),
        (format!("query($v: {}) {{ viewer }}", nested("[", "]", 2_000)), "QUERY_TOO_DEEP"),
        (format!("{{ nodes(ids: [\"\"\"\" {}", "[".repeat(500)), "GRAPHQL_PARSE_FAILED"),
        (
            "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }".to_owned(),
            "INTROSPECTION_TOO_DEEP",
        ),
        (
            "{ __type(name: \"Query\") { ...T } } fragment T on __Type { interfaces { possibleTypes { ...U } } }
             fragment U on __Type { inputFields { name } }"
                .to_owned(),
            "INTROSPECTION_TOO_DEEP",
        ),
    ]
}

#[tokio::test]
async fn traps_are_refused_over_every_transport() {
    let gateway = Gateway::open().await;
    let mut socket = Socket::signed_in(&gateway, "VIEWER").await;
    for (trap, expected) in traps() {
        assert_eq!(code(&ask(&gateway, &trap).await), expected, "{trap}");
        let (_, answer) = gateway.watch(gateway.token("VIEWER"), &trap).await.next().await.unwrap();
        assert_eq!(code(&answer), expected, "{trap}");
        assert_eq!(code(&socket.ask(&json!({ "query": trap })).await), expected, "{trap}");
    }
}

#[tokio::test]
async fn a_client_may_learn_the_whole_schema() {
    let gateway = Gateway::open().await;
    let types = "kind name ofType { ".repeat(9);
    let query = format!(
        "query IntrospectionQuery {{ __schema {{ description queryType {{ name kind }} mutationType {{ name kind }}
           subscriptionType {{ name kind }} types {{ ...FullType }}
           directives {{ name description isRepeatable locations args(includeDeprecated: true) {{ ...InputValue }} }} }} }}
         fragment FullType on __Type {{ kind name description specifiedByURL isOneOf
           fields(includeDeprecated: true) {{ name description args(includeDeprecated: true) {{ ...InputValue }}
             type {{ ...TypeRef }} isDeprecated deprecationReason }}
           inputFields(includeDeprecated: true) {{ ...InputValue }} interfaces {{ ...TypeRef }}
           enumValues(includeDeprecated: true) {{ name description isDeprecated deprecationReason }}
           possibleTypes {{ ...TypeRef }} }}
         fragment InputValue on __InputValue {{ name description type {{ ...TypeRef }} defaultValue isDeprecated
           deprecationReason }}
         fragment TypeRef on __Type {{ {types} kind name {} }}",
        "}".repeat(9)
    );
    let answer = gateway.ask(None, &query, json!({})).await;
    assert!(answer.get("errors").is_none(), "{}", answer["errors"]);
}

#[tokio::test]
async fn errors() {
    let gateway = Gateway::open().await;
    let unknown = |count| format!("{{ viewer {{ {} }} }}", many(count, |n| format!("unknown{n}")));
    let count = async |query: String| ask(&gateway, &query).await["errors"].as_array().unwrap().len();
    assert_eq!(count(unknown(20)).await, 20);
    assert_eq!(count(unknown(400)).await, 20);
}

#[tokio::test]
async fn sizes() {
    let gateway = Gateway::open().await;
    for list in ["ventures", "portfolios"] {
        for asked in [
            "first: 0",
            "first: 101",
            "last: 0",
            "last: 101",
            "first: -1",
            "first: 1, last: 1",
            "after: \"x\"",
        ] {
            let answer = ask(&gateway, &format!("{{ {list}({asked}) {{ nodes {{ id }} }} }}")).await;
            assert_eq!(
                answer["errors"][0]["extensions"]["code"], "INVALID_INPUT",
                "{list}({asked}): {answer}"
            );
        }
        let answer = ask(&gateway, &format!("{{ {list}(first: 100) {{ nodes {{ id }} }} }}")).await;
        assert!(answer.get("errors").is_none(), "{answer}");
    }
    let ids = |count: usize| json!({ "ids": vec!["x"; count] });
    let query = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }";
    let most = gateway.data("VIEWER", query, ids(100)).await;
    assert_eq!(most["nodes"], json!(vec![Value::Null; 100]));
    let over = gateway.ask(gateway.token("VIEWER"), query, ids(101)).await;
    assert_eq!(over["errors"][0]["extensions"]["code"], "INVALID_INPUT");
}
