//! Checks: when they are asked for, for which cluster and target, and what their answers lead to; pages and guides.

use std::sync::Arc;

use super::super::actions::{ActionId, Place};
use super::super::checking::{Goal, goals};
use super::super::command::{Command, Ticket};
use super::super::dialogs::Dialog;
use super::super::inquiry::{Asked, Checked};
use super::super::screens::Screen;
use super::super::screens::page::Page;
use super::super::screens::preflight::PreflightScreen;
use super::super::screens::topic::Topic;
use super::super::theme::Mark;
use super::App;
use crate::domain::ids::{ClusterId, ExecutionId};
use crate::domain::survey::SurveyDepth;
use crate::engine::view::ExecutionState;
use crate::problem::Problem;
use jiff::SignedDuration;

/// A survey this young is good for another question about the same cluster.
const YOUNG: SignedDuration = SignedDuration::from_mins(2);

impl App {
    /// Opens the checks on top of what is there, and asks for them.
    pub(super) fn open_checks(&mut self) -> Vec<Command> {
        let Some((id, mut commands)) = self.opened_cluster() else {
            return Vec::new();
        };
        commands.extend(self.push_checks(id));
        commands
    }

    /// The cluster that is selected, opened where only the overview is there.
    pub(super) fn opened_cluster(&mut self) -> Option<(ClusterId, Vec<Command>)> {
        let id = self.subject()?.id.clone();
        let commands = if self.stack.is_empty() {
            self.open_cluster(id.clone())
        } else {
            Vec::new()
        };
        Some((id, commands))
    }

    pub(super) fn push_checks(&mut self, id: ClusterId) -> Vec<Command> {
        self.stack.push(Screen::Preflight(Box::new(PreflightScreen::new(id))));
        self.refresh_checks();
        self.ask_checks()
    }

    /// Tells the screen of the checks what can be asked about, and gives it the newest answer.
    pub(super) fn refresh_checks(&mut self) {
        let Some(id) = self.checks_on_screen().cloned() else {
            return;
        };
        let all = self.data.cluster(&id).map_or_else(Vec::new, |snapshot| {
            goals(snapshot, self.begun_plan(&id), self.data.execution(&id))
        });
        for screen in &mut self.stack {
            if let Screen::Preflight(screen) = screen {
                screen.refresh(&self.data, all.clone());
            }
        }
    }

    fn checks_on_screen(&self) -> Option<&ClusterId> {
        self.stack.iter().find_map(|screen| match screen {
            Screen::Preflight(screen) => Some(&screen.id),
            _ => None,
        })
    }

    /// Asks what the screen of the checks has no answer to.
    pub(super) fn ask_checks(&mut self) -> Vec<Command> {
        self.refresh_checks();
        let Some(Screen::Preflight(screen)) = self.stack.last() else {
            return Vec::new();
        };
        let (id, goal) = (screen.id.clone(), screen.goal().cloned());
        let checks = self.data.inquiries.checks(&id);
        let is_quiet = checks.is_none_or(|checks| checks.asked.is_none() && checks.problem.is_none());
        match goal {
            Some(goal) if screen.has_no_answer() && is_quiet => self.begin_checks(&id, goal, false),
            _ => Vec::new(),
        }
    }

    /// Asks for the checks; an earlier question about the same cluster is given up.
    fn begin_checks(&mut self, id: &ClusterId, goal: Goal, anew: bool) -> Vec<Command> {
        let mut commands = self.forget_checks(id);
        let ticket = self.next_ticket();
        commands.push(self.check_command(ticket, id, goal, anew));
        let checks = self.data.inquiries.checks_mut(id);
        checks.problem = None;
        checks.asked = Some(Asked {
            ticket,
            since: self.data.now,
        });
        commands
    }

    fn check_command(&self, ticket: Ticket, id: &ClusterId, goal: Goal, anew: bool) -> Command {
        let now = self.data.now;
        let survey = self.data.inquiries.survey(id, SurveyDepth::Preflight);
        let cluster = self
            .data
            .cluster(id)
            .and_then(|snapshot| snapshot.cluster.value.as_deref());
        Command::Check {
            ticket,
            cluster: id.clone(),
            planned: Box::new(goal.planned(cluster, now)),
            goal,
            survey: survey.filter(|survey| !anew && now.duration_since(survey.0.taken_at) < YOUNG),
        }
    }

    /// Nobody waits for the checks of this cluster any more.
    pub(super) fn forget_checks(&mut self, id: &ClusterId) -> Vec<Command> {
        let asked = self.data.inquiries.checks_mut(id).asked.take();
        asked.map(|asked| Command::Forget(asked.ticket)).into_iter().collect()
    }

    /// A start is asked about: its plan is checked first.
    pub(super) fn check_before_start(&mut self) -> Vec<Command> {
        let wanted = match &self.dialog {
            Some(Dialog::Confirm(confirm)) if confirm.wants_checks() => confirm.plan().cloned(),
            _ => None,
        };
        let Some(plan) = wanted else {
            return Vec::new();
        };
        let ticket = self.next_ticket();
        if let Some(Dialog::Confirm(confirm)) = &mut self.dialog {
            confirm.expect_checks(ticket);
        }
        let id = plan.cluster.clone();
        vec![self.check_command(ticket, &id, Goal::Plan(Arc::new(plan)), true)]
    }

    pub(super) fn take_checks(&mut self, ticket: Ticket, id: &ClusterId, answer: Result<Box<Checked>, Problem>) {
        if let Some(Dialog::Confirm(confirm)) = &mut self.dialog
            && confirm.asked_checks() == Some(ticket)
        {
            if let Ok(checked) = &answer {
                self.data.inquiries.checks_mut(id).last = Some(Arc::new((**checked).clone()));
            }
            confirm.take_checks(answer.map(|checked| checked.report));
            return;
        }
        let told = answer.as_ref().ok().and_then(|checked| after_words(checked));
        let checks = self.data.inquiries.checks_mut(id);
        if checks.take(ticket, answer.map(|checked| *checked))
            && let Some(told) = told
            && !matches!(self.stack.last(), Some(Screen::Preflight(_)))
        {
            self.say(Mark::Note, format!("{}: {told}; 3 shows it", id.name()));
        }
        self.refresh_checks();
    }

    /// Upgrades that are driven here and not over: their clusters are checked again when they are.
    pub(super) fn driven_upgrades(&self) -> Vec<(ClusterId, ExecutionId)> {
        self.data
            .all_active()
            .filter(|execution| self.data.is_driven_here(&execution.id))
            .map(|execution| (execution.plan.cluster.clone(), execution.id.clone()))
            .collect()
    }

    /// The same checks again, for those of the watched upgrades that have just succeeded.
    pub(super) fn check_again(&mut self, watched: &[(ClusterId, ExecutionId)]) -> Vec<Command> {
        let mut commands = Vec::new();
        for (cluster, id) in watched {
            let ended = self
                .data
                .execution(cluster)
                .filter(|execution| execution.id == *id && execution.state == ExecutionState::Succeeded);
            if let Some(ended) = ended {
                let goal = Goal::After {
                    execution: id.clone(),
                    plan: Arc::clone(&ended.plan),
                };
                commands.extend(self.begin_checks(cluster, goal, true));
            }
        }
        commands
    }

    /// Asks anew for what the screen shows.
    pub(super) fn ask_again(&mut self) -> Vec<Command> {
        match self.stack.last() {
            Some(Screen::Preflight(screen)) => {
                let (id, goal) = (screen.id.clone(), screen.goal().cloned());
                goal.map_or_else(Vec::new, |goal| self.begin_checks(&id, goal, true))
            }
            Some(Screen::Causes(screen)) => {
                let id = screen.id.clone();
                self.diagnose_anew(&id)
            }
            Some(Screen::Repairs(screen)) => {
                let id = screen.id.clone();
                self.read_repairs(&id)
            }
            _ => Vec::new(),
        }
    }

    /// What is selected, where it can be read about or mended.
    pub(super) fn topic(&self) -> Option<Topic> {
        match self.stack.last()? {
            Screen::Preflight(screen) => screen.topic(),
            Screen::Causes(screen) => screen.topic(&self.data),
            Screen::Page(page) => Some(page.topic.clone()),
            Screen::Cluster(screen) => screen.topic(&self.data),
            Screen::Live(screen) => {
                let cause = self.data.inquiries.causes(&screen.id)?.top()?;
                Some(Topic::Cause(Box::new(cause.clone())))
            }
            _ => None,
        }
    }

    /// Enter on a finding or a cause: its page; on the line of the passes: unfold them.
    pub(super) fn open_page(&mut self) {
        if let Some(Screen::Preflight(screen)) = self.stack.last_mut()
            && screen.toggle_passes()
        {
            return;
        }
        let id = self.stack.last().and_then(Screen::cluster).cloned();
        if let Some((id, topic)) = id.zip(self.topic()) {
            self.stack.push(Screen::Page(Box::new(Page::new(id, topic))));
        }
    }

    pub(super) fn copy_guide(&mut self) -> Vec<Command> {
        let link = self.topic().and_then(|topic| topic.guide().map(str::to_owned));
        if let Some(link) = link {
            self.say(Mark::Good, format!("Offered to your clipboard: {link}"));
            vec![Command::Copy(link)]
        } else {
            self.say(Mark::Unknown, "No guide is known for this");
            Vec::new()
        }
    }

    /// Esc on filtered checks or requests shows them all first; true where it did.
    pub(super) fn clears_filter(&mut self) -> bool {
        if let Some(Screen::Preflight(screen)) = self.stack.last_mut()
            && screen.is_filtered()
        {
            screen.end_typing(false);
            return true;
        }
        if let Some(Screen::Settings(screen)) = self.stack.last_mut()
            && screen.is_filtered()
        {
            screen.end_typing(false);
            return true;
        }
        if let Some(Screen::Requests(screen)) = self.stack.last_mut()
            && screen.is_filtered()
        {
            screen.end_typing(false);
            return true;
        }
        false
    }

    /// What the footer calls an action on what is selected; `None` where it can do nothing.
    pub(crate) fn trouble_title(&self, action: ActionId) -> Option<&'static str> {
        if action == ActionId::TakeBack {
            return self.can_take_back().then_some("take back");
        }
        if let (ActionId::Open, Some(Screen::Preflight(screen))) = (action, self.stack.last())
            && screen.is_at_fold()
        {
            return Some(if screen.shows_passes() {
                "hide passes"
            } else {
                "show passes"
            });
        }
        let topic = self.topic()?;
        match action {
            ActionId::Open if self.place() != Place::Page => Some("page"),
            ActionId::Mend if !topic.remedies().is_empty() => Some("mend"),
            ActionId::Guide if topic.guide().is_some() => Some("guide"),
            _ => None,
        }
    }
}

/// What differs after an upgrade, in a few words; `None` where nothing was compared.
fn after_words(checked: &Checked) -> Option<String> {
    let difference = checked.difference.as_ref()?;
    Some(
        match (difference.new.len(), difference.changed.len(), difference.gone.len()) {
            (0, 0, 0) => "checked again, nothing differs from before".to_owned(),
            (new, changed, gone) => format!("checked again: {new} new, {changed} changed, {gone} gone"),
        },
    )
}
