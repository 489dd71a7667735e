//! The cockpit as a value: messages in, commands out, and a view that changes nothing.
//! All that can happen goes through `update`; no I/O, no clock.

use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use jiff::Timestamp;
use ratatui::layout::Rect;

use super::actions::{ActionId, Place};
use super::command::{Command, Ticket};
use super::components::Scene;
use super::components::text_field::TextField;
use super::components::toast::Toast;
use super::condition::{Condition, Standing, standing_of};
use super::data::{Data, is_in_motion};
use super::dialogs::choose_pause::ChoosePause;
use super::dialogs::choose_upgrade::ChooseUpgrade;
use super::dialogs::confirm::{Confirm, Order};
use super::dialogs::leave::Leave;
use super::dialogs::note::Note;
use super::dialogs::{Dialog, Outcome};
use super::keymap::{Key, Keymap};
use super::message::Message;
use super::orders;
use super::screens::cluster_detail::ClusterDetail;
use super::screens::clusters::ClustersScreen;
use super::screens::help::HelpScreen;
use super::screens::live_nodes::LiveNodes;
use super::screens::{Screen, details};
use super::theme::{Look, Mark, Theme};
use crate::domain::ids::ClusterId;
use crate::engine::command::{Command as EngineCommand, Person};
use crate::engine::view::{ExecutionState, ExecutionView};
use crate::inventory::snapshot::ClusterSnapshot;

/// What the person set.
#[derive(Clone, Debug)]
pub(crate) struct AppSettings {
    pub(crate) person: Person,
    /// Cloud, `simulated`, or the kubeconfig's name.
    pub(crate) scope: String,
    pub(crate) is_read_only: bool,
    pub(crate) look: Look,
    /// False where the world ends with the cockpit.
    pub(crate) can_leave_running: bool,
}

/// The whole state of the cockpit.
#[derive(Debug)]
pub(crate) struct App {
    pub(super) settings: AppSettings,
    pub(super) theme: Theme,
    keymap: Keymap,
    pub(super) data: Data,
    /// The screen at the bottom, always there.
    pub(super) overview: ClustersScreen,
    /// What was opened on top of it, the newest last.
    pub(super) stack: Vec<Screen>,
    pub(super) dialog: Option<Dialog>,
    pub(super) toast: Option<Toast>,
    pub(super) size: (u16, u16),
    last_ticket: u64,
}

impl App {
    pub(crate) fn new(settings: AppSettings, now: Timestamp) -> Self {
        Self {
            theme: Theme::new(settings.look),
            data: Data::empty(now, settings.person.clone()),
            settings,
            keymap: Keymap::of_defaults(),
            overview: ClustersScreen::default(),
            stack: Vec::new(),
            dialog: None,
            toast: None,
            size: (80, 24),
            last_ticket: 0,
        }
    }

    /// Takes one message in, and says what is to be done outside.
    pub(crate) fn update(&mut self, message: Message) -> Vec<Command> {
        match message {
            Message::Key(key) => return self.press(key),
            Message::Paste(text) => {
                if self.place() == Place::Field {
                    self.overview.edit(|field| field.paste(&text));
                }
            }
            Message::Resized(columns, rows) => self.size = (columns, rows),
            Message::Tick(now) => {
                self.data.now = now;
                self.toast = self.toast.take().and_then(Toast::aged);
                self.refresh_screens();
            }
            Message::Fleet(fleet) => {
                self.data.fleet = fleet;
                self.refresh_screens();
            }
            Message::Executions(executions) => {
                self.data.set_executions(&executions);
                self.refresh_screens();
            }
            Message::Prepared(ticket, answer) => {
                if let Some(Dialog::Confirm(confirm)) = &mut self.dialog {
                    confirm.take_plan(ticket, answer);
                }
            }
            Message::Previewed(ticket, answer) => {
                if let Some(Dialog::Confirm(confirm)) = &mut self.dialog {
                    confirm.take_request(ticket, answer);
                }
            }
            Message::Started(Ok(id)) => self.say(Mark::Good, format!("Started: execution {id}")),
            Message::Sent(what, Ok(())) => self.say(Mark::Good, format!("{what}: asked for")),
            Message::Started(Err(problem)) | Message::Sent(_, Err(problem)) => {
                self.toast = None;
                self.dialog = Some(Dialog::Note(Note::problem(&problem)));
            }
        }
        Vec::new()
    }

    fn refresh_screens(&mut self) {
        self.overview.refresh(&self.data);
        for screen in &mut self.stack {
            if let Screen::Live(live) = screen {
                live.refresh(&self.data);
            }
        }
    }

    pub(super) fn say(&mut self, mark: Mark, text: impl Into<String>) {
        self.toast = Some(Toast::new(mark, text));
    }

    /// Where a key would be pressed.
    pub(super) fn place(&self) -> Place {
        match (&self.dialog, self.stack.last()) {
            (Some(_), _) => Place::Dialog,
            (None, Some(screen)) => screen.place(),
            (None, None) if self.overview.is_typing => Place::Field,
            (None, None) => Place::Clusters,
        }
    }

    /// The cluster a key is about.
    pub(super) fn subject(&self) -> Option<&Arc<ClusterSnapshot>> {
        match self.stack.iter().rev().find_map(Screen::cluster) {
            Some(id) => self.data.cluster(id),
            None => self.overview.selected(),
        }
    }

    pub(super) fn active(&self) -> Option<&Arc<ExecutionView>> {
        self.data.active(&self.subject()?.id)
    }

    pub(super) fn standing(&self, snapshot: &ClusterSnapshot) -> Standing {
        let execution = self.data.active(&snapshot.id).map(Arc::as_ref);
        standing_of(snapshot, execution, self.data.now)
    }

    /// Terminals send escape and a quick key after it as one key with alt; no key of ours has alt, so it is taken apart.
    fn press(&mut self, key: KeyEvent) -> Vec<Command> {
        if !key.modifiers.contains(KeyModifiers::ALT) {
            return self.press_one(key);
        }
        let mut commands = self.press_one(KeyEvent::new(KeyCode::Esc, KeyModifiers::NONE));
        commands.extend(self.press_one(KeyEvent::new(key.code, key.modifiers - KeyModifiers::ALT)));
        commands
    }

    fn press_one(&mut self, key: KeyEvent) -> Vec<Command> {
        let place = self.place();
        match self.keymap.action(place, Key::of(key)) {
            Some(ActionId::Leave) => self.leave(),
            Some(action) if place == Place::Dialog => self.act_in_dialog(action),
            Some(action) if place == Place::Field => {
                self.overview.end_typing(action == ActionId::Open);
                Vec::new()
            }
            Some(action) => self.act(action),
            None => {
                if place == Place::Field {
                    self.overview.edit(|field: &mut TextField| field.press(key));
                }
                Vec::new()
            }
        }
    }

    fn act(&mut self, action: ActionId) -> Vec<Command> {
        let subject = self.subject().map(Arc::as_ref);
        let active = self.active().map(Arc::as_ref);
        if let Err(why) = orders::check(action, self.settings.is_read_only, subject, active) {
            self.say(Mark::Unsupported, why);
            return Vec::new();
        }
        match action {
            ActionId::Open => self.open(),
            ActionId::Upgrade => self.choose_upgrade(),
            ActionId::PauseOrResume => self.pause_or_resume(),
            ActionId::Retry => self.order(EngineCommand::Retry),
            ActionId::Abort => self.order(EngineCommand::Abort),
            ActionId::Details => {
                self.show_details();
                Vec::new()
            }
            ActionId::Refresh => {
                self.say(Mark::Busy, "Reading again");
                vec![Command::Refresh(
                    self.stack.iter().rev().find_map(Screen::cluster).cloned(),
                )]
            }
            ActionId::Help => {
                let help = HelpScreen::new(self.place(), self.settings.is_read_only);
                if !matches!(self.stack.last(), Some(Screen::Help(_))) {
                    self.stack.push(Screen::Help(help));
                }
                Vec::new()
            }
            ActionId::Back if self.stack.is_empty() => {
                self.overview.end_typing(false);
                Vec::new()
            }
            ActionId::Quit if self.stack.is_empty() => self.leave(),
            ActionId::Back | ActionId::Quit => self.back(),
            other => {
                self.act_on_screen(other);
                Vec::new()
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
            None => self.overview.act(action, half_page),
            Some(Screen::Cluster(screen)) => screen.act(action, &self.data, half_page),
            Some(Screen::Live(screen)) => screen.act(action, scene, content),
            Some(Screen::Help(screen)) => screen.act(action, half_page),
        }
    }

    fn open(&mut self) -> Vec<Command> {
        let Some(id) = self.subject().map(|snapshot| snapshot.id.clone()) else {
            return Vec::new();
        };
        if self.stack.is_empty() {
            let opens_nodes = self.overview.selected_is_moving() || id.is_kubeconfig_context();
            let commands = self.open_cluster(id.clone());
            if opens_nodes {
                self.open_nodes(id);
            }
            return commands;
        }
        self.open_nodes(id);
        Vec::new()
    }

    /// The focus lasts for as long as the cluster's screen is on the stack.
    fn open_cluster(&mut self, id: ClusterId) -> Vec<Command> {
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

    fn open_nodes(&mut self, id: ClusterId) {
        if !matches!(self.stack.last(), Some(Screen::Live(_))) {
            let mut screen = LiveNodes::new(id);
            screen.refresh(&self.data);
            self.stack.push(Screen::Live(screen));
        }
    }

    fn back(&mut self) -> Vec<Command> {
        match self.stack.pop() {
            Some(Screen::Cluster(screen)) => vec![Command::Unfocus(screen.id)],
            _ => Vec::new(),
        }
    }

    fn choose_upgrade(&mut self) -> Vec<Command> {
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

    fn pause_or_resume(&mut self) -> Vec<Command> {
        let Some(execution) = self.active().cloned() else {
            return Vec::new();
        };
        if execution.state == ExecutionState::Paused {
            return self.order(EngineCommand::Resume);
        }
        self.dialog = Some(Dialog::Pause(ChoosePause::new(execution)));
        Vec::new()
    }

    fn order(&mut self, command: EngineCommand) -> Vec<Command> {
        match self.active().cloned() {
            Some(execution) => self.ask(Order::Send { execution, command }),
            None => Vec::new(),
        }
    }

    fn next_ticket(&mut self) -> Ticket {
        self.last_ticket += 1;
        Ticket(self.last_ticket)
    }

    /// Asks for a confirmation, with the exact request where one would be sent.
    fn ask(&mut self, order: Order) -> Vec<Command> {
        let question = order.change().map(|change| (self.next_ticket(), change));
        let ticket = question.as_ref().map(|(ticket, _)| *ticket);
        self.dialog = Some(Dialog::Confirm(Box::new(Confirm::new(order, ticket))));
        question
            .map(|(ticket, change)| Command::Preview { ticket, change })
            .into_iter()
            .collect()
    }

    fn act_in_dialog(&mut self, action: ActionId) -> Vec<Command> {
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
            Outcome::Close => {
                self.dialog = None;
                Vec::new()
            }
            Outcome::Plan {
                cluster,
                upgrades,
                intent,
            } => {
                let ticket = self.next_ticket();
                let order = Order::Start {
                    cluster: cluster.id.clone(),
                    plan: None,
                };
                self.dialog = Some(Dialog::Confirm(Box::new(Confirm::new(order, Some(ticket)))));
                vec![Command::Prepare {
                    ticket,
                    cluster,
                    upgrades,
                    intent,
                }]
            }
            Outcome::Ask(order) => self.ask(order),
            Outcome::Approved(order) => self.carry_out(order),
            Outcome::LeaveCockpit => vec![Command::Quit],
        }
    }

    fn carry_out(&mut self, order: Order) -> Vec<Command> {
        self.dialog = None;
        let what = order.what();
        self.say(Mark::Busy, format!("{what}: being sent"));
        match order {
            Order::Start { plan: None, .. } => Vec::new(),
            Order::Start {
                cluster,
                plan: Some(plan),
            } => {
                self.open_nodes(cluster);
                vec![Command::Start(plan)]
            }
            Order::Send { execution, command } => vec![Command::Send {
                execution: execution.id.clone(),
                command,
                what,
            }],
        }
    }

    fn show_details(&mut self) {
        let Some(snapshot) = self.subject() else {
            return;
        };
        let cluster = snapshot.cluster.value.as_deref();
        let pool = match self.stack.last() {
            Some(Screen::Cluster(screen)) => cluster.and_then(|cluster| screen.selected_pool(cluster)),
            _ => None,
        };
        let node = match self.stack.last() {
            Some(Screen::Live(screen)) => snapshot.live.as_deref().and_then(|live| screen.selected_node(live)),
            _ => None,
        };
        let answer = match (node, pool) {
            (Some(node), _) => Note::details(format!("Node {}", node.name), details::whole_node(node, self.data.now)),
            (None, Some(pool)) => Note::details(format!("Node pool {}", pool.name), details::whole_pool(pool)),
            (None, None) => Note::details(
                format!("Cluster {}", snapshot.id.name()),
                details::whole_cluster(snapshot),
            ),
        };
        self.dialog = Some(Dialog::Note(answer));
    }

    /// Leaves at once, or asks where that would leave an execution without its driver.
    fn leave(&mut self) -> Vec<Command> {
        let mut driven: Vec<String> = self
            .data
            .all_active()
            .filter(|execution| {
                is_in_motion(&execution.state) && execution.driver.as_ref() == Some(&self.settings.person)
            })
            .map(|execution| execution.plan.cluster_name.clone())
            .collect();
        driven.sort_unstable();
        if driven.is_empty() {
            return vec![Command::Quit];
        }
        self.dialog = Some(Dialog::Leave(Leave::new(driven, self.settings.can_leave_running)));
        Vec::new()
    }

    fn screen_area(&self) -> Rect {
        Rect::new(0, 0, self.size.0, self.size.1)
    }
}
