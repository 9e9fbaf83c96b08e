//! Records: types of the schema that are read from rows by id. A type says once which rows it shows, how they
//! are read within the caller's sight, and which kind of global id it has. `node`, loaders, lists and payloads
//! follow from that.

use std::{collections::HashMap, sync::Arc};

use uuid::Uuid;

use crate::{global_id::Kind, loader::Reader};

/// A type of the schema that shows one row.
pub(crate) trait FromRow: Send + Sync + Sized + 'static {
    /// The row. Fields share it, so it is kept in an `Arc`.
    type Row: Send + Sync + 'static;

    /// The type of a row.
    fn of(row: Arc<Self::Row>) -> Self;
}

/// A type with a global id.
pub(crate) trait Record: FromRow {
    /// The kind of its global ids.
    const KIND: Kind;

    /// Rows by id. Rows that the caller must not see are missing, as are those that do not exist.
    fn rows(
        reader: &Reader,
        ids: &[Uuid],
    ) -> impl Future<Output = Result<HashMap<Uuid, Self::Row>, app::Error>> + Send;
}
