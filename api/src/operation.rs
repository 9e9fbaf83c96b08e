//! What a request asks for, settled before anything is looked up: the document behind an id, whether it
//! parses, which of its operations is meant, whether that may travel this way and be asked by this caller,
//! and whether its variables fit.
//!
//! Errors of a request have their codes from here; errors of a field from `error`. What a document may cost is
//! the meter's.

mod documents;
mod introspection;
mod variables;

use std::{
    any::TypeId,
    sync::{Arc, OnceLock},
};

use async_graphql::{
    Positioned, Request, ServerError, ServerResult, Variables,
    extensions::ExtensionContext,
    parser::types::{ExecutableDocument, OperationDefinition, OperationType, Selection},
};

use crate::{
    Profile, Settings,
    error::request_error,
    limits::{Limits, Unparsed},
    meter::dry_run,
};
pub(crate) use documents::{DocumentId, Documents, check};
use variables::InputTypes;

/// The document is none.
const PARSE_FAILED: &str = "GRAPHQL_PARSE_FAILED";
/// The document does not fit the schema, or a limit.
const VALIDATION_FAILED: &str = "GRAPHQL_VALIDATION_FAILED";
/// It is not clear which operation is meant.
const RESOLUTION_FAILED: &str = "OPERATION_RESOLUTION_FAILURE";
/// The operation does not travel this way; over HTTP it does by POST.
pub(crate) const METHOD_NOT_ALLOWED: &str = "METHOD_NOT_ALLOWED";

/// What a transport puts into a request's data, and finds filled in after it.
pub(crate) struct Asked {
    carrier: Carrier,
    kind: OnceLock<OperationType>,
}

/// How a request travels, where that decides what it may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Carrier {
    /// HTTP GET: safe, so queries alone.
    Get,
    /// HTTP POST: one answer, so no subscriptions.
    Post,
    /// An event stream by GET: safe, so no mutations.
    Link,
    /// An event stream by POST, or a WebSocket.
    Stream,
}

impl Asked {
    /// What is asked by a carrier.
    pub(crate) fn over(carrier: Carrier) -> Arc<Self> {
        Arc::new(Self { carrier, kind: OnceLock::new() })
    }

    /// What was asked for, as a label.
    pub(crate) fn kind(&self) -> &'static str {
        self.kind.get().map_or("invalid", |kind| match kind {
            OperationType::Query => "query",
            OperationType::Mutation => "mutation",
            OperationType::Subscription => "subscription",
        })
    }
}

/// In a request's data: validate it, and execute nothing.
struct CheckOnly;

/// What holds of every operation.
pub(crate) struct Operations {
    profile: Profile,
    limits: Limits,
    documents: Documents,
    inputs: InputTypes,
}

impl Operations {
    /// The rules that settings ask for, over the input types that a schema's definition names.
    pub(crate) fn new(settings: &Settings, documents: Documents, sdl: &str) -> anyhow::Result<Self> {
        let (profile, limits) = (settings.profile, settings.limits);
        Ok(Self { profile, limits, documents, inputs: InputTypes::read(sdl)? })
    }

    /// Settles what a request asks for, or refuses it.
    pub(crate) fn prepare(&self, request: &mut Request) -> ServerResult<()> {
        self.documents.resolve(request)?;
        self.limits.check_variables(request)?;
        // Taken out meanwhile, for the parsed document borrows the request as a whole.
        let variables = std::mem::take(&mut request.variables);
        let name = request.operation_name.take().filter(|name| !name.is_empty());
        self.settle(request, name.as_deref(), &variables)?;
        (request.variables, request.operation_name) = (variables, name);
        Ok(())
    }

    fn settle(&self, request: &mut Request, name: Option<&str>, variables: &Variables) -> ServerResult<()> {
        let asked = in_data::<Arc<Asked>>(request).cloned();
        let checking = in_data::<CheckOnly>(request).is_some();
        let dry = dry_run(request);
        let introspects = self.profile == Profile::Development || checking || introspection::allowed(request);
        // Before the engine measures the document, which it does by walking all that fragments stand for.
        let document = self.limits.parsed(request).map_err(unparsed)?;
        self.limits.check_document(document)?;
        single_root(document)?;
        let operation = chosen(document, name)?;
        let kind = operation.node.ty;
        if let Some(asked) = asked {
            asked.kind.get_or_init(|| kind);
            carried(asked.carrier, kind, dry)?;
        }
        if !introspects && introspection::asked(document, &operation.node) {
            return Err(introspection::refused(operation.pos));
        }
        if checking { Ok(()) } else { self.inputs.check(&operation.node.variable_definitions, variables) }
    }
}

/// Whether a request is to be validated alone.
pub(crate) fn checks_only(ctx: &ExtensionContext<'_>) -> bool {
    ctx.data::<CheckOnly>().is_ok()
}

/// An error of a document that does not fit the schema, or a limit.
pub(crate) fn invalid(error: ServerError) -> ServerError {
    with_code(error, VALIDATION_FAILED)
}

/// A value in a request's data.
fn in_data<T: Send + Sync + 'static>(request: &Request) -> Option<&T> {
    request.data.get(&TypeId::of::<T>())?.downcast_ref()
}

fn unparsed(unparsed: Unparsed) -> ServerError {
    match unparsed {
        Unparsed::Excess(error) => error,
        // The parser's words hold the line at fault, literals and all; its place is enough.
        Unparsed::Syntax(error) => {
            request_error("the document does not parse here", PARSE_FAILED, error.locations.first().copied())
        }
    }
}

/// A subscription has one root field, written out. The engine takes several.
fn single_root(document: &ExecutableDocument) -> ServerResult<()> {
    for (_, operation) in document.operations.iter() {
        let roots = &operation.node.selection_set.node.items;
        let single = matches!(roots.as_slice(), [root] if matches!(root.node, Selection::Field(_)));
        if operation.node.ty == OperationType::Subscription && !single {
            let message = "a subscription has exactly one field at its root, and no fragment there";
            return Err(request_error(message, VALIDATION_FAILED, Some(operation.pos)));
        }
    }
    Ok(())
}

fn with_code(mut error: ServerError, code: &'static str) -> ServerError {
    error.extensions.get_or_insert_default();
    if let Some(extensions) = &mut error.extensions
        && extensions.get("code").is_none()
    {
        extensions.set("code", code);
    }
    error
}

/// The operation that is meant.
fn chosen<'d>(
    document: &'d ExecutableDocument,
    name: Option<&str>,
) -> ServerResult<&'d Positioned<OperationDefinition>> {
    let mut meant = document
        .operations
        .iter()
        .filter(|(known, _)| name.is_none() || known.map(|known| known.as_str()) == name)
        .map(|(_, operation)| operation);
    match (meant.next(), meant.next()) {
        (Some(operation), None) => Ok(operation),
        (None, _) => {
            Err(request_error("the document has no operation of that name", RESOLUTION_FAILED, None))
        }
        (Some(_), Some(_)) => Err(request_error(
            "the document has several operations: say which as operationName",
            RESOLUTION_FAILED,
            None,
        )),
    }
}

fn carried(carrier: Carrier, kind: OperationType, dry: bool) -> ServerResult<()> {
    match (carrier, kind) {
        // It is not run, and has one answer: its cost.
        (Carrier::Post, _) if dry => Ok(()),
        (_, OperationType::Query)
        | (Carrier::Post | Carrier::Stream, OperationType::Mutation)
        | (Carrier::Link | Carrier::Stream, OperationType::Subscription) => Ok(()),
        (Carrier::Link, OperationType::Mutation) => {
            Err(request_error("a GET carries no mutation", METHOD_NOT_ALLOWED, None))
        }
        (Carrier::Get, _) => Err(request_error("a GET carries queries only", METHOD_NOT_ALLOWED, None)),
        (Carrier::Post, OperationType::Subscription) => Err(request_error(
            "subscriptions go to /graphql/stream (SSE), or over WebSocket",
            "OPERATION_NOT_SUPPORTED",
            None,
        )),
    }
}
