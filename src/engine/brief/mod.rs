//! What the next person at the controls has to know: state, blockers, the next decision, deadlines. Pure.
//! Never decides anything itself.

use jiff::Timestamp;

use super::command::{PauseDepth, Person};
use super::record::{LeaseState, Origin};
use super::view::{ExecutionState, ExecutionView, GateView, SmokeView, StepState};
use crate::domain::ids::{NodeName, SmokeTestName};
use crate::domain::text::printable;
use crate::plan::step::{GateKind, StepKind};
use crate::progress::picture::LivePicture;
use crate::progress::window::Fit;

/// A hand-over in a few lines; every text is printable and reads aloud.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Brief {
    /// One sentence: cluster, what is done of what, how it stands.
    pub headline: String,
    /// What holds it, worst first; empty where nothing does.
    pub blockers: Vec<String>,
    /// What a person has to decide next, and with which key or command.
    pub next_decision: String,
    /// What happens by itself and when, soonest first.
    pub deadlines: Vec<(Timestamp, String)>,
    /// What was done by whom that the receiver should know: take-overs, skipped steps, leftovers.
    pub notes: Vec<String>,
}

/// Writes the brief of an execution.
pub fn brief(view: &ExecutionView, live: Option<&LivePicture>, now: Timestamp) -> Brief {
    let live = live.filter(|_| !view.state.is_final());
    let said = |texts: Vec<String>| texts.iter().map(|text| printable(text)).collect();
    Brief {
        headline: printable(&headline(view, live)),
        blockers: said(blockers(view, live)),
        next_decision: printable(&(next_decision(view, live) + &about_the_window(view, live))),
        deadlines: deadlines(view, live, now)
            .into_iter()
            .map(|(at, what)| (at, printable(&what)))
            .collect(),
        notes: said(notes(view)),
    }
}

fn headline(view: &ExecutionView, live: Option<&LivePicture>) -> String {
    let done = view.steps.iter().filter(|step| step.state.is_over()).count();
    let all = view.steps.len();
    let steps = if all == 1 { "step" } else { "steps" };
    let at = view
        .current_step()
        .filter(|_| !view.state.is_final())
        .map_or_else(String::new, |step| {
            let attempt = match step.attempt {
                0 | 1 => String::new(),
                attempt => format!(", attempt {attempt}"),
            };
            format!(", at {}{attempt}", step.step.kind.title())
        });
    let nodes = live
        .map(LivePicture::progress)
        .filter(|(_, total)| *total > 0)
        .map_or_else(String::new, |(done, total)| format!(", {done} of {total} nodes"));
    let window = live.and_then(|live| live.window.as_ref()?.short());
    let window = window.map_or_else(String::new, |short| format!("; {short}"));
    format!(
        "{} is {}: {done} of {all} {steps} done{at}{nodes}{window}.",
        view.plan.cluster_name,
        state_words(&view.state)
    )
}

fn state_words(state: &ExecutionState) -> &'static str {
    match state {
        ExecutionState::Planned => "planned",
        ExecutionState::Running => "running",
        ExecutionState::Pausing { .. } => "pausing",
        ExecutionState::Paused => "paused",
        ExecutionState::Waiting { .. } => "waiting",
        ExecutionState::Failed => "failed",
        ExecutionState::Aborting => "being aborted",
        ExecutionState::Aborted => "aborted",
        ExecutionState::Succeeded => "upgraded",
    }
}

/// Worst first: nobody may act, then what failed or waits, then what holds nodes.
fn blockers(view: &ExecutionView, live: Option<&LivePicture>) -> Vec<String> {
    if view.state.is_final() {
        return Vec::new();
    }
    let mut found = Vec::new();
    if let Some(LeaseState::Lost { holder }) = &view.lease {
        found.push(format!(
            "{} holds the cluster's Lease, so nothing is done from here",
            person(holder)
        ));
    }
    if view.driver.is_none() && wants_a_driver(&view.state) {
        found.push("nobody drives it: no further step starts".to_owned());
    }
    let is_held = matches!(
        view.state,
        ExecutionState::Failed | ExecutionState::Paused | ExecutionState::Waiting { .. }
    );
    match (&view.gate, &view.state) {
        (Some(gate), _) => found.push(gate.reason.clone()),
        (None, ExecutionState::Waiting { reason }) => found.push(reason.clone()),
        (None, _) => {}
    }
    if let Some(message) = view
        .message
        .as_ref()
        .filter(|message| is_held && !found.contains(message))
    {
        found.push(message.clone());
    }
    found.extend(live.into_iter().flat_map(|live| &live.blockers).map(|blocker| {
        let nodes = match blocker.nodes.len() {
            0 => String::new(),
            1 => " (1 node)".to_owned(),
            count => format!(" ({count} nodes)"),
        };
        format!("{}{nodes}", blocker.what)
    }));
    found
}

/// True where something would go on by itself if somebody drove it.
fn wants_a_driver(state: &ExecutionState) -> bool {
    match state {
        ExecutionState::Planned
        | ExecutionState::Running
        | ExecutionState::Pausing { .. }
        | ExecutionState::Waiting { .. }
        | ExecutionState::Aborting => true,
        ExecutionState::Paused | ExecutionState::Failed | ExecutionState::Aborted | ExecutionState::Succeeded => false,
    }
}

fn next_decision(view: &ExecutionView, live: Option<&LivePicture>) -> String {
    let id = &view.id;
    if view.state.is_final() {
        return format!("Nothing: it has ended. Its story: aks-cockpit timeline {id}.");
    }
    if let Some(to) = &view.handed_to {
        return format!(
            "{} was given the controls and takes them with: aks-cockpit drive {id}.",
            person(to)
        );
    }
    if let Some(by) = &view.controls_asked_by {
        let by = person(by);
        return format!(
            "{by} asks for the controls: hand over (H, or aks-cockpit hand-over {id} --to {by}), or keep them."
        );
    }
    if view.driver.is_none() && wants_a_driver(&view.state) {
        return format!("Somebody has to drive it: aks-cockpit drive {id}, or abort it: aks-cockpit abort {id}.");
    }
    match &view.state {
        ExecutionState::Paused if let Some(test) = failing_test(view) => format!(
            "Repair the application, then resume it (P, or aks-cockpit resume {id}): the smoke test {test} runs again, \
             and stops it again while it fails; or abort it (A, or aks-cockpit abort {id})."
        ),
        ExecutionState::Paused => {
            format!("Resume it (P, or aks-cockpit resume {id}), or abort it (A, or aks-cockpit abort {id}).")
        }
        ExecutionState::Failed => format!(
            "Remove the cause, then retry the step (R, or aks-cockpit retry {id}); or leave it out with a reason \
             (aks-cockpit skip {id} --reason TEXT), or abort (A)."
        ),
        ExecutionState::Waiting { .. } => view.gate.as_ref().map_or_else(
            || "Nothing: it goes on by itself when the reason is gone.".to_owned(),
            |gate| at_gate(view, gate),
        ),
        ExecutionState::Pausing {
            depth: PauseDepth::NodeBoundary,
        } => format!("Nothing, or stop at once: aks-cockpit pause {id} --depth now."),
        ExecutionState::Aborting => "Nothing: Azure is stopping the operation.".to_owned(),
        _ if live.is_some_and(|live| !live.blockers.is_empty()) => {
            format!("Free what is held, so that AKS goes on by itself; or pause (P, or aks-cockpit pause {id}).")
        }
        _ => "Nothing: it goes on by itself.".to_owned(),
    }
}

/// What to do where the rest does not fit the maintenance window.
fn about_the_window(view: &ExecutionView, live: Option<&LivePicture>) -> String {
    let window = live.and_then(|live| live.window.as_ref());
    match window.map(|window| (window.in_words(), window.remedy(view.is_at_last_move()))) {
        Some((Some(words), Some(remedy))) => {
            format!(" {words}; {remedy} (P, or aks-cockpit pause {}).", view.id)
        }
        _ => String::new(),
    }
}

/// The smoke test that has the execution paused: the current step, or one of its guards, whose newest run failed.
pub fn failing_test(view: &ExecutionView) -> Option<&SmokeTestName> {
    if view.state != ExecutionState::Paused {
        return None;
    }
    let step = &view.current_step()?.step;
    let is_watching = |name: &SmokeTestName| {
        step.guards.contains(name) || matches!(&step.kind, StepKind::SmokeTest { test } if test == name)
    };
    let has_failed = |test: &&SmokeView| is_watching(&test.name) && test.runs.last().is_some_and(|run| !run.passed);
    view.smoke.iter().find(has_failed).map(|test| &test.name)
}

fn at_gate(view: &ExecutionView, gate: &GateView) -> String {
    let (id, step) = (&view.id, &gate.step);
    let skip = format!("aks-cockpit skip {id} --step {step} --reason TEXT");
    match gate.kind {
        GateKind::Approval => format!(
            "Say yes (Y, or aks-cockpit approve {id} --step {step} --reason TEXT), or abort (A, or aks-cockpit abort {id})."
        ),
        GateKind::Wait => format!("Nothing until it is over, or cut it short: {skip}."),
        GateKind::SmokeTest => format!("Repair the application; the test is repeated, or leave it out: {skip}."),
        GateKind::Readiness => format!("Bring the workloads back; they are looked at again, or leave it out: {skip}."),
        GateKind::Verify => format!("Repair what is missing; it is looked at again, or leave it out: {skip}."),
    }
}

fn deadlines(view: &ExecutionView, live: Option<&LivePicture>, now: Timestamp) -> Vec<(Timestamp, String)> {
    if view.state.is_final() {
        return Vec::new();
    }
    let gate = view.gate.as_ref().and_then(|gate| {
        gate.until
            .map(|at| (at, "the wait is over and the plan goes on".to_owned()))
    });
    let drains = live
        .into_iter()
        .flat_map(|live| live.nodes.values())
        .filter_map(|node| {
            let drain = node.drain.as_ref().filter(|_| node.phase.is_in_flight())?;
            Some((drain.deadline?, format!("AKS gives up draining {}", node.name)))
        });
    let window = live.and_then(|live| live.window.as_ref());
    let closes = window.filter(|window| window.fit != Fit::Fits).map(|window| {
        (
            window.closes,
            format!("the maintenance window {} closes", window.window),
        )
    });
    let mut found: Vec<(Timestamp, String)> = gate
        .into_iter()
        .chain(drains)
        .chain(closes)
        .filter(|(at, _)| *at > now)
        .collect();
    found.sort();
    found
}

fn notes(view: &ExecutionView) -> Vec<String> {
    let mut notes: Vec<String> = view.origin.iter().map(origin).collect();
    for step in &view.steps {
        let title = step.step.kind.title();
        if let StepState::Skipped { reason } = &step.state {
            notes.push(format!("{title} was left out: {reason}"));
        } else if step.attempt > 1 {
            notes.push(format!("{title} took {} attempts so far", step.attempt));
        }
    }
    notes.extend(view.smoke.iter().filter_map(smoke));
    if !view.leftovers.is_empty() {
        let names: Vec<&str> = view.leftovers.iter().map(NodeName::as_str).collect();
        notes.push(format!(
            "left cordoned or half drained, to be repaired: {}",
            names.join(", ")
        ));
    }
    if let Some(LeaseState::Unavailable { why }) = &view.lease {
        notes.push(format!("other machines cannot see who drives: {why}"));
    }
    notes
}

fn origin(origin: &Origin) -> String {
    match origin {
        Origin::Foreign {
            operation, started_by, ..
        } => format!(
            "its first operation ({operation}) was started by {}",
            started_by
                .as_deref()
                .unwrap_or("somebody the activity log does not name")
        ),
        Origin::OtherMachine {
            execution,
            driver,
            reason,
            ..
        } => format!(
            "taken over from {}, there execution {execution}: {reason}",
            person(driver)
        ),
    }
}

fn smoke(view: &SmokeView) -> Option<String> {
    let failed = view.runs.iter().filter(|run| !run.passed).count();
    let last = view.runs.last().filter(|_| failed > 0)?;
    let now = if last.passed { "passes now" } else { "fails now" };
    Some(format!(
        "smoke test {} failed in {failed} of its last {} runs, and {now}",
        view.name,
        view.runs.len()
    ))
}

fn person(person: &Person) -> String {
    format!("{}@{}", person.name, person.host)
}

#[cfg(test)]
mod tests;
