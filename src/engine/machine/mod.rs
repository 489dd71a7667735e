//! decide and apply: the pure heart of the engine. An input with its time goes in, records come out;
//! `apply` folds them into the state. Never acts, never reads a clock, never repeats what it cannot know.

mod apply;
mod commands;
mod looks;
mod nodes;
mod requests;
pub mod state;
#[cfg(test)]
mod tests;

use std::time::Duration;

use jiff::Timestamp;

pub use apply::apply;
pub use commands::refusal;

use super::command::PauseDepth;
use super::effect::Input;
use super::record::{Ending, Record};
use super::recovery;
use super::view::ExecutionState;
use crate::domain::ids::NodeName;
use crate::domain::provisioning::AzureErrorDetail;
use crate::plan::step::Step;
use state::{State, Stop, Work};

/// How long a node boundary is waited for before the question is asked again.
pub const BOUNDARY_PATIENCE: Duration = Duration::from_mins(30);

/// Decides what an input means now. No record means that nothing changes, as with late and repeated inputs.
pub fn decide(state: &State, input: &Input, now: Timestamp) -> Vec<Record> {
    let mut draft = Draft::new(state, now);
    match input {
        Input::Left { by, why } => draft.push(Record::DriverLeft {
            by: by.clone(),
            why: why.clone(),
        }),
        // What cannot be read or has ended is only shown.
        _ if state.unreadable > 0 || state.execution.is_final() => return Vec::new(),
        Input::Taken { by, pid } => {
            draft.push(Record::DriverTaken {
                by: by.clone(),
                pid: *pid,
            });
            for record in recovery::lost_answers(state) {
                draft.push(record);
            }
        }
        Input::Begin if state.execution == ExecutionState::Planned => draft.begin_next_step(),
        Input::Begin => {}
        Input::Command { command, by } => commands::command(&mut draft, command, by),
        Input::Prepared {
            ticket,
            request,
            request_id,
        } => requests::prepared(&mut draft, *ticket, request, *request_id),
        Input::NotPrepared { ticket, trouble } => requests::not_prepared(&mut draft, *ticket, trouble),
        Input::Answered { request_id, answer } => requests::answered(&mut draft, *request_id, answer),
        Input::Polled { ticket, state } => requests::polled(&mut draft, *ticket, state),
        Input::NotPolled { ticket, trouble } => requests::not_polled(&mut draft, *ticket, trouble),
        Input::Read { ticket, resource } => looks::read(&mut draft, *ticket, resource),
        Input::NotRead { ticket, trouble } => looks::not_read(&mut draft, *ticket, trouble),
        Input::Seen { ticket, picture } => nodes::seen(&mut draft, *ticket, picture),
    }
    draft.settle();
    draft.records
}

/// Records in the making, with the state as it will be after them.
struct Draft {
    state: State,
    now: Timestamp,
    records: Vec<Record>,
}

impl Draft {
    fn new(state: &State, now: Timestamp) -> Self {
        Self {
            state: state.clone(),
            now,
            records: Vec::new(),
        }
    }

    fn push(&mut self, record: Record) {
        apply(&mut self.state, &record, self.now);
        self.records.push(record);
    }

    fn current_step(&self) -> Option<Step> {
        self.state.current().map(|(_, step)| step.clone())
    }

    /// Begins the next attempt of the first step that has not succeeded; without one, all is done.
    fn begin_next_step(&mut self) {
        let Some((place, step)) = self.state.current() else {
            self.push(Record::Succeeded { message: None });
            return;
        };
        let step = step.id.clone();
        let attempt = self.state.steps.get(place).map_or(0, |progress| progress.attempt) + 1;
        self.push(Record::StepBegan { step, attempt });
    }

    /// Brings commands that are under way to their effect, as soon as the state allows it.
    fn settle(&mut self) {
        let execution = self.state.execution.clone();
        let is_ending = matches!(execution, ExecutionState::Pausing { .. } | ExecutionState::Aborting);
        if is_ending && self.state.has_nothing_in_azure() && self.state.work != Work::Idle {
            self.stop_before_anything_was_sent();
        } else if matches!(self.state.work, Work::Following { .. }) && self.state.stop == Stop::None {
            match execution {
                ExecutionState::Aborting => self.push(Record::StopBegan {
                    why: "abort".to_owned(),
                }),
                ExecutionState::Pausing { depth: PauseDepth::Now } => self.push(Record::StopBegan {
                    why: "pause now".to_owned(),
                }),
                _ => {}
            }
        }
    }

    fn stop_before_anything_was_sent(&mut self) {
        let Some(step) = self.current_step() else { return };
        self.push(Record::StepStopped { step: step.id.clone() });
        self.rest(
            &format!("{}: nothing of this attempt was started in Azure", step.kind.title()),
            Vec::new(),
        );
    }

    /// The end of an attempt that was stopped as asked.
    fn step_stopped(&mut self, leftovers: Vec<NodeName>, note: &str) {
        let Some(step) = self.current_step() else { return };
        self.push(Record::StepStopped { step: step.id.clone() });
        let title = step.kind.title();
        let message = match leftovers.len() {
            0 => format!("{title} was stopped{note}"),
            1 => format!("{title} was stopped{note}; one node is left cordoned or half done"),
            count => format!("{title} was stopped{note}; {count} nodes are left cordoned or half done"),
        };
        self.rest(&message, leftovers);
    }

    /// Paused, or aborted where that was asked.
    fn rest(&mut self, message: &str, leftovers: Vec<NodeName>) {
        let message = message.to_owned();
        self.push(match self.state.execution {
            ExecutionState::Aborting => Record::Aborted { message, leftovers },
            _ => Record::Paused { message, leftovers },
        });
    }

    fn step_failed(&mut self, error: AzureErrorDetail) {
        let Some(step) = self.current_step() else { return };
        let message = format!("{} failed: {error}", step.kind.title());
        self.push(Record::StepFailed { step: step.id, error });
        self.push(match self.state.execution {
            ExecutionState::Aborting => Record::Aborted {
                message,
                leftovers: Vec::new(),
            },
            _ => Record::Failed { message },
        });
    }

    fn step_succeeded(&mut self, note: Option<String>) {
        let Some(step) = self.current_step() else { return };
        let title = step.kind.title();
        self.push(Record::StepSucceeded { step: step.id, note });
        match (&self.state.execution, self.state.current().is_some()) {
            (ExecutionState::Aborting, true) => self.push(Record::Aborted {
                message: format!("{title} was done before it could be stopped; nothing further is started"),
                leftovers: Vec::new(),
            }),
            (ExecutionState::Pausing { .. }, true) => self.push(Record::Paused {
                message: format!("{title} is done; the next step has not started"),
                leftovers: Vec::new(),
            }),
            (ExecutionState::Aborting | ExecutionState::Pausing { .. }, false) => self.push(Record::Succeeded {
                message: Some(format!(
                    "{title} was the last step and was done before it could be stopped"
                )),
            }),
            _ => self.begin_next_step(),
        }
    }

    /// The operation was stopped as asked; a pool's nodes are looked at before the step ends.
    fn operation_stopped(&mut self) {
        self.push(Record::OperationEnded {
            ending: Ending::Stopped,
        });
        if self.current_step().is_some_and(|step| step.kind.pool().is_none()) {
            self.step_stopped(Vec::new(), "");
        }
    }

    /// The operation was cancelled: by us where a stop was asked for, else by somebody else.
    fn operation_canceled(&mut self, error: Option<AzureErrorDetail>) {
        if self.state.is_stop_asked() {
            self.operation_stopped();
            return;
        }
        let words = error.map_or_else(String::new, |error| format!("; Azure says {error}"));
        self.step_failed(AzureErrorDetail {
            code: "Canceled".to_owned(),
            message: format!("the operation was cancelled by someone else{words}"),
            ..AzureErrorDetail::default()
        });
    }
}

/// Time to wait before the next of a row of tries: 10 seconds, doubled each time, at most 5 minutes.
fn backoff(tries: u32) -> Duration {
    Duration::from_secs((10_u64 << tries.min(5)).min(300))
}
