//! Where the servers' programs are, on the systems people run the tests on. Only looks; never
//! starts or installs anything.

use std::path::{Path, PathBuf};

/// The folder that holds both `initdb` and `postgres`: on the path, or where Debian, Fedora and
/// Homebrew put them, the newest version first.
pub(super) fn postgres() -> Option<PathBuf> {
    let mut folders = search_path();
    for parent in ["/usr/lib/postgresql", "/usr", "/opt/homebrew/opt", "/usr/local/opt"] {
        folders.extend(newest_first(Path::new(parent)).into_iter().map(|folder| folder.join("bin")));
    }
    folders.into_iter().find(|folder| ["initdb", "postgres"].iter().all(|name| folder.join(name).is_file()))
}

/// RabbitMQ's own start script. The packages' folders come before the path, because what Debian
/// and Fedora put on the path is a wrapper that insists on the system's `rabbitmq` account.
pub(super) fn rabbitmq_server() -> Option<PathBuf> {
    let packaged = ["/usr/lib/rabbitmq/bin", "/opt/homebrew/sbin", "/usr/local/sbin"].map(PathBuf::from);
    packaged
        .into_iter()
        .chain(search_path())
        .map(|folder| folder.join("rabbitmq-server"))
        .find(|at| at.is_file())
}

/// Erlang's port mapper: on the path, or inside the runtime that belongs to `erl`.
pub(super) fn epmd() -> Option<PathBuf> {
    on_path("epmd").or_else(|| {
        let erl = on_path("erl")?.canonicalize().ok()?;
        let root = erl.parent()?.parent()?;
        newest_first(root).into_iter().map(|runtime| runtime.join("bin/epmd")).find(|at| at.is_file())
    })
}

/// The program of that name on the path.
pub(super) fn on_path(name: &str) -> Option<PathBuf> {
    search_path().into_iter().map(|folder| folder.join(name)).find(|at| at.is_file())
}

fn search_path() -> Vec<PathBuf> {
    std::env::var_os("PATH").map(|path| std::env::split_paths(&path).collect()).unwrap_or_default()
}

/// The folders inside `parent` that are named by a version (`15`, `pgsql-17`, `postgresql@17`,
/// `erts-13.1`), newest first.
fn newest_first(parent: &Path) -> Vec<PathBuf> {
    let mut versions: Vec<(Vec<u32>, PathBuf)> = std::fs::read_dir(parent)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| Some((version(entry.file_name().to_str()?)?, entry.path())))
        .collect();
    versions.sort();
    versions.into_iter().rev().map(|(_, folder)| folder).collect()
}

fn version(name: &str) -> Option<Vec<u32>> {
    let number = ["postgresql@", "pgsql-", "erts-"]
        .iter()
        .find_map(|prefix| name.strip_prefix(prefix))
        .unwrap_or(name);
    number.split('.').map(|part| part.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::version;

    #[test]
    fn versions_compare_as_numbers() {
        assert!(version("9.6") < version("15"));
        assert!(version("erts-13.1.5") < version("erts-13.10"));
        assert_eq!(version("pgsql-17"), version("postgresql@17"));
        assert_eq!(version("share"), None);
    }
}
