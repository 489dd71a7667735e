//! Follows the log: by execution, or everything new since a place. Never writes.

use jiff::Timestamp;
use rusqlite::types::Type;
use rusqlite::{Params, Row};

use super::Journal;
use super::error::{JournalError, classify};

/// One execution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExecutionRow {
    pub id: String,
    pub subject: String,
    pub created_at: Timestamp,
    /// Set when it will never go on.
    pub closed_at: Option<Timestamp>,
}

/// One record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordRow {
    /// Grows over the whole journal; where a follower goes on.
    pub id: i64,
    pub execution: String,
    /// From 0, without gaps, per execution.
    pub seq: u32,
    pub at: Timestamp,
    pub version: u32,
    pub json: String,
}

/// A command that nobody has answered yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandRow {
    pub id: i64,
    pub at: Timestamp,
    pub person: String,
    pub host: String,
    pub json: String,
}

/// A request with its answer, where there was one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestRow {
    pub id: String,
    pub sent_at: Timestamp,
    pub method: String,
    pub path: String,
    pub answered_at: Option<Timestamp>,
    pub answer: Option<String>,
}

/// Something that was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObservationRow {
    pub at: Timestamp,
    pub kind: String,
    pub key: String,
    pub json: String,
}

impl Journal {
    /// All executions, newest first.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn executions(&self) -> Result<Vec<ExecutionRow>, JournalError> {
        self.read(
            "list its executions",
            "SELECT id, subject, created_at, closed_at FROM executions ORDER BY rowid DESC",
            [],
            |row| {
                Ok(ExecutionRow {
                    id: row.get(0)?,
                    subject: row.get(1)?,
                    created_at: time(row, 2)?,
                    closed_at: time_if_any(row, 3)?,
                })
            },
        )
    }

    /// The records of one execution from number `seq` on, in order.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn read_from(&self, execution: &str, seq: u32) -> Result<Vec<RecordRow>, JournalError> {
        let mut rows = Vec::new();
        self.each_record(execution, seq, |row| rows.push(row))?;
        Ok(rows)
    }

    /// Hands over the records of one execution from number `seq` on, in order, without keeping them all.
    ///
    /// # Errors
    /// When the journal cannot be read; what was handed over by then stays handed over.
    pub fn each_record(&self, execution: &str, seq: u32, take: impl FnMut(RecordRow)) -> Result<(), JournalError> {
        self.each(
            "give its records",
            "SELECT id, execution, seq, at, version, json FROM records
             WHERE execution = ?1 AND seq >= ?2 ORDER BY seq",
            (execution, seq),
            record,
            take,
        )
    }

    /// Hands over the records of all executions written after the one with this `id`, in the order they were
    /// written, without keeping them all.
    ///
    /// # Errors
    /// When the journal cannot be read; what was handed over by then stays handed over.
    pub fn each_record_after(&self, id: i64, take: impl FnMut(RecordRow)) -> Result<(), JournalError> {
        self.each(
            "give its records",
            "SELECT id, execution, seq, at, version, json FROM records WHERE id > ?1 ORDER BY id",
            [id],
            record,
            take,
        )
    }

    /// The records of all executions written after the one with this `id`, in the order they were written.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn records_after(&self, id: i64) -> Result<Vec<RecordRow>, JournalError> {
        let mut rows = Vec::new();
        self.each_record_after(id, |row| rows.push(row))?;
        Ok(rows)
    }

    /// Commands of one execution that nobody has answered, oldest first.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn pending_commands(&self, execution: &str) -> Result<Vec<CommandRow>, JournalError> {
        self.read(
            "give its commands",
            "SELECT id, at, person, host, json FROM commands
             WHERE execution = ?1 AND taken_at IS NULL ORDER BY id",
            [execution],
            |row| {
                Ok(CommandRow {
                    id: row.get(0)?,
                    at: time(row, 1)?,
                    person: row.get(2)?,
                    host: row.get(3)?,
                    json: row.get(4)?,
                })
            },
        )
    }

    /// Requests of one execution in the order they were sent.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn requests(&self, execution: &str) -> Result<Vec<RequestRow>, JournalError> {
        self.read(
            "give its requests",
            "SELECT id, sent_at, method, path, answered_at, answer FROM requests
             WHERE execution = ?1 ORDER BY rowid",
            [execution],
            |row| {
                Ok(RequestRow {
                    id: row.get(0)?,
                    sent_at: time(row, 1)?,
                    method: row.get(2)?,
                    path: row.get(3)?,
                    answered_at: time_if_any(row, 4)?,
                    answer: row.get(5)?,
                })
            },
        )
    }

    /// What was seen during one execution, in the order it was kept.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn observations(&self, execution: &str) -> Result<Vec<ObservationRow>, JournalError> {
        self.read(
            "give its observations",
            "SELECT at, kind, key, json FROM observations WHERE execution = ?1 ORDER BY id",
            [execution],
            |row| {
                Ok(ObservationRow {
                    at: time(row, 0)?,
                    kind: row.get(1)?,
                    key: row.get(2)?,
                    json: row.get(3)?,
                })
            },
        )
    }

    pub(super) fn read<T>(
        &self,
        what: &'static str,
        sql: &str,
        parameters: impl Params,
        read_row: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, JournalError> {
        let mut rows = Vec::new();
        self.each(what, sql, parameters, read_row, |row| rows.push(row))?;
        Ok(rows)
    }

    fn each<T>(
        &self,
        what: &'static str,
        sql: &str,
        parameters: impl Params,
        read_row: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
        mut take: impl FnMut(T),
    ) -> Result<(), JournalError> {
        let connection = self.reading();
        let read = || {
            let mut statement = connection.prepare_cached(sql)?;
            for row in statement.query_map(parameters, read_row)? {
                take(row?);
            }
            Ok(())
        };
        read().map_err(|source| classify(self.path(), what, source))
    }
}

fn record(row: &Row<'_>) -> rusqlite::Result<RecordRow> {
    Ok(RecordRow {
        id: row.get(0)?,
        execution: row.get(1)?,
        seq: row.get(2)?,
        at: time(row, 3)?,
        version: row.get(4)?,
        json: row.get(5)?,
    })
}

/// A time column.
pub(super) fn time(row: &Row<'_>, column: usize) -> rusqlite::Result<Timestamp> {
    parse_time(&row.get::<_, String>(column)?, column)
}

fn time_if_any(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Timestamp>> {
    row.get::<_, Option<String>>(column)?
        .map(|text| parse_time(&text, column))
        .transpose()
}

fn parse_time(text: &str, column: usize) -> rusqlite::Result<Timestamp> {
    text.parse()
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error)))
}

#[cfg(test)]
mod tests {
    use super::super::writer::{Append, NewRow};
    use super::super::{Journal, Mode};
    use super::*;

    #[test]
    fn a_follower_in_another_connection_sees_only_what_is_new() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("journal.db");
        let writer = Journal::open(&path, Mode::ReadWrite).unwrap();
        let follower = Journal::open(&path, Mode::ReadOnly).unwrap();
        let mut last = 0;
        for execution in ["a", "b"] {
            writer.create(execution, execution, Timestamp::UNIX_EPOCH, &[]).unwrap();
            let append = Append {
                execution: execution.to_owned(),
                token: writer
                    .take_place(execution, "ada", "here", Timestamp::UNIX_EPOCH)
                    .unwrap(),
                rows: vec![NewRow {
                    at: Timestamp::UNIX_EPOCH,
                    version: 1,
                    json: format!("\"{execution}\""),
                }],
                ..Append::default()
            };
            writer.append(&append).unwrap();
            let new = follower.records_after(last).unwrap();
            assert_eq!(new.len(), 1);
            assert_eq!(new[0].execution, execution);
            last = new[0].id;
        }
        assert!(follower.records_after(last).unwrap().is_empty());
    }
}
