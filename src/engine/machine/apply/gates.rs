//! What records of gates, smoke tests and the people who decide change.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::super::super::record::Record;
use super::super::super::view::{ExecutionState, GateView, SMOKE_RUNS_KEPT, StepState};
use super::super::state::{Gate, State, Work};
use crate::domain::ids::StepId;
use crate::domain::smoke_test::SmokeRun;
use crate::plan::step::{StepKind, WaitUntil};

pub(super) fn apply_gate(state: &mut State, record: &Record, at: Timestamp) {
    match record {
        Record::BaselineTaken { picture, why } => {
            state.baseline = picture.clone().map(Arc::new);
            state.baseline_why.clone_from(why);
            state.is_baseline_taken = true;
            state.trouble = None;
            if state.work == Work::TakingBaseline {
                let work = first_work(state, at);
                state.set_work(work, at);
            }
        }
        Record::GateHolds { step, reason, until } => hold(state, step, reason, *until, at),
        Record::GuardsDue { done } => {
            state.guards.done = *done;
            if state.guards.running.is_none() && state.guards.failed.is_none() {
                begin_round(state);
            }
        }
        Record::Tested { run } => {
            keep_run(state, run);
            if matches!(state.work, Work::AtGate(Gate::SmokeTest { .. })) {
                gate_tested(state, run, at);
            } else {
                guard_tested(state, run);
            }
        }
        Record::Approved { step, .. } => {
            let place = state.plan.steps.iter().position(|candidate| candidate.id == *step);
            if let Some(progress) = place.and_then(|place| state.steps.get_mut(place)) {
                progress.is_approved = true;
            }
        }
        Record::StepSkipped { step, reason, .. } => {
            let reason = reason.clone();
            state.set_step(step, StepState::Skipped { reason }, at);
            state.rest(at);
            state.message = None;
        }
        _ => {}
    }
}

/// What the current step begins with once the baseline is there.
pub(super) fn first_work(state: &State, at: Timestamp) -> Work {
    let Some((_, step)) = state.current() else {
        return Work::Idle;
    };
    match &step.kind {
        StepKind::Approval { .. } => Work::AtGate(Gate::Approval),
        StepKind::Wait { until } => Work::AtGate(Gate::Wait {
            until: end_of_wait(*until, at),
        }),
        StepKind::SmokeTest { .. } => Work::AtGate(Gate::SmokeTest {
            failures: 0,
            not_before: None,
        }),
        StepKind::ReadinessGate => Work::AtGate(Gate::Readiness),
        StepKind::Verify => Work::AtGate(Gate::Verify { looks: 0 }),
        StepKind::ControlPlaneUpgrade { .. }
        | StepKind::NodePoolUpgrade { .. }
        | StepKind::NodeImageUpgrade { .. }
        | StepKind::PoolSettings { .. }
        | StepKind::PoolRollback { .. } => Work::Finding { looks: 0 },
    }
}

/// A wait that is longer than time itself ends with it.
fn end_of_wait(until: WaitUntil, at: Timestamp) -> Timestamp {
    match until {
        WaitUntil::Time(time) => time,
        WaitUntil::Seconds(seconds) => later(at, Duration::from_secs(seconds)),
    }
}

fn later(at: Timestamp, by: Duration) -> Timestamp {
    SignedDuration::try_from(by)
        .ok()
        .and_then(|by| at.checked_add(by).ok())
        .unwrap_or(Timestamp::MAX)
}

fn hold(state: &mut State, step: &StepId, reason: &str, until: Option<Timestamp>, at: Timestamp) {
    let current = state.current().filter(|(_, current)| current.id == *step);
    let Some(kind) = current.and_then(|(_, current)| current.kind.gate()) else {
        return;
    };
    let since = match &state.gate {
        Some(gate) if gate.step == *step => gate.since,
        _ => at,
    };
    let reason = reason.to_owned();
    if matches!(
        state.execution,
        ExecutionState::Running | ExecutionState::Waiting { .. }
    ) {
        let reason = reason.clone();
        state.enter(ExecutionState::Waiting { reason }, at);
    }
    state.message = Some(reason.clone());
    state.gate = Some(GateView {
        step: step.clone(),
        kind,
        reason,
        since,
        until,
    });
}

fn keep_run(state: &mut State, run: &SmokeRun) {
    let Some(place) = state.smoke.iter().position(|test| test.name == run.test) else {
        return;
    };
    if let Some(test) = Arc::make_mut(&mut state.smoke).get_mut(place) {
        if test.runs.len() >= SMOKE_RUNS_KEPT {
            test.runs.remove(0);
        }
        test.runs.push(run.clone());
    }
}

/// A failure is repeated at once until it counts, and then at the test's own pace.
fn gate_tested(state: &mut State, run: &SmokeRun, at: Timestamp) {
    let Work::AtGate(Gate::SmokeTest { failures, .. }) = state.work else {
        return;
    };
    let Some(test) = state.gate_test().filter(|test| test.name == run.test) else {
        return;
    };
    let failures = if run.passed { 0 } else { failures.saturating_add(1) };
    let is_failed = failures >= test.failures_in_a_row.max(1);
    let not_before = is_failed.then(|| later(at, Duration::from_secs(u64::from(test.retry_seconds))));
    let since = state.work_since;
    state.set_work(Work::AtGate(Gate::SmokeTest { failures, not_before }), at);
    state.work_since = since;
}

fn begin_round(state: &mut State) {
    state.guards.tested = state.guards.done;
    state.guards.failures = 0;
    state.guards.running = (!state.guard_tests().is_empty()).then_some(0);
    state.turn_guards();
}

/// One guard after another; a node that was done meanwhile begins another round.
fn guard_tested(state: &mut State, run: &SmokeRun) {
    let Some(place) = state.guards.running else { return };
    let tests = state.guard_tests();
    let count = tests.len();
    let Some(test) = tests.get(place).filter(|test| test.name == run.test) else {
        return;
    };
    let limit = test.failures_in_a_row.max(1);
    if !run.passed {
        state.guards.failures = state.guards.failures.saturating_add(1);
        if state.guards.failures >= limit {
            state.guards.failed = Some(run.test.clone());
            state.guards.running = None;
        }
    } else if place + 1 < count {
        state.guards.failures = 0;
        state.guards.running = Some(place + 1);
    } else if state.guards.done > state.guards.tested {
        begin_round(state);
    } else {
        state.guards.running = None;
    }
    state.turn_guards();
}
