//! What holds a plan at a gate: since when, for whom, until when, and what lets it go on.

use jiff::Timestamp;

use super::super::components::prose::Passage;
use super::super::theme::{Mark, Role};
use super::super::wording::since;
use crate::engine::brief::failing_test;
use crate::engine::view::{ExecutionView, GateView};
use crate::plan::step::{GateKind, StepKind};

fn kind_words(kind: GateKind) -> &'static str {
    match kind {
        GateKind::SmokeTest => "smoke test",
        GateKind::Readiness => "readiness",
        other => other.word(),
    }
}

/// For a cell of the overview: `approval 12 min: Go to production?`
pub(crate) fn gate_short(execution: &ExecutionView, gate: &GateView, now: Timestamp) -> String {
    let what = match execution.plan.step(&gate.step).map(|step| &step.kind) {
        Some(StepKind::Approval { question }) => question,
        _ => &gate.reason,
    };
    match gate.until.filter(|until| *until > now) {
        Some(until) => format!("{}, {} left", kind_words(gate.kind), since(now, until)),
        None => format!("{} {}: {what}", kind_words(gate.kind), since(gate.since, now)),
    }
}

/// In one sentence: `Waiting for 12 min: Go to production?`; `None` where no gate holds it.
pub(crate) fn gate(execution: &ExecutionView, now: Timestamp) -> Option<String> {
    let gate = execution.gate.as_ref()?;
    Some(format!("Waiting for {}: {}", since(gate.since, now), gate.reason))
}

/// For whom or what it waits, and what lets it go on.
pub(crate) fn whom_passage(execution: &ExecutionView, now: Timestamp) -> Option<Passage> {
    let gate = execution.gate.as_ref()?;
    let (whom, way_out) = match (gate.kind, gate.until) {
        (GateKind::Approval, _) => (
            "a person's yes".to_owned(),
            format!("Y, or: aks-cockpit approve {}", execution.id),
        ),
        (GateKind::Wait, Some(until)) if until > now => (
            format!("the time: {} left, until {}", since(now, until), moment(until)),
            "K skips it".to_owned(),
        ),
        (GateKind::Wait, _) => ("the time, which has come".to_owned(), "K skips it".to_owned()),
        (GateKind::SmokeTest, _) => (
            "the test to pass; it is repeated".to_owned(),
            "mend what it tests, or K goes on without it".to_owned(),
        ),
        (GateKind::Readiness, _) => (
            "workloads to be as ready as at the start".to_owned(),
            "mend the pods, or K goes on without it".to_owned(),
        ),
        (GateKind::Verify, _) => (
            "versions and nodes to be as promised".to_owned(),
            "mend what differs, or K goes on without it".to_owned(),
        ),
    };
    Some(
        Passage::new(Role::Muted, "for: ")
            .and(Role::Text, format!("{whom}  "))
            .and(Role::Key, "do: ")
            .and(Role::Text, way_out),
    )
}

/// What to do where a smoke test has the plan paused.
pub(crate) fn repair_passage(execution: &ExecutionView) -> Option<Passage> {
    let test = failing_test(execution)?;
    let way_out = format!("repair the application, then P, which runs {test} again");
    Some(Passage::new(Role::Key, "do: ").and(Role::Text, way_out))
}

/// Everything about the gate, for a question about it.
pub(crate) fn gate_passages(execution: &ExecutionView, now: Timestamp) -> Vec<Passage> {
    let headline = gate(execution, now).map(|text| {
        let mark = Mark::Held;
        Passage::new(mark.role(), format!("{} {text}", mark.symbol()))
    });
    headline.into_iter().chain(whom_passage(execution, now)).collect()
}

fn moment(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::fixtures;

    fn text(kind: GateKind) -> String {
        let execution = fixtures::held_at(kind);
        format!("{:?}", gate_passages(&execution, fixtures::now()))
    }

    #[test]
    fn each_gate_says_for_whom_and_what_lets_it_go_on() {
        let approval = text(GateKind::Approval);
        assert!(approval.contains("Waiting for 12 min: Go to production?"), "{approval}");
        assert!(approval.contains("aks-cockpit approve k3v9"), "{approval}");
        let wait = text(GateKind::Wait);
        assert!(wait.contains("43 min left, until 2026-07-14 10:13 UTC"), "{wait}");
        assert!(text(GateKind::SmokeTest).contains("repeated"));
        let short = |kind: GateKind| {
            let execution = fixtures::held_at(kind);
            gate_short(&execution, execution.gate.as_ref().unwrap(), fixtures::now())
        };
        assert_eq!(short(GateKind::Wait), "wait, 43 min left");
        assert_eq!(short(GateKind::Approval), "approval 12 min: Go to production?");
    }
}
