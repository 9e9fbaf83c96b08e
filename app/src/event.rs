//! Events: what the history of a root is made of. Each is a type beside the command that causes it. A wire name, once
//! used, keeps its meaning and its shape.

pub mod list;

use std::{collections::BTreeMap, sync::LazyLock};

use schemars::{JsonSchema, Schema, generate::SchemaSettings};
use serde::{Serialize, de::DeserializeOwned};

use crate::command;

/// Something that happened to a root. The doc comment of the type, and of each field, is what receivers read.
pub trait Event: Serialize + DeserializeOwned + JsonSchema + Send + Sync + 'static {
    /// The wire name, such as `venture.created.v1`.
    const KIND: &'static str;
}

/// An event, as its command declares it.
#[derive(Clone, Copy, Debug)]
pub struct Declared {
    /// The wire name.
    pub kind: &'static str,
    schema: fn() -> Schema,
}

impl Declared {
    /// The declaration of an event's type.
    pub const fn of<E: Event>() -> Self {
        Self { kind: E::KIND, schema: schema::<E> }
    }
}

/// The JSON Schema (2020-12) of a body, with everything it refers to within.
fn schema<E: Event>() -> Schema {
    SchemaSettings::draft2020_12()
        .with(|settings| settings.inline_subschemas = true)
        .into_generator()
        .into_root_schema_for::<E>()
}

/// A kind of event, for its receivers.
#[derive(Clone, Debug)]
pub struct Kind {
    /// The wire name.
    pub name: &'static str,
    /// What happened, in one sentence.
    pub description: String,
    /// The JSON Schema (2020-12) of its body.
    pub body_schema: serde_json::Value,
}

static KINDS: LazyLock<BTreeMap<&'static str, Kind>> = LazyLock::new(|| {
    let declared = command::all().into_iter().flat_map(|command| command.events);
    declared.map(|event| (event.kind, kind(event))).collect()
});

fn kind(event: &Declared) -> Kind {
    let body_schema = (event.schema)().to_value();
    let description = body_schema.get("description").and_then(serde_json::Value::as_str);
    Kind { name: event.kind, description: description.unwrap_or_default().to_owned(), body_schema }
}

/// Every kind of event that a command causes, by wire name.
pub fn kinds() -> impl ExactSizeIterator<Item = &'static Kind> {
    KINDS.values()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_and_every_field_of_its_body_is_described() {
        for kind in kinds() {
            assert!(kind.description.ends_with('.'), "{}: {:?}", kind.name, kind.description);
            assert!(kind.name.ends_with(".v1"), "{}", kind.name);
            let fields = kind.body_schema["properties"].as_object();
            for (field, schema) in fields.into_iter().flatten() {
                assert!(schema["description"].is_string(), "{}.{field} has no description", kind.name);
            }
        }
    }
}
