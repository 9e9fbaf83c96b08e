//! Whether variables have the types that their operation gives them, as the specification wants it told:
//! before anything is executed. The engine looks at them only where a field uses them.

use std::collections::{BTreeSet, HashMap};

use anyhow::Context;
use async_graphql::{
    Name, Positioned, ServerResult, Value, Variables,
    indexmap::IndexMap,
    parser::{
        parse_schema,
        types::{BaseType, Type, TypeDefinition, TypeKind, TypeSystemDefinition, VariableDefinition},
    },
};

use crate::error::request_error;

/// How much of a name that the schema does not know is repeated, in characters.
const NAME_SHOWN: usize = 60;

/// The enums and input objects of a schema, by name.
pub(super) struct InputTypes(HashMap<String, Kind>);

enum Kind {
    Enum(BTreeSet<String>),
    Object { fields: Vec<Field>, one_of: bool },
}

struct Field {
    name: String,
    ty: Type,
    has_default: bool,
}

impl InputTypes {
    /// Those of a schema in its definition language.
    pub(super) fn read(sdl: &str) -> anyhow::Result<Self> {
        let service = parse_schema(sdl).context("the schema's own definition")?;
        let kinds = service.definitions.into_iter().filter_map(|definition| match definition {
            TypeSystemDefinition::Type(ty) => Some((ty.node.name.node.to_string(), kind(ty.node)?)),
            _ => None,
        });
        Ok(Self(kinds.collect()))
    }

    /// Refuses variables that lack a value they need, or have one of another type.
    pub(super) fn check(
        &self,
        definitions: &[Positioned<VariableDefinition>],
        given: &Variables,
    ) -> ServerResult<()> {
        for definition in definitions {
            let variable = &definition.node;
            let mut path = format!("${}", variable.name.node);
            let fits = match given.get(&variable.name.node) {
                Some(value) => self.fits(&variable.var_type.node, value, &mut path),
                None if variable.var_type.node.nullable || variable.default_value.is_some() => Ok(()),
                None => Err(lacking(&variable.var_type.node)),
            };
            if let Err(problem) = fits {
                let message = format!("the variable {path} {problem}");
                return Err(request_error(message, "BAD_USER_INPUT", Some(definition.pos)));
            }
        }
        Ok(())
    }

    /// What is wrong with a value; `path` then says where.
    fn fits(&self, ty: &Type, value: &Value, path: &mut String) -> Result<(), String> {
        if *value == Value::Null {
            return if ty.nullable { Ok(()) } else { Err(lacking(ty)) };
        }
        match (&ty.base, value) {
            (BaseType::List(each), Value::List(values)) => {
                values.iter().enumerate().try_for_each(|(at, value)| {
                    within(path, &format!("[{at}]"), |path| self.fits(each, value, path))
                })
            }
            // One value stands for a list of it.
            (BaseType::List(each), value) => self.fits(each, value, path),
            (BaseType::Named(name), value) => self.named(name, value, path),
        }
    }

    fn named(&self, name: &Name, value: &Value, path: &mut String) -> Result<(), String> {
        let whole = |value: &Value| matches!(value, Value::Number(n) if n.is_i64() || n.is_u64());
        let good = match (name.as_str(), self.0.get(name.as_str())) {
            ("Int", _) => whole(value),
            ("Float", _) => matches!(value, Value::Number(_)),
            ("String", _) => matches!(value, Value::String(_)),
            ("Boolean", _) => matches!(value, Value::Boolean(_)),
            ("ID", _) => matches!(value, Value::String(_)) || whole(value),
            (_, Some(Kind::Enum(values))) => match value {
                Value::String(given) => values.contains(given),
                Value::Enum(given) => values.contains(given.as_str()),
                _ => false,
            },
            (_, Some(Kind::Object { fields, one_of })) => match value {
                Value::Object(given) => return self.object(name, (fields, *one_of), given, path),
                _ => false,
            },
            // A scalar of our own is looked at by who reads it, a type that is not there by the validation.
            (_, None) => true,
        };
        if good { Ok(()) } else { Err(format!("is not of the type {name}")) }
    }

    fn object(
        &self,
        name: &Name,
        (fields, one_of): (&[Field], bool),
        given: &IndexMap<Name, Value>,
        path: &mut String,
    ) -> Result<(), String> {
        if let Some(unknown) = given.keys().find(|key| fields.iter().all(|field| field.name != key.as_str()))
        {
            let unknown: String = unknown.chars().take(NAME_SHOWN).collect();
            return Err(format!("has the field {unknown}, which {name} has not"));
        }
        if one_of && (given.len() != 1 || given.values().any(|value| *value == Value::Null)) {
            return Err(format!("needs exactly one field, as {name} is one of several"));
        }
        fields.iter().try_for_each(|field| {
            within(path, &format!(".{}", field.name), |path| match given.get(field.name.as_str()) {
                Some(value) => self.fits(&field.ty, value, path),
                None if field.ty.nullable || field.has_default => Ok(()),
                None => Err(lacking(&field.ty)),
            })
        })
    }
}

/// Looks at a part of a value; the path stays there when something is wrong with it.
fn within(
    path: &mut String,
    part: &str,
    look: impl FnOnce(&mut String) -> Result<(), String>,
) -> Result<(), String> {
    let outside = path.len();
    path.push_str(part);
    look(path)?;
    path.truncate(outside);
    Ok(())
}

fn lacking(ty: &Type) -> String {
    format!("of the type {ty} needs a value")
}

fn kind(definition: TypeDefinition) -> Option<Kind> {
    let one_of = definition.directives.iter().any(|directive| directive.node.name.node == "oneOf");
    match definition.kind {
        TypeKind::Enum(of) => {
            Some(Kind::Enum(of.values.into_iter().map(|value| value.node.value.node.to_string()).collect()))
        }
        TypeKind::InputObject(of) => {
            let fields = of.fields.into_iter().map(|field| Field {
                name: field.node.name.node.to_string(),
                has_default: field.node.default_value.is_some(),
                ty: field.node.ty.node,
            });
            Some(Kind::Object { fields: fields.collect(), one_of })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;
    use serde_json::{Value as Json, json};

    use super::*;

    const SCHEMA: &str = "
        enum Colour { RED GREEN }
        scalar Moment
        input Point { x: Int! y: Int! = 0 label: String colour: Colour }
        input Shape @oneOf { point: Point line: [Point!] }
        type Query { x: Int }";

    /// What is said of a variable `$v` of a type, given these variables.
    fn problem(ty: &str, variables: Json) -> Option<String> {
        let types = InputTypes::read(SCHEMA).unwrap();
        let document = parse_query(format!("query($v: {ty}) {{ x }}")).unwrap();
        let (_, operation) = document.operations.iter().next().unwrap();
        let checked = types.check(&operation.node.variable_definitions, &Variables::from_json(variables));
        checked.err().map(|error| error.message)
    }

    #[test]
    fn values_of_their_type_are_taken() {
        for (ty, value) in [
            ("Int", json!(7)),
            ("Int", json!(-9_007_199_254_740_993_i64)),
            ("Float", json!(7)),
            ("Float!", json!(0.5)),
            ("String", json!("")),
            ("Boolean!", json!(false)),
            ("ID!", json!("x")),
            ("ID", json!(7)),
            ("Int", json!(null)),
            ("[Int!]!", json!([1, 2])),
            ("[Int!]!", json!(1)),
            ("[[Int]]", json!([[1, null], null])),
            ("Colour", json!("RED")),
            ("Moment", json!({ "any": "thing" })),
            ("Point", json!({ "x": 1 })),
            ("Point", json!({ "x": 1, "y": 2, "label": null, "colour": "GREEN" })),
            ("Shape!", json!({ "point": { "x": 1 } })),
            ("Shape", json!({ "line": [{ "x": 1 }, { "x": 2 }] })),
        ] {
            assert_eq!(problem(ty, json!({ "v": value })), None, "{ty} {value}");
        }
        for ty in ["Int", "Int! = 7", "[Int!]"] {
            assert_eq!(problem(ty, json!({})), None, "{ty}");
        }
        assert_eq!(problem("Int", json!({ "other": "is nobody's" })), None);
    }

    #[test]
    fn values_of_another_type_are_told_with_their_place() {
        for (ty, value, wanted) in [
            ("Int", json!("7"), "$v is not of the type Int"),
            ("Int", json!(7.5), "$v is not of the type Int"),
            ("Int! = 7", json!(null), "$v of the type Int! needs a value"),
            ("String", json!(7), "$v is not of the type String"),
            ("Boolean", json!("true"), "$v is not of the type Boolean"),
            ("ID", json!(0.5), "$v is not of the type ID"),
            ("Colour", json!("BLUE"), "$v is not of the type Colour"),
            ("[Int!]", json!([1, null]), "$v[1] of the type Int! needs a value"),
            ("[[Int]]", json!([[1], ["x"]]), "$v[1][0] is not of the type Int"),
            ("Point", json!([]), "$v is not of the type Point"),
            ("Point", json!({}), "$v.x of the type Int! needs a value"),
            ("Point", json!({ "x": 1, "y": null }), "$v.y of the type Int! needs a value"),
            ("Point", json!({ "x": 1, "z": 1 }), "$v has the field z, which Point has not"),
            ("Shape", json!({}), "$v needs exactly one field, as Shape is one of several"),
            ("Shape", json!({ "point": null }), "$v needs exactly one field, as Shape is one of several"),
            ("Shape", json!({ "line": [{ "x": 1 }, { "x": "1" }] }), "$v.line[1].x is not of the type Int"),
        ] {
            let told = problem(ty, json!({ "v": value })).unwrap_or_default();
            assert_eq!(told, format!("the variable {wanted}"), "{ty} {value}");
        }
        assert_eq!(problem("Int!", json!({})).unwrap(), "the variable $v of the type Int! needs a value");
        let long = problem("Point", json!({ "v": { "x".repeat(10_000): 1 } })).unwrap();
        assert!(long.len() < 200, "{}", long.len());
    }
}
