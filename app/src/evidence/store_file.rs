//! `store_file`: a file is uploaded, to be named as evidence.

use async_trait::async_trait;
use base64::{Engine, engine::general_purpose::STANDARD};
use domain::{
    Refusal,
    evidence::{FILE_TYPES, MAX_FILE_BYTES},
    id::{Id, kind},
    text,
};
use entity::file;
use sea_orm::{ActiveValue::Set, EntityTrait};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

use crate::{Command, Context, Error, Right, Target, global_id::Kind};

/// Keeps a file.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StoreFile {
    /// The portfolio it is to belong to.
    pub portfolio_id: Id<kind::Portfolio>,
    /// 1 to 200 characters, without `/` or `\`.
    pub name: String,
    /// One of [`FILE_TYPES`].
    pub media_type: String,
    /// 1 byte to [`MAX_FILE_BYTES`].
    #[serde(serialize_with = "encode", deserialize_with = "decode")]
    pub bytes: Vec<u8>,
}

fn encode<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&STANDARD.encode(bytes))
}

fn decode<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    STANDARD.decode(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
}

#[async_trait]
impl Command for StoreFile {
    const NAME: &'static str = "store_file";
    const RIGHT: Right = Right::Playbook;
    const ACTS_ON: Option<Kind> = Some(Kind::Portfolio);
    type Output = Id<kind::File>;

    fn target(&self) -> Target {
        Target::within(self.portfolio_id)
    }

    async fn run(&self, cx: &mut Context<'_>) -> Result<Self::Output, Error> {
        let person = cx.person()?;
        let name = text::line("name", &self.name, 1, 200)?;
        if name.contains(['/', '\\']) {
            return Err(Refusal::invalid("name", "a file name has no / or \\").into());
        }
        if !FILE_TYPES.contains(&self.media_type.as_str()) {
            let message = format!("the media type is one of {}", FILE_TYPES.join(", "));
            return Err(Refusal::invalid("mediaType", message).into());
        }
        if self.bytes.is_empty() || self.bytes.len() > MAX_FILE_BYTES {
            let message = format!("a file has 1 to {MAX_FILE_BYTES} bytes, not {}", self.bytes.len());
            return Err(Refusal::invalid("bytes", message).into());
        }
        let id = cx.id::<kind::File>();
        file::Entity::insert(file::ActiveModel {
            id: Set(id.uuid()),
            portfolio_id: Set(self.portfolio_id.uuid()),
            name: Set(name),
            media_type: Set(self.media_type.clone()),
            size_bytes: Set(i64::try_from(self.bytes.len()).unwrap_or(i64::MAX)),
            sha256: Set(hex::encode(Sha256::digest(&self.bytes))),
            bytes: Set(self.bytes.clone()),
            by_person_id: Set(person.uuid()),
            at: Set(cx.now()),
        })
        .exec_without_returning(cx.tx())
        .await?;
        Ok(id)
    }
}
