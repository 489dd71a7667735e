//! What a key does on a screen: places opened and left, and everything that changes nothing in the world.

use std::sync::Arc;

use super::super::actions::{ActionId, Place};
use super::super::command::Command;
use super::super::components::Scene;
use super::super::condition::Condition;
use super::super::dialogs::Dialog;
use super::super::dialogs::leave::Leave;
use super::super::dialogs::note::Note;
use super::super::orders;
use super::super::screens::cluster_detail::ClusterDetail;
use super::super::screens::help::HelpScreen;
use super::super::screens::live_nodes::LiveNodes;
use super::super::screens::timeline::TimelineScreen;
use super::super::screens::{Screen, details, repairs, settings};
use super::super::theme::Mark;
use super::App;
use crate::domain::ids::ClusterId;
use crate::engine::command::Command as EngineCommand;

impl App {
    pub(super) fn act(&mut self, action: ActionId) -> Vec<Command> {
        if let Err(why) = orders::check(action, &self.situation()) {
            self.say(Mark::Unsupported, why);
            return Vec::new();
        }
        match action {
            ActionId::Upgrade if self.place() == Place::Plan => self.start_draft(),
            ActionId::Open if self.place() == Place::Plan => self.change_step(),
            ActionId::Upgrade => self.choose_upgrade(),
            ActionId::PauseOrResume => self.pause_or_resume(),
            ActionId::Retry => self.order(EngineCommand::Retry),
            ActionId::Abort => self.order(EngineCommand::Abort),
            ActionId::Approve | ActionId::Skip => self.ask_reason(action),
            ActionId::Controls => self.hand_over_or_take(),
            ActionId::Brief => self.show_brief(),
            ActionId::Open => self.open(),
            ActionId::Timeline | ActionId::GoToTimeline => self.open_timeline(),
            ActionId::Replay => self.open_replay(),
            ActionId::Play => self.play_or_stop(),
            ActionId::GoToClusters => self.go_to_clusters(),
            ActionId::GoToCluster => self.go_to(Place::Cluster),
            ActionId::GoToChecks => self.go_to(Place::Preflight),
            ActionId::Why => self.open_causes(),
            ActionId::Checks => self.open_checks(),
            ActionId::Repairs => self.open_repairs(),
            ActionId::Mend => self.mend(),
            ActionId::TakeBack => self.take_back(),
            ActionId::Guide => self.copy_guide(),
            ActionId::Requests => self.open_requests(),
            ActionId::CopyCommand => self.copy_command(),
            ActionId::GoToNodes => self.go_to(Place::Live),
            ActionId::GoToPlan => self.go_to(Place::Plan),
            ActionId::GoToSettings => self.open_settings(),
            ActionId::NextView => self.next_view(),
            ActionId::Refresh if self.place() == Place::Settings => vec![Command::ReadSettings],
            ActionId::Details => {
                self.show_details();
                Vec::new()
            }
            ActionId::Refresh if self.stack.last().is_some_and(Screen::is_asked) => self.ask_again(),
            ActionId::Refresh => {
                self.say(Mark::Busy, "Reading again");
                if let Some(Screen::Cluster(screen)) = self.stack.last() {
                    self.data.forget_changes(&screen.id);
                }
                vec![Command::Refresh(
                    self.stack.iter().rev().find_map(Screen::cluster).cloned(),
                )]
            }
            ActionId::Help => {
                let help = HelpScreen::new(self.place(), self.settings.is_read_only, Arc::clone(&self.keymap));
                if !matches!(self.stack.last(), Some(Screen::Help(_))) {
                    self.stack.push(Screen::Help(help));
                }
                Vec::new()
            }
            ActionId::Back if self.clears_filter() => Vec::new(),
            ActionId::Back if self.stack.is_empty() => {
                self.overview.end_typing(false);
                Vec::new()
            }
            ActionId::Quit if self.stack.is_empty() => self.leave(),
            ActionId::Back | ActionId::Quit => self.back(),
            other if self.place() == Place::Plan => self.act_on_plan(other),
            other => {
                self.act_on_screen(other);
                // What was not asked yet, another target or a panel, is asked at once.
                self.keep_looking()
            }
        }
    }

    fn act_on_screen(&mut self, action: ActionId) {
        let content = self.areas(self.screen_area()).content;
        let half_page = usize::from(content.height / 2);
        let scene = Scene {
            data: &self.data,
            theme: self.theme,
        };
        match self.stack.last_mut() {
            None => self.overview.act(action, content),
            Some(Screen::Cluster(screen)) => screen.act(action, scene, content),
            Some(Screen::Live(screen)) => screen.act(action, scene, content),
            Some(Screen::Timeline(screen)) => screen.act(action, half_page),
            Some(Screen::Preflight(screen)) => screen.act(action, scene, content),
            Some(Screen::Causes(screen)) => screen.act(action, scene, content),
            Some(Screen::Page(screen)) => screen.act(action, scene, content),
            Some(Screen::Repairs(screen)) => screen.act(action, &self.data, half_page),
            Some(Screen::Replay(screen)) => screen.act(action, self.theme, content),
            Some(Screen::Plan(_)) => (),
            Some(Screen::Settings(screen)) => screen.act(action, &self.data, half_page),
            Some(Screen::Help(screen)) => screen.act(action, half_page),
            Some(Screen::Requests(screen)) => screen.act(action, half_page),
        }
    }

    fn open(&mut self) -> Vec<Command> {
        match self.stack.last() {
            Some(Screen::Timeline(_) | Screen::Repairs(_) | Screen::Settings(_)) => {
                self.show_details();
                return Vec::new();
            }
            Some(Screen::Preflight(_) | Screen::Causes(_)) => {
                self.open_page();
                return Vec::new();
            }
            Some(Screen::Requests(_)) => {
                self.act_on_screen(ActionId::Open);
                return Vec::new();
            }
            _ => (),
        }
        if self.stack.is_empty() && self.overview.is_at_fold() {
            self.act_on_screen(ActionId::Fold);
            return Vec::new();
        }
        let Some(id) = self.subject().map(|snapshot| snapshot.id.clone()) else {
            return Vec::new();
        };
        let mut commands = Vec::new();
        let mut opens_nodes = true;
        if self.stack.is_empty() {
            opens_nodes = self.overview.selected_is_moving() || id.is_kubeconfig_context();
            commands = self.open_cluster(id.clone());
        }
        if opens_nodes {
            self.open_nodes(id.clone());
        }
        commands.extend(self.brief_on_arrival(&id));
        commands
    }

    /// The focus lasts for as long as the cluster's screen is on the stack.
    pub(super) fn open_cluster(&mut self, id: ClusterId) -> Vec<Command> {
        let needs_a_person = self.data.cluster(&id).is_some_and(|snapshot| {
            matches!(
                self.standing(snapshot).condition,
                Condition::Failed | Condition::Held | Condition::Busy
            )
        });
        self.stack
            .push(Screen::Cluster(ClusterDetail::new(id.clone(), needs_a_person)));
        vec![Command::Focus(id)]
    }

    pub(super) fn open_nodes(&mut self, id: ClusterId) {
        if !matches!(self.stack.last(), Some(Screen::Live(_))) {
            let mut screen = LiveNodes::new(id);
            screen.refresh(&self.data);
            self.stack.push(Screen::Live(screen));
        }
    }

    fn open_timeline(&mut self) -> Vec<Command> {
        let execution = self.subject().and_then(|snapshot| self.data.execution(&snapshot.id));
        let Some(execution) = execution.cloned() else {
            self.say(Mark::Unsupported, "No execution of this cockpit ran here");
            return Vec::new();
        };
        let mut commands = self.go_to(Place::Cluster);
        let screen = TimelineScreen::new(execution.plan.cluster.clone(), execution);
        commands.push(Command::ReadTimeline(screen.execution().clone()));
        self.stack.push(Screen::Timeline(screen));
        commands
    }

    fn go_to_clusters(&mut self) -> Vec<Command> {
        let mut commands = Vec::new();
        while !self.stack.is_empty() {
            commands.extend(self.back());
        }
        commands
    }

    /// Goes to a screen of the same cluster. The cluster's own screen stays below all others.
    pub(super) fn go_to(&mut self, place: Place) -> Vec<Command> {
        let Some(id) = self.subject().map(|snapshot| snapshot.id.clone()) else {
            return Vec::new();
        };
        let mut commands = Vec::new();
        while self.stack.len() > 1 {
            commands.extend(self.back());
        }
        if self.stack.first().and_then(Screen::cluster) != Some(&id) {
            commands.extend(self.go_to_clusters());
            commands.extend(self.open_cluster(id.clone()));
        }
        match place {
            Place::Live => self.open_nodes(id.clone()),
            Place::Plan => self.open_plan(id.clone()),
            Place::Preflight => commands.extend(self.push_checks(id.clone())),
            _ => (),
        }
        commands.extend(self.brief_on_arrival(&id));
        commands
    }

    pub(super) fn back(&mut self) -> Vec<Command> {
        match self.stack.pop() {
            Some(Screen::Cluster(screen)) => vec![Command::Unfocus(screen.id)],
            Some(Screen::Plan(editor)) => {
                self.park(*editor);
                Vec::new()
            }
            Some(Screen::Preflight(screen)) => self.forget_checks(&screen.id),
            _ => Vec::new(),
        }
    }

    fn show_details(&mut self) {
        if let Some(Screen::Settings(screen)) = self.stack.last() {
            if let Some(row) = screen.selected(&self.data) {
                let passages = settings::whole_row(row, &self.data);
                self.dialog = Some(Dialog::Note(Note::details(row.name.clone(), passages)));
            }
            return;
        }
        if let Some(screen) = self.requests_screen() {
            let details = screen.details(self.data.now);
            self.dialog = details.map(|(heading, text)| Dialog::Note(Note::details(heading, text)));
            return;
        }
        if let Some(Screen::Replay(screen)) = self.stack.last() {
            let node = screen.selected_node();
            self.dialog = node
                .map(|(node, at)| Note::details(format!("Node {} as it was", node.name), details::whole_node(node, at)))
                .map(Dialog::Note);
            return;
        }
        let Some(snapshot) = self.subject() else {
            return;
        };
        let cluster = snapshot.cluster.value.as_deref();
        let live = snapshot.live.as_deref();
        let note = match self.stack.last() {
            Some(Screen::Cluster(screen)) => cluster
                .and_then(|cluster| screen.selected_pool(cluster))
                .map(|pool| Note::details(format!("Node pool {}", pool.name), details::whole_pool(pool))),
            Some(Screen::Live(screen)) => live
                .and_then(|live| screen.selected_node(live))
                .map(|node| Note::details(format!("Node {}", node.name), details::whole_node(node, self.data.now))),
            Some(Screen::Repairs(screen)) => screen.selected(&self.data).map(|entry| {
                let heading = format!("Repair {}", entry.id);
                Note::details(heading, repairs::whole_repair(entry, &self.data))
            }),
            Some(Screen::Timeline(screen)) => screen
                .selected()
                .map(|entry| Note::details("What happened", screen.details(entry, &self.data))),
            _ => None,
        };
        let note = note.unwrap_or_else(|| {
            Note::details(
                format!("Cluster {}", snapshot.id.name()),
                details::whole_cluster(snapshot),
            )
        });
        self.dialog = Some(Dialog::Note(note));
    }

    /// Leaves at once, or asks where that would leave an execution without its driver.
    pub(super) fn leave(&mut self) -> Vec<Command> {
        let mut driven = self.driven_in_motion();
        if driven.is_empty() || self.is_leaving {
            return vec![Command::Quit];
        }
        driven.sort_unstable();
        let names = driven.into_iter().map(|(name, _)| name).collect();
        self.dialog = Some(Dialog::Leave(Leave::new(names, &self.settings)));
        Vec::new()
    }
}
