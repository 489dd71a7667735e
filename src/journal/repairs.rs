//! Repairs and the notes on what became of them: both only ever added. Knows rows, not what was repaired.

use jiff::Timestamp;
use rusqlite::{Row, params};

use super::Journal;
use super::error::JournalError;
use super::reader::time;
use super::writer::NewRow;

/// A repair to be written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRepair {
    pub cluster: String,
    pub cause: Option<String>,
    pub remedy: String,
    pub person: String,
    pub host: String,
    pub at: Timestamp,
    pub version: u32,
    pub json: String,
}

/// One repair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepairRow {
    /// Grows over the whole journal, from 1.
    pub number: i64,
    pub cluster: String,
    pub person: String,
    pub host: String,
    /// The process that makes it.
    pub process: String,
    pub at: Timestamp,
    pub version: u32,
    pub json: String,
}

/// One note on a repair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepairNoteRow {
    pub repair: i64,
    /// From 0, without gaps, per repair.
    pub seq: u32,
    pub at: Timestamp,
    pub version: u32,
    pub json: String,
}

impl Journal {
    /// Writes a repair down; returns its number.
    ///
    /// # Errors
    /// When the journal cannot be written.
    pub fn add_repair(&self, repair: &NewRepair) -> Result<i64, JournalError> {
        self.write("take a repair", |transaction| {
            transaction.execute(
                "INSERT INTO repairs (cluster, cause, remedy, person, host, process, at, version, json)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
                params![
                    repair.cluster,
                    repair.cause,
                    repair.remedy,
                    repair.person,
                    repair.host,
                    self.process(),
                    repair.at.to_string(),
                    repair.version,
                    repair.json
                ],
            )?;
            Ok(transaction.last_insert_rowid())
        })
    }

    /// Adds a note; `seq` is the number of notes there must be so far, so that two writers never both go on.
    ///
    /// # Errors
    /// `NoSuchRepair`, `NoteTaken`; or the journal cannot be written.
    pub fn note_repair(&self, repair: i64, seq: u32, note: &NewRow) -> Result<(), JournalError> {
        self.write("take a note on a repair", |transaction| {
            let is_known: bool = transaction.query_row(
                "SELECT EXISTS (SELECT 1 FROM repairs WHERE number = ?1)",
                [repair],
                |row| row.get(0),
            )?;
            if !is_known {
                return Ok(Err(JournalError::NoSuchRepair(repair)));
            }
            let next: u32 = transaction.query_row(
                "SELECT coalesce(max(seq) + 1, 0) FROM repair_notes WHERE repair = ?1",
                [repair],
                |row| row.get(0),
            )?;
            if next != seq {
                return Ok(Err(JournalError::NoteTaken { repair, seq }));
            }
            transaction.execute(
                "INSERT INTO repair_notes (repair, seq, at, version, json) VALUES (?1, ?2, ?3, ?4, ?5)",
                params![repair, seq, note.at.to_string(), note.version, note.json],
            )?;
            Ok(Ok(()))
        })?
    }

    /// All repairs, newest first, each with its notes in order.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn repairs(&self) -> Result<Vec<(RepairRow, Vec<RepairNoteRow>)>, JournalError> {
        if !self.keeps_repairs()? {
            return Ok(Vec::new());
        }
        let rows = self.read(
            "list its repairs",
            "SELECT number, cluster, person, host, process, at, version, json FROM repairs ORDER BY number DESC",
            [],
            repair,
        )?;
        let mut notes = self.read(
            "list the notes on its repairs",
            "SELECT repair, seq, at, version, json FROM repair_notes ORDER BY repair DESC, seq",
            [],
            note,
        )?;
        let mut all = Vec::with_capacity(rows.len());
        for row in rows {
            // A note of a repair that was written after the repairs were read.
            notes.drain(..notes.iter().take_while(|note| note.repair > row.number).count());
            let own = notes.iter().take_while(|note| note.repair == row.number).count();
            all.push((row, notes.drain(..own).collect()));
        }
        Ok(all)
    }

    /// One repair with its notes in order; `None` where there is none of that number.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn repair(&self, number: i64) -> Result<Option<(RepairRow, Vec<RepairNoteRow>)>, JournalError> {
        if !self.keeps_repairs()? {
            return Ok(None);
        }
        let mut rows = self.read(
            "give a repair",
            "SELECT number, cluster, person, host, process, at, version, json FROM repairs WHERE number = ?1",
            [number],
            repair,
        )?;
        let Some(row) = rows.pop() else {
            return Ok(None);
        };
        let notes = self.read(
            "give the notes on a repair",
            "SELECT repair, seq, at, version, json FROM repair_notes WHERE repair = ?1 ORDER BY seq",
            [number],
            note,
        )?;
        Ok(Some((row, notes)))
    }

    /// False for a journal of an older format that is open for reading.
    fn keeps_repairs(&self) -> Result<bool, JournalError> {
        let found = self.read(
            "tell its tables",
            "SELECT count(*) FROM sqlite_schema WHERE name = 'repair_notes'",
            [],
            |row| row.get::<_, u32>(0),
        )?;
        Ok(found.first() == Some(&1))
    }
}

fn repair(row: &Row<'_>) -> rusqlite::Result<RepairRow> {
    Ok(RepairRow {
        number: row.get(0)?,
        cluster: row.get(1)?,
        person: row.get(2)?,
        host: row.get(3)?,
        process: row.get(4)?,
        at: time(row, 5)?,
        version: row.get(6)?,
        json: row.get(7)?,
    })
}

fn note(row: &Row<'_>) -> rusqlite::Result<RepairNoteRow> {
    Ok(RepairNoteRow {
        repair: row.get(0)?,
        seq: row.get(1)?,
        at: time(row, 2)?,
        version: row.get(3)?,
        json: row.get(4)?,
    })
}

#[cfg(test)]
mod tests {
    use super::super::Mode;
    use super::*;

    fn new(remedy: &str) -> NewRepair {
        NewRepair {
            cluster: "c".to_owned(),
            cause: None,
            remedy: remedy.to_owned(),
            person: "ada".to_owned(),
            host: "desk".to_owned(),
            at: Timestamp::UNIX_EPOCH,
            version: 1,
            json: "{}".to_owned(),
        }
    }

    fn row(json: &str) -> NewRow {
        NewRow {
            at: Timestamp::UNIX_EPOCH,
            version: 1,
            json: json.to_owned(),
        }
    }

    #[test]
    fn notes_are_added_in_turn_and_never_twice() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("journal.db");
        let journal = Journal::open(&path, Mode::ReadWrite).unwrap();
        let (one, two) = (
            journal.add_repair(&new("a")).unwrap(),
            journal.add_repair(&new("b")).unwrap(),
        );
        for (repair, seq, json) in [(one, 0, "1"), (two, 0, "2"), (one, 1, "3")] {
            journal.note_repair(repair, seq, &row(json)).unwrap();
        }
        let again = journal.note_repair(one, 1, &row("x")).unwrap_err();
        assert!(matches!(again, JournalError::NoteTaken { seq: 1, .. }), "{again:?}");
        assert!(matches!(
            journal.note_repair(9, 0, &row("x")),
            Err(JournalError::NoSuchRepair(9))
        ));
        let process = journal.process().to_owned();
        assert!(journal.is_alive(&process));
        drop(journal);
        let journal = Journal::open(&path, Mode::ReadOnly).unwrap();
        assert!(!journal.is_alive(&process) && !journal.is_alive(""));
        let told: Vec<(i64, Vec<String>)> = journal
            .repairs()
            .unwrap()
            .into_iter()
            .map(|(row, notes)| (row.number, notes.into_iter().map(|note| note.json).collect()))
            .collect();
        assert_eq!(
            told,
            [(two, vec!["2".to_owned()]), (one, vec!["1".to_owned(), "3".to_owned()])]
        );
        assert_eq!(journal.repair(one).unwrap().unwrap().1.len(), 2);
        assert_eq!(journal.repair(9).unwrap(), None);
    }
}
