//! A reason to be recorded, before an approval, a skip or a take-over is confirmed. Changes nothing.

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::super::actions::ActionId;
use super::super::components::Scene;
use super::super::components::prose::Passage;
use super::super::narrative;
use super::super::theme::{Mark, Role};
use super::approval::Approval;
use super::form::Form;
use super::order::Order;
use super::{Outcome, draw_form};
use crate::domain::ids::{ClusterId, StepId};
use crate::engine::command::{Command, Person};
use crate::engine::view::ExecutionView;

/// What the reason is for.
#[derive(Clone, Debug)]
pub(crate) enum Purpose {
    Approve(Arc<ExecutionView>),
    Skip(Arc<ExecutionView>),
    /// Of an upgrade that the checks warn of; these are their words.
    StartAnyway {
        order: Box<Order>,
        against: Vec<String>,
    },
    /// From a driver on this machine.
    TakeOver(Arc<ExecutionView>),
    /// From a driver on another machine.
    TakeLease {
        cluster: ClusterId,
        holder: Person,
    },
}

#[derive(Clone, Debug)]
pub(crate) struct GiveReason {
    purpose: Purpose,
    pub(super) form: Form,
}

impl GiveReason {
    pub(crate) fn new(purpose: Purpose) -> Self {
        let hint = match purpose {
            Purpose::Approve(_) => "may be empty; it is kept in the journal with your name",
            _ => "needed; it is kept in the journal with your name",
        };
        Self {
            purpose,
            form: Form::of("Reason", hint, ""),
        }
    }

    pub(super) fn act(&mut self, action: ActionId) -> Outcome {
        if action != ActionId::Open {
            return Outcome::Stay;
        }
        let reason = self.form.text(0).to_owned();
        if reason.is_empty() && !matches!(self.purpose, Purpose::Approve(_)) {
            self.form.complaint = Some("say why, so that whoever comes next understands".to_owned());
            return Outcome::Stay;
        }
        match &self.purpose {
            // The question itself was answered already.
            Purpose::StartAnyway { order, .. } => {
                let mut order = (**order).clone();
                if let Order::Start { preparation, .. } = &mut order {
                    preparation.despite = Some(reason);
                }
                Outcome::Approved(Box::new(Approval::Order(order)))
            }
            _ => Outcome::Ask(self.order(reason)),
        }
    }

    /// What enter does.
    pub(super) fn verb(&self) -> &'static str {
        match self.purpose {
            Purpose::StartAnyway { .. } => "start anyway",
            _ => "review",
        }
    }

    fn order(&self, reason: String) -> Order {
        match &self.purpose {
            Purpose::Approve(execution) => Order::Send {
                command: Command::Approve {
                    step: held_step(execution),
                    reason,
                },
                execution: Arc::clone(execution),
            },
            Purpose::StartAnyway { order, .. } => (**order).clone(),
            Purpose::Skip(execution) => Order::Send {
                command: Command::Skip {
                    step: held_step(execution),
                    reason,
                },
                execution: Arc::clone(execution),
            },
            Purpose::TakeOver(execution) => Order::TakeControls {
                execution: Arc::clone(execution),
                reason: Some(reason),
            },
            Purpose::TakeLease { cluster, holder } => Order::TakeLease {
                cluster: cluster.clone(),
                holder: holder.clone(),
                reason,
            },
        }
    }

    pub(super) fn view(&self, scene: Scene<'_>, screen: Rect, buffer: &mut Buffer) -> Position {
        let now = scene.data.now;
        let (heading, mut passages) = match &self.purpose {
            Purpose::Approve(execution) => (
                format!("Approve the upgrade of {}", execution.plan.cluster_name),
                narrative::gate_passages(execution, now),
            ),
            Purpose::Skip(execution) => (
                format!("Skip a step of {}", execution.plan.cluster_name),
                skipped(execution, scene),
            ),
            Purpose::StartAnyway { order, against } => (
                format!("Start the upgrade of {} anyway", order.cluster().name()),
                despite(against),
            ),
            Purpose::TakeOver(execution) => (
                format!("Take over the upgrade of {}", execution.plan.cluster_name),
                driven_by(&scene.data.driver(execution).unwrap_or_default()),
            ),
            Purpose::TakeLease { cluster, holder } => (
                format!("Take over the upgrade of {}", cluster.name()),
                driven_by(&scene.data.called(holder)),
            ),
        };
        passages.push(Passage::blank());
        passages.push(Passage::new(Role::Muted, "You are ").and(Role::Strong, scene.data.my_name()));
        draw_form(&passages, &self.form, &heading, scene, screen, buffer)
    }
}

fn held_step(execution: &ExecutionView) -> Option<StepId> {
    let gate = execution.gate.as_ref().map(|gate| gate.step.clone());
    gate.or_else(|| execution.current_step().map(|step| step.step.id.clone()))
}

fn skipped(execution: &ExecutionView, scene: Scene<'_>) -> Vec<Passage> {
    if execution.gate.is_some() {
        return narrative::gate_passages(execution, scene.data.now);
    }
    let (mark, text) = narrative::execution(execution, scene.data.now);
    vec![
        Passage::new(mark.role(), format!("{} {text}", mark.symbol())),
        Passage::new(
            Role::Text,
            "The step is left as it is: what it did stays, what it did not do is not done.",
        ),
    ]
}

/// The worst things the checks said; the rest is counted.
fn despite(against: &[String]) -> Vec<Passage> {
    const MOST: usize = 4;
    let mut out: Vec<Passage> = against
        .iter()
        .take(MOST)
        .map(|line| Passage::new(Role::Danger, format!("{} {line}", Mark::Failed.symbol())).hanging(2))
        .collect();
    if against.len() > MOST {
        out.push(Passage::new(Role::Muted, format!("and {} more", against.len() - MOST)));
    }
    out
}

fn driven_by(driver: &str) -> Vec<Passage> {
    vec![
        Passage::new(Role::Text, "It is driven by ").and(Role::Strong, driver),
        Passage::new(
            Role::Text,
            "A take-over is for when nobody answers: asking first is kinder. The other driver stops.",
        ),
    ]
}
