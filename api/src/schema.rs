//! The schema put together, with its limits.

use std::sync::Arc;

use app::App;
use async_graphql::{Json, SDLExportOptions, SchemaBuilder, ValidationMode, connection::PageInfo};
use chrono::{DateTime, Utc};
use outbound::Guard;

use crate::{
    Profile, Settings,
    event::Reads,
    hooks::Hooks,
    limits::MAX_NESTING,
    meter::Meter,
    mutation::Mutation,
    operation::{self, Documents, Operations},
    query::Query,
    subscription::Subscription,
    throttle::Throttle,
};

/// The schema.
pub type Schema = async_graphql::Schema<Query, Mutation, Subscription>;

/// The schema over an application. Fails when persisted documents cannot be read, or do not fit it.
pub async fn schema(app: App, settings: &Settings) -> anyhow::Result<Schema> {
    let documents =
        Documents::read(settings.persisted_documents.as_deref(), settings.persisted_documents_only)?;
    let persisted = documents.all();
    let throttle = Throttle::new(&settings.throttling, &settings.webhooks);
    let operations = Operations::new(settings, documents, &sdl())?;
    let mut builder = builder()
        .data(app.clone())
        .data(throttle.clone())
        .data(settings.token_days())
        .data(Reads::default())
        .data(Guard::new(&settings.outbound))
        .validation_mode(ValidationMode::Strict)
        // The engine's own limits come after it has walked the document; ours come first and have codes.
        .limit_recursive_depth(usize::try_from(MAX_NESTING).unwrap_or(usize::MAX))
        .extension(Hooks { meter: Meter { app, throttle }, operations: Arc::new(operations) });
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
    Schema::build(Query::default(), Mutation::default(), Subscription::default())
        .override_output_type_description::<DateTime<Utc>>(
            "A point in time: date, time and offset as RFC 3339 defines them. Answers are in UTC.",
        )
        .override_output_type_description::<Json<serde_json::Value>>("Any JSON value.")
        .override_output_type_description::<PageInfo>("Position of a page in its list.")
}
