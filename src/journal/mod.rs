//! Durable append-only log on SQLite: executions, their records, requests, observations, commands and drivers.
//! Knows rows and versions, not upgrades: texts come in, the same texts come out. All SQL of the program is here.
//!
//! Every call blocks until it is done, a write until it is on the disk; async callers use `spawn_blocking`.

pub mod drivers;
pub mod error;
pub mod reader;
pub mod repairs;
pub mod schema;
pub mod writer;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, OpenFlags};

pub use error::JournalError;

/// What a journal is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Makes the file where it is missing, and brings its tables up to date.
    ReadWrite,
    /// Never writes; the file must exist, and may come from a newer version.
    ReadOnly,
}

/// An open journal; clones share one connection.
#[derive(Clone, Debug)]
pub struct Journal(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    // One connection, used by one call at a time: SQLite allows one writer anyway, and calls are short.
    connection: Mutex<Connection>,
    path: PathBuf,
    mode: Mode,
    /// Names this process among the drivers; its lock dies with the process.
    presence: Option<drivers::Presence>,
}

impl Journal {
    /// Opens the journal, and in `ReadWrite` mode makes directory (0700), file (0600) and tables as needed.
    ///
    /// # Errors
    /// When the place cannot be written or read, the file is no journal, or (to write) a newer version made it.
    pub fn open(path: &Path, mode: Mode) -> Result<Self, JournalError> {
        let connection = match mode {
            Mode::ReadWrite => open_to_write(path)?,
            Mode::ReadOnly => open_to_read(path)?,
        };
        let presence = match mode {
            Mode::ReadWrite => Some(drivers::Presence::announce(path)?),
            Mode::ReadOnly => None,
        };
        Ok(Self(Arc::new(Inner {
            connection: Mutex::new(connection),
            path: path.to_owned(),
            mode,
            presence,
        })))
    }

    /// Where the journal is.
    pub fn path(&self) -> &Path {
        &self.0.path
    }

    /// Names this process while it lives; empty where the journal is open for reading.
    pub fn process(&self) -> &str {
        self.0.presence.as_ref().map_or("", |presence| presence.name())
    }

    /// True unless the process of that name is certainly gone.
    pub fn is_alive(&self, process: &str) -> bool {
        !process.is_empty() && drivers::lives(self.path(), process)
    }

    /// The connection, to read.
    fn reading(&self) -> MutexGuard<'_, Connection> {
        // A panic in the middle of a transaction rolls it back, so the connection stays good.
        self.0.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The connection, to write.
    fn writing(&self) -> Result<MutexGuard<'_, Connection>, JournalError> {
        match self.0.mode {
            Mode::ReadWrite => Ok(self.reading()),
            Mode::ReadOnly => Err(JournalError::ReadOnly {
                path: self.0.path.clone(),
            }),
        }
    }
}

fn open_to_write(path: &Path) -> Result<Connection, JournalError> {
    make_private_file(path)?;
    let connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )
    .map_err(|source| error::classify(path, "open it", source))?;
    schema::prepare_to_write(connection, path)
}

fn open_to_read(path: &Path) -> Result<Connection, JournalError> {
    if let Err(source) = fs::metadata(path) {
        return Err(JournalError::Place {
            path: path.to_owned(),
            source,
        });
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let plain = Connection::open_with_flags(path, flags)
        .map_err(|source| error::classify(path, "open it", source))
        .and_then(|connection| schema::prepare_to_read(connection, path));
    match plain {
        // In WAL mode even a reader wants a shared-memory file beside the journal. Where that cannot be made, the
        // journal is read as it was at its last checkpoint (SQLite "Write-Ahead Logging", read-only databases).
        Err(JournalError::NotWritable { .. } | JournalError::Failed { .. }) => {
            let uri = format!("file:{}?immutable=1", percent_encoded(path));
            Connection::open_with_flags(uri, flags | OpenFlags::SQLITE_OPEN_URI)
                .map_err(|source| error::classify(path, "open it", source))
                .and_then(|connection| schema::prepare_to_read(connection, path))
        }
        other => other,
    }
}

/// A path as the path part of a `file:` URI.
fn percent_encoded(path: &Path) -> String {
    path.to_string_lossy()
        .replace('%', "%25")
        .replace('?', "%3f")
        .replace('#', "%23")
}

/// Makes directory and file so that only their owner can read them.
fn make_private_file(path: &Path) -> Result<(), JournalError> {
    let place = |source| JournalError::Place {
        path: path.to_owned(),
        source,
    };
    if let Some(directory) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        private_directory(directory).map_err(place)?;
    }
    let mut options = File::options();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path).map_err(place)?;
    #[cfg(unix)]
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))
        .map_err(place)?;
    drop(file);
    Ok(())
}

/// Makes a directory for its owner alone; one that exists is left as it is.
fn private_directory(path: &Path) -> std::io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_journal_is_its_owners_alone() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("state/deep/journal.db");
        let journal = Journal::open(&path, Mode::ReadWrite).unwrap();
        assert_eq!(journal.path(), path);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode(&path), 0o600);
            assert_eq!(mode(path.parent().unwrap()), 0o700);
        }
    }

    #[test]
    fn places_that_cannot_be_used_are_named() {
        let directory = tempfile::tempdir().unwrap();
        let blocked = directory.path().join("file");
        fs::write(&blocked, "not a directory").unwrap();
        let error = Journal::open(&blocked.join("journal.db"), Mode::ReadWrite).unwrap_err();
        assert!(matches!(error, JournalError::Place { .. }), "{error:?}");

        let error = Journal::open(&directory.path().join("none.db"), Mode::ReadOnly).unwrap_err();
        assert!(matches!(error, JournalError::Place { .. }), "{error:?}");

        let text = directory.path().join("text.db");
        fs::write(
            &text,
            "this is a long text, and by no means a database of any kind\n".repeat(20),
        )
        .unwrap();
        for mode in [Mode::ReadWrite, Mode::ReadOnly] {
            let error = Journal::open(&text, mode).unwrap_err();
            assert!(matches!(error, JournalError::NotAJournal { .. }), "{error:?}");
        }
    }

    #[test]
    fn somebody_elses_database_is_left_alone() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("other.db");
        let other = Connection::open(&path).unwrap();
        other.execute_batch("CREATE TABLE music (title TEXT)").unwrap();
        drop(other);
        let error = Journal::open(&path, Mode::ReadWrite).unwrap_err();
        assert!(matches!(error, JournalError::NotAJournal { .. }), "{error:?}");
    }

    #[cfg(unix)]
    #[test]
    fn a_directory_that_cannot_be_written_can_be_read() {
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().unwrap();
        let state = directory.path().join("state");
        let path = state.join("journal.db");
        drop(Journal::open(&path, Mode::ReadWrite).unwrap());
        fs::set_permissions(&path, PermissionsExt::from_mode(0o400)).unwrap();
        fs::set_permissions(&state, PermissionsExt::from_mode(0o500)).unwrap();
        let journal = Journal::open(&path, Mode::ReadOnly).unwrap();
        assert!(journal.executions().unwrap().is_empty());
        let command = journal.push_command("x", "ada", "here", "{}", jiff::Timestamp::UNIX_EPOCH);
        assert!(matches!(command, Err(JournalError::ReadOnly { .. })));
        // Whoever may do everything is not stopped by permissions, so only others can see the refusal.
        if File::create(state.join("probe")).is_err() {
            let error = Journal::open(&state.join("new.db"), Mode::ReadWrite).unwrap_err();
            assert!(matches!(error, JournalError::Place { .. }), "{error:?}");
        }
        fs::set_permissions(&state, PermissionsExt::from_mode(0o700)).unwrap();
    }
}
