//! What comes beside the document: variables, and the request's extensions.

use std::io;

use async_graphql::{Request, ServerError, Value};

use super::{Limits, excess};

pub(super) fn check(request: &Request, limits: &Limits) -> Result<(), ServerError> {
    if exceeds(request.variables.len(), limits.variables) {
        return Err(excess("TOO_MANY_VARIABLES", "too many variables were sent", limits.variables, None));
    }
    let values = || request.variables.values().chain(request.extensions.values());
    if values().any(|value| deeper(value, limits.variable_depth)) {
        let what = "a variable or an extension nests too deep";
        return Err(excess("VARIABLES_TOO_DEEP", what, limits.variable_depth, None));
    }
    let mut left = Budget(limits.variable_bytes);
    let fits = serde_json::to_writer(&mut left, &request.variables)
        .and_then(|()| serde_json::to_writer(&mut left, &request.extensions));
    if fits.is_err() {
        let what = "variables and extensions are too large, in bytes of JSON";
        return Err(excess("VARIABLES_TOO_LARGE", what, limits.variable_bytes, None));
    }
    Ok(())
}

fn exceeds(count: usize, limit: u32) -> bool {
    u32::try_from(count).map_or(true, |count| count > limit)
}

/// Whether a value nests deeper than so many levels. A scalar has none.
fn deeper(value: &Value, levels: u32) -> bool {
    let below = levels.checked_sub(1);
    match value {
        Value::List(list) => below.is_none_or(|left| list.iter().any(|item| deeper(item, left))),
        Value::Object(fields) => below.is_none_or(|left| fields.values().any(|field| deeper(field, left))),
        _ => false,
    }
}

/// Takes so many bytes and keeps none.
struct Budget(u32);

impl io::Write for Budget {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let left = u32::try_from(bytes.len()).ok().and_then(|count| self.0.checked_sub(count));
        self.0 = left.ok_or(io::ErrorKind::StorageFull)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
