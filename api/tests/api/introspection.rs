//! The schema as it tells of itself, and calls made up from it: a field that is added is tested unasked.

use std::collections::HashMap;

use serde_json::{Value, json};

use crate::gateway::Gateway;

const QUERY: &str = "query Introspection {
  __schema {
    types {
      kind name description isOneOf
      fields(includeDeprecated: true) { name description type { ...T } args { name description type { ...T } } }
      inputFields { name description type { ...T } }
      enumValues(includeDeprecated: true) { name description }
    }
  }
}
fragment T on __Type { kind name ofType { kind name ofType { kind name ofType { kind name } } } }";

/// The types of the schema that are its own, by name.
pub(crate) struct Introspected(HashMap<String, Value>);

/// A call of a field of a root.
pub(crate) struct Call {
    /// The field.
    pub(crate) name: String,
    /// The field with its arguments and a selection.
    pub(crate) text: String,
    /// Whether one of the given ids stands in it.
    pub(crate) by_id: bool,
}

impl Introspected {
    pub(crate) async fn of(gateway: &Gateway) -> Self {
        let answer = gateway.ask(None, QUERY, json!({})).await;
        let types = answer["data"]["__schema"]["types"].as_array().expect("types");
        let own = types.iter().filter(|kind| !kind["name"].as_str().unwrap().starts_with("__"));
        Self(own.map(|kind| (kind["name"].as_str().unwrap().to_owned(), kind.clone())).collect())
    }

    pub(crate) fn types(&self) -> impl Iterator<Item = &Value> {
        self.0.values()
    }

    /// A call of each field of a root, with the ids given by argument name and made-up values elsewhere.
    pub(crate) fn calls(&self, root: &str, ids: &[(&str, &str)]) -> Vec<Call> {
        let fields = list(&self.0[root]["fields"]);
        assert!(!fields.is_empty(), "{root} has fields");
        fields.iter().map(|field| self.call(field, ids)).collect()
    }

    fn call(&self, field: &Value, ids: &[(&str, &str)]) -> Call {
        let name = field["name"].as_str().unwrap();
        let values: Vec<_> = list(&field["args"]).iter().map(|arg| self.argument(arg, ids)).collect();
        let arguments = if values.is_empty() { String::new() } else { format!("({})", values.join(", ")) };
        let selection = if self.is_composite(&field["type"]) { " { __typename }" } else { "" };
        let by_id = ids.iter().any(|(_, id)| arguments.contains(&format!("{id:?}")));
        Call { name: name.to_owned(), text: format!("{name}{arguments}{selection}"), by_id }
    }

    fn argument(&self, argument: &Value, ids: &[(&str, &str)]) -> String {
        let name = argument["name"].as_str().unwrap();
        format!("{name}: {}", self.literal(name, &argument["type"], ids))
    }

    fn literal(&self, name: &str, kind: &Value, ids: &[(&str, &str)]) -> String {
        match (kind["kind"].as_str().unwrap(), kind["name"].as_str().unwrap_or_default()) {
            ("NON_NULL", _) => self.literal(name, &kind["ofType"], ids),
            ("LIST", _) => format!("[{}]", self.literal(name, &kind["ofType"], ids)),
            ("SCALAR", "ID") => {
                format!("{:?}", ids.iter().find(|(known, _)| *known == name).map_or("x", |(_, id)| id))
            }
            ("SCALAR", "Int" | "Float") => "1".to_owned(),
            ("SCALAR", "Boolean") => "true".to_owned(),
            ("SCALAR", "DateTime") => "\"2026-01-01T00:00:00Z\"".to_owned(),
            ("SCALAR", _) => "\"x\"".to_owned(),
            ("ENUM", name) => list(&self.0[name]["enumValues"])[0]["name"].as_str().unwrap().to_owned(),
            ("INPUT_OBJECT", name) => {
                let known = &self.0[name];
                let fields = list(&known["inputFields"]);
                let count = if known["isOneOf"] == true { 1 } else { fields.len() };
                let values = fields.iter().take(count).filter(|field| !is_other_root(field, fields));
                let values: Vec<_> = values.map(|field| self.argument(field, ids)).collect();
                format!("{{ {} }}", values.join(", "))
            }
            (other, name) => panic!("{other} {name} cannot be an argument"),
        }
    }

    /// Each field of the queries' root that needs no argument but those given, with all that it shows to a depth.
    pub(crate) fn queries(&self, ids: &[(&str, &str)], depth: usize) -> Vec<Call> {
        let fields = list(&self.0["Query"]["fields"]).iter();
        let calls = fields.map(|field| {
            let name = field["name"].as_str().unwrap();
            let given = list(&field["args"]).iter().filter(|arg| {
                let asked = ids.iter().any(|(known, _)| arg["name"] == *known);
                asked || arg["type"]["kind"] == "NON_NULL"
            });
            let values: Vec<_> = given.map(|arg| self.given(arg, ids)).collect();
            let arguments =
                if values.is_empty() { String::new() } else { format!("({})", values.join(", ")) };
            let by_id = !values.is_empty();
            let text = format!("{name}{arguments}{}", self.selection(&field["type"], depth));
            Call { name: name.to_owned(), text, by_id }
        });
        calls.collect()
    }

    /// An argument with the value given for its name, whatever its type; else with one that is made up.
    fn given(&self, argument: &Value, ids: &[(&str, &str)]) -> String {
        let name = argument["name"].as_str().unwrap();
        match ids.iter().find(|(known, _)| *known == name) {
            Some((_, value)) => format!("{name}: {value:?}"),
            None => self.argument(argument, ids),
        }
    }

    /// All that can be shown of a type without arguments, so many levels deep.
    fn selection(&self, kind: &Value, depth: usize) -> String {
        if !kind["ofType"].is_null() {
            return self.selection(&kind["ofType"], depth);
        }
        if !self.is_composite(kind) {
            return String::new();
        }
        let fields = list(&self.0[kind["name"].as_str().unwrap()]["fields"]).iter();
        let plain =
            fields.filter(|field| list(&field["args"]).iter().all(|arg| arg["type"]["kind"] != "NON_NULL"));
        let shown = plain.filter(|field| depth > 0 || !self.is_composite(&field["type"]));
        let shown = shown.map(|field| {
            let below = self.selection(&field["type"], depth.saturating_sub(1));
            format!("{}{below}", field["name"].as_str().unwrap())
        });
        format!(" {{ __typename {} }}", shown.collect::<Vec<_>>().join(" "))
    }

    fn is_composite(&self, kind: &Value) -> bool {
        match kind["kind"].as_str().unwrap() {
            "NON_NULL" | "LIST" => self.is_composite(&kind["ofType"]),
            kind => matches!(kind, "OBJECT" | "INTERFACE" | "UNION"),
        }
    }
}

/// Whether a field names a portfolio where a venture is to be named or a portfolio, and not both.
fn is_other_root(field: &Value, fields: &[Value]) -> bool {
    let may_be_left_out =
        |name: &str| fields.iter().any(|field| field["name"] == name && field["type"]["kind"] != "NON_NULL");
    field["name"] == "portfolioId" && may_be_left_out("ventureId") && may_be_left_out("portfolioId")
}

/// The items of a list; none of null.
pub(crate) fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}
