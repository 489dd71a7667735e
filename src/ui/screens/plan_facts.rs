//! What a plan and its steps take, in words: time, nodes, room for extra nodes, the way back, and what is wrong.

use std::time::Duration;

use super::super::components::prose::Passage;
use super::super::theme::{ARROW, DOT, Mark, Role};
use super::super::wording::{self, count};
use crate::plan::diff::Difference;
use crate::plan::estimate::{PlanEstimate, StepEstimate, Undo};
use crate::plan::step::Step;
use crate::plan::validate::{PlanFinding, Severity};
use crate::progress::eta::EtaRange;

/// A range of time: `20 to 40 min`; nothing for what takes no time by itself.
pub(super) fn takes(low: Duration, high: Duration) -> String {
    if high.is_zero() {
        return "-".to_owned();
    }
    wording::time_left(EtaRange { low, high })
}

fn nodes(number: u32, noun: &str) -> String {
    count(usize::try_from(number).unwrap_or(usize::MAX), noun)
}

/// A number that may not be known.
pub(super) fn known(number: Option<u32>) -> String {
    number.map_or_else(|| "?".to_owned(), |number| number.to_string())
}

/// `8 vCPUs, 31 addresses`, each as far as it is known.
fn room(vcpus: Option<u32>, addresses: Option<u32>) -> String {
    let vcpus = vcpus.map_or_else(|| "? vCPUs".to_owned(), |vcpus| nodes(vcpus, "vCPU"));
    let addresses = match addresses {
        None => "? addresses".to_owned(),
        Some(1) => "1 address".to_owned(),
        Some(addresses) => format!("{addresses} addresses"),
    };
    format!("{vcpus}, {addresses}")
}

/// The whole plan in one line.
pub(super) fn totals(steps: usize, estimate: &PlanEstimate) -> Passage {
    let people = if estimate.waits_for_people {
        ", and the time people take"
    } else {
        ""
    };
    let room = if estimate.extra_nodes == 0 {
        "no extra nodes".to_owned()
    } else {
        format!(
            "at most {} at a time: {}",
            nodes(estimate.extra_nodes, "extra node"),
            room(estimate.extra_vcpus, estimate.extra_addresses)
        )
    };
    Passage::new(Role::Strong, count(steps, "step"))
        .and(
            Role::Text,
            format!("{DOT}{}{people}", takes(estimate.low, estimate.high)),
        )
        .and(Role::Text, format!("{DOT}{room}"))
}

/// The way back in few words, for a cell.
pub(super) fn undo_short(undo: &Undo) -> String {
    match undo {
        Undo::Nothing => "-".to_owned(),
        Undo::Never => "no way back".to_owned(),
        Undo::RollBack { within } => format!("roll back, {}", wording::duration(*within)),
        Undo::WriteBack { .. } => "write back".to_owned(),
        Undo::UpgradeAgain => "upgrade again".to_owned(),
    }
}

fn undo(undo: &Undo) -> Option<String> {
    Some(match undo {
        Undo::Nothing => return None,
        Undo::Never => "none: a control plane cannot go back".to_owned(),
        Undo::RollBack { within } => format!(
            "roll the pool back (B) within {} after the step",
            wording::duration(*within)
        ),
        Undo::WriteBack { before } => format!("write the settings back: {before}"),
        Undo::UpgradeAgain => "upgrade the pool again".to_owned(),
    })
}

/// One step in full.
pub(super) fn step(step: &Step, estimate: Option<&StepEstimate>, findings: &[&PlanFinding]) -> Vec<Passage> {
    let mut out = vec![Passage::new(Role::Strong, wording::sentence_start(&step.kind.title()))];
    for finding in findings {
        out.extend(whole_finding(finding));
    }
    let fact = |name: &str, value: String| {
        Passage::new(Role::Muted, format!("{name:<8}"))
            .and(Role::Text, value)
            .hanging(8)
    };
    if let Some(estimate) = estimate {
        if !estimate.high.is_zero() {
            out.push(fact("takes", takes(estimate.low, estimate.high)));
        }
        if estimate.nodes > 0 {
            let width = estimate.width;
            out.push(fact(
                "moves",
                format!("{}, {width} at a time", nodes(estimate.nodes, "node")),
            ));
        }
        if estimate.extra_nodes > 0 {
            let text = format!(
                "{}, {} meanwhile",
                nodes(estimate.extra_nodes, "extra node"),
                room(estimate.extra_vcpus, estimate.extra_addresses)
            );
            out.push(fact("needs", text));
        }
        out.extend(undo(&estimate.undo).map(|undo| fact("undo", undo)));
    }
    let sends = if step.kind.is_gate() {
        "nothing; it only decides whether to go on"
    } else {
        "one request to Azure, shown before the start or when its turn comes"
    };
    out.push(fact("sends", sends.to_owned()));
    if !step.guards.is_empty() {
        let tests = wording::list(step.guards.iter().map(crate::domain::ids::SmokeTestName::as_str), 4);
        out.push(fact("tests", format!("{tests}, each time another node is done")));
    }
    if step.pause_after {
        let mark = Mark::Held;
        out.push(Passage::new(
            mark.role(),
            format!("{} then pauses, until somebody resumes it with P", mark.symbol()),
        ));
    }
    out
}

fn finding_mark(finding: &PlanFinding) -> Mark {
    match finding.severity {
        Severity::Error => Mark::Failed,
        Severity::Warning => Mark::Unsupported,
    }
}

/// What is wrong, on one line.
pub(super) fn short_finding(finding: &PlanFinding) -> (Role, String) {
    let mark = finding_mark(finding);
    let word = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "mind",
    };
    (mark.role(), format!("{} {word}: {}", mark.symbol(), finding.what))
}

/// What is wrong, why, and what to do.
pub(super) fn whole_finding(finding: &PlanFinding) -> Vec<Passage> {
    let (role, text) = short_finding(finding);
    vec![
        Passage::new(role, text).hanging(2),
        Passage::new(Role::Muted, "because: ")
            .and(Role::Text, &finding.why)
            .indented(2),
        Passage::new(Role::Key, "do: ")
            .and(Role::Text, &finding.todo)
            .indented(2),
    ]
}

/// What differs, step by step.
pub(super) fn differences(differences: &[Difference]) -> Vec<Passage> {
    if differences.is_empty() {
        return vec![Passage::new(
            Role::Text,
            "Nothing differs from the plan as it was made, loaded or saved last.",
        )];
    }
    differences
        .iter()
        .map(|difference| match difference {
            Difference::Added { title, place: at } => Passage::new(Role::Good, "+ ")
                .and(Role::Text, title)
                .and(Role::Muted, format!("  added as step {at}")),
            Difference::Removed { title, place: at } => Passage::new(Role::Danger, "- ")
                .and(Role::Text, title)
                .and(Role::Muted, format!("  was step {at}")),
            Difference::Moved { title, from, to } => Passage::new(Role::Running, format!("{ARROW} "))
                .and(Role::Text, title)
                .and(Role::Muted, format!("  step {from} {ARROW} {to}")),
            Difference::Changed { title, what, from, to } => Passage::new(Role::Attention, "~ ")
                .and(Role::Text, title)
                .and(Role::Muted, format!("  {what}: {from} {ARROW} "))
                .and(Role::Strong, to),
        })
        .map(|passage| passage.hanging(2))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_no_number() {
        assert_eq!(known(None), "?");
        assert_eq!(known(Some(8)), "8");
        assert_eq!(takes(Duration::ZERO, Duration::ZERO), "-");
        assert_eq!(takes(Duration::from_mins(20), Duration::from_mins(40)), "20 to 40 min");
    }
}
