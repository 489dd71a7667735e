//! Who drives an execution: at most one live driver, by a row in the journal and a lock that dies with its process.
//! Never ends another driver: one that lost its place finds out at its next write.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row, params};
use uuid::Uuid;

use super::error::JournalError;
use super::reader::time;
use super::writer::{NewRow, insert_execution};
use super::{Journal, private_directory};

/// A driver that has not been heard of for so long has lost its place, in wall time.
pub const STALE_AFTER: Duration = Duration::from_secs(30);

/// A driver's place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DriverRow {
    pub execution: String,
    pub person: String,
    pub host: String,
    pub pid: u32,
    pub taken_at: Timestamp,
    /// Wall time.
    pub heartbeat: Timestamp,
    /// True while its process lives and was heard of lately.
    pub is_live: bool,
    process: String,
    token: String,
}

/// Who is about to drive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewDriver {
    pub person: String,
    pub host: String,
    /// Wall time, the same for every process on the machine.
    pub now: Timestamp,
}

/// What happens to a live driver in the place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Insistence {
    IfFree,
    ByForce,
}

impl Journal {
    /// Makes an execution with its first records and its driver, all or nothing: it is never seen without a driver.
    /// The returned token is needed to write and to leave.
    ///
    /// # Errors
    /// As [`Journal::create`].
    pub fn create_driven(
        &self,
        execution: &str,
        subject: &str,
        at: Timestamp,
        rows: &[NewRow],
        driver: &NewDriver,
    ) -> Result<String, JournalError> {
        let token = Uuid::new_v4().to_string();
        self.write("take a new execution", |transaction| {
            if let Err(refused) = insert_execution(transaction, execution, subject, at, rows)? {
                return Ok(Err(refused));
            }
            self.insert_driver(transaction, execution, &token, driver).map(Ok)
        })??;
        Ok(token)
    }

    /// Takes the driver's place of an execution; the returned token is needed to write and to leave.
    ///
    /// `now` is wall time, the same for every process on the machine.
    ///
    /// # Errors
    /// `AlreadyDriven` while a live driver has the place, `NoSuchExecution`; or the journal cannot be written.
    pub fn take_place(
        &self,
        execution: &str,
        person: &str,
        host: &str,
        now: Timestamp,
    ) -> Result<String, JournalError> {
        self.put_driver(execution, &new_driver(person, host, now), Insistence::IfFree)
    }

    /// Takes the driver's place even from a live driver, which from now on can write nothing any more: its next
    /// write fails with `DriverLost`.
    ///
    /// # Errors
    /// `NoSuchExecution`; or the journal cannot be written.
    pub fn take_place_by_force(
        &self,
        execution: &str,
        person: &str,
        host: &str,
        now: Timestamp,
    ) -> Result<String, JournalError> {
        self.put_driver(execution, &new_driver(person, host, now), Insistence::ByForce)
    }

    fn put_driver(&self, execution: &str, driver: &NewDriver, insistence: Insistence) -> Result<String, JournalError> {
        let token = Uuid::new_v4().to_string();
        self.write("take a driver", |transaction| {
            let is_known: bool = transaction.query_row(
                "SELECT EXISTS (SELECT 1 FROM executions WHERE id = ?1)",
                [execution],
                |row| row.get(0),
            )?;
            if !is_known {
                return Ok(Err(JournalError::NoSuchExecution(execution.to_owned())));
            }
            let present = transaction
                .query_row(&format!("{SELECT} WHERE execution = ?1"), [execution], |row| {
                    self.driver(row, driver.now)
                })
                .optional()?;
            let is_kept = |present: &DriverRow| present.is_live && insistence == Insistence::IfFree;
            if let Some(present) = present.filter(is_kept) {
                return Ok(Err(JournalError::AlreadyDriven(Box::new(present))));
            }
            self.insert_driver(transaction, execution, &token, driver).map(Ok)
        })??;
        Ok(token)
    }

    fn insert_driver(
        &self,
        connection: &Connection,
        execution: &str,
        token: &str,
        driver: &NewDriver,
    ) -> rusqlite::Result<()> {
        let process = self.0.presence.as_ref().map_or("", |presence| presence.name.as_str());
        connection.execute(
            "INSERT OR REPLACE INTO drivers (execution, token, process, person, host, pid, taken_at, heartbeat)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7)",
            params![
                execution,
                token,
                process,
                driver.person,
                driver.host,
                std::process::id(),
                driver.now.to_string()
            ],
        )?;
        Ok(())
    }

    /// Says that the driver is alive; at least a few times in `STALE_AFTER`.
    ///
    /// # Errors
    /// `DriverLost` when somebody else has the place; or the journal cannot be written.
    pub fn heartbeat(&self, execution: &str, token: &str, now: Timestamp) -> Result<(), JournalError> {
        let updated = self.write("take a heartbeat", |transaction| {
            transaction.execute(
                "UPDATE drivers SET heartbeat = ?3 WHERE execution = ?1 AND token = ?2",
                params![execution, token, now.to_string()],
            )
        })?;
        match updated {
            0 => Err(JournalError::DriverLost {
                execution: execution.to_owned(),
            }),
            _ => Ok(()),
        }
    }

    /// True while the place is still this driver's. Only reads.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn holds_place(&self, execution: &str, token: &str) -> Result<bool, JournalError> {
        let found = self.read(
            "say who drives",
            "SELECT EXISTS (SELECT 1 FROM drivers WHERE execution = ?1 AND token = ?2)",
            [execution, token],
            |row| row.get(0),
        )?;
        Ok(found.first() == Some(&true))
    }

    /// Gives the place free; nothing happens where it is somebody else's already.
    ///
    /// # Errors
    /// When the journal cannot be written.
    pub fn leave_place(&self, execution: &str, token: &str) -> Result<(), JournalError> {
        self.write("let a driver go", |transaction| {
            transaction.execute(
                "DELETE FROM drivers WHERE execution = ?1 AND token = ?2",
                params![execution, token],
            )
        })?;
        Ok(())
    }

    /// All drivers' places, live or not.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn drivers(&self, now: Timestamp) -> Result<Vec<DriverRow>, JournalError> {
        self.read("list its drivers", SELECT, [], |row| self.driver(row, now))
    }

    fn driver(&self, row: &Row<'_>, now: Timestamp) -> rusqlite::Result<DriverRow> {
        let heartbeat = time(row, 7)?;
        let process: String = row.get(2)?;
        // In both directions: after a clock that jumped back, an old heartbeat lies in the future.
        let is_fresh = now.duration_since(heartbeat).abs() <= SignedDuration::try_from(STALE_AFTER).unwrap_or_default();
        Ok(DriverRow {
            execution: row.get(0)?,
            token: row.get(1)?,
            person: row.get(3)?,
            host: row.get(4)?,
            pid: row.get(5)?,
            taken_at: time(row, 6)?,
            heartbeat,
            is_live: is_fresh && lives(self.path(), &process),
            process,
        })
    }
}

fn new_driver(person: &str, host: &str, now: Timestamp) -> NewDriver {
    NewDriver {
        person: person.to_owned(),
        host: host.to_owned(),
        now,
    }
}

const SELECT: &str = "SELECT execution, token, process, person, host, pid, taken_at, heartbeat FROM drivers";

/// A locked file that says "this process lives"; the operating system lets the lock go when the process ends.
#[derive(Debug)]
pub(super) struct Presence {
    name: String,
    path: PathBuf,
    _lock: File,
}

impl Presence {
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn announce(journal: &Path) -> Result<Self, JournalError> {
        let name = Uuid::new_v4().to_string();
        let path = presence_path(journal, &name);
        let lock = path
            .parent()
            .map_or(Ok(()), private_directory)
            .and_then(|()| File::create(&path))
            .map_err(|source| JournalError::Place {
                path: journal.to_owned(),
                source,
            })?;
        // Where a file system has no locks, heartbeats alone decide.
        let _ = lock.try_lock();
        Ok(Self {
            name,
            path,
            _lock: lock,
        })
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        // A file that stays behind is unlocked, and so means the same.
        let _ = fs::remove_file(&self.path);
    }
}

fn presence_path(journal: &Path, process: &str) -> PathBuf {
    journal.with_extension("processes").join(process)
}

/// True unless the process is certainly gone.
pub(super) fn lives(journal: &Path, process: &str) -> bool {
    match File::open(presence_path(journal, process)) {
        Ok(file) => match file.try_lock_shared() {
            Ok(()) => false,
            Err(TryLockError::WouldBlock | TryLockError::Error(_)) => true,
        },
        Err(error) => error.kind() != std::io::ErrorKind::NotFound,
    }
}

#[cfg(test)]
mod tests {
    use super::super::Mode;
    use super::super::writer::Append;
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    fn two() -> (tempfile::TempDir, Journal, Journal) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("journal.db");
        let one = Journal::open(&path, Mode::ReadWrite).unwrap();
        let other = Journal::open(&path, Mode::ReadWrite).unwrap();
        one.create("x", "subject", at(0), &[]).unwrap();
        (directory, one, other)
    }

    #[test]
    fn one_live_driver_at_a_time() {
        let (_directory, one, other) = two();
        let token = one.take_place("x", "ada", "here", at(0)).unwrap();
        let error = other.take_place("x", "bob", "there", at(1)).unwrap_err();
        assert!(
            matches!(error, JournalError::AlreadyDriven(ref by) if by.person == "ada"),
            "{error:?}"
        );
        let again = one.take_place("x", "ada", "here", at(1)).unwrap_err();
        assert!(matches!(again, JournalError::AlreadyDriven(_)), "{again:?}");
        one.leave_place("x", &token).unwrap();
        other.take_place("x", "bob", "there", at(2)).unwrap();
        assert!(matches!(
            one.take_place("y", "ada", "here", at(2)),
            Err(JournalError::NoSuchExecution(_))
        ));
    }

    #[test]
    fn the_place_of_a_dead_process_is_free_at_once() {
        let (_directory, one, other) = two();
        one.take_place("x", "ada", "here", at(0)).unwrap();
        assert!(other.drivers(at(0)).unwrap()[0].is_live);
        drop(one);
        assert!(!other.drivers(at(0)).unwrap()[0].is_live);
        other.take_place("x", "bob", "there", at(0)).unwrap();
    }

    #[test]
    fn a_silent_driver_loses_its_place_and_cannot_write_any_more() {
        let (_directory, one, other) = two();
        let lost = one.take_place("x", "ada", "here", at(0)).unwrap();
        one.heartbeat("x", &lost, at(20)).unwrap();
        assert!(other.take_place("x", "bob", "there", at(45)).is_err());
        let token = other.take_place("x", "bob", "there", at(51)).unwrap();
        let turn = |token: &str| Append {
            execution: "x".to_owned(),
            token: token.to_owned(),
            rows: vec![NewRow {
                at: at(52),
                version: 1,
                json: "{}".to_owned(),
            }],
            ..Append::default()
        };
        assert!(matches!(one.append(&turn(&lost)), Err(JournalError::DriverLost { .. })));
        assert!(matches!(
            one.heartbeat("x", &lost, at(52)),
            Err(JournalError::DriverLost { .. })
        ));
        one.leave_place("x", &lost).unwrap();
        other.append(&turn(&token)).unwrap();
    }

    #[test]
    fn a_place_taken_by_force_fences_a_driver_that_lives() {
        let (_directory, one, other) = two();
        let lost = one.take_place("x", "ada", "here", at(0)).unwrap();
        let token = other.take_place_by_force("x", "bob", "there", at(1)).unwrap();
        let error = one.heartbeat("x", &lost, at(1)).unwrap_err();
        assert!(matches!(error, JournalError::DriverLost { .. }), "{error:?}");
        assert!(!one.holds_place("x", &lost).unwrap());
        assert!(other.holds_place("x", &token).unwrap());
        // The fenced driver leaves; that takes nothing from its successor.
        one.leave_place("x", &lost).unwrap();
        let present = other.drivers(at(1)).unwrap();
        assert_eq!((present.len(), present[0].person.as_str()), (1, "bob"));
        other.heartbeat("x", &token, at(2)).unwrap();
        let nowhere = other.take_place_by_force("y", "bob", "there", at(2));
        assert!(matches!(nowhere, Err(JournalError::NoSuchExecution(_))));
    }

    #[test]
    fn a_clock_that_jumps_back_does_not_keep_a_dead_place() {
        let (_directory, one, other) = two();
        one.take_place("x", "ada", "here", at(10_000)).unwrap();
        other.take_place("x", "bob", "there", at(0)).unwrap();
    }

    #[test]
    fn of_many_who_want_the_place_one_gets_it() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("journal.db");
        let first = Journal::open(&path, Mode::ReadWrite).unwrap();
        for round in 0..10 {
            let execution = format!("x{round}");
            first.create(&execution, &execution, at(0), &[]).unwrap();
            let winners = std::thread::scope(|scope| {
                let tries: Vec<_> = (0..4)
                    .map(|_| {
                        scope.spawn(|| {
                            let journal = Journal::open(&path, Mode::ReadWrite).unwrap();
                            let took = journal.take_place(&execution, "ada", "here", at(0)).is_ok();
                            (took, journal)
                        })
                    })
                    .collect();
                // All journals stay open until everybody has tried.
                let ended: Vec<_> = tries.into_iter().map(|one| one.join().unwrap()).collect();
                ended.iter().filter(|(took, _)| *took).count()
            });
            assert_eq!(winners, 1);
        }
    }
}
