//! Questions: what opens one, what its answer leads to, and the orders that come out of a yes.

use super::super::actions::ActionId;
use super::super::command::{Command, Proposal};
use super::super::components::Scene;
use super::super::dialogs::approval::Approval;
use super::super::dialogs::choose_pause::ChoosePause;
use super::super::dialogs::choose_upgrade::ChooseUpgrade;
use super::super::dialogs::confirm::Confirm;
use super::super::dialogs::foreign::Foreign;
use super::super::dialogs::give_reason::{GiveReason, Purpose};
use super::super::dialogs::note::Note;
use super::super::dialogs::order::Order;
use super::super::dialogs::type_word::TypeWord;
use super::super::dialogs::{Dialog, Outcome};
use super::super::screens::Screen;
use super::super::theme::Mark;
use super::App;
use crate::domain::ids::ExecutionId;
use crate::engine::command::Command as EngineCommand;
use crate::engine::view::ExecutionState;

impl App {
    pub(super) fn choose_upgrade(&mut self) -> Vec<Command> {
        let Some(id) = self.subject().map(|snapshot| snapshot.id.clone()) else {
            return Vec::new();
        };
        // What Azure offers is read only for a cluster in focus.
        let commands = if self.stack.is_empty() {
            self.open_cluster(id.clone())
        } else {
            Vec::new()
        };
        self.dialog = Some(Dialog::Upgrade(ChooseUpgrade::new(id)));
        commands
    }

    pub(super) fn pause_or_resume(&mut self) -> Vec<Command> {
        let Some(execution) = self.active().cloned() else {
            return self.look_up_foreign(None);
        };
        if execution.state == ExecutionState::Paused {
            return self.order(EngineCommand::Resume);
        }
        self.dialog = Some(Dialog::Pause(ChoosePause::new(execution)));
        Vec::new()
    }

    /// An order to the execution of the subject, or to what somebody else started there.
    pub(super) fn order(&mut self, command: EngineCommand) -> Vec<Command> {
        match self.active().cloned() {
            Some(execution) => self.ask(Order::Send { execution, command }),
            None => self.look_up_foreign(Some(command)),
        }
    }

    /// Looks up whose upgrade runs; `command` is what is wanted of it, and `None` a pause of a depth to be chosen.
    fn look_up_foreign(&mut self, command: Option<EngineCommand>) -> Vec<Command> {
        let Some(cluster) = self.subject().map(|snapshot| snapshot.id.clone()) else {
            return Vec::new();
        };
        let ticket = self.next_ticket();
        self.dialog = Some(Dialog::Foreign(Foreign::new(cluster.clone(), command, ticket)));
        vec![Command::LookUpForeign { ticket, cluster }]
    }

    /// An approval or a skip: a reason first, then the question.
    pub(super) fn ask_reason(&mut self, action: ActionId) -> Vec<Command> {
        if let Some(execution) = self.active().cloned() {
            let purpose = match action {
                ActionId::Approve => Purpose::Approve(execution),
                _ => Purpose::Skip(execution),
            };
            self.dialog = Some(Dialog::Reason(GiveReason::new(purpose)));
        }
        Vec::new()
    }

    /// Asks for a confirmation, with the exact request where one would be sent.
    pub(super) fn ask(&mut self, order: Order) -> Vec<Command> {
        let question = order.change().map(|change| (self.next_ticket(), change));
        let ticket = question.as_ref().map(|(ticket, _)| *ticket);
        self.dialog = Some(Dialog::Confirm(Box::new(Confirm::new(order, ticket))));
        question
            .map(|(ticket, change)| Command::Preview { ticket, change })
            .into_iter()
            .collect()
    }

    pub(super) fn act_in_dialog(&mut self, action: ActionId) -> Vec<Command> {
        let screen = self.screen_area();
        let scene = Scene {
            data: &self.data,
            theme: self.theme,
        };
        let Some(dialog) = &mut self.dialog else {
            return Vec::new();
        };
        match dialog.act(action, scene, screen) {
            Outcome::Stay => Vec::new(),
            Outcome::Close if self.is_leaving => vec![Command::Quit],
            Outcome::Close => self.close_dialog(),
            Outcome::Next(dialog) => {
                self.dialog = Some(*dialog);
                Vec::new()
            }
            Outcome::Plan { facts, intent } => self.prepare(Proposal::Intent { facts, intent }),
            Outcome::Edit { facts, intent } => self.edit_intent(facts, intent),
            Outcome::EditPlan(plan) => self.edit_plan(plan),
            Outcome::Change(edit) => {
                self.dialog = None;
                self.change_plan(edit)
            }
            Outcome::Save(path) => self.save_plan(path),
            Outcome::Load(path) => self.load_plan(path),
            Outcome::Ask(order) => self.ask(order),
            Outcome::Approved(approval) => self.approved(*approval),
            Outcome::Sure(approval) => self.carry_out_approval(*approval),
            Outcome::Mend { remedy, ailment } => self.plan_repair(remedy, ailment),
            Outcome::LeaveCockpit => vec![Command::Quit],
            Outcome::HandToBackground => self.hand_to_background(),
        }
    }

    /// Closes the question; what was still being looked up for it is given up.
    fn close_dialog(&mut self) -> Vec<Command> {
        match self.dialog.take() {
            Some(Dialog::Confirm(confirm)) => confirm.asked_checks().map(Command::Forget).into_iter().collect(),
            _ => Vec::new(),
        }
    }

    /// A yes: carried out, or held until a word is typed.
    fn approved(&mut self, approval: Approval) -> Vec<Command> {
        let snapshot = self.data.cluster(approval.cluster());
        let cluster = snapshot.and_then(|snapshot| snapshot.cluster.value.as_deref());
        match approval.word(&self.data.preferences.clusters, cluster) {
            Some(word) => {
                self.dialog = Some(Dialog::Word(TypeWord::new(approval, word)));
                Vec::new()
            }
            None => self.carry_out_approval(approval),
        }
    }

    fn carry_out_approval(&mut self, approval: Approval) -> Vec<Command> {
        let what = approval.what();
        match approval {
            Approval::Order(order) => self.carry_out(order),
            Approval::Repair(preview) => {
                self.repair_sent(&what);
                vec![Command::ApplyRepair(preview)]
            }
            Approval::Undo { id, preview } => {
                self.repair_sent(&what);
                let cluster = preview.repair.cluster;
                vec![Command::UndoRepair { cluster, id }]
            }
        }
    }

    fn repair_sent(&mut self, what: &str) {
        self.dialog = None;
        self.say(Mark::Busy, format!("{what}: being sent"));
    }

    fn hand_to_background(&mut self) -> Vec<Command> {
        let driven: Vec<ExecutionId> = self.driven_in_motion().into_iter().map(|(_, id)| id).collect();
        self.is_leaving = true;
        self.dialog = Some(Dialog::Note(Note::farewell()));
        vec![Command::HandToBackground(driven)]
    }

    /// Controls that are asked for are waited for, until something else brings them.
    fn note_request(&mut self, order: &Order) {
        let cluster = order.cluster().clone();
        match order {
            Order::AskForLease { .. }
            | Order::Send {
                command: EngineCommand::AskForControls,
                ..
            } => {
                self.asked.insert(cluster);
            }
            Order::Start { .. } | Order::TakeControls { .. } | Order::TakeLease { .. } => {
                self.asked.remove(&cluster);
            }
            Order::Send { .. } | Order::Adopt { .. } => (),
        }
    }

    fn carry_out(&mut self, order: Order) -> Vec<Command> {
        self.dialog = None;
        let what = order.what();
        self.say(Mark::Busy, format!("{what}: being sent"));
        self.note_request(&order);
        match order {
            Order::Start { plan: None, .. } => Vec::new(),
            Order::Start {
                cluster,
                plan: Some(plan),
                preparation,
            } => {
                // The plan runs now, so there is nothing left to edit.
                if matches!(self.stack.last(), Some(Screen::Plan(_))) {
                    self.stack.pop();
                }
                self.parked.remove(&cluster);
                self.open_nodes(cluster);
                vec![Command::Start { plan, preparation }]
            }
            Order::Send { execution, command } => {
                if command == EngineCommand::Resume {
                    self.want_brief(&execution.id);
                }
                vec![Command::Send {
                    execution: execution.id.clone(),
                    command,
                    what,
                }]
            }
            Order::Adopt { foreign, command } => vec![Command::Adopt { foreign, command, what }],
            Order::TakeControls { execution, reason } => vec![Command::TakeControls {
                execution: execution.id.clone(),
                reason,
            }],
            Order::AskForLease { cluster, .. } => vec![Command::AskForLease { cluster, what }],
            Order::TakeLease { cluster, reason, .. } => vec![Command::TakeLease { cluster, reason }],
        }
    }
}
