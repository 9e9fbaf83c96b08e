//! What a request may hold at most: its text before it is parsed, its document before the engine walks it, its
//! variables before they are read. Nothing here knows the schema; what a request costs is [`crate::cost`]'s.

mod scan;
mod shape;
mod variables;

use async_graphql::{ErrorExtensions, Pos, Request, ServerError, parser::types::ExecutableDocument};

use crate::error::{coded, placeless};

/// The deepest that brackets of a document's text, or selection sets through fragments, may nest. The parser
/// and the engine call themselves for each level and have no limit that holds before their stack ends.
pub(crate) const MAX_NESTING: u32 = 64;

/// What a request may hold at most.
#[derive(clap::Args, Clone, Copy, Debug)]
#[group(skip)]
pub struct Limits {
    /// The most tokens of a document, 100 to 100,000
    #[arg(long = "max-tokens", env = "VENTURI_MAX_TOKENS", default_value_t = Self::DEFAULT.tokens,
          value_name = "COUNT", value_parser = clap::value_parser!(u32).range(100..=100_000))]
    pub tokens: u32,

    /// The most selections of a document, its fragments counted wherever they are spread, 100 to 100,000
    #[arg(long = "max-selections", env = "VENTURI_MAX_SELECTIONS", default_value_t = Self::DEFAULT.selections,
          value_name = "COUNT", value_parser = clap::value_parser!(u32).range(100..=100_000))]
    pub selections: u32,

    /// How many fields deep a document may nest, 5 to 30
    #[arg(long = "max-depth", env = "VENTURI_MAX_DEPTH", default_value_t = Self::DEFAULT.depth,
          value_name = "FIELDS", value_parser = clap::value_parser!(u32).range(5..=30))]
    pub depth: u32,

    /// The most aliases of a document, 0 to 10,000
    #[arg(long = "max-aliases", env = "VENTURI_MAX_ALIASES", default_value_t = Self::DEFAULT.aliases,
          value_name = "COUNT", value_parser = clap::value_parser!(u32).range(0..=10_000))]
    pub aliases: u32,

    /// The most directives of a document, 0 to 10,000
    #[arg(long = "max-directives", env = "VENTURI_MAX_DIRECTIVES", default_value_t = Self::DEFAULT.directives,
          value_name = "COUNT", value_parser = clap::value_parser!(u32).range(0..=10_000))]
    pub directives: u32,

    /// The most fields at the root of an operation, 1 to 1,000
    #[arg(long = "max-root-fields", env = "VENTURI_MAX_ROOT_FIELDS",
          default_value_t = Self::DEFAULT.root_fields, value_name = "COUNT",
          value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub root_fields: u32,

    /// How often one response key may be selected at one place, 1 to 1,000
    #[arg(long = "max-repeats", env = "VENTURI_MAX_REPEATS", default_value_t = Self::DEFAULT.repeats,
          value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub repeats: u32,

    /// The most variables of a request, 0 to 1,000
    #[arg(long = "max-variables", env = "VENTURI_MAX_VARIABLES", default_value_t = Self::DEFAULT.variables,
          value_name = "COUNT", value_parser = clap::value_parser!(u32).range(0..=1_000))]
    pub variables: u32,

    /// How deep the JSON of a variable may nest, 1 to 100
    #[arg(long = "max-variable-depth", env = "VENTURI_MAX_VARIABLE_DEPTH",
          default_value_t = Self::DEFAULT.variable_depth, value_name = "LEVELS",
          value_parser = clap::value_parser!(u32).range(1..=100))]
    pub variable_depth: u32,

    /// The most JSON of all variables together, in bytes, 1,000 to 100,000,000
    #[arg(long = "max-variable-bytes", env = "VENTURI_MAX_VARIABLE_BYTES",
          default_value_t = Self::DEFAULT.variable_bytes, value_name = "BYTES",
          value_parser = clap::value_parser!(u32).range(1_000..=100_000_000))]
    pub variable_bytes: u32,
}

/// Why there is no document.
#[derive(Debug)]
pub(crate) enum Unparsed {
    /// Its text exceeds a limit and was not parsed.
    Excess(ServerError),
    /// It is none; the parser's words hold the line at fault.
    Syntax(ServerError),
}

impl Limits {
    const DEFAULT: Self = Self {
        tokens: 5_000,
        selections: 5_000,
        depth: 15,
        aliases: 100,
        directives: 50,
        root_fields: 50,
        repeats: 50,
        variables: 100,
        variable_depth: 10,
        variable_bytes: 1_000_000,
    };

    /// The document of a request, parsed once its text is known to be short and flat enough to be parsed.
    /// This is the one way to parse a request: what comes before the engine takes it too.
    #[expect(clippy::disallowed_methods, reason = "the one place that parses, after the text was looked at")]
    pub(crate) fn parsed<'r>(&self, request: &'r mut Request) -> Result<&'r ExecutableDocument, Unparsed> {
        scan::check(&request.query, self).map_err(Unparsed::Excess)?;
        request.parsed_query().map_err(Unparsed::Syntax)
    }

    /// Looks at a request's variables, and at what else came beside its document.
    pub(crate) fn check_variables(&self, request: &Request) -> Result<(), ServerError> {
        variables::check(request, self)
    }

    /// Looks at a document, whichever of its operations is run, in time that grows with its text alone.
    pub(crate) fn check_document(&self, document: &ExecutableDocument) -> Result<(), ServerError> {
        shape::check(document, self)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// A limit that a request exceeds, as an error that names the limit.
fn excess(code: &'static str, what: &str, limit: u32, at: Option<Pos>) -> ServerError {
    let error = coded(format!("{what}: {limit} at most"), code);
    let error = error.extend_with(|_, extensions| extensions.set("limit", limit));
    match at {
        Some(pos) => error.into_server_error(pos),
        None => placeless(error),
    }
}
