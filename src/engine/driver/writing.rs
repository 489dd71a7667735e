//! Makes a driver's records durable, and then true. Never goes on while that fails: it says so, and waits.

use std::time::Duration;

use jiff::Timestamp;

use super::super::lease::LeaseNote;
use super::super::machine::apply;
use super::super::machine::state::State;
use super::super::record::{RECORD_VERSION, Record};
#[cfg(debug_assertions)]
use super::drill;
use super::{Driver, Ended};
use crate::journal::JournalError;
use crate::journal::writer::{Append, NewAnswer, NewRequest, NewRow};

/// How long to wait before a failed write is tried again, in wall time.
const WRITE_AGAIN: Duration = Duration::from_secs(2);

impl Driver {
    /// Makes records durable and then true. Waits here, acting no further, while the journal cannot be written.
    pub(super) async fn write(&mut self, records: Vec<Record>, takes: Vec<i64>) -> Result<(), Ended> {
        if records.is_empty() && takes.is_empty() {
            return Ok(());
        }
        let now = self.tools.clock.now();
        let append = self.append_of(&records, takes, now);
        #[cfg(debug_assertions)]
        drill::before(append.first_seq, &append.rows);
        loop {
            let (journal, append) = (self.tools.journal.clone(), append.clone());
            match blocking(move || journal.append(&append)).await {
                Ok(()) => break,
                Err(error @ (JournalError::DriverLost { .. } | JournalError::OutOfTurn { .. })) => {
                    tracing::warn!(%error, "this driver has lost its place");
                    return Err(Ended::Lost);
                }
                Err(error) => self.say_unwritable(&error).await?,
            }
        }
        #[cfg(debug_assertions)]
        drill::after(append.first_seq, &append.rows);
        for record in &records {
            apply(&mut self.state, record, now);
        }
        self.tools.claim.show(self.state.view());
        self.tell_others();
        Ok(())
    }

    fn append_of(&self, records: &[Record], takes: Vec<i64>, at: Timestamp) -> Append {
        Append {
            execution: self.state.id.to_string(),
            token: self.tools.token.clone(),
            first_seq: self.state.records,
            rows: records
                .iter()
                .map(|record| NewRow {
                    at,
                    version: RECORD_VERSION,
                    json: record.to_json(),
                })
                .collect(),
            takes,
            requests: records.iter().filter_map(|record| request_of(record, at)).collect(),
            answers: records.iter().filter_map(|record| answer_of(record, at)).collect(),
            closes_at: records.iter().any(Record::is_final).then_some(at),
        }
    }

    /// Nothing further is done until the journal can be written again.
    async fn say_unwritable(&self, error: &JournalError) -> Result<(), Ended> {
        tracing::error!(%error, "the journal cannot be written");
        let mut view = self.state.view();
        view.message = Some(format!(
            "{error}; nothing further is done until it can be written. What runs in Azure goes on"
        ));
        self.tools.claim.show(view);
        tokio::select! {
            () = self.tools.leave.cancelled() => Err(Ended::Leaving),
            () = tokio::time::sleep(WRITE_AGAIN) => Ok(()),
        }
    }

    /// Puts on the Lease what another machine would need to go on, where that has changed.
    fn tell_others(&mut self) {
        let steps_over = self.state.steps.iter().filter(|step| step.state.is_over()).count();
        let word = self.state.execution.word();
        let headline = headline(&self.state, steps_over);
        let told = Some((steps_over, word, headline));
        if self.told == told {
            return;
        }
        if let Some((_, _, headline)) = &told {
            let over = self.state.steps.iter().zip(&self.state.plan.steps);
            self.keeper.tell(LeaseNote {
                plan: (*self.state.plan).clone(),
                done: over
                    .filter(|(progress, _)| progress.state.is_over())
                    .map(|(_, step)| step.id.clone())
                    .collect(),
                state: word.to_owned(),
                headline: headline.clone(),
            });
        }
        self.told = told;
    }
}

/// `shop-prod: 2 of 5 steps done, Running: node pool apps to 1.34.2`.
fn headline(state: &State, steps_over: usize) -> String {
    let plan = &state.plan;
    let step = state.current().map(|(_, step)| format!(": {}", step.kind.title()));
    format!(
        "{}: {steps_over} of {} steps done, {}{}",
        plan.cluster_name,
        plan.steps.len(),
        state.execution.word(),
        step.unwrap_or_default()
    )
}

/// A request as the journal lists it.
fn request_of(record: &Record, at: Timestamp) -> Option<NewRequest> {
    match record {
        Record::Intent {
            request_id, request, ..
        } => Some(NewRequest {
            id: request_id.to_string(),
            at,
            method: request.method.clone(),
            path: request.path.clone(),
        }),
        _ => None,
    }
}

fn answer_of(record: &Record, at: Timestamp) -> Option<NewAnswer> {
    let (id, answer) = match record {
        Record::Accepted { request_id, .. } => (request_id, "accepted".to_owned()),
        Record::NotSent { request_id, error, .. } => (request_id, format!("not taken: {error}")),
        Record::Refused { request_id, error } => (request_id, format!("refused: {error}")),
        Record::AnswerLost { request_id, why } => (request_id, format!("lost: {why}")),
        _ => return None,
    };
    Some(NewAnswer {
        id: id.to_string(),
        at,
        answer,
    })
}

/// Runs a call to the journal where it may block.
pub(in crate::engine) async fn blocking<T: Send + 'static>(
    call: impl FnOnce() -> Result<T, JournalError> + Send + 'static,
) -> Result<T, JournalError> {
    match tokio::task::spawn_blocking(call).await {
        Ok(result) => result,
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        // The runtime is shutting down: nothing may be assumed to be written.
        Err(_) => Err(JournalError::Closing),
    }
}
