//! A document's shape: how much is selected, how deep and how often, with every fragment counted wherever it is
//! spread.
//!
//! Fragments that spread fragments can stand for exponentially many fields, and what the engine does with a
//! document takes as long as all of them. So each fragment is measured once, and only a document that is known
//! to be small is walked.

use std::collections::HashMap;

use async_graphql::{
    Name, Pos, Positioned, ServerError,
    parser::types::{ExecutableDocument, Field, FragmentDefinition, Selection, SelectionSet},
};

use super::{Limits, MAX_NESTING, excess};
use crate::error::coded;

/// How often lists may nest in introspection: fields of types of fields. GraphQL.js draws the line here too.
const MAX_INTROSPECTION_LISTS: u32 = 2;

type Fragments = HashMap<Name, Positioned<FragmentDefinition>>;

/// What a selection set amounts to.
#[derive(Clone, Copy, Default)]
struct Shape {
    /// Fields, spreads and inline fragments, at all levels.
    selections: u32,
    /// Fields at its own level.
    fields: u32,
    /// Levels of fields.
    depth: u32,
    /// Levels of selection sets.
    nesting: u32,
    aliases: u32,
    directives: u32,
}

impl Shape {
    /// Adds what stands beside it.
    fn beside(self, other: Self) -> Self {
        Self {
            selections: self.selections.saturating_add(other.selections),
            fields: self.fields.saturating_add(other.fields),
            depth: self.depth.max(other.depth),
            nesting: self.nesting.max(other.nesting),
            aliases: self.aliases.saturating_add(other.aliases),
            directives: self.directives.saturating_add(other.directives),
        }
    }
}

pub(super) fn check(document: &ExecutableDocument, limits: &Limits) -> Result<(), ServerError> {
    let mut measure = Measure { fragments: &document.fragments, measured: HashMap::new() };
    let mut whole = Shape::default();
    for (_, operation) in document.operations.iter() {
        let pos = Some(operation.pos);
        let operation = &operation.node;
        let own = measure.selection_set(&operation.selection_set, 1)?;
        if own.fields > limits.root_fields {
            let what = "too many fields at the root of an operation";
            return Err(excess("TOO_MANY_ROOT_FIELDS", what, limits.root_fields, pos));
        }
        let variables = operation.variable_definitions.iter().map(|variable| variable.node.directives.len());
        let directives = count(operation.directives.len() + variables.sum::<usize>());
        whole = whole.beside(own).beside(Shape { directives, ..Shape::default() });
    }
    // The engine walks those that no operation spreads, too.
    for name in document.fragments.keys() {
        measure.fragment(name, 1, Pos::default())?;
    }
    let totals = [
        (whole.selections, limits.selections, "QUERY_TOO_LARGE", "the document selects too much"),
        (whole.depth, limits.depth, "QUERY_TOO_DEEP", "the document nests too deep, in fields"),
        (whole.aliases, limits.aliases, "TOO_MANY_ALIASES", "the document has too many aliases"),
        (whole.directives, limits.directives, "TOO_MANY_DIRECTIVES", "the document has too many directives"),
    ];
    for (found, limit, code, what) in totals {
        if found > limit {
            return Err(excess(code, what, limit, None));
        }
    }
    let walk = Walk { fragments: &document.fragments, limits };
    document
        .operations
        .iter()
        .try_for_each(|(_, operation)| walk.selection_set(&operation.node.selection_set))
}

/// Lengths within a text of a few megabytes.
fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

/// Measures each fragment once.
struct Measure<'d> {
    fragments: &'d Fragments,
    /// None while its measuring is under way.
    measured: HashMap<&'d str, Option<Shape>>,
}

impl<'d> Measure<'d> {
    fn selection_set(&mut self, set: &'d Positioned<SelectionSet>, level: u32) -> Result<Shape, ServerError> {
        if level > MAX_NESTING {
            return Err(too_nested(set.pos));
        }
        let mut shape = Shape::default();
        for selection in &set.node.items {
            let inner = match &selection.node {
                Selection::Field(field) => self.field(&field.node, level)?,
                Selection::InlineFragment(inline) => {
                    self.selection_set(&inline.node.selection_set, level + 1)?
                }
                Selection::FragmentSpread(spread) => {
                    self.fragment(&spread.node.fragment_name.node, level + 1, spread.pos)?
                }
            };
            let directives = count(selection.node.directives().len());
            shape = shape.beside(inner).beside(Shape { selections: 1, directives, ..Shape::default() });
        }
        shape.nesting += 1;
        Ok(shape)
    }

    fn field(&mut self, field: &'d Field, level: u32) -> Result<Shape, ServerError> {
        let below = match field.selection_set.node.items.as_slice() {
            [] => Shape::default(),
            _ => self.selection_set(&field.selection_set, level + 1)?,
        };
        let aliases = below.aliases.saturating_add(u32::from(field.alias.is_some()));
        Ok(Shape { fields: 1, depth: below.depth + 1, aliases, ..below })
    }

    fn fragment(&mut self, name: &str, level: u32, at: Pos) -> Result<Shape, ServerError> {
        // What is not there, the engine tells.
        let Some((name, fragment)) = self.fragments.get_key_value(name) else { return Ok(Shape::default()) };
        match self.measured.get(name.as_str()) {
            Some(None) => {
                let words = format!("the fragment {name} spreads itself");
                return Err(coded(words, "GRAPHQL_VALIDATION_FAILED").into_server_error(at));
            }
            Some(Some(shape)) if level + shape.nesting > MAX_NESTING + 1 => return Err(too_nested(at)),
            Some(Some(shape)) => return Ok(*shape),
            None => {}
        }
        self.measured.insert(name, None);
        let shape = self.selection_set(&fragment.node.selection_set, level)?;
        let directives = shape.directives.saturating_add(count(fragment.node.directives.len()));
        let shape = Shape { directives, ..shape };
        self.measured.insert(name, Some(shape));
        Ok(shape)
    }
}

fn too_nested(at: Pos) -> ServerError {
    excess("QUERY_TOO_DEEP", "selections nest too deep, through fragments", MAX_NESTING, Some(at))
}

/// Walks a document that is known to be small, fragments and all.
struct Walk<'d> {
    fragments: &'d Fragments,
    limits: &'d Limits,
}

impl<'d> Walk<'d> {
    /// The fields at a selection set's own level.
    fn fields(&self, set: &'d SelectionSet, found: &mut Vec<&'d Positioned<Field>>) {
        for selection in &set.items {
            match &selection.node {
                Selection::Field(field) => found.push(field),
                Selection::InlineFragment(inline) => self.fields(&inline.node.selection_set.node, found),
                Selection::FragmentSpread(spread) => {
                    if let Some(fragment) = self.fragments.get(&spread.node.fragment_name.node) {
                        self.fields(&fragment.node.selection_set.node, found);
                    }
                }
            }
        }
    }

    fn selection_set(&self, set: &'d Positioned<SelectionSet>) -> Result<(), ServerError> {
        let mut fields = Vec::new();
        self.fields(&set.node, &mut fields);
        let mut repeats: HashMap<&str, u32> = HashMap::new();
        for field in fields {
            let key = field.node.alias.as_ref().unwrap_or(&field.node.name);
            let repeats = repeats.entry(&key.node).or_default();
            *repeats += 1;
            if *repeats > self.limits.repeats {
                let what = "a field is selected too often at one place";
                let limit = self.limits.repeats;
                return Err(excess("TOO_MANY_DUPLICATE_FIELDS", what, limit, Some(field.pos)));
            }
            self.selection_set(&field.node.selection_set)?;
            if matches!(field.node.name.node.as_str(), "__schema" | "__type") {
                self.introspection(&field.node.selection_set, 0)?;
            }
        }
        Ok(())
    }

    /// Types have fields, which have types, which have fields: a short document asks for an endless answer.
    fn introspection(&self, set: &'d Positioned<SelectionSet>, lists: u32) -> Result<(), ServerError> {
        let mut fields = Vec::new();
        self.fields(&set.node, &mut fields);
        for field in fields {
            let list = ["fields", "inputFields", "interfaces", "possibleTypes"];
            let lists = lists + u32::from(list.contains(&field.node.name.node.as_str()));
            if lists > MAX_INTROSPECTION_LISTS {
                let what = "introspection asks for types of types too often";
                let code = "INTROSPECTION_TOO_DEEP";
                return Err(excess(code, what, MAX_INTROSPECTION_LISTS, Some(field.pos)));
            }
            self.introspection(&field.node.selection_set, lists)?;
        }
        Ok(())
    }
}
