//! What runs on a cluster: our execution with its gate, steps, smoke tests and who drives it, or what Azure does alone.

use jiff::Timestamp;

use super::super::components::prose::Passage;
use super::super::components::{drain_panel, smoke_lines};
use super::super::data::Data;
use super::super::narrative;
use super::super::theme::{DOT, Mark, Role};
use super::super::wording;
use super::panels::{cluster_errors, error_passages};
use crate::domain::cluster::Cluster;
use crate::domain::ids::NodeName;
use crate::domain::provisioning::ProvisioningState;
use crate::engine::record::{LeaseState, Origin};
use crate::engine::view::{ExecutionView, StepState, StepView};
use crate::inventory::snapshot::{ClusterSnapshot, SourceState};
use crate::progress::picture::LivePicture;

/// What runs: our execution with its steps, or what Azure does by itself, and every error in Azure's words.
pub(super) fn upgrade(snapshot: &ClusterSnapshot, data: &Data) -> Vec<Passage> {
    let mut out = Vec::new();
    let execution = data.execution(&snapshot.id);
    match execution {
        Some(execution) => out.extend(run(execution, data)),
        None => out.extend(foreign(snapshot, data.now)),
    }
    if let Some(text) = snapshot.operation_text.as_ref().filter(|_| execution.is_none()) {
        out.push(Passage::new(Role::Muted, "Azure says: ").and(Role::Text, text));
    }
    if let Some(live) = snapshot.live.as_deref() {
        if let Some(progress) = narrative::progress_text(live) {
            out.push(Passage::new(Role::Text, progress));
        }
        let held = live.held.as_ref().map(|held| held.in_full(data.now));
        out.extend(held.map(|words| Passage::new(Role::Attention, format!("! {words}"))));
        out.extend(window(snapshot, live, data));
        out.extend(
            live.gaps
                .iter()
                .map(|gap| Passage::new(Role::Attention, drain_panel::gap_text(gap))),
        );
    }
    if let Some(cluster) = snapshot.cluster.value.as_deref() {
        out.extend(cluster_errors(cluster));
    }
    out
}

/// Whether the rest fits the maintenance window, and what to do where it does not.
pub(super) fn window(snapshot: &ClusterSnapshot, live: &LivePicture, data: &Data) -> Vec<Passage> {
    let mut out = Vec::new();
    if let Some(window) = &live.window {
        let is_last_step = data
            .execution(&snapshot.id)
            .is_none_or(|execution| execution.is_at_last_move());
        let words = window.in_words();
        out.extend(words.map(|words| Passage::new(Role::Attention, format!("! {words}"))));
        let remedy = window.remedy(is_last_step);
        out.extend(remedy.map(|remedy| {
            Passage::new(Role::Key, "do: ")
                .and(Role::Text, format!("{remedy} (P pauses)"))
                .indented(2)
        }));
    }
    if let (SourceState::Denied { .. } | SourceState::Failed { .. }, true) = (&snapshot.windows.state, live.is_running)
    {
        let why = snapshot.windows.state.why().unwrap_or_default();
        out.push(Passage::new(
            Role::Muted,
            format!("whether it fits a maintenance window is not known: {why}"),
        ));
    }
    out
}

fn run(execution: &ExecutionView, data: &Data) -> Vec<Passage> {
    let now = data.now;
    let (mark, text) = narrative::execution(execution, now);
    let mut out = vec![Passage::new(mark.role(), format!("{} {text}", mark.symbol()))];
    out.extend(narrative::whom_passage(execution, now).map(|passage| passage.indented(2)));
    out.extend(narrative::repair_passage(execution).map(|passage| passage.indented(2)));
    let driver = data
        .driver(execution)
        .map_or_else(|| "nobody drives it".to_owned(), |driver| format!("driven by {driver}"));
    let started = wording::ago(execution.started_at, now);
    out.push(Passage::new(
        Role::Muted,
        format!(
            "{}{DOT}started {started} by {}{DOT}{driver}",
            execution.id,
            data.called(&execution.started_by)
        ),
    ));
    out.extend(controls(execution, data));
    out.extend(origin(execution, data));
    if let Some(message) = message(execution) {
        out.push(Passage::new(Role::Text, message));
    }
    let smoke = smoke_lines::passages(execution, now);
    if !smoke.is_empty() {
        out.push(Passage::blank());
        out.extend(smoke);
    }
    out.push(Passage::blank());
    for (at, step) in execution.steps.iter().enumerate() {
        out.extend(step_passages(at + 1, step, now));
    }
    if !execution.leftovers.is_empty() {
        let names = wording::list(execution.leftovers.iter().map(NodeName::as_str), 4);
        out.push(Passage::new(
            Role::Attention,
            format!("! left cordoned or half drained: {names}"),
        ));
        out.push(
            Passage::new(Role::Key, "do: ")
                .and(
                    Role::Text,
                    "resume (P), or make them usable again: kubectl uncordon NODE",
                )
                .indented(2),
        );
    }
    out
}

/// The execution's message, where its headline has not said it already.
pub(super) fn message(execution: &ExecutionView) -> Option<&str> {
    let gate = execution.gate.as_ref().map(|gate| gate.reason.as_str());
    execution.message.as_deref().filter(|message| gate != Some(*message))
}

/// Who wants the controls, who was given them, and what the cluster's Lease says, as far as a person should know.
pub(super) fn controls(execution: &ExecutionView, data: &Data) -> Vec<Passage> {
    let mut out = Vec::new();
    let attention = |text: String| Passage::new(Role::Attention, text);
    let open_request = execution.controls_asked_by.as_ref();
    if let Some(asked) = open_request.filter(|asked| execution.handed_to.as_ref() != Some(*asked)) {
        let who = data.called(asked);
        out.push(if data.is_driven_here(&execution.id) {
            attention(format!("! {who} asks for the controls: H hands over"))
        } else {
            Passage::new(Role::Muted, format!("{who} asked for the controls"))
        });
    }
    match &execution.handed_to {
        Some(to) if data.is_me(to) => out.push(attention("! handed over to you: H takes the controls".to_owned())),
        Some(to) => out.push(Passage::new(
            Role::Muted,
            format!("handed over to {}, who has not taken it yet", data.called(to)),
        )),
        None => (),
    }
    match &execution.lease {
        Some(LeaseState::Unavailable { why }) => {
            let mark = Mark::Stale;
            out.push(
                Passage::new(
                    mark.role(),
                    format!("{} other machines cannot see who drives: ", mark.symbol()),
                )
                .and(Role::Text, format!("{why}; Azure's refusals are the only guard")),
            );
        }
        Some(LeaseState::Lost { holder }) => {
            let mark = Mark::Failed;
            let who = data.called(holder);
            out.push(
                Passage::new(
                    mark.role(),
                    format!("{} {who} has the cluster's Lease: ", mark.symbol()),
                )
                .and(
                    Role::Text,
                    "this driver does not act; H asks for the controls or takes them",
                ),
            );
        }
        Some(LeaseState::Held) | None => (),
    }
    out
}

/// Where an execution came from that did not begin here.
fn origin(execution: &ExecutionView, data: &Data) -> Option<Passage> {
    let text = match execution.origin.as_ref()? {
        Origin::Foreign {
            started_by, started_at, ..
        } => {
            let who = started_by
                .as_deref()
                .unwrap_or("somebody the activity log does not name");
            let when = started_at.map_or_else(String::new, |at| format!(" {}", wording::ago(at, data.now)));
            format!("begun elsewhere{when} by {who}, adopted here")
        }
        Origin::OtherMachine { driver, reason, .. } => {
            format!("taken over from {}: {reason}", data.called(driver))
        }
    };
    Some(Passage::new(Role::Muted, text))
}

fn step_mark(state: &StepState) -> Mark {
    match state {
        StepState::Pending => Mark::Pending,
        StepState::Starting | StepState::Stopping => Mark::Busy,
        StepState::Running { .. } => Mark::Running,
        StepState::Stopped | StepState::Holding => Mark::Held,
        StepState::Skipped { .. } => Mark::Off,
        StepState::Failed { .. } => Mark::Failed,
        StepState::Succeeded => Mark::Good,
    }
}

fn step_passages(number: usize, step: &StepView, now: Timestamp) -> Vec<Passage> {
    let mark = step_mark(&step.state);
    let attempt = if step.attempt > 1 {
        format!(", attempt {}", step.attempt)
    } else {
        String::new()
    };
    let since = step
        .since
        .filter(|_| step.state != StepState::Pending)
        .map_or_else(String::new, |at| match step.state {
            StepState::Holding => format!(" for {}", wording::since(at, now)),
            _ => format!(", {}", wording::ago(at, now)),
        });
    let pause = if step.step.pause_after { ", pauses after it" } else { "" };
    let mut out = vec![
        Passage::new(mark.role(), format!("{} ", mark.symbol()))
            .and(Role::Text, format!("{number}  {}", step.step.kind.title()))
            .and(Role::Muted, format!("  {}{attempt}{since}{pause}", step.state.word()))
            .hanging(5),
    ];
    match &step.state {
        StepState::Failed { error } => out.extend(error_passages(error, 4)),
        StepState::Skipped { reason } => {
            out.push(
                Passage::new(Role::Muted, "because: ")
                    .and(Role::Text, reason)
                    .indented(5),
            );
        }
        StepState::Running { text, hint } => {
            if !text.is_empty() {
                out.push(
                    Passage::new(Role::Muted, "Azure says: ")
                        .and(Role::Text, text)
                        .indented(4),
                );
            }
            if let Some(hint) = hint {
                out.push(Passage::new(Role::Attention, "Azure met, and retries:").indented(4));
                out.extend(error_passages(hint, 4));
            }
        }
        _ => (),
    }
    out
}

fn foreign(snapshot: &ClusterSnapshot, now: Timestamp) -> Vec<Passage> {
    let upgrading = snapshot
        .cluster
        .value
        .as_deref()
        .filter(|cluster| cluster.is_upgrading());
    let busy = snapshot.cluster.value.as_deref().and_then(Cluster::active_state);
    let mut out = what_runs(upgrading.is_some(), busy);
    let whose = narrative::begun_by(snapshot, now).filter(|_| busy.is_some());
    out.extend(whose.map(|whose| Passage::new(Role::Text, wording::sentence_start(&whose)).indented(2)));
    out
}

fn what_runs(is_upgrade: bool, busy: Option<&ProvisioningState>) -> Vec<Passage> {
    match (is_upgrade, busy) {
        (true, _) => vec![
            Passage::new(
                Role::Running,
                format!(
                    "{} An upgrade runs that this cockpit did not start.",
                    Mark::Running.symbol()
                ),
            ),
            Passage::new(
                Role::Muted,
                "P and A look up whose it is, ask, and adopt it first; nothing is sent before that.",
            ),
        ],
        (false, Some(state)) => vec![
            Passage::new(
                Role::Running,
                format!("{} Azure is busy with this cluster: {state}", Mark::Busy.symbol()),
            ),
            Passage::new(Role::Muted, "Azure takes no other change until that is over."),
        ],
        (false, None) => {
            vec![Passage::new(Role::Text, "Nothing runs.").and(Role::Muted, " U plans and starts an upgrade")]
        }
    }
}
