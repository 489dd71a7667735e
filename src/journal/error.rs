//! What can go wrong with the journal, told apart by what a person can do about it.

use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

use super::drivers::DriverRow;

/// Why the journal did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    #[error("the journal {} cannot be reached", path.display())]
    Place {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("{} is not a journal of aks-cockpit", path.display())]
    NotAJournal { path: PathBuf },
    /// It can be read, not written.
    #[error("the journal {} was written by a newer aks-cockpit (format {found}, this one knows {known})", path.display())]
    NewerVersion { path: PathBuf, found: u32, known: u32 },
    #[error("the journal {} is open for reading only", path.display())]
    ReadOnly { path: PathBuf },
    #[error("the journal {} cannot be written: no permission", path.display())]
    NotWritable {
        path: PathBuf,
        #[source]
        source: rusqlite::Error,
    },
    #[error("the disk with the journal {} is full", path.display())]
    DiskFull {
        path: PathBuf,
        #[source]
        source: rusqlite::Error,
    },
    #[error("the journal {} is held by another process", path.display())]
    Busy {
        path: PathBuf,
        #[source]
        source: rusqlite::Error,
    },
    #[error("the journal {} did not {what}", path.display())]
    Failed {
        path: PathBuf,
        what: &'static str,
        #[source]
        source: rusqlite::Error,
    },
    #[error("the journal has no execution {0}")]
    NoSuchExecution(String),
    /// The subject has an execution that is not closed.
    #[error("{subject} already has the open execution {execution}")]
    SubjectBusy { subject: String, execution: String },
    #[error("execution {} is driven by {} on {}", .0.execution, .0.person, .0.host)]
    AlreadyDriven(Box<DriverRow>),
    /// Somebody else took the place, so nothing may be written or done any more.
    #[error("another process took over execution {execution}")]
    DriverLost { execution: String },
    #[error("the journal is being closed")]
    Closing,
    /// A record of that number is there already: somebody else wrote.
    #[error("record {seq} of execution {execution} is there already")]
    OutOfTurn { execution: String, seq: u32 },
    #[error("the journal has no repair {0}")]
    NoSuchRepair(i64),
    /// Somebody else has noted something about it meanwhile.
    #[error("repair {repair} has a note {seq} already")]
    NoteTaken { repair: i64, seq: u32 },
}

/// Sorts an error of SQLite by what a person can do about it.
pub(super) fn classify(path: &Path, what: &'static str, source: rusqlite::Error) -> JournalError {
    let path = path.to_owned();
    match source.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => JournalError::NotAJournal { path },
        Some(ErrorCode::DiskFull) => JournalError::DiskFull { path, source },
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => {
            JournalError::NotWritable { path, source }
        }
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => JournalError::Busy { path, source },
        _ => JournalError::Failed { path, what, source },
    }
}
