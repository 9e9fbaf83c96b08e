//! The keys that secrets are kept by: those of the configuration, or, beside a SQLite file, one that is made on
//! first use and kept in a file of its own, so that a first look needs no configuration.

use std::{
    fs::{self, OpenOptions},
    io::{ErrorKind, Write},
    path::{Path, PathBuf},
};

use anyhow::Context;
use app::secret::Keyring;
use process::backend;

/// The keys of this process.
pub(crate) fn keyring(settings: &backend::Settings) -> anyhow::Result<Keyring> {
    let mut given = settings.secret_keys().peekable();
    if given.peek().is_some() {
        return Keyring::parse(given).context("VENTURI_SECRET_KEYS");
    }
    let Some(path) = beside(settings.database_url.expose()) else { return Ok(Keyring::default()) };
    let key = kept(&path).with_context(|| format!("the key in {}", path.display()))?;
    Keyring::parse([key.as_str()]).with_context(|| format!("the key in {}", path.display()))
}

/// Where the key of a SQLite file is: beside it, under its name and `.key`.
fn beside(url: &str) -> Option<PathBuf> {
    let file = url.strip_prefix("sqlite:")?.trim_start_matches("//").split('?').next()?;
    (!file.is_empty() && file != ":memory:").then(|| PathBuf::from(format!("{file}.key")))
}

/// The key in a file, made when there is none.
fn kept(path: &Path) -> std::io::Result<String> {
    match create(path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => fs::read_to_string(path),
        made => made,
    }
}

fn create(path: &Path) -> std::io::Result<String> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    let key = Keyring::generate();
    file.write_all(key.as_bytes())?;
    file.sync_all()?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("venturi.sqlite.key");
        let key = kept(&path).unwrap();
        assert!(Keyring::parse([key.as_str()]).is_ok());
        assert_eq!(kept(&path).unwrap(), key);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn a_key_stands_beside_a_file_and_nowhere_else() {
        let of = |url| beside(url).map(|path| path.display().to_string());
        assert_eq!(of("sqlite://venturi.sqlite"), Some("venturi.sqlite.key".to_owned()));
        assert_eq!(of("sqlite:///var/lib/v.sqlite?mode=rwc"), Some("/var/lib/v.sqlite.key".to_owned()));
        assert_eq!(of("sqlite::memory:"), None);
        assert_eq!(of("postgres://localhost/venturi"), None);
    }
}
