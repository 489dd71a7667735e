//! decide and apply: the pure heart of the engine. An input with its time goes in, records come out;
//! `apply` folds them into the state. Never acts, never reads a clock, never repeats what it cannot know.

mod apply;
mod claims;
mod commands;
mod finding;
mod gates;
mod guards;
mod looks;
mod nodes;
mod requests;
pub mod state;
#[cfg(test)]
mod tests;
mod work;

use std::borrow::Cow;
use std::time::Duration;

use jiff::Timestamp;

pub use apply::apply;
pub use commands::refusal;

use super::command::PauseDepth;
use super::effect::{Input, Ticket};
use super::record::{Ending, Purpose, Record};
use super::recovery;
use super::view::{ExecutionState, StepState};
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
        Input::Left { by, why, to } => draft.push(Record::DriverLeft {
            by: by.clone(),
            why: why.clone(),
            to: to.clone(),
        }),
        // What cannot be read or has ended is only shown.
        _ if state.unreadable > 0 || state.execution.is_final() => return Vec::new(),
        Input::Taken { by, pid, reason } => {
            draft.push(Record::DriverTaken {
                by: by.clone(),
                pid: *pid,
                reason: reason.clone(),
            });
            for record in recovery::lost_answers(state) {
                draft.push(record);
            }
        }
        Input::Begin if state.execution == ExecutionState::Planned => draft.begin_next_step(),
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
        Input::TimeCame { ticket } => gates::time_came(&mut draft, *ticket),
        Input::Tested { ticket, run } if draft.is_awaited(*ticket) => match ticket.purpose {
            Purpose::Guard => guards::tested(&mut draft, run),
            Purpose::Step | Purpose::Stop => gates::tested(&mut draft, run),
        },
        Input::WorkloadsRead { ticket, picture } => gates::workloads_read(&mut draft, *ticket, picture),
        Input::ClusterRead { ticket, cluster } => gates::cluster_read(&mut draft, *ticket, cluster),
        Input::Lease { lease } if draft.state.lease.as_ref() != Some(lease) => {
            draft.push(Record::Lease { lease: lease.clone() });
        }
        // Nothing new.
        Input::Begin | Input::Tested { .. } | Input::Lease { .. } => {}
    }
    draft.settle();
    draft.records
}

/// Records in the making, with the state as it will be after them. Copied only when the first record is made, so that
/// inputs that change nothing cost nothing.
struct Draft<'a> {
    state: Cow<'a, State>,
    now: Timestamp,
    records: Vec<Record>,
}

impl<'a> Draft<'a> {
    fn new(state: &'a State, now: Timestamp) -> Self {
        Self {
            state: Cow::Borrowed(state),
            now,
            records: Vec::new(),
        }
    }

    fn push(&mut self, record: Record) {
        apply(self.state.to_mut(), &record, self.now);
        self.records.push(record);
    }

    fn current_step(&self) -> Option<Step> {
        self.state.current().map(|(_, step)| step.clone())
    }

    /// True where the answer is to what is being done now, and may still change something.
    fn is_awaited(&self, ticket: Ticket) -> bool {
        ticket == self.state.ticket(ticket.purpose) && self.state.is_acting()
    }

    /// Attempts of the current step that have begun.
    fn attempt(&self) -> Option<u32> {
        let (place, _) = self.state.current()?;
        self.state.steps.get(place).map(|progress| progress.attempt)
    }

    /// True where a person said yes to the current step before.
    fn is_approved(&self) -> bool {
        let progress = self.state.current().and_then(|(place, _)| self.state.steps.get(place));
        progress.is_some_and(|progress| progress.is_approved)
    }

    /// Begins the next attempt of the first step that is not over; without one, all is done.
    fn begin_next_step(&mut self) {
        let Some((_, step)) = self.state.current() else {
            let message = self.left_out();
            self.push(Record::Succeeded { message });
            return;
        };
        let step = step.id.clone();
        let attempt = self.attempt().unwrap_or_default() + 1;
        self.push(Record::StepBegan { step, attempt });
        gates::begin_baseline(self);
        if self.state.work != Work::TakingBaseline {
            gates::enter(self);
        }
    }

    /// Names the steps that a person skipped; keeps what the last step had to say.
    fn left_out(&self) -> Option<String> {
        let skipped: Vec<&str> = self
            .state
            .plan
            .steps
            .iter()
            .zip(&self.state.steps)
            .filter(|(_, progress)| matches!(progress.state, StepState::Skipped { .. }))
            .map(|(step, _)| step.id.as_str())
            .collect();
        if skipped.is_empty() {
            return None;
        }
        let skipped = format!("done, with steps left out: {}", skipped.join(", "));
        Some(match &self.state.message {
            Some(note) => format!("{skipped}; {note}"),
            None => skipped,
        })
    }

    /// Brings commands that are under way to their effect, as soon as the state allows it.
    fn settle(&mut self) {
        let execution = self.state.execution.clone();
        let is_ending = matches!(execution, ExecutionState::Pausing { .. } | ExecutionState::Aborting);
        let is_outside_azure = self.state.has_nothing_in_azure() && !self.state.may_be_in_azure_already();
        if is_ending && is_outside_azure && self.state.work != Work::Idle {
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
        let title = step.kind.title();
        let message = if step.kind.is_gate() {
            format!("stopped at {title}; nothing runs in Azure")
        } else {
            format!("{title}: nothing of this attempt was started in Azure")
        };
        self.rest(&message, Vec::new());
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
        let message = self.with_failed_guard(message);
        self.push(match self.state.execution {
            ExecutionState::Aborting => Record::Aborted { message, leftovers },
            _ => Record::Paused { message, leftovers },
        });
    }

    /// A guard that stopped the step is named with it.
    fn with_failed_guard(&self, message: &str) -> String {
        match guards::failed_text(self) {
            Some(failed) => format!("{message}; {failed}. Repair it, then resume"),
            None => message.to_owned(),
        }
    }

    /// The step's resource is not there any more.
    fn resource_gone(&mut self, error: &AzureErrorDetail) {
        let Some(step) = self.current_step() else { return };
        let error = finding::gone(&step, &self.state.plan.cluster_name, error);
        self.step_failed(error);
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
        let is_pause_point = step.pause_after;
        self.push(Record::StepSucceeded { step: step.id, note });
        match (&self.state.execution, self.state.current().is_some()) {
            (ExecutionState::Aborting, true) => self.push(Record::Aborted {
                message: format!("{title} was done before it could be stopped; nothing further is started"),
                leftovers: Vec::new(),
            }),
            (ExecutionState::Pausing { .. }, true) => {
                self.rest(&format!("{title} is done; the next step has not started"), Vec::new());
            }
            (_, true) if is_pause_point => {
                self.rest(&format!("pause point after {title}; resume goes on"), Vec::new());
            }
            (ExecutionState::Aborting | ExecutionState::Pausing { .. }, false) => self.push(Record::Succeeded {
                message: Some(self.with_failed_guard(&format!(
                    "{title} was the last step and was done before it could be stopped"
                ))),
            }),
            _ => self.begin_next_step(),
        }
    }

    /// The operation was stopped as asked; a pool's nodes are looked at before the step ends.
    fn operation_stopped(&mut self) {
        self.push(Record::OperationEnded {
            ending: Ending::Stopped,
        });
        if self.current_step().is_some_and(|step| !step.kind.moves_nodes()) {
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
