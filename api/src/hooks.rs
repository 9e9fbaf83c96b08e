//! Where a request passes `operation`, which settles what it asks for, and `meter`, which charges it: hooks of
//! the engine, called for single answers and for streams alike, so that every transport is held alike.
//!
//! There is one extension and not two, because the engine asks each of them about every field of an answer.

use std::sync::Arc;

use async_graphql::{
    Request, Response, ServerError, ServerResult, ValidationResult, Variables,
    extensions::{
        Extension, ExtensionContext, ExtensionFactory, NextExecute, NextParseQuery, NextPrepareRequest,
        NextRequest, NextSubscribe, NextValidation,
    },
    parser::types::ExecutableDocument,
};
use futures_util::{StreamExt, stream::BoxStream};

use crate::{
    meter::{Meter, Visit},
    operation::{Operations, checks_only, invalid},
};

/// The most errors an answer tells of a document.
const MAX_ERRORS: usize = 20;

/// Makes the hooks of each request.
pub(crate) struct Hooks {
    pub(crate) meter: Meter,
    pub(crate) operations: Arc<Operations>,
}

impl ExtensionFactory for Hooks {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Hooked { visit: Arc::new(self.meter.visit()), operations: Arc::clone(&self.operations) })
    }
}

struct Hooked {
    visit: Arc<Visit>,
    operations: Arc<Operations>,
}

#[async_trait::async_trait]
impl Extension for Hooked {
    async fn request(&self, ctx: &ExtensionContext<'_>, next: NextRequest<'_>) -> Response {
        self.visit.answer(next.run(ctx).await)
    }

    fn subscribe<'s>(
        &self,
        ctx: &ExtensionContext<'_>,
        stream: BoxStream<'s, Response>,
        next: NextSubscribe<'_>,
    ) -> BoxStream<'s, Response> {
        let visit = Arc::clone(&self.visit);
        next.run(ctx, stream).map(move |answer| visit.event(answer)).boxed()
    }

    async fn prepare_request(
        &self,
        ctx: &ExtensionContext<'_>,
        mut request: Request,
        next: NextPrepareRequest<'_>,
    ) -> ServerResult<Request> {
        self.visit.admit(&mut request)?;
        self.operations.prepare(&mut request)?;
        next.run(ctx, request).await
    }

    async fn parse_query(
        &self,
        ctx: &ExtensionContext<'_>,
        query: &str,
        variables: &Variables,
        next: NextParseQuery<'_>,
    ) -> ServerResult<ExecutableDocument> {
        // It parses: what is refused here is too deep for the engine.
        let document = next.run(ctx, query, variables).await.map_err(invalid)?;
        self.visit.price(&ctx.schema_env.registry, &document, variables);
        Ok(document)
    }

    async fn validation(
        &self,
        ctx: &ExtensionContext<'_>,
        next: NextValidation<'_>,
    ) -> Result<ValidationResult, Vec<ServerError>> {
        let told = |errors: Vec<_>| errors.into_iter().take(MAX_ERRORS).map(invalid).collect::<Vec<_>>();
        let validated = next.run(ctx).await.map_err(told)?;
        self.visit.start().map_err(|error| vec![error])?;
        Ok(validated)
    }

    async fn execute(
        &self,
        ctx: &ExtensionContext<'_>,
        operation_name: Option<&str>,
        next: NextExecute<'_>,
    ) -> Response {
        if checks_only(ctx) {
            return Response::default();
        }
        next.run(ctx, operation_name).await
    }
}
