//! What the journal says of executions: found by id, folded into a state, or told record by record. Never writes.

use jiff::Timestamp;

use super::super::driver::blocking;
use super::super::machine::apply;
use super::super::machine::state::State;
use super::super::record::Record;
use super::super::recovery::{self, RecoveryError};
use super::super::replay::{MadeRepair, RecordLine, Reel, SeenLine};
use super::follower::live_driver;
use super::settings::BASELINE;
use super::{EngineError, EngineHandle};
use crate::clock::Clock;
use crate::domain::ids::{ClusterId, ExecutionId};
use crate::journal::{Journal, JournalError};

impl EngineHandle {
    /// All records of an execution, oldest first.
    ///
    /// # Errors
    /// When it is unknown, or the journal cannot be read.
    pub async fn records(&self, execution: &ExecutionId) -> Result<Vec<(Timestamp, Record)>, EngineError> {
        let missing = || EngineError::NoSuchExecution(execution.to_string());
        let journal = self.0.journal.clone().ok_or_else(missing)?;
        let id = execution.clone();
        let records = blocking(move || {
            let mut records = Vec::new();
            journal.each_record(id.as_str(), 0, |row| {
                records.push((row.at, Record::from_json(row.version, &row.json)));
            })?;
            Ok(records)
        })
        .await?;
        if records.is_empty() {
            return Err(missing());
        }
        Ok(records)
    }

    /// All that was kept of an execution, with the repairs made on its cluster meanwhile, to be replayed.
    ///
    /// # Errors
    /// As [`EngineHandle::records`].
    pub async fn reel(&self, execution: &ExecutionId) -> Result<Reel, EngineError> {
        let missing = || EngineError::NoSuchExecution(execution.to_string());
        let journal = self.0.journal.clone().ok_or_else(missing)?;
        let id = execution.clone();
        let (subject, mut reel) = blocking(move || {
            let mut records = Vec::new();
            journal.each_record(id.as_str(), 0, |row| {
                records.push(RecordLine {
                    at: row.at,
                    version: row.version,
                    json: row.json,
                });
            })?;
            let seen = journal.observations(id.as_str())?.into_iter().map(|row| SeenLine {
                at: row.at,
                kind: row.kind,
                key: row.key,
                json: row.json,
            });
            let executions = journal.executions()?;
            let subject = executions.into_iter().find(|row| row.id == id.as_str());
            let reel = Reel {
                seen: seen.collect(),
                id,
                records,
                repairs: Vec::new(),
            };
            Ok((subject, reel))
        })
        .await?;
        let (Some(subject), Some(first)) = (subject, reel.records.first().map(|row| row.at)) else {
            return Err(missing());
        };
        let until = reel
            .records
            .last()
            .filter(|_| subject.closed_at.is_some())
            .map(|row| row.at);
        let mut repairs = self.repairs(Some(&ClusterId::new(&subject.subject)))?;
        repairs.retain(|repair| repair.at >= first && until.is_none_or(|until| repair.at <= until));
        reel.repairs = repairs
            .into_iter()
            .rev()
            .map(|repair| MadeRepair {
                id: repair.id,
                at: repair.at,
                by: repair.by,
                title: repair.repair.title,
            })
            .collect();
        Ok(reel)
    }

    /// What the checks found before an execution was started, as it was given; `None` where none were made.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub async fn baseline(&self, execution: &ExecutionId) -> Result<Option<String>, EngineError> {
        let Some(journal) = self.0.journal.clone() else {
            return Ok(None);
        };
        let id = execution.clone();
        let seen = blocking(move || journal.observations(id.as_str())).await?;
        Ok(seen.into_iter().find(|one| one.kind == BASELINE).map(|one| one.json))
    }

    /// Finds an execution by its id, the beginning of its id, or `last`.
    ///
    /// # Errors
    /// When there is none, several begin so, or the journal cannot be read.
    pub async fn find(&self, prefix: &str) -> Result<ExecutionId, EngineError> {
        let missing = || EngineError::NoSuchExecution(prefix.to_owned());
        let journal = self.0.journal.clone().ok_or_else(missing)?;
        let ids: Vec<String> = blocking(move || journal.executions())
            .await?
            .into_iter()
            .map(|row| row.id)
            .collect();
        if let (true, Some(newest)) = (prefix == "last", ids.first()) {
            return Ok(ExecutionId::new(newest));
        }
        if ids.iter().any(|id| id == prefix) {
            return Ok(ExecutionId::new(prefix));
        }
        let mut candidates: Vec<ExecutionId> = ids
            .iter()
            .filter(|id| !prefix.is_empty() && id.starts_with(prefix))
            .map(ExecutionId::new)
            .collect();
        match candidates.len() {
            0 => Err(missing()),
            1 => Ok(candidates.remove(0)),
            _ => Err(EngineError::Ambiguous {
                prefix: prefix.to_owned(),
                candidates,
            }),
        }
    }

    /// The execution as the journal has it, and whether it has a live driver that has not written that it goes.
    /// Costs one pass over its records.
    pub(super) async fn look_up(&self, execution: &ExecutionId) -> Result<(State, bool), EngineError> {
        let missing = || EngineError::NoSuchExecution(execution.to_string());
        let journal = self.0.journal.clone().ok_or_else(missing)?;
        let id = execution.clone();
        let (state, drivers) =
            blocking(move || Ok((fold(&journal, &id)?, journal.drivers(Clock::wall().now())?))).await?;
        let state = state
            .ok_or_else(missing)?
            .map_err(|_| EngineError::NewerRecords { id: execution.clone() })?;
        let has_driver = state.driver.is_some() && live_driver(&drivers, execution.as_str()).is_some();
        Ok((state, has_driver))
    }
}

/// Folds the records one by one as they are read; `None` where there are none.
fn fold(journal: &Journal, id: &ExecutionId) -> Result<Option<Result<State, RecoveryError>>, JournalError> {
    let mut folded: Option<Result<State, RecoveryError>> = None;
    journal.each_record(id.as_str(), 0, |row| {
        let record = Record::from_json(row.version, &row.json);
        match &mut folded {
            None => folded = Some(recovery::restore(id, [(row.at, &record)])),
            Some(Ok(state)) => apply(state, &record, row.at),
            Some(Err(_)) => {}
        }
    })?;
    Ok(folded)
}
