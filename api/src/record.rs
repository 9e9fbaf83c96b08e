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

/// Makes a record of a type around its shared row: its global ids have the type's name, and `batch::by_ids` reads its
/// rows among those that the caller sees, or (`administered`) whose portfolio the caller administers.
macro_rules! record {
    ($record:ident, $row:ty, scope) => {
        $crate::record::record!(@ $record, $row, |reader| reader.scope());
    };
    ($record:ident, $row:ty, administered) => {
        $crate::record::record!(@ $record, $row, |reader| &reader.administered());
    };
    (@ $record:ident, $row:ty, |$reader:ident| $scope:expr) => {
        impl $crate::record::FromRow for $record {
            type Row = $row;

            fn of(row: std::sync::Arc<$row>) -> Self {
                Self(row)
            }
        }

        impl $crate::record::Record for $record {
            const KIND: $crate::global_id::Kind = $crate::global_id::Kind::$record;

            async fn rows(
                $reader: &$crate::loader::Reader,
                ids: &[uuid::Uuid],
            ) -> Result<std::collections::HashMap<uuid::Uuid, $row>, app::Error> {
                app::query::batch::by_ids($reader.app(), $scope, ids).await
            }
        }
    };
}
pub(crate) use record;
