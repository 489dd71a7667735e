//! Who drives, as far as the person here is concerned: handing over, asking, taking, and the brief that comes with it.

use std::sync::Arc;

use super::super::command::Command;
use super::super::data::is_in_motion;
use super::super::dialogs::Dialog;
use super::super::dialogs::choose_controls::ChooseControls;
use super::super::dialogs::order::Order;
use super::super::theme::Mark;
use super::App;
use crate::domain::ids::{ClusterId, ExecutionId};
use crate::engine::command::Command as EngineCommand;
use crate::engine::record::LeaseState;
use crate::engine::view::ExecutionView;

impl App {
    /// Executions driven here that would lose their driver, each with its cluster's name.
    pub(super) fn driven_in_motion(&self) -> Vec<(String, ExecutionId)> {
        self.data
            .all_active()
            .filter(|execution| is_in_motion(&execution.state) && self.data.is_driven_here(&execution.id))
            .map(|execution| (execution.plan.cluster_name.clone(), execution.id.clone()))
            .collect()
    }

    /// Hands over where somebody asked; else asks who should drive.
    pub(super) fn hand_over_or_take(&mut self) -> Vec<Command> {
        let Some(execution) = self.active().cloned() else {
            return self.look_up_lease();
        };
        if let Some(LeaseState::Lost { .. }) = execution.lease {
            return self.look_up_lease();
        }
        if let (true, Some(to)) = (
            self.data.is_driven_here(&execution.id),
            execution.controls_asked_by.clone(),
        ) {
            let command = EngineCommand::HandOver { to };
            return self.ask(Order::Send { execution, command });
        }
        let given_to_me = execution.handed_to.as_ref().is_some_and(|to| self.data.is_me(to));
        if execution.driver.is_none() || given_to_me {
            return self.ask(Order::TakeControls {
                execution,
                reason: None,
            });
        }
        self.dialog = Some(Dialog::Controls(ChooseControls::here(execution)));
        Vec::new()
    }

    fn look_up_lease(&mut self) -> Vec<Command> {
        let Some(cluster) = self.subject().map(|snapshot| snapshot.id.clone()) else {
            return Vec::new();
        };
        let ticket = self.next_ticket();
        self.dialog = Some(Dialog::Controls(ChooseControls::elsewhere(cluster.clone(), ticket)));
        vec![Command::LookUpLease { ticket, cluster }]
    }

    pub(super) fn show_brief(&mut self) -> Vec<Command> {
        match self.active().cloned() {
            Some(execution) => self.brief(execution),
            None => Vec::new(),
        }
    }

    fn brief(&mut self, execution: Arc<ExecutionView>) -> Vec<Command> {
        self.briefed.insert(execution.id.clone());
        let live = self
            .data
            .cluster(&execution.plan.cluster)
            .and_then(|snapshot| snapshot.live.clone());
        vec![Command::Brief { execution, live }]
    }

    /// Who comes to an execution that is driven elsewhere, or by nobody, is told how it stands; once.
    pub(super) fn brief_on_arrival(&mut self, cluster: &ClusterId) -> Vec<Command> {
        match self.data.active(cluster).cloned() {
            Some(execution) if !self.briefed.contains(&execution.id) => self.brief(execution),
            _ => Vec::new(),
        }
    }

    /// The brief of an execution that was not driven here so far is shown when it is.
    pub(super) fn want_brief(&mut self, id: &ExecutionId) {
        if !self.data.is_driven_here(id) {
            self.brief_wanted = Some(id.clone());
        }
    }

    /// Says so, and briefs, when controls come that were asked for.
    pub(super) fn greet_controls(&mut self) {
        let came = self
            .data
            .all_active()
            .find(|execution| self.data.is_driven_here(&execution.id) && self.asked.contains(&execution.plan.cluster))
            .cloned();
        if let Some(execution) = came {
            self.asked.remove(&execution.plan.cluster);
            self.say(Mark::Good, format!("You drive {} now", execution.id));
            self.brief_wanted = Some(execution.id.clone());
        }
    }

    /// The brief that is waited for, once its execution can be seen.
    pub(super) fn wanted_brief(&mut self) -> Vec<Command> {
        let Some(id) = self.brief_wanted.clone().filter(|_| self.dialog.is_none()) else {
            return Vec::new();
        };
        let found = self.data.all_active().find(|execution| execution.id == id).cloned();
        match found {
            Some(execution) => {
                self.brief_wanted = None;
                self.brief(execution)
            }
            None => Vec::new(),
        }
    }
}
