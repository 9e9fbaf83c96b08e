//! The one mapping of the application's errors to GraphQL: a rule's refusal is a `userError`, any other error a
//! top-level error with a code. The cause of an internal error is in the log, under the id that is shown.

use app::Error;
use async_graphql::{Error as GraphqlError, ErrorExtensions, Pos, ServerError, SimpleObject};
use domain::{Refusal, refusal::Code};

/// Why a rule refused the input of a mutation.
#[derive(Clone, Debug, PartialEq, Eq, SimpleObject)]
pub(crate) struct UserError {
    /// Path of the wrong field within the input, outermost name first. Empty when no single field is wrong.
    pub(crate) field: Vec<String>,
    /// One sentence for a person. The wording may change; programs read `code`.
    pub(crate) message: String,
    /// Stable code of the refusal, such as `GATE_NOT_PASSED`.
    pub(crate) code: String,
}

impl From<Refusal> for UserError {
    fn from(refusal: Refusal) -> Self {
        Self { code: code_text(refusal.code), field: refusal.field, message: refusal.message }
    }
}

pub(crate) fn code_text(code: Code) -> String {
    match serde_json::to_value(code) {
        Ok(serde_json::Value::String(text)) => text,
        _ => "INVALID_INPUT".to_owned(),
    }
}

/// A top-level error with a code.
pub(crate) fn coded(message: impl Into<String>, code: &'static str) -> GraphqlError {
    GraphqlError::new(message).extend_with(|_, extensions| extensions.set("code", code))
}

/// An error of a whole request, which is then not executed.
pub(crate) fn request_error(message: impl Into<String>, code: &'static str, at: Option<Pos>) -> ServerError {
    let mut error = ServerError::new(message, at);
    error.extensions.get_or_insert_default().set("code", code);
    error
}

/// An error of a whole request, which has no place in its document.
pub(crate) fn placeless(error: GraphqlError) -> ServerError {
    ServerError { extensions: error.extensions, ..ServerError::new(error.message, None) }
}

/// The caller is not signed in.
pub(crate) fn unauthenticated() -> GraphqlError {
    coded("sign in: send a token as `Authorization: Bearer …`", "UNAUTHENTICATED")
}

/// The record does not exist for this caller.
pub(crate) fn not_found(what: &str) -> GraphqlError {
    coded(format!("{what} was not found"), "NOT_FOUND")
}

/// An application error as a top-level one.
pub(crate) fn problem(error: &Error) -> GraphqlError {
    match error {
        Error::NotFound => not_found("the record"),
        Error::Forbidden(reason) => coded(reason.clone(), "FORBIDDEN"),
        Error::Refused(refusal) => {
            let code = code_text(refusal.code);
            GraphqlError::new(&refusal.message).extend_with(|_, extensions| extensions.set("code", code))
        }
        Error::Conflict(reason) => {
            tracing::warn!(reason, "conflict");
            coded("another request changed the same record; try again", "CONFLICT")
        }
        Error::Unavailable(reason) => {
            tracing::error!(reason, "not available");
            coded("the service is not available; try again later", "UNAVAILABLE")
        }
        Error::Internal(cause) => {
            let id = app::trace::id().unwrap_or_default();
            tracing::error!(cause = format!("{cause:#}"), id, "internal error");
            coded("internal error", "INTERNAL").extend_with(|_, extensions| extensions.set("id", id))
        }
    }
}

/// A nullable field as the library wants it. If it fails, the field is null; a failed `Result<Option<_>>` would
/// make its parent null.
pub(crate) async fn optional<T>(
    found: impl Future<Output = async_graphql::Result<Option<T>>>,
) -> Option<async_graphql::Result<T>> {
    found.await.transpose()
}
