//! Repairs: a remedy chosen, its requests asked for, the result shown, the list kept, a repair taken back.

use std::sync::Arc;

use super::super::command::{Ailment, Command};
use super::super::dialogs::Dialog;
use super::super::dialogs::choose_remedy::ChooseRemedy;
use super::super::dialogs::confirm_repair::{ConfirmRepair, Wanted};
use super::super::dialogs::note::Note;
use super::super::screens::Screen;
use super::super::screens::repairs::{RepairsScreen, can_be_undone, whole_repair};
use super::super::theme::Mark;
use super::App;
use crate::domain::ids::ClusterId;
use crate::domain::survey::SurveyDepth;
use crate::engine::repair::{RepairEntry, RepairState};
use crate::problem::Problem;

impl App {
    /// Offers the remedies for what is selected.
    pub(super) fn mend(&mut self) -> Vec<Command> {
        let Some(topic) = self.topic().filter(|topic| !topic.remedies().is_empty()) else {
            self.say(Mark::Unknown, "Nothing is selected here that has a remedy");
            return Vec::new();
        };
        let Some(cluster) = self.stack.iter().rev().find_map(Screen::cluster).cloned() else {
            return Vec::new();
        };
        // A remedy is made exact from what was surveyed: without a survey, one is taken first.
        let Some(survey) = self.data.inquiries.survey(&cluster, SurveyDepth::Diagnosis) else {
            self.say(Mark::Loading, "The cluster is still being looked at");
            return match self.stack.last() {
                Some(Screen::Causes(_)) => Vec::new(),
                _ => self.open_causes(),
            };
        };
        self.dialog = Some(Dialog::Remedy(ChooseRemedy::new(Ailment {
            cluster,
            cause: topic.as_cause(),
            survey,
        })));
        Vec::new()
    }

    /// Opens the question; its requests come later.
    pub(super) fn plan_repair(&mut self, remedy: String, ailment: Box<Ailment>) -> Vec<Command> {
        let ticket = self.next_ticket();
        let wanted = Wanted::Repair { remedy: remedy.clone() };
        let confirm = ConfirmRepair::new(ailment.cluster.clone(), wanted, ticket);
        self.dialog = Some(Dialog::Repair(Box::new(confirm)));
        vec![Command::PlanRepair {
            ticket,
            remedy,
            ailment,
        }]
    }

    fn undoable(&self) -> Option<&RepairEntry> {
        match self.stack.last() {
            Some(Screen::Repairs(screen)) => screen.selected(&self.data).filter(|entry| can_be_undone(entry)),
            _ => None,
        }
    }

    pub(super) fn can_take_back(&self) -> bool {
        self.undoable().is_some()
    }

    /// Asks before the selected repair is taken back.
    pub(super) fn take_back(&mut self) -> Vec<Command> {
        let Some((cluster, id)) = self.undoable().map(|entry| (entry.cluster.clone(), entry.id.clone())) else {
            self.say(Mark::Unknown, "Nothing is selected that could be taken back");
            return Vec::new();
        };
        let ticket = self.next_ticket();
        let confirm = ConfirmRepair::new(cluster, Wanted::Undo { id: id.clone() }, ticket);
        self.dialog = Some(Dialog::Repair(Box::new(confirm)));
        vec![Command::PreviewUndo { ticket, id }]
    }

    pub(super) fn open_repairs(&mut self) -> Vec<Command> {
        let Some((id, mut commands)) = self.opened_cluster() else {
            return Vec::new();
        };
        self.stack.push(Screen::Repairs(RepairsScreen::new(id.clone())));
        commands.extend(self.read_repairs(&id));
        commands
    }

    /// Reads the list again, unless that is under way.
    pub(super) fn read_repairs(&mut self, id: &ClusterId) -> Vec<Command> {
        let repairs = self.data.inquiries.repairs_mut(id);
        if std::mem::replace(&mut repairs.is_asked, true) {
            return Vec::new();
        }
        vec![Command::ReadRepairs(id.clone())]
    }

    pub(super) fn take_repairs(&mut self, id: &ClusterId, answer: Result<Vec<RepairEntry>, Problem>) {
        let repairs = self.data.inquiries.repairs_mut(id);
        repairs.is_asked = false;
        match answer {
            Ok(entries) => {
                repairs.entries = Some(Arc::new(entries));
                repairs.problem = None;
            }
            Err(problem) => repairs.problem = Some(problem),
        }
    }

    /// Shows what a repair came to; the cause and the list are looked at again.
    pub(super) fn take_repaired(
        &mut self,
        cluster: &ClusterId,
        answer: &Result<Box<RepairEntry>, Problem>,
    ) -> Vec<Command> {
        self.toast = None;
        let note = match answer {
            Ok(entry) => {
                let heading = match entry.state {
                    RepairState::Done => "Repaired",
                    RepairState::Undone => "Taken back",
                    RepairState::Begun => "Begun",
                    RepairState::Failed { .. } | RepairState::UndoFailed { .. } => "This did not work",
                };
                Note::details(format!("{heading}: {}", entry.id), whole_repair(entry, &self.data))
            }
            Err(problem) => Note::problem(problem),
        };
        self.dialog = Some(Dialog::Note(note));
        let mut commands = self.read_repairs(cluster);
        if matches!(self.watched_causes(), Some((id, _)) if id == *cluster) {
            commands.extend(self.diagnose_anew(cluster));
        }
        commands
    }
}
