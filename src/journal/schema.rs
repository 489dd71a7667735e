//! The tables, and how an older journal is brought up to date. Never touches a journal of a newer version.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, TransactionBehavior};

use super::error::{JournalError, classify};

/// "AKSC": marks the file as ours (SQLite `application_id`).
const APPLICATION_ID: u32 = 0x414b_5343;

/// The newest format this program writes: the number of migrations.
pub const FORMAT: u32 = 2;

/// How long a call waits for another process's transaction, in wall time.
const PATIENCE: Duration = Duration::from_secs(5);

/// Step `n` brings format `n` to `n + 1`. Published steps never change.
const MIGRATIONS: [&str; FORMAT as usize] = [FIRST, REPAIRS];

const FIRST: &str = "
    CREATE TABLE executions (
        id         TEXT PRIMARY KEY,
        subject    TEXT NOT NULL,
        created_at TEXT NOT NULL,
        closed_at  TEXT
    ) STRICT;
    CREATE UNIQUE INDEX one_open_execution ON executions (subject) WHERE closed_at IS NULL;

    CREATE TABLE records (
        id        INTEGER PRIMARY KEY AUTOINCREMENT,
        execution TEXT NOT NULL REFERENCES executions (id),
        seq       INTEGER NOT NULL,
        at        TEXT NOT NULL,
        version   INTEGER NOT NULL,
        json      TEXT NOT NULL,
        UNIQUE (execution, seq)
    ) STRICT;
    CREATE TRIGGER records_are_not_changed BEFORE UPDATE ON records
        BEGIN SELECT RAISE(ABORT, 'records are append-only'); END;
    CREATE TRIGGER records_are_not_deleted BEFORE DELETE ON records
        BEGIN SELECT RAISE(ABORT, 'records are append-only'); END;

    CREATE TABLE requests (
        id          TEXT PRIMARY KEY,
        execution   TEXT NOT NULL REFERENCES executions (id),
        sent_at     TEXT NOT NULL,
        method      TEXT NOT NULL,
        path        TEXT NOT NULL,
        answered_at TEXT,
        answer      TEXT
    ) STRICT;

    CREATE TABLE observations (
        id        INTEGER PRIMARY KEY AUTOINCREMENT,
        execution TEXT NOT NULL REFERENCES executions (id),
        at        TEXT NOT NULL,
        kind      TEXT NOT NULL,
        key       TEXT NOT NULL,
        json      TEXT NOT NULL,
        UNIQUE (execution, kind, key)
    ) STRICT;

    CREATE TABLE commands (
        id        INTEGER PRIMARY KEY AUTOINCREMENT,
        execution TEXT NOT NULL REFERENCES executions (id),
        at        TEXT NOT NULL,
        person    TEXT NOT NULL,
        host      TEXT NOT NULL,
        json      TEXT NOT NULL,
        taken_at  TEXT
    ) STRICT;
    CREATE INDEX waiting_commands ON commands (execution) WHERE taken_at IS NULL;

    CREATE TABLE drivers (
        execution TEXT PRIMARY KEY REFERENCES executions (id),
        token     TEXT NOT NULL,
        process   TEXT NOT NULL,
        person    TEXT NOT NULL,
        host      TEXT NOT NULL,
        pid       INTEGER NOT NULL,
        taken_at  TEXT NOT NULL,
        heartbeat TEXT NOT NULL
    ) STRICT;
";

/// Repairs and what became of them.
const REPAIRS: &str = "
    CREATE TABLE repairs (
        number  INTEGER PRIMARY KEY AUTOINCREMENT,
        cluster TEXT NOT NULL,
        cause   TEXT,
        remedy  TEXT NOT NULL,
        person  TEXT NOT NULL,
        host    TEXT NOT NULL,
        process TEXT NOT NULL,
        at      TEXT NOT NULL,
        version INTEGER NOT NULL,
        json    TEXT NOT NULL
    ) STRICT;
    CREATE TRIGGER repairs_are_not_changed BEFORE UPDATE ON repairs
        BEGIN SELECT RAISE(ABORT, 'repairs are append-only'); END;
    CREATE TRIGGER repairs_are_not_deleted BEFORE DELETE ON repairs
        BEGIN SELECT RAISE(ABORT, 'repairs are append-only'); END;

    CREATE TABLE repair_notes (
        id      INTEGER PRIMARY KEY AUTOINCREMENT,
        repair  INTEGER NOT NULL REFERENCES repairs (number),
        seq     INTEGER NOT NULL,
        at      TEXT NOT NULL,
        version INTEGER NOT NULL,
        json    TEXT NOT NULL,
        UNIQUE (repair, seq)
    ) STRICT;
    CREATE TRIGGER repair_notes_are_not_changed BEFORE UPDATE ON repair_notes
        BEGIN SELECT RAISE(ABORT, 'notes of repairs are append-only'); END;
    CREATE TRIGGER repair_notes_are_not_deleted BEFORE DELETE ON repair_notes
        BEGIN SELECT RAISE(ABORT, 'notes of repairs are append-only'); END;
";

/// Makes a fresh connection ready to write: WAL, full sync, tables up to date.
pub(super) fn prepare_to_write(mut connection: Connection, path: &Path) -> Result<Connection, JournalError> {
    let failed = |source| classify(path, "get ready", source);
    connection.busy_timeout(PATIENCE).map_err(failed)?;
    check_format(&connection, path)?;
    // A write is on the disk when the call returns: WAL with a sync on every commit (SQLite "PRAGMA synchronous").
    connection
        .pragma_update(None, "journal_mode", "wal")
        .and_then(|()| connection.pragma_update(None, "synchronous", "full"))
        .and_then(|()| connection.pragma_update(None, "foreign_keys", true))
        .map_err(failed)?;
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(failed)?;
    // Read again inside the transaction: another process may have done it meanwhile.
    let format = check_format(&transaction, path)?;
    if format < FORMAT {
        for migration in MIGRATIONS.iter().skip(format as usize) {
            transaction.execute_batch(migration).map_err(failed)?;
        }
        transaction
            .pragma_update(None, "application_id", APPLICATION_ID)
            .and_then(|()| transaction.pragma_update(None, "user_version", FORMAT))
            .map_err(failed)?;
    }
    transaction.commit().map_err(failed)?;
    Ok(connection)
}

/// Makes a fresh connection ready to read; a newer format is read as far as its tables are as known.
pub(super) fn prepare_to_read(connection: Connection, path: &Path) -> Result<Connection, JournalError> {
    connection
        .busy_timeout(PATIENCE)
        .map_err(|source| classify(path, "get ready", source))?;
    match check_format(&connection, path) {
        Ok(0) => Err(JournalError::NotAJournal { path: path.to_owned() }),
        Ok(_) | Err(JournalError::NewerVersion { .. }) => Ok(connection),
        Err(error) => Err(error),
    }
}

/// The file's format, 0 for an empty file; an error where it is not ours or too new.
fn check_format(connection: &Connection, path: &Path) -> Result<u32, JournalError> {
    let number = |pragma: &str| connection.pragma_query_value(None, pragma, |row| row.get::<_, u32>(0));
    let failed = |source| classify(path, "tell its format", source);
    let application = number("application_id").map_err(failed)?;
    let format = number("user_version").map_err(failed)?;
    let tables: u32 = connection
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .map_err(failed)?;
    let is_fresh = application == 0 && format == 0 && tables == 0;
    if application != APPLICATION_ID && !is_fresh {
        return Err(JournalError::NotAJournal { path: path.to_owned() });
    }
    if format > FORMAT {
        return Err(JournalError::NewerVersion {
            path: path.to_owned(),
            found: format,
            known: FORMAT,
        });
    }
    Ok(format)
}

#[cfg(test)]
mod tests {
    use super::super::{Journal, Mode};
    use super::*;

    #[test]
    fn a_newer_journal_is_read_and_never_written() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("journal.db");
        drop(Journal::open(&path, Mode::ReadWrite).unwrap());
        let newer = Connection::open(&path).unwrap();
        newer
            .execute_batch(
                "PRAGMA user_version = 7; INSERT INTO executions VALUES ('x', 's', '2026-01-01T00:00:00Z', NULL)",
            )
            .unwrap();
        drop(newer);
        let error = Journal::open(&path, Mode::ReadWrite).unwrap_err();
        assert!(
            matches!(
                error,
                JournalError::NewerVersion {
                    found: 7,
                    known: FORMAT,
                    ..
                }
            ),
            "{error:?}"
        );
        let journal = Journal::open(&path, Mode::ReadOnly).unwrap();
        assert_eq!(journal.executions().unwrap().len(), 1);
    }

    #[test]
    fn opening_twice_changes_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("journal.db");
        let first = Journal::open(&path, Mode::ReadWrite).unwrap();
        let second = Journal::open(&path, Mode::ReadWrite).unwrap();
        assert!(first.executions().unwrap().is_empty());
        assert!(second.executions().unwrap().is_empty());
    }
}
