//! What holds for documents beyond the library's validation.

use std::sync::Arc;

use async_graphql::{
    ServerError, ServerResult, Variables,
    extensions::{Extension, ExtensionContext, ExtensionFactory, NextParseQuery},
    parser::types::{ExecutableDocument, OperationType, Selection},
};

/// Refuses subscriptions of more than one field.
pub(crate) struct DocumentRules;

impl ExtensionFactory for DocumentRules {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Self)
    }
}

#[async_trait::async_trait]
impl Extension for DocumentRules {
    async fn parse_query(
        &self,
        ctx: &ExtensionContext<'_>,
        query: &str,
        variables: &Variables,
        next: NextParseQuery<'_>,
    ) -> ServerResult<ExecutableDocument> {
        let document = next.run(ctx, query, variables).await?;
        single_root(&document)?;
        Ok(document)
    }
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
