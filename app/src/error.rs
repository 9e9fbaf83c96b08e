//! What can go wrong with a command or a query, and how a database's error is read.

use domain::Refusal;
use sea_orm::{DbErr, RuntimeErr};

/// Why a command or a query gave no result.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such record within the caller's scope.
    #[error("not found")]
    NotFound,
    /// The caller lacks the right.
    #[error("{0}")]
    Forbidden(String),
    /// A rule said no.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Another transaction was in the way; the same command may succeed when tried again.
    #[error("conflict: {0}")]
    Conflict(String),
    /// The database, or whoever else had to be asked, is away; nothing was changed, or it is not known whether
    /// the commit arrived.
    #[error("not available: {0}")]
    Unavailable(String),
    /// A fault of ours.
    #[error("internal: {0:#}")]
    Internal(#[from] anyhow::Error),
}

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        match class(&error) {
            Class::Conflict => Self::Conflict(error.to_string()),
            Class::Unavailable => Self::Unavailable(error.to_string()),
            Class::Other => Self::Internal(error.into()),
        }
    }
}

impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Self {
        Self::Internal(error.into())
    }
}

enum Class {
    Conflict,
    Unavailable,
    Other,
}

fn class(error: &DbErr) -> Class {
    let sqlx = match error {
        DbErr::ConnectionAcquire(_) => return Class::Unavailable,
        DbErr::Conn(RuntimeErr::SqlxError(e))
        | DbErr::Exec(RuntimeErr::SqlxError(e))
        | DbErr::Query(RuntimeErr::SqlxError(e)) => e,
        DbErr::Conn(_) => return Class::Unavailable,
        _ => return Class::Other,
    };
    use sea_orm::SqlxError as E;
    match sqlx.as_ref() {
        E::Database(fault) => class_of_code(fault.code().as_deref().unwrap_or_default()),
        E::Io(_) | E::Tls(_) | E::Protocol(_) | E::PoolTimedOut | E::PoolClosed | E::WorkerCrashed => {
            Class::Unavailable
        }
        _ => Class::Other,
    }
}

/// SQLSTATE of PostgreSQL, or result code of SQLite.
fn class_of_code(code: &str) -> Class {
    match code {
        // Serialization failure, deadlock, lock not available; a unique key taken meanwhile.
        "40001" | "40P01" | "55P03" | "23505" => Class::Conflict,
        // SQLite: busy, locked, unique key, primary key.
        "5" | "6" | "517" | "262" | "2067" | "1555" => Class::Conflict,
        // Shutting down, starting up, too many connections, connection exceptions, disk full.
        "57P01" | "57P02" | "57P03" | "53300" | "53100" | "13" | "14" => Class::Unavailable,
        code if code.starts_with("08") => Class::Unavailable,
        _ => Class::Other,
    }
}
