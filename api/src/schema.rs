//! The schema put together, with its limits.

use app::App;
use async_graphql::{Json, SDLExportOptions, SchemaBuilder, ValidationMode, connection::PageInfo};
use chrono::{DateTime, Utc};

use crate::{
    Profile, Settings,
    document::DocumentRules,
    mutation::Mutation,
    operation::{self, Documents, Operations},
    query::Query,
    subscription::Subscription,
};

/// The schema.
pub type Schema = async_graphql::Schema<Query, Mutation, Subscription>;

/// How deep a query may nest.
const MAX_DEPTH: usize = 15;
/// How much a query may cost: each field 1, lists times their page size.
const MAX_COMPLEXITY: usize = 20_000;
/// How many aliases a document may hold.
const MAX_ALIASES: usize = 100;
/// How many directives a field may carry.
const MAX_DIRECTIVES: usize = 10;

/// The schema over an application. Fails when persisted documents cannot be read, or do not fit it.
pub async fn schema(app: App, settings: &Settings) -> anyhow::Result<Schema> {
    let documents =
        Documents::read(settings.persisted_documents.as_deref(), settings.persisted_documents_only)?;
    let persisted = documents.all();
    let mut builder = builder()
        .data(app)
        .validation_mode(ValidationMode::Strict)
        .extension(Operations::new(settings.profile, documents, &sdl())?)
        .extension(DocumentRules)
        .limit_depth(MAX_DEPTH)
        .limit_recursive_depth(32)
        .limit_complexity(MAX_COMPLEXITY)
        .limit_aliases(MAX_ALIASES)
        .limit_directives(MAX_DIRECTIVES);
    if settings.profile == Profile::Production {
        builder = builder.disable_suggestions();
    }
    let schema = builder.finish();
    operation::check(persisted, &schema).await?;
    Ok(schema)
}

/// The schema in the schema definition language.
pub fn sdl() -> String {
    let sorted = SDLExportOptions::new().sorted_fields().sorted_arguments().sorted_enum_items();
    builder().finish().sdl_with_options(sorted.include_specified_by())
}

/// The types, with what is said of those that are not ours.
fn builder() -> SchemaBuilder<Query, Mutation, Subscription> {
    Schema::build(Query, Mutation, Subscription)
        .override_output_type_description::<DateTime<Utc>>(
            "A moment: date, time and offset as RFC 3339 has them, in UTC.",
        )
        .override_output_type_description::<Json<serde_json::Value>>("Any JSON value.")
        .override_output_type_description::<PageInfo>("Where a page lies in its list.")
}
