//! What holds for documents beyond the library's validation.

use std::sync::Arc;

use async_graphql::{
    Request, ServerError, ServerResult, Value, Variables,
    extensions::{Extension, ExtensionContext, ExtensionFactory, NextParseQuery, NextPrepareRequest},
    parser::types::{ExecutableDocument, OperationType, Selection},
};

/// Refuses subscriptions of more than one field and requests that lack a variable, and does not repeat what
/// does not parse.
pub(crate) struct DocumentRules;

impl ExtensionFactory for DocumentRules {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Self)
    }
}

#[async_trait::async_trait]
impl Extension for DocumentRules {
    async fn prepare_request(
        &self,
        ctx: &ExtensionContext<'_>,
        mut request: Request,
        next: NextPrepareRequest<'_>,
    ) -> ServerResult<Request> {
        match lacking_variable(&mut request) {
            Some(error) => Err(error),
            None => next.run(ctx, request).await,
        }
    }

    async fn parse_query(
        &self,
        ctx: &ExtensionContext<'_>,
        query: &str,
        variables: &Variables,
        next: NextParseQuery<'_>,
    ) -> ServerResult<ExecutableDocument> {
        let document = next.run(ctx, query, variables).await.map_err(|mut error| {
            // The parser's words hold the line at fault, literals and all; its place is enough.
            "the document does not parse here".clone_into(&mut error.message);
            error
        })?;
        single_root(&document)?;
        Ok(document)
    }
}

/// A variable that needs a value and has none, as an error. The library looks at variables only where a
/// resolver uses them, when part of the answer is made already; such a request is not to be executed.
fn lacking_variable(request: &mut Request) -> Option<ServerError> {
    let name = request.operation_name.clone();
    let given = request.variables.clone();
    // What does not parse is told later.
    let document = request.parsed_query().ok()?;
    let (_, operation) = document
        .operations
        .iter()
        .find(|(known, _)| name.is_none() || known.map(|known| known.as_str()) == name.as_deref())?;
    let lacking = operation.node.variable_definitions.iter().find(|definition| {
        let variable = &definition.node;
        let absent = match given.get(&variable.name.node) {
            Some(value) => *value == Value::Null,
            None => variable.default_value.is_none(),
        };
        absent && !variable.var_type.node.nullable
    })?;
    let variable = &lacking.node;
    let message =
        format!("the variable ${} of type {} needs a value", variable.name.node, variable.var_type.node);
    Some(ServerError::new(message, Some(lacking.pos)))
}

/// A subscription has one root field, written out.
fn single_root(document: &ExecutableDocument) -> ServerResult<()> {
    for (_, operation) in document.operations.iter() {
        let roots = &operation.node.selection_set.node.items;
        let single = matches!(roots.as_slice(), [root] if matches!(root.node, Selection::Field(_)));
        if operation.node.ty == OperationType::Subscription && !single {
            let message = "a subscription has exactly one field at its root, and no fragment there";
            return Err(ServerError::new(message, Some(operation.pos)));
        }
    }
    Ok(())
}
