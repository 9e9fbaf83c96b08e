//! The playbook that is built in, and playbooks in folders.

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::Context;
use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "../playbook"]
struct Builtin;

/// How deep a playbook's folder is looked into.
const MAX_DEPTH: usize = 3;

/// The files of a playbook: those of `folder`, or the built-in ones.
pub(crate) fn files(folder: Option<&Path>) -> anyhow::Result<BTreeMap<String, String>> {
    match folder {
        Some(folder) => read(folder),
        None => Builtin::iter().map(|path| Ok((path.to_string(), builtin(&path)?))).collect(),
    }
}

fn builtin(path: &str) -> anyhow::Result<String> {
    let file = Builtin::get(path).with_context(|| format!("{path} is not built in"))?;
    Ok(String::from_utf8(file.data.into_owned())?)
}

fn read(folder: &Path) -> anyhow::Result<BTreeMap<String, String>> {
    let mut files = BTreeMap::new();
    collect(folder, folder, MAX_DEPTH, &mut files)?;
    Ok(files)
}

fn collect(
    root: &Path,
    folder: &Path,
    depth: usize,
    files: &mut BTreeMap<String, String>,
) -> anyhow::Result<()> {
    let entries =
        fs::read_dir(folder).with_context(|| format!("cannot read the folder {}", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            anyhow::ensure!(depth > 1, "{} is nested too deep for a playbook", path.display());
            collect(root, &path, depth - 1, files)?;
            continue;
        }
        let name = path.strip_prefix(root)?.components().map(|c| c.as_os_str().to_string_lossy());
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        files.insert(name.collect::<Vec<_>>().join("/"), text);
    }
    Ok(())
}
