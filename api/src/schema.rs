//! The schema put together, with its limits.

use app::App;
use async_graphql::ValidationMode;

use crate::{
    Profile, Settings, document::DocumentRules, mutation::Mutation, query::Query, subscription::Subscription,
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

/// The schema over an application.
pub fn schema(app: App, settings: &Settings) -> Schema {
    let mut builder = Schema::build(Query, Mutation, Subscription)
        .data(app)
        .validation_mode(ValidationMode::Strict)
        .extension(DocumentRules)
        .limit_depth(MAX_DEPTH)
        .limit_recursive_depth(32)
        .limit_complexity(MAX_COMPLEXITY)
        .limit_aliases(MAX_ALIASES)
        .limit_directives(MAX_DIRECTIVES);
    if settings.profile == Profile::Production {
        builder = builder.disable_introspection().disable_suggestions();
    }
    builder.finish()
}

/// The schema in the schema definition language.
pub fn sdl() -> String {
    Schema::build(Query, Mutation, Subscription).finish().sdl()
}
