//! Somebody else drives: ask for the controls, or take them. On this machine, or by the cluster's Lease.

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::super::actions::ActionId;
use super::super::command::Ticket;
use super::super::components::Scene;
use super::super::components::prose::Passage;
use super::super::data::Data;
use super::super::screens;
use super::super::theme::{Mark, Role};
use super::super::wording;
use super::give_reason::{GiveReason, Purpose};
use super::order::Order;
use super::{Dialog, Outcome, choice, draw_text, note};
use crate::domain::ids::ClusterId;
use crate::engine::command::Command;
use crate::engine::lease::LeaseHolder;
use crate::engine::view::ExecutionView;
use crate::problem::Problem;

/// Who drives.
#[derive(Clone, Debug)]
enum Driver {
    Here(Arc<ExecutionView>),
    Asking,
    Nobody,
    Elsewhere(Box<LeaseHolder>),
    NotKnown(Problem),
}

#[derive(Clone, Debug)]
pub(crate) struct ChooseControls {
    cluster: ClusterId,
    ticket: Option<Ticket>,
    driver: Driver,
    chosen: usize,
}

const WAYS: usize = 2;

impl ChooseControls {
    /// A driver of this machine.
    pub(crate) fn here(execution: Arc<ExecutionView>) -> Self {
        Self {
            cluster: execution.plan.cluster.clone(),
            ticket: None,
            driver: Driver::Here(execution),
            chosen: 0,
        }
    }

    /// Whoever the cluster's Lease names; the answer comes later.
    pub(crate) fn elsewhere(cluster: ClusterId, ticket: Ticket) -> Self {
        Self {
            cluster,
            ticket: Some(ticket),
            driver: Driver::Asking,
            chosen: 0,
        }
    }

    /// Takes what the Lease says; an answer to another question is ignored.
    pub(crate) fn take(&mut self, ticket: Ticket, answer: Result<Option<Box<LeaseHolder>>, Problem>) {
        if self.ticket == Some(ticket) {
            self.driver = match answer {
                Ok(Some(holder)) => Driver::Elsewhere(holder),
                Ok(None) => Driver::Nobody,
                Err(problem) => Driver::NotKnown(problem),
            };
        }
    }

    /// True where there is something to choose.
    pub(super) fn can_go_on(&self) -> bool {
        matches!(self.driver, Driver::Here(_) | Driver::Elsewhere(_))
    }

    pub(super) fn act(&mut self, action: ActionId) -> Outcome {
        match (action, &self.driver) {
            (ActionId::Open, Driver::Here(execution)) if self.chosen == 0 => Outcome::Ask(Order::Send {
                execution: Arc::clone(execution),
                command: Command::AskForControls,
            }),
            (ActionId::Open, Driver::Here(execution)) => reason(Purpose::TakeOver(Arc::clone(execution))),
            (ActionId::Open, Driver::Elsewhere(holder)) if self.chosen == 0 => Outcome::Ask(Order::AskForLease {
                cluster: self.cluster.clone(),
                holder: holder.person.clone(),
            }),
            (ActionId::Open, Driver::Elsewhere(holder)) => reason(Purpose::TakeLease {
                cluster: self.cluster.clone(),
                holder: holder.person.clone(),
            }),
            (ActionId::Open, _) => Outcome::Close,
            (ActionId::NextPanel | ActionId::PreviousPanel, _) => {
                self.chosen = (self.chosen + 1) % WAYS;
                Outcome::Stay
            }
            (other, _) => {
                self.chosen = screens::moved(other, self.chosen, WAYS, 1);
                Outcome::Stay
            }
        }
    }

    pub(super) fn view(&self, scene: Scene<'_>, screen: Rect, buffer: &mut Buffer) {
        let mut passages = self.who(scene.data);
        if self.can_go_on() {
            let ways = [
                (
                    "Ask for the controls",
                    "Whoever drives sees your name and hands over with H.",
                ),
                (
                    "Take over",
                    "For when nobody answers: with a reason, which is recorded. The other driver stops.",
                ),
            ];
            for (at, (title, meaning)) in ways.into_iter().enumerate() {
                passages.push(Passage::blank());
                passages.extend(choice(at == self.chosen, title, meaning));
            }
        }
        let heading = format!("The controls of {}", self.cluster.name());
        draw_text(&passages, &heading, Role::Heading, scene, screen, buffer);
    }

    fn who(&self, data: &Data) -> Vec<Passage> {
        match &self.driver {
            Driver::Here(execution) => {
                let driver = data.driver(execution).unwrap_or_else(|| "nobody".to_owned());
                let mut out = vec![Passage::new(Role::Text, "Driven by ").and(Role::Strong, driver)];
                out.extend(execution.controls_asked_by.as_ref().map(|asked| {
                    let who = data.called(asked);
                    Passage::new(Role::Attention, format!("! asked for already, by {who}"))
                }));
                out
            }
            Driver::Asking => vec![Passage::new(
                Role::Muted,
                format!("{} asking the cluster who drives it", Mark::Loading.symbol()),
            )],
            Driver::Nobody => vec![
                Passage::new(
                    Role::Text,
                    "Nobody drives this cluster with aks-cockpit, here or on another machine.",
                ),
                Passage::new(Role::Muted, "U plans and starts an upgrade."),
            ],
            Driver::Elsewhere(holder) => elsewhere(holder, data),
            Driver::NotKnown(problem) => note::problem_passages(problem),
        }
    }
}

fn reason(purpose: Purpose) -> Outcome {
    Outcome::Next(Box::new(Dialog::Reason(GiveReason::new(purpose))))
}

fn elsewhere(holder: &LeaseHolder, data: &Data) -> Vec<Passage> {
    let seen = wording::ago(holder.renewed_at, data.now);
    let mut out = vec![
        Passage::new(Role::Text, "Driven on another machine by ")
            .and(Role::Strong, data.called(&holder.person))
            .and(Role::Muted, format!(", execution {}, seen {seen}", holder.execution)),
    ];
    if holder.is_expired {
        let text = "! its Lease has run out: the driver is gone or cannot reach the cluster";
        out.push(Passage::new(Role::Attention, text));
    }
    match &holder.note {
        Some(note) => out.push(Passage::new(Role::Text, format!("{}: {}", note.state, note.headline))),
        None => out.push(Passage::new(
            Role::Attention,
            "! its plan cannot be read from the Lease, so it cannot be carried on from here",
        )),
    }
    out.extend(holder.asked_by.as_ref().map(|asked| {
        let who = data.called(asked);
        Passage::new(Role::Attention, format!("! asked for already, by {who}"))
    }));
    out
}
