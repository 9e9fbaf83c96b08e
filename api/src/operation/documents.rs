//! Documents persisted beforehand, by id: read and checked at the start, asked for instead of sent.
//!
//! A manifest is a JSON object of document texts by id, as the compilers of Relay and of graphql-codegen
//! write it. An id that starts with `sha256:` is the hash of its text, in lower-case hex, as the appendix
//! of GraphQL over HTTP has it.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context, ensure};
use async_graphql::{Request, ServerResult, Value, parser::parse_query};
use sha2::{Digest, Sha256};

use super::{CheckOnly, in_data};
use crate::{Schema, error::request_error};

/// In a request's data: the id of its document.
pub(crate) struct DocumentId(pub(crate) String);

/// What an id that is a hash starts with; callers may leave it out.
const SHA256: &str = "sha256:";

/// The persisted documents.
#[derive(Default)]
pub(crate) struct Documents {
    /// By id, without what names the hash.
    by_id: HashMap<String, Arc<str>>,
    /// Hashes of all texts.
    hashes: HashSet<String>,
    /// Whether all others are refused.
    only: bool,
}

impl Documents {
    /// Those of a manifest, or of all `*.json` of a folder.
    pub(crate) fn read(path: Option<&Path>, only: bool) -> anyhow::Result<Self> {
        let mut documents = Self { only, ..Self::default() };
        let Some(path) = path else {
            ensure!(
                !only,
                "VENTURI_PERSISTED_DOCUMENTS_ONLY needs VENTURI_PERSISTED_DOCUMENTS, or all is refused"
            );
            return Ok(documents);
        };
        for manifest in manifests(path).with_context(|| path.display().to_string())? {
            let text = std::fs::read_to_string(&manifest).with_context(|| manifest.display().to_string())?;
            documents.add(&text).with_context(|| manifest.display().to_string())?;
        }
        Ok(documents)
    }

    fn add(&mut self, manifest: &str) -> anyhow::Result<()> {
        let entries: BTreeMap<String, String> =
            serde_json::from_str(manifest).context("not a JSON object of document texts by id")?;
        for (id, text) in entries {
            let known = |c: char| c.is_ascii_alphanumeric() || "-._~:".contains(c);
            ensure!(
                !id.is_empty() && id.chars().all(known),
                "{id:?}: an id has letters, digits and -._~: alone"
            );
            let hash = hash(&text);
            if let Some(claimed) = id.strip_prefix(SHA256) {
                ensure!(claimed == hash, "{id}: the hash of its text is {SHA256}{hash}");
            }
            let text: Arc<str> = text.into();
            let before = self.by_id.insert(bare(&id).to_owned(), Arc::clone(&text));
            ensure!(before.is_none_or(|before| before == text), "{id}: another document has this id");
            self.hashes.insert(hash);
        }
        Ok(())
    }

    /// All of them, by id.
    pub(crate) fn all(&self) -> BTreeMap<String, Arc<str>> {
        self.by_id.iter().map(|(id, text)| (id.clone(), Arc::clone(text))).collect()
    }

    /// Puts the document that a request names into it. Refuses ids that are not known and, where only
    /// persisted documents are taken, texts that are not.
    pub(super) fn resolve(&self, request: &mut Request) -> ServerResult<()> {
        let id = in_data::<DocumentId>(request)
            .map(|DocumentId(id)| (id, "no document is persisted under this id"));
        // Word for word what Apollo's clients look for before they send the text as well.
        let id = id.or_else(|| apollos_hash(request).map(|hash| (hash, "PersistedQueryNotFound")));
        match id {
            Some((id, unknown)) if request.query.is_empty() => {
                let Some(text) = self.by_id.get(bare(id)) else {
                    return Err(request_error(unknown, "PERSISTED_DOCUMENT_NOT_FOUND", None));
                };
                request.query = text.to_string();
            }
            Some((id, _)) if bare(id) != hash(&request.query) => {
                let message = "beside a query, a document's id is the hash of that query";
                return Err(request_error(message, "BAD_REQUEST", None));
            }
            _ => {}
        }
        if self.only && !self.hashes.contains(&hash(&request.query)) {
            let message = "only persisted documents are served: send the id of one as documentId";
            return Err(request_error(message, "PERSISTED_DOCUMENT_REQUIRED", None));
        }
        Ok(())
    }
}

/// Refuses documents that the schema would refuse: each is validated as a request of its own, without
/// variables, and not executed.
pub(crate) async fn check(documents: BTreeMap<String, Arc<str>>, schema: &Schema) -> anyhow::Result<()> {
    let mut faults = Vec::new();
    for (id, text) in documents {
        let mut request = Request::new(&*text).data(CheckOnly);
        request.operation_name = parse_query(&*text).ok().and_then(|document| {
            document.operations.iter().next().and_then(|(name, _)| name.map(ToString::to_string))
        });
        let refused = schema.execute(request).await.errors;
        faults.extend(refused.iter().map(|error| {
            let place = error.locations.first().map(|at| format!(":{}:{}", at.line, at.column));
            format!("  {id}{}: {}", place.unwrap_or_default(), error.message)
        }));
    }
    ensure!(faults.is_empty(), "persisted documents that the schema refuses:\n{}", faults.join("\n"));
    Ok(())
}

/// The manifests at a path, in the order of their names.
fn manifests(path: &Path) -> std::io::Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let files = std::fs::read_dir(path)?.map(|entry| entry.map(|entry| entry.path()));
    let mut files = files.collect::<Result<Vec<_>, _>>()?;
    files.retain(|file| file.extension().is_some_and(|ending| ending == "json"));
    files.sort();
    Ok(files)
}

/// The id of a document as Apollo's clients spell it.
fn apollos_hash(request: &Request) -> Option<&String> {
    match request.extensions.get("persistedQuery")? {
        Value::Object(named) => match named.get("sha256Hash")? {
            Value::String(hash) => Some(hash),
            _ => None,
        },
        _ => None,
    }
}

fn bare(id: &str) -> &str {
    id.strip_prefix(SHA256).unwrap_or(id)
}

fn hash(text: &str) -> String {
    hex::encode(Sha256::digest(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn added(manifests: &[&str]) -> Result<Documents, String> {
        let mut documents = Documents::default();
        for manifest in manifests {
            documents.add(manifest).map_err(|error| format!("{error:#}"))?;
        }
        Ok(documents)
    }

    #[test]
    fn a_manifest_is_an_object_of_texts_by_id() {
        let text = "query ($id: ID!) {\n  user(id: $id) {\n    name\n  }\n}";
        // The appendix's own example.
        let id = "sha256:7dba4bd717b41f10434822356a93c32b1fb4907b983e854300ad839f84cdcd6e";
        let manifest = serde_json::json!({ id: text, "0cc175b9c0f1b6a831c399e269772661": "{ a }" });
        let documents =
            added(&[&manifest.to_string(), r#"{"0cc175b9c0f1b6a831c399e269772661": "{ a }"}"#]).unwrap();
        assert_eq!(documents.all().len(), 2);
        for (manifests, fault) in [
            (&["[]"][..], "not a JSON object"),
            (&[r#"{"a": 7}"#], "not a JSON object"),
            (&[r#"{"": "{ a }"}"#], "an id has letters"),
            (&[r#"{"a/b": "{ a }"}"#], "an id has letters"),
            (&[r#"{"sha256:00": "{ a }"}"#], "the hash of its text is sha256:"),
            (&[r#"{"a": "{ a }"}"#, r#"{"a": "{ b }"}"#], "another document has this id"),
        ] {
            let told = added(manifests).err().unwrap();
            assert!(told.contains(fault), "{told}");
        }
    }

    #[test]
    fn an_allow_list_needs_a_list() {
        assert!(Documents::read(None, false).is_ok());
        assert!(Documents::read(None, true).is_err());
        assert!(Documents::read(Some(Path::new("/nowhere/at-all.json")), false).is_err());
    }
}
