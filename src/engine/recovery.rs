//! From a journal back to a state, and what to look at before going on. Pure: rows in, values out.
//! Never sends anything again: a request without an answer is looked for in Azure first.

use jiff::Timestamp;

use super::machine::apply;
use super::machine::state::{Gate, State, Stop, Work};
use super::record::Record;
use crate::domain::change::{Change, OperationLink};
use crate::domain::ids::ExecutionId;

/// Why an execution cannot be brought back.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecoveryError {
    #[error("the journal of execution {0} does not begin with its plan")]
    NoBeginning(ExecutionId),
}

/// What the real world is asked before an execution goes on.
#[derive(Clone, Debug, PartialEq)]
pub enum Look {
    /// A request was written down, and whether Azure took it is not known.
    Resource(Change),
    /// An operation of ours was running when the journal ended.
    Operation(OperationLink),
    /// Claims were good, and the nodes were still to be looked at.
    Nodes,
    /// The workloads were to be compared with those of the start, or were to be read for that.
    Workloads,
    /// Azure's claims were to be compared with what the plan promised.
    Cluster,
}

/// Folds the records of one execution, oldest first.
///
/// # Errors
/// When they do not begin with the plan, for instance because a newer version wrote the first one.
pub fn restore<'a>(
    id: &ExecutionId,
    records: impl IntoIterator<Item = (Timestamp, &'a Record)>,
) -> Result<State, RecoveryError> {
    let mut records = records.into_iter();
    let Some((at, Record::Created { plan, by, origin, .. })) = records.next() else {
        return Err(RecoveryError::NoBeginning(id.clone()));
    };
    let mut state = State::created(id.clone(), plan.clone(), by.clone(), origin.clone(), at);
    for (at, record) in records {
        apply(&mut state, record, at);
    }
    Ok(state)
}

/// The records a new driver begins with: whatever was being sent has no answer, and will not get one.
pub fn lost_answers(state: &State) -> Vec<Record> {
    let why = "the program ended before the answer was written down";
    let lost = |request_id| Record::AnswerLost {
        request_id,
        why: why.to_owned(),
    };
    let mut records = Vec::new();
    if let Work::Sending { request_id, .. } = &state.work {
        records.push(lost(*request_id));
    }
    if let Stop::Sending { request_id, .. } = &state.stop {
        records.push(lost(*request_id));
    }
    records
}

/// Everything to look at before going on; empty where nothing of ours was under way.
pub fn look_first(state: &State) -> Vec<Look> {
    if !state.is_acting() {
        return Vec::new();
    }
    match &state.work {
        Work::TakingBaseline | Work::AtGate(Gate::Readiness) => return vec![Look::Workloads],
        Work::AtGate(Gate::Verify { .. }) => return vec![Look::Cluster],
        Work::AtGate(Gate::VerifyNodes { .. }) => return vec![Look::Nodes],
        // Nobody has to look: a person, the time or the next run of the test opens these.
        Work::AtGate(_) => return Vec::new(),
        _ => {}
    }
    let Some(change) = state.change() else {
        return Vec::new();
    };
    let mut looks = Vec::new();
    match &state.work {
        Work::Finding { .. }
        | Work::Sending { .. }
        | Work::Looking { .. }
        | Work::Verifying { .. }
        | Work::Held { .. } => {
            looks.push(Look::Resource(change));
        }
        Work::Following { operation } => looks.push(Look::Operation(operation.clone())),
        Work::CheckingNodes { .. } | Work::Settling => looks.push(Look::Nodes),
        Work::Idle | Work::Preparing { .. } | Work::TakingBaseline | Work::AtGate(_) => {}
    }
    match &state.stop {
        Stop::Sending { .. } | Stop::Looking { .. } => looks.extend(state.change().map(Look::Resource)),
        Stop::Following { operation } => looks.push(Look::Operation(operation.clone())),
        Stop::None | Stop::Preparing { .. } | Stop::Done | Stop::GivenUp => {}
    }
    looks
}
