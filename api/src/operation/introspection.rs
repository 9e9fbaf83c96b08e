//! Who may ask what the schema is, where not everybody may.

use std::collections::HashSet;

use async_graphql::{
    Pos, Request, ServerError,
    parser::types::{ExecutableDocument, OperationDefinition, Selection, SelectionSet},
};

use super::in_data;
use crate::{Session, error::request_error};

/// The roles that may, held in any portfolio.
const ROLES: [&str; 2] = ["OPERATOR", "ADMIN"];

/// Whether the caller may.
pub(super) fn allowed(request: &Request) -> bool {
    let actor = in_data::<Session>(request).and_then(|session| session.actor().ok());
    actor.is_some_and(|actor| ROLES.iter().any(|role| actor.holds_anywhere(role)))
}

/// Whether an operation asks. `__typename` tells nothing that its document does not say.
pub(super) fn asked(document: &ExecutableDocument, operation: &OperationDefinition) -> bool {
    asks(document, &operation.selection_set.node, &mut HashSet::new())
}

fn asks<'d>(document: &'d ExecutableDocument, set: &'d SelectionSet, seen: &mut HashSet<&'d str>) -> bool {
    set.items.iter().any(|item| match &item.node {
        Selection::Field(field) => matches!(field.node.name.node.as_str(), "__schema" | "__type"),
        Selection::InlineFragment(fragment) => asks(document, &fragment.node.selection_set.node, seen),
        Selection::FragmentSpread(spread) => {
            let name = &spread.node.fragment_name.node;
            // Each once: fragments may name each other in circles, which is told later.
            let fragment = document.fragments.get(name).filter(|_| seen.insert(name));
            fragment.is_some_and(|fragment| asks(document, &fragment.node.selection_set.node, seen))
        }
    })
}

pub(super) fn refused(at: Pos) -> ServerError {
    request_error("introspection is for the roles OPERATOR and ADMIN", "INTROSPECTION_DISABLED", Some(at))
}
