//! Appends in one transaction, durable when it returns. Never changes or removes what was written.

use jiff::Timestamp;
use rusqlite::{Connection, Transaction, TransactionBehavior, params};

use super::Journal;
use super::error::{JournalError, classify};

/// One record to be written; its number follows from its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRow {
    pub at: Timestamp,
    pub version: u32,
    pub json: String,
}

/// A request about to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRequest {
    pub id: String,
    pub at: Timestamp,
    pub method: String,
    pub path: String,
}

/// How a request was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAnswer {
    pub id: String,
    pub at: Timestamp,
    pub answer: String,
}

/// Something seen once; the same kind and key again changes nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewObservation {
    pub at: Timestamp,
    pub kind: String,
    pub key: String,
    pub json: String,
}

/// Everything one turn of a driver writes, all or nothing.
#[derive(Clone, Debug, Default)]
pub struct Append {
    pub execution: String,
    /// The place this driver took; the append is refused when somebody else has it.
    pub token: String,
    /// Number of the first of `rows`; records of an execution are numbered from 0 without gaps.
    pub first_seq: u32,
    pub rows: Vec<NewRow>,
    /// Commands that these records answer.
    pub takes: Vec<i64>,
    pub requests: Vec<NewRequest>,
    pub answers: Vec<NewAnswer>,
    /// Set when the execution will never go on.
    pub closes_at: Option<Timestamp>,
}

impl Journal {
    /// Makes an execution with its first records.
    ///
    /// # Errors
    /// `SubjectBusy` when the subject has an execution that is not closed; or the journal cannot be written.
    pub fn create(&self, execution: &str, subject: &str, at: Timestamp, rows: &[NewRow]) -> Result<(), JournalError> {
        self.write("take a new execution", |transaction| {
            insert_execution(transaction, execution, subject, at, rows)
        })?
    }

    /// Writes one turn of a driver.
    ///
    /// # Errors
    /// `DriverLost` when the place is somebody else's now, `OutOfTurn` when the records are there already; or the
    /// journal cannot be written. Nothing is written then.
    pub fn append(&self, append: &Append) -> Result<(), JournalError> {
        self.write("take records", |transaction| {
            if !holds_place(transaction, &append.execution, &append.token)? {
                return Ok(Err(JournalError::DriverLost {
                    execution: append.execution.clone(),
                }));
            }
            let next: u32 = transaction.query_row(
                "SELECT coalesce(max(seq) + 1, 0) FROM records WHERE execution = ?1",
                [&append.execution],
                |row| row.get(0),
            )?;
            if next != append.first_seq {
                return Ok(Err(JournalError::OutOfTurn {
                    execution: append.execution.clone(),
                    seq: append.first_seq,
                }));
            }
            insert_rows(transaction, &append.execution, append.first_seq, &append.rows)?;
            insert_rest(transaction, append)?;
            Ok(Ok(()))
        })?
    }

    /// Leaves a command for whoever drives the execution; returns its number.
    ///
    /// # Errors
    /// `NoSuchExecution`; or the journal cannot be written.
    pub fn push_command(
        &self,
        execution: &str,
        person: &str,
        host: &str,
        json: &str,
        at: Timestamp,
    ) -> Result<i64, JournalError> {
        self.write("take a command", |transaction| {
            let inserted = transaction.execute(
                "INSERT INTO commands (execution, at, person, host, json)
                 SELECT id, ?2, ?3, ?4, ?5 FROM executions WHERE id = ?1",
                params![execution, at.to_string(), person, host, json],
            )?;
            Ok(match inserted {
                0 => Err(JournalError::NoSuchExecution(execution.to_owned())),
                _ => Ok(transaction.last_insert_rowid()),
            })
        })?
    }

    /// Keeps what was seen; what is known already is left alone.
    ///
    /// # Errors
    /// When the journal cannot be written.
    pub fn observe(&self, execution: &str, seen: &[NewObservation]) -> Result<(), JournalError> {
        self.write("take observations", |transaction| {
            let mut insert = transaction.prepare_cached(
                "INSERT INTO observations (execution, at, kind, key, json) VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT (execution, kind, key) DO NOTHING",
            )?;
            for one in seen {
                insert.execute(params![execution, one.at.to_string(), one.kind, one.key, one.json])?;
            }
            Ok(())
        })
    }

    /// Runs `work` in one transaction that is on the disk when this returns.
    pub(super) fn write<T>(
        &self,
        what: &'static str,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, JournalError> {
        let mut connection = self.writing()?;
        let failed = |source| classify(self.path(), what, source);
        // Immediate: two writers meet at the start, not in the middle with one of them thrown out.
        let transaction = connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(failed)?;
        let value = work(&transaction).map_err(failed)?;
        transaction.commit().map_err(failed)?;
        Ok(value)
    }
}

/// The inner error says why it could not be made.
pub(super) fn insert_execution(
    connection: &Connection,
    execution: &str,
    subject: &str,
    at: Timestamp,
    rows: &[NewRow],
) -> rusqlite::Result<Result<(), JournalError>> {
    let inserted = connection.execute(
        "INSERT INTO executions (id, subject, created_at) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
        params![execution, subject, at.to_string()],
    )?;
    if inserted == 0 {
        return Ok(Err(open_execution(connection, execution, subject)?));
    }
    insert_rows(connection, execution, 0, rows).map(Ok)
}

/// The error for an execution that could not be made.
fn open_execution(connection: &Connection, execution: &str, subject: &str) -> rusqlite::Result<JournalError> {
    let busy = connection.query_row(
        "SELECT id FROM executions WHERE (subject = ?1 AND closed_at IS NULL) OR id = ?2 LIMIT 1",
        [subject, execution],
        |row| row.get(0),
    )?;
    Ok(JournalError::SubjectBusy {
        subject: subject.to_owned(),
        execution: busy,
    })
}

fn holds_place(connection: &Connection, execution: &str, token: &str) -> rusqlite::Result<bool> {
    connection.query_row(
        "SELECT EXISTS (SELECT 1 FROM drivers WHERE execution = ?1 AND token = ?2)",
        [execution, token],
        |row| row.get(0),
    )
}

fn insert_rows(connection: &Connection, execution: &str, first_seq: u32, rows: &[NewRow]) -> rusqlite::Result<()> {
    let mut insert = connection
        .prepare_cached("INSERT INTO records (execution, seq, at, version, json) VALUES (?1, ?2, ?3, ?4, ?5)")?;
    for (seq, row) in (first_seq..).zip(rows) {
        insert.execute(params![execution, seq, row.at.to_string(), row.version, row.json])?;
    }
    Ok(())
}

fn insert_rest(connection: &Connection, append: &Append) -> rusqlite::Result<()> {
    for request in &append.requests {
        connection.execute(
            "INSERT INTO requests (id, execution, sent_at, method, path) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![
                request.id,
                append.execution,
                request.at.to_string(),
                request.method,
                request.path
            ],
        )?;
    }
    for answer in &append.answers {
        connection.execute(
            "UPDATE requests SET answered_at = ?2, answer = ?3 WHERE id = ?1",
            params![answer.id, answer.at.to_string(), answer.answer],
        )?;
    }
    for command in &append.takes {
        let at = append.rows.last().map(|row| row.at).or(append.closes_at);
        connection.execute(
            "UPDATE commands SET taken_at = ?2 WHERE id = ?1 AND taken_at IS NULL",
            params![command, at.unwrap_or(Timestamp::UNIX_EPOCH).to_string()],
        )?;
    }
    if let Some(at) = append.closes_at {
        connection.execute(
            "UPDATE executions SET closed_at = ?2 WHERE id = ?1 AND closed_at IS NULL",
            params![append.execution, at.to_string()],
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::Mode;
    use super::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn row(json: &str) -> NewRow {
        NewRow {
            at: NOW,
            version: 1,
            json: json.to_owned(),
        }
    }

    fn fresh() -> (tempfile::TempDir, Journal) {
        let directory = tempfile::tempdir().unwrap();
        let journal = Journal::open(&directory.path().join("journal.db"), Mode::ReadWrite).unwrap();
        (directory, journal)
    }

    fn driven(journal: &Journal, execution: &str) -> Append {
        journal.create(execution, execution, NOW, &[]).unwrap();
        Append {
            execution: execution.to_owned(),
            token: journal.take_place(execution, "ada", "here", NOW).unwrap(),
            ..Append::default()
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn what_goes_in_comes_out(
            turns in prop::collection::vec(prop::collection::vec((any::<u32>(), "\\PC{0,40}", 0i64..4_000_000_000), 0..5), 1..8)
        ) {
            let (directory, journal) = fresh();
            let mut append = driven(&journal, "x");
            let mut expected = Vec::new();
            for turn in turns {
                append.first_seq = u32::try_from(expected.len()).unwrap();
                append.rows = turn
                    .into_iter()
                    .map(|(version, json, second)| NewRow {
                        at: Timestamp::from_second(second).unwrap(),
                        version,
                        json,
                    })
                    .collect();
                journal.append(&append).unwrap();
                expected.append(&mut append.rows.clone());
            }
            drop(journal);
            let again = Journal::open(&directory.path().join("journal.db"), Mode::ReadOnly).unwrap();
            let found: Vec<NewRow> = again
                .read_from("x", 0)
                .unwrap()
                .into_iter()
                .map(|row| NewRow { at: row.at, version: row.version, json: row.json })
                .collect();
            prop_assert_eq!(found, expected);
        }
    }

    #[test]
    fn a_subject_has_one_open_execution() {
        let (_directory, journal) = fresh();
        let mut append = driven(&journal, "one");
        let again = journal.create("two", "one", NOW, &[]).unwrap_err();
        assert!(matches!(again, JournalError::SubjectBusy { ref execution, .. } if execution == "one"));
        append.closes_at = Some(NOW);
        journal.append(&append).unwrap();
        journal.create("two", "one", NOW, &[row("{}")]).unwrap();
        let names: Vec<String> = journal.executions().unwrap().into_iter().map(|row| row.id).collect();
        assert_eq!(names, ["two", "one"]);
    }

    #[test]
    fn a_turn_is_written_once_and_whole() {
        let (_directory, journal) = fresh();
        let mut append = driven(&journal, "x");
        append.rows = vec![row("a"), row("b")];
        append.requests = vec![NewRequest {
            id: "r1".to_owned(),
            at: NOW,
            method: "PUT".to_owned(),
            path: "/p".to_owned(),
        }];
        journal.append(&append).unwrap();
        let error = journal.append(&append).unwrap_err();
        assert!(matches!(error, JournalError::OutOfTurn { seq: 0, .. }), "{error:?}");
        // A request id that is there already throws the whole turn back.
        append.first_seq = 2;
        assert!(journal.append(&append).is_err());
        assert_eq!(journal.read_from("x", 0).unwrap().len(), 2);
        append.requests.clear();
        append.answers = vec![NewAnswer {
            id: "r1".to_owned(),
            at: NOW,
            answer: "accepted".to_owned(),
        }];
        journal.append(&append).unwrap();
        let requests = journal.requests("x").unwrap();
        assert_eq!(requests.len(), 1);
        assert_eq!(requests[0].answer.as_deref(), Some("accepted"));
    }

    #[test]
    fn commands_wait_until_they_are_answered() {
        let (_directory, journal) = fresh();
        let mut append = driven(&journal, "x");
        let number = journal.push_command("x", "bob", "there", "{\"a\":1}", NOW).unwrap();
        assert!(matches!(
            journal.push_command("y", "bob", "there", "{}", NOW),
            Err(JournalError::NoSuchExecution(_))
        ));
        let waiting = journal.pending_commands("x").unwrap();
        assert_eq!(
            (waiting.len(), waiting[0].id, waiting[0].person.as_str()),
            (1, number, "bob")
        );
        append.takes = vec![number];
        journal.append(&append).unwrap();
        assert!(journal.pending_commands("x").unwrap().is_empty());
    }

    #[test]
    fn the_same_thing_seen_again_is_one_observation() {
        let (_directory, journal) = fresh();
        drop(driven(&journal, "x"));
        let seen = NewObservation {
            at: NOW,
            kind: "event".to_owned(),
            key: "uid/1".to_owned(),
            json: "{}".to_owned(),
        };
        journal.observe("x", std::slice::from_ref(&seen)).unwrap();
        journal.observe("x", &[seen]).unwrap();
        assert_eq!(journal.observations("x").unwrap().len(), 1);
    }

    #[test]
    fn records_cannot_be_changed_even_by_hand() {
        let (_directory, journal) = fresh();
        let mut append = driven(&journal, "x");
        append.rows = vec![row("a")];
        journal.append(&append).unwrap();
        let by_hand = |sql: &'static str| journal.write("change", |transaction| transaction.execute(sql, []));
        assert!(by_hand("UPDATE records SET json = 'b'").is_err());
        assert!(by_hand("DELETE FROM records").is_err());
    }

    #[test]
    fn a_full_disk_is_told_and_nothing_is_half_written() {
        let (_directory, journal) = fresh();
        let mut append = driven(&journal, "x");
        // The smallest full disk there is: the database may not get more pages than it has.
        journal.reading().execute_batch("PRAGMA max_page_count = 1").unwrap();
        append.rows = vec![row(&"long ".repeat(20_000))];
        let error = journal.append(&append).unwrap_err();
        assert!(matches!(error, JournalError::DiskFull { .. }), "{error:?}");
        assert!(journal.read_from("x", 0).unwrap().is_empty());
        journal
            .reading()
            .execute_batch("PRAGMA max_page_count = 1000000")
            .unwrap();
        journal.append(&append).unwrap();
        assert_eq!(journal.read_from("x", 0).unwrap().len(), 1);
    }
}
