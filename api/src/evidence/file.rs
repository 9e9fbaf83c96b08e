//! Uploaded files, without their bytes.

use std::{collections::HashMap, sync::Arc};

use app::query::batch::{self, FileInfo};
use async_graphql::{ID, Object};
use uuid::Uuid;

use crate::{
    global_id::{Kind, encode},
    loader::Reader,
    record::{FromRow, Record},
};

/// An uploaded file.
#[derive(Clone)]
pub(crate) struct File(Arc<FileInfo>);

impl FromRow for File {
    type Row = FileInfo;

    fn of(row: Arc<FileInfo>) -> Self {
        Self(row)
    }
}

impl Record for File {
    const KIND: Kind = Kind::File;

    async fn rows(reader: &Reader, ids: &[Uuid]) -> Result<HashMap<Uuid, FileInfo>, app::Error> {
        batch::files(reader.app(), reader.scope(), ids).await
    }
}

/// An uploaded file.
#[Object]
impl File {
    /// Global id. `EvidenceContentInput` takes it as `fileId`.
    pub(crate) async fn id(&self) -> ID {
        encode(Kind::File, self.0.id)
    }

    /// Name of the file as uploaded, 1 to 200 characters.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Media type, such as `application/pdf`.
    async fn media_type(&self) -> &str {
        &self.0.media_type
    }

    /// Size in bytes.
    async fn size_bytes(&self) -> i64 {
        self.0.size_bytes
    }

    /// SHA-256 of the bytes, 64 lower-case hex digits.
    async fn sha256(&self) -> &str {
        &self.0.sha256
    }

    /// Path for the download with `GET`, with the same token as this request.
    async fn path(&self) -> String {
        format!("/files/{}", *encode(Kind::File, self.0.id))
    }
}
