//! What an order does, touches and can be undone by, in words for the question before it.

use super::super::components::prose::Passage;
use super::super::theme::Role;
use super::super::wording::{self, count};
use super::choose_pause;
use super::order::Order;
use crate::domain::cluster::Cluster;
use crate::domain::surge::batch_of;
use crate::engine::brief::failing_test;
use crate::engine::command::{Command, PauseDepth, Person};
use crate::engine::handle::ForeignOperation;
use crate::engine::view::ExecutionView;
use crate::plan::step::{Plan, StepKind};
use crate::progress::picture::LivePicture;
use jiff::Timestamp;

fn told(text: impl Into<String>) -> Vec<Passage> {
    vec![Passage::new(Role::Text, text).indented(2)]
}

fn named(person: &Person) -> String {
    format!("{}@{}", person.name, person.host)
}

pub(super) fn what_happens(order: &Order, live: Option<&LivePicture>, now: Timestamp) -> Vec<Passage> {
    match order {
        Order::Start { plan: None, .. } => told("The plan is being made."),
        Order::Start { plan: Some(plan), .. } => steps(plan),
        Order::Send { execution, command } => told(effect(command, execution, live)),
        Order::Adopt { foreign, command } => adoption(foreign, command, now),
        Order::TakeControls {
            execution,
            reason: Some(reason),
        } => {
            let from = execution.driver.as_ref().map_or_else(|| "the driver".to_owned(), named);
            let mut out = told(format!(
                "{from} stops driving at its next look at the journal, and this cockpit goes on. Azure is looked at \
                 first; nothing is sent twice."
            ));
            out.extend(reason_line(reason));
            out
        }
        Order::TakeControls { reason: None, .. } => {
            told("Nobody drives it now. This cockpit goes on: Azure is looked at first; nothing is sent twice.")
        }
        Order::AskForLease { holder, .. } => told(format!(
            "{} is asked to hand over; the request stands on the cluster's Lease until then. Nothing else changes.",
            named(holder)
        )),
        Order::TakeLease { holder, reason, .. } => {
            let mut out = told(format!(
                "The Lease aks-cockpit in kube-system is taken from {}, whose driver then stops. The plan goes on \
                 from here: Azure is looked at first; nothing is sent twice.",
                named(holder)
            ));
            out.extend(reason_line(reason));
            out
        }
    }
}

fn steps(plan: &Plan) -> Vec<Passage> {
    plan.steps
        .iter()
        .enumerate()
        .map(|(at, step)| {
            let pause = if step.pause_after { ", then pauses" } else { "" };
            Passage::new(Role::Muted, format!("{}  ", at + 1))
                .and(Role::Text, step.kind.title())
                .and(Role::Muted, format!("{}{pause}", from_text(&step.kind)))
                .indented(2)
                .hanging(3)
        })
        .collect()
}

fn reason_line(reason: &str) -> Vec<Passage> {
    if reason.is_empty() {
        return Vec::new();
    }
    vec![
        Passage::new(Role::Muted, "reason: ")
            .and(Role::Strong, reason)
            .and(Role::Muted, ", recorded with your name")
            .indented(2),
    ]
}

fn effect(command: &Command, execution: &ExecutionView, live: Option<&LivePicture>) -> String {
    let step = execution
        .current_step()
        .map_or_else(|| "the step".to_owned(), |step| step.step.kind.title());
    match command {
        Command::Pause { depth } => choose_pause::effect(*depth, execution, live),
        Command::Resume | Command::Retry => goes_on(execution),
        Command::Approve { reason, .. } if reason.is_empty() => {
            format!(
                "{} opens, and the plan goes on. Your name is recorded.",
                wording::sentence_start(&step)
            )
        }
        Command::Approve { reason, .. } => format!(
            "{} opens, and the plan goes on. Your name and \"{reason}\" are recorded.",
            wording::sentence_start(&step)
        ),
        Command::Skip { reason, .. } => format!(
            "{} is left out, and the plan goes on behind it. Your name and \"{reason}\" are recorded.",
            wording::sentence_start(&step)
        ),
        Command::AskForControls => "Whoever drives sees your name and may hand over.".to_owned(),
        Command::HandOver { to } => format!(
            "This cockpit stops driving {}, and {} takes it from there, with a brief of how it stands. What runs in \
             Azure runs on.",
            execution.id,
            named(to)
        ),
        Command::Abort => format!(
            "{} The execution ends here and cannot be resumed.",
            choose_pause::effect(PauseDepth::Now, execution, live)
        ),
    }
}

/// What a step at rest does once it is resumed or tried again.
fn goes_on(execution: &ExecutionView) -> String {
    let Some(step) = execution.current_step() else {
        return "The plan goes on.".to_owned();
    };
    let title = step.step.kind.title();
    let begins = wording::sentence_start(&title);
    let again = failing_test(execution).map_or_else(String::new, |test| format!(" The smoke test {test} runs again."));
    if step.step.kind.is_gate() {
        format!("{begins} begins again; it sends nothing to Azure.")
    } else if step.attempt == 0 {
        format!("{begins} begins.")
    } else if step.step.kind.moves_nodes() {
        format!("The request of {title} is sent again; AKS carries on with the nodes that are left.{again}")
    } else {
        format!("The request of {title} is sent again.")
    }
}

/// Whose operation it is, and what becomes of it.
fn adoption(foreign: &ForeignOperation, command: &Command, now: Timestamp) -> Vec<Passage> {
    let mut out = vec![whose(foreign, now).indented(2)];
    let first = Passage::new(Role::Muted, "1  ")
        .and(Role::Text, "adopt it: it gets an execution here, which sends nothing")
        .indented(2)
        .hanging(3);
    let then = match command {
        Command::Pause {
            depth: PauseDepth::AfterStep,
        } => "pause: Azure finishes what runs, nothing else starts",
        Command::Pause {
            depth: PauseDepth::NodeBoundary,
        } => "pause: once no node is between cordon and ready, Azure's operation is stopped; done nodes stay done",
        Command::Pause { depth: PauseDepth::Now } => {
            "pause: Azure's operation is stopped at once; done nodes stay done"
        }
        Command::Retry => "retry: the same request is sent again; AKS carries on with the nodes that are left",
        Command::Abort => "abort: Azure's operation is stopped at once, and the execution ends",
        Command::Resume => "resume: the same request is sent again",
        Command::Approve { .. } | Command::Skip { .. } | Command::AskForControls | Command::HandOver { .. } => {
            "nothing else"
        }
    };
    out.push(first);
    out.push(
        Passage::new(Role::Muted, "2  ")
            .and(Role::Text, then)
            .indented(2)
            .hanging(3),
    );
    out
}

/// `bob@contoso.com started this 12 min ago: node pool user to 1.34.2 (Azure: Upgrading).`
pub(super) fn whose(foreign: &ForeignOperation, now: Timestamp) -> Passage {
    let who = match &foreign.started_by {
        Some(who) => who.clone(),
        None => "Somebody the activity log does not name".to_owned(),
    };
    let when = foreign
        .started_at
        .map_or_else(String::new, |at| format!(" {}", wording::ago(at, now)));
    let what = foreign
        .plan
        .steps
        .first()
        .map_or_else(String::new, |step| format!(": {}", step.kind.title()));
    Passage::new(Role::Strong, who).and(
        Role::Text,
        format!(" started this{when}{what} (Azure: {}).", foreign.operation),
    )
}

fn from_text(kind: &StepKind) -> String {
    match kind {
        StepKind::ControlPlaneUpgrade { from: Some(from), .. } | StepKind::NodePoolUpgrade { from: Some(from), .. } => {
            format!("  from {from}")
        }
        StepKind::NodeImageUpgrade { from: Some(from), .. } => format!("  from {}", from.release()),
        _ => String::new(),
    }
}

/// Nodes that move, and how many at a time; only for a start: the other orders go on with a plan that was shown.
pub(super) fn touches(order: &Order, cluster: Option<&Cluster>) -> Vec<Passage> {
    let (Order::Start { plan: Some(plan), .. }, Some(cluster)) = (order, cluster) else {
        return Vec::new();
    };
    let hops = plan
        .steps
        .iter()
        .filter(|step| matches!(step.kind, StepKind::ControlPlaneUpgrade { .. }))
        .count();
    let mut out = Vec::new();
    if hops > 0 {
        let times = if hops == 1 {
            String::new()
        } else {
            format!(", {hops} times")
        };
        let text = format!("the API server, which may be away for short moments{times}; pods keep running");
        out.push(Passage::new(Role::Text, text).indented(2));
    }
    for step in &plan.steps {
        let (version, pool) = match &step.kind {
            StepKind::NodePoolUpgrade { pool, to, .. } | StepKind::PoolRollback { pool, to, .. } => {
                (Some(*to), cluster.pool(pool))
            }
            StepKind::NodeImageUpgrade { pool, .. } => (cluster.version, cluster.pool(pool)),
            StepKind::ControlPlaneUpgrade { .. }
            | StepKind::PoolSettings { .. }
            | StepKind::Approval { .. }
            | StepKind::Wait { .. }
            | StepKind::SmokeTest { .. }
            | StepKind::ReadinessGate
            | StepKind::Verify => continue,
        };
        if let Some(pool) = pool {
            let batch = batch_of(&pool.upgrade_settings, pool.count, version);
            let number = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
            let text = format!(
                "{} of pool {}: every pod moves; {} drained at a time, {} added meanwhile",
                count(number(pool.count), "node"),
                pool.name,
                number(batch.width()),
                count(number(batch.surge), "surge node"),
            );
            out.push(Passage::new(Role::Text, text).indented(2));
        }
    }
    out
}

/// AKS docs "Roll back a node pool", 2026: within seven days, to what the pool ran before.
pub(super) fn undo(order: &Order) -> &'static str {
    match order {
        Order::Start { plan: Some(plan), .. }
            if plan
                .steps
                .iter()
                .any(|step| matches!(step.kind, StepKind::ControlPlaneUpgrade { .. })) =>
        {
            "The control plane cannot go back. Node pools can be rolled back within 7 days. P pauses, A aborts while it runs."
        }
        Order::Start { .. } => "Node pools can be rolled back within 7 days. P pauses, A aborts while it runs.",
        Order::Send { command, .. } | Order::Adopt { command, .. } => match command {
            Command::Pause { .. } => "Resume with P at any time.",
            Command::Resume | Command::Retry => "Pause again with P.",
            Command::Approve { .. } | Command::Skip { .. } => "It cannot be taken back; P pauses the plan, A ends it.",
            Command::AskForControls => "Nothing in Azure is changed by it.",
            Command::HandOver { .. } => "Ask for the controls again with H.",
            Command::Abort => "A new upgrade (U) carries on with the nodes that are left.",
        },
        Order::TakeControls { .. } | Order::TakeLease { .. } => "Hand over with H when somebody asks.",
        Order::AskForLease { .. } => "Nothing in Azure is changed by it.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::view::ExecutionState;
    use crate::ui::fixtures;

    #[test]
    fn a_resume_says_what_its_step_does() {
        let mut execution = fixtures::execution("shop-prod", ExecutionState::Paused);
        assert_eq!(
            goes_on(&execution),
            "The request of node pool system to 1.34.2 is sent again; AKS carries on with the nodes that are left."
        );
        execution.steps[1].attempt = 0;
        assert_eq!(goes_on(&execution), "Node pool system to 1.34.2 begins.");
        execution = fixtures::held_at(crate::plan::step::GateKind::SmokeTest);
        execution.state = ExecutionState::Paused;
        assert_eq!(
            goes_on(&execution),
            "Smoke test checkout begins again; it sends nothing to Azure."
        );
        let mut steps = execution.steps.iter();
        let pool = steps.find(|step| step.step.kind.moves_nodes()).unwrap().step.clone();
        execution.steps[0].step = pool;
        execution.steps[0].step.guards = vec!["checkout".into()];
        assert!(goes_on(&execution).ends_with("The smoke test checkout runs again."));
    }
}
