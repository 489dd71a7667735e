//! Gates: steps that change nothing and decide whether the plan goes on. Approval, wait and smoke test are here.
//! Unknown is never a pass, and nothing of a gate is ever in Azure.

mod readiness;
mod verify;

use std::time::Duration;

use jiff::Timestamp;

pub(super) use readiness::{begin_baseline, workloads_read};
pub(super) use verify::{cluster_read, nodes_seen};

use super::super::effect::Ticket;
use super::super::record::Record;
use super::Draft;
use super::state::{Gate, Work};
use crate::domain::provisioning::AzureErrorDetail;
use crate::domain::smoke_test::{OnFailure, SmokeRun, SmokeTest};
use crate::plan::step::{Step, StepKind};

/// Names written out in a message; the rest is counted.
const NAMES_SHOWN: usize = 3;

/// The current step has begun and the baseline is there: what a gate says before it has looked at anything.
pub(super) fn enter(draft: &mut Draft) {
    let (Work::AtGate(gate), Some(step)) = (draft.state.work.clone(), draft.current_step()) else {
        return;
    };
    match (gate, &step.kind) {
        (Gate::Approval, _) if draft.is_approved() => draft.step_succeeded(None),
        (Gate::Approval, StepKind::Approval { question }) => {
            holds(draft, format!("a person's approval is needed: {question}"), None);
        }
        (Gate::Wait { until }, _) if draft.now >= until => draft.step_succeeded(None),
        (Gate::Wait { until }, _) => holds(
            draft,
            format!(
                "waiting until {}; skip it with a reason to go on before",
                until.strftime("%Y-%m-%d %H:%M:%S UTC")
            ),
            Some(until),
        ),
        (Gate::SmokeTest { .. }, StepKind::SmokeTest { test }) if draft.state.gate_test().is_none() => {
            draft.step_failed(AzureErrorDetail {
                code: "NoSuchTest".to_owned(),
                message: format!(
                    "the plan has no smoke test named {test}; skip this step, or start a plan that has it"
                ),
                ..AzureErrorDetail::default()
            });
        }
        (Gate::Readiness, _) => readiness::enter(draft),
        _ => {}
    }
}

/// Says that the gate holds, and why; says the same only once.
fn holds(draft: &mut Draft, reason: String, until: Option<Timestamp>) {
    let Some(Step { id: step, .. }) = draft.current_step() else {
        return;
    };
    let is_said = draft
        .state
        .gate
        .as_ref()
        .is_some_and(|gate| gate.step == step && gate.reason == reason);
    if !is_said {
        draft.push(Record::GateHolds { step, reason, until });
    }
}

/// The time a wait was for. A clock that came too early is asked again.
pub(super) fn time_came(draft: &mut Draft, ticket: Ticket) {
    if let Work::AtGate(Gate::Wait { until }) = draft.state.work
        && draft.is_awaited(ticket)
        && draft.now >= until
    {
        draft.step_succeeded(None);
    }
}

/// One run of the smoke test that the current step is.
pub(super) fn tested(draft: &mut Draft, run: &SmokeRun) {
    let Some(test) = draft.state.gate_test().filter(|test| test.name == run.test).cloned() else {
        return;
    };
    if !matches!(draft.state.work, Work::AtGate(Gate::SmokeTest { .. })) {
        return;
    }
    draft.push(Record::Tested { run: run.clone() });
    match draft.state.work {
        _ if run.passed => draft.step_succeeded(None),
        Work::AtGate(Gate::SmokeTest { failures, .. }) if failures >= test.failures_in_a_row.max(1) => {
            failed(draft, &test, run);
        }
        _ => {}
    }
}

fn failed(draft: &mut Draft, test: &SmokeTest, run: &SmokeRun) {
    let Some(step) = draft.current_step() else { return };
    let what = failure_text(run);
    match test.on_failure {
        OnFailure::Hold => holds(
            draft,
            format!(
                "{what}. It is run again every {} s, and the plan goes on when it passes; or skip it with a reason",
                test.retry_seconds
            ),
            None,
        ),
        OnFailure::Pause => {
            draft.push(Record::StepStopped { step: step.id });
            draft.rest(
                &format!("{what}. Repair it and resume, which runs it again; or skip it with a reason"),
                Vec::new(),
            );
        }
    }
}

/// The test and what came instead of what was expected.
pub(super) fn failure_text(run: &SmokeRun) -> String {
    match run.detail.trim_end_matches('.') {
        "" => format!("smoke test {} failed", run.test),
        detail => format!("smoke test {} failed: {detail}", run.test),
    }
}

/// Time since the present work began.
fn waited(draft: &Draft) -> Duration {
    draft
        .now
        .duration_since(draft.state.work_since)
        .try_into()
        .unwrap_or_default()
}

/// A few names, and how many more there are.
fn some_of(names: &[String], separator: &str) -> String {
    let mut text = names
        .iter()
        .take(NAMES_SHOWN)
        .cloned()
        .collect::<Vec<_>>()
        .join(separator);
    if names.len() > NAMES_SHOWN {
        text.push_str(&format!("{separator}and {} more", names.len() - NAMES_SHOWN));
    }
    text
}
