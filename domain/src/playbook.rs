//! The playbook: phases, roles, facts and stages with their gates, read from YAML and checked whole.
//!
//! A playbook that loads has no unknown key, no dangling reference, no cycle and no expression that does
//! not type-check. Reading files, storing versions and deciding gates are not done here.

mod document;
mod fault;
mod read;
mod references;
mod stage;
mod vocabulary;

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use crate::expression::Declarations;
use crate::role::Role;

pub use fault::Fault;
pub use stage::{
    Criterion, DoneWhen, FailureAction, FailureActionKind, Gate, GateKind, Phase, Stage, Subject, Substage,
    Test, kebab,
};

/// The longest file, in bytes.
pub const MAX_FILE_BYTES: usize = 256 * 1024;
/// The most files.
pub const MAX_FILES: usize = 200;
/// The most stages.
pub const MAX_STAGES: usize = 100;

/// A checked playbook.
#[derive(Clone, Debug, PartialEq)]
pub struct Playbook {
    /// Its name.
    pub name: String,
    /// The version its authors gave it; versions are told apart by [`Self::hash`].
    pub version: String,
    /// [`content_hash`] of the files it was read from.
    pub hash: String,
    /// In order, covering every stage.
    pub phases: Vec<Phase>,
    /// Titles of the roles it names, by role; the platform's own are not among them.
    pub roles: BTreeMap<Role, String>,
    /// Roles that may attest whatever somebody attests, and run every command that a playbook governs.
    pub final_authority: Vec<Role>,
    /// The other roles that may run a command, by its name; a command without a row is left to
    /// [`Self::final_authority`].
    pub rights: BTreeMap<String, Vec<Role>>,
    /// What expressions may read.
    pub facts: Declarations,
    /// By number, from 1 without a hole.
    pub stages: Vec<Stage>,
}

impl Playbook {
    /// Reads and checks a playbook.
    ///
    /// `files` holds texts by path relative to the playbook's folder, with `/`: `playbook.yaml`,
    /// `stages/*.yaml`, and any `README.md`, which is not read. `governed` names the commands that it may say under
    /// `rights` who runs. On failure every fault that could be
    /// found, by file and line; YAML that does not parse hides what else is wrong in its file.
    pub fn load(files: &BTreeMap<String, String>, governed: &[&str]) -> Result<Self, Vec<Fault>> {
        read::read(files, governed)
    }

    /// The stage with this number.
    pub fn stage(&self, number: u32) -> Option<&Stage> {
        let index = usize::try_from(number).ok()?.checked_sub(1)?;
        self.stages.get(index)
    }

    /// The stage after this one; none after the last.
    pub fn next_stage(&self, number: u32) -> Option<&Stage> {
        self.stage(number.checked_add(1)?)
    }

    /// The first stage after this one whose subject is a venture; 0 asks for the first of all.
    pub fn next_venture_stage(&self, number: u32) -> Option<&Stage> {
        self.stages.iter().find(|stage| stage.number > number && stage.subject == Subject::Venture)
    }

    /// The roles that may run a command that a playbook governs.
    pub fn holders(&self, command: &str) -> impl Iterator<Item = &Role> {
        self.rights.get(command).into_iter().flatten().chain(&self.final_authority)
    }

    /// The phase with this key.
    pub fn phase(&self, key: &str) -> Option<&Phase> {
        self.phases.iter().find(|phase| phase.key == key)
    }
}

/// The lower-case hex SHA-256 over paths and texts, each preceded by its length in bytes.
///
/// A `README.md` does not count: explaining a playbook does not make another version of it.
pub fn content_hash(files: &BTreeMap<String, String>) -> String {
    let mut hasher = Sha256::new();
    for (path, text) in files.iter().filter(|(path, _)| !is_readme(path)) {
        for part in [path, text] {
            hasher.update((part.len() as u64).to_be_bytes());
            hasher.update(part.as_bytes());
        }
    }
    hex::encode(hasher.finalize())
}

fn is_readme(path: &str) -> bool {
    path == "README.md" || path.ends_with("/README.md")
}
