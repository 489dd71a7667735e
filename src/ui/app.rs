//! The cockpit as a value: messages in, commands out, and a view that changes nothing.
//! All that can happen goes through `update`; no I/O, no clock.

mod acting;
mod answers;
mod asking;
mod configured;
mod diagnosing;
mod faults;
mod inquiring;
mod mending;
mod planning;
pub(super) mod replaying;
mod requesting;
mod steering;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use ratatui::layout::Rect;

use super::UiSettings;
use super::actions::{ActionId, Place};
use super::command::{Command, Ticket};
use super::components::text_field::TextField;
use super::components::toast::Toast;
use super::condition::{Standing, standing_of};
use super::data::Data;
use super::dialogs::Dialog;
use super::guard::Fault;
use super::keymap::{Key, Keymap};
use super::message::Message;
use super::orders::Situation;
use super::preferences::Preferences;
use super::remembered::Remembered;
use super::screens::Screen;
use super::screens::clusters::ClustersScreen;
use super::screens::plan_editor::PlanEditor;
use super::theme::{Look, Mark, Theme};
use crate::config::cluster::ClusterRules;
use crate::config::settings::Settings;
use crate::domain::ids::{ClusterId, ExecutionId, SmokeTestName};
use crate::domain::smoke_test::SmokeTest;
use crate::engine::command::Person;
use crate::engine::view::ExecutionView;
use crate::inventory::snapshot::ClusterSnapshot;

/// What the person set.
#[derive(Clone, Debug)]
pub(crate) struct AppSettings {
    pub(crate) person: Person,
    /// Cloud, `simulated`, or the kubeconfig's name.
    pub(crate) scope: String,
    pub(crate) is_read_only: bool,
    pub(crate) look: Look,
    /// What the terminal can show, whatever the settings wish.
    pub(crate) terminal: Look,
    /// False where the world ends with the cockpit.
    pub(crate) can_leave_running: bool,
    /// True where a background process can go on driving.
    pub(crate) has_background: bool,
    /// Tests that can be put into any plan.
    pub(crate) smoke_tests: Vec<SmokeTestName>,
    /// Tests in place of those, by the file that a pattern of the settings names.
    pub(crate) own_smoke_tests: BTreeMap<PathBuf, Vec<SmokeTestName>>,
    /// Which clusters have tests of their own, as it was at the start.
    pub(crate) smoke_rules: ClusterRules,
    /// Where the person is.
    pub(crate) zone: TimeZone,
}

impl AppSettings {
    pub(crate) fn of(settings: &UiSettings) -> Self {
        let names = |tests: &[SmokeTest]| tests.iter().map(|test| test.name.clone()).collect();
        Self {
            person: settings.person.clone(),
            scope: settings.scope.clone(),
            is_read_only: settings.read_only,
            look: settings.look,
            terminal: settings.look,
            can_leave_running: settings.can_leave_running,
            has_background: settings.background.is_some(),
            smoke_tests: names(&settings.smoke_tests),
            own_smoke_tests: settings
                .own_smoke_tests
                .iter()
                .map(|(file, tests)| (file.clone(), names(tests)))
                .collect(),
            smoke_rules: settings.settings.clusters.clone(),
            zone: TimeZone::system(),
        }
    }
}

/// The whole state of the cockpit.
#[derive(Debug)]
pub(crate) struct App {
    pub(super) settings: AppSettings,
    pub(super) theme: Theme,
    pub(super) keymap: Arc<Keymap>,
    pub(super) data: Data,
    /// The screen at the bottom, always there.
    pub(super) overview: ClustersScreen,
    /// What was opened on top of it, the newest last.
    pub(super) stack: Vec<Screen>,
    /// Plans that were begun and left.
    parked: HashMap<ClusterId, PlanEditor>,
    pub(super) dialog: Option<Dialog>,
    pub(super) toast: Option<Toast>,
    pub(super) size: (u16, u16),
    last_ticket: u64,
    /// Executions whose brief was shown, or that were begun here.
    briefed: BTreeSet<ExecutionId>,
    /// Whose brief is shown as soon as it can be seen.
    brief_wanted: Option<ExecutionId>,
    /// Clusters whose controls were asked for here; whoever hands them over, the driver of this process takes them.
    asked: BTreeSet<ClusterId>,
    /// True once nothing is driven here any more: what is on the screen is the last word.
    is_leaving: bool,
    /// The settings as they were read last.
    configured: Settings,
    /// As it was written down last.
    remembered: Remembered,
    /// What broke, until the person has seen it.
    pub(super) fault: Option<Fault>,
    /// The beat that a replay waits for.
    beat: Option<Ticket>,
}

impl App {
    pub(crate) fn new(settings: AppSettings, now: Timestamp) -> Self {
        let mut data = Data::empty(now, settings.person.clone());
        data.is_read_only = settings.is_read_only;
        data.zone = settings.zone.clone();
        Self {
            theme: Theme::new(settings.look),
            data,
            settings,
            keymap: Arc::default(),
            overview: ClustersScreen::default(),
            stack: Vec::new(),
            parked: HashMap::new(),
            dialog: None,
            toast: None,
            size: (80, 24),
            last_ticket: 0,
            briefed: BTreeSet::new(),
            brief_wanted: None,
            asked: BTreeSet::new(),
            is_leaving: false,
            configured: Settings::default(),
            remembered: Remembered::default(),
            fault: None,
            beat: None,
        }
    }

    /// The same with a person's settings.
    #[must_use]
    pub(crate) fn with_settings(mut self, settings: &Settings) -> Self {
        self.data.preferences = Arc::new(Preferences::of(settings));
        self.keymap = Arc::clone(&self.data.preferences.keymap);
        self.settings.look = self.data.preferences.look.on(self.settings.terminal);
        self.configured = settings.clone();
        self.settle(Vec::new());
        self
    }

    /// Takes one message in, and says what is to be done outside.
    pub(crate) fn update(&mut self, message: Message) -> Vec<Command> {
        let commands = self.take(message);
        self.settle(commands)
    }

    fn take(&mut self, message: Message) -> Vec<Command> {
        match message {
            Message::Key(key) => return self.press(key),
            Message::Paste(text) => self.paste(&text),
            Message::Resized(columns, rows) => self.size = (columns, rows),
            Message::Tick(now) => {
                self.data.now = now;
                self.toast = self.toast.take().and_then(Toast::aged);
                self.refresh_screens();
                let mut commands = self.read_old_timeline();
                commands.extend(self.keep_looking());
                commands.extend(self.remember());
                commands.extend(self.read_requests());
                return commands;
            }
            Message::Fleet(fleet) => {
                self.data.set_fleet(fleet);
                self.refresh_screens();
                return self.look_at_news();
            }
            Message::Executions(executions) => {
                let watched = self.driven_upgrades();
                self.data.set_executions(&executions);
                self.refresh_screens();
                self.greet_controls();
                let mut commands = self.wanted_brief();
                commands.extend(self.check_again(&watched));
                return commands;
            }
            Message::DrivenHere(here) => {
                self.briefed.extend(here.iter().cloned());
                self.data.set_driven_here(here);
                self.greet_controls();
                return self.wanted_brief();
            }
            answer => return self.take_answer(answer),
        }
        Vec::new()
    }

    fn paste(&mut self, text: &str) {
        if self.place() != Place::Field {
            return;
        }
        match &mut self.dialog {
            Some(dialog) => dialog.edit(|field| field.paste(text)),
            None => self.edit_filter(|field| field.paste(text)),
        }
    }

    /// Changes the filter line that is being typed.
    fn edit_filter(&mut self, change: impl FnOnce(&mut TextField)) {
        match self.stack.last_mut() {
            Some(Screen::Preflight(screen)) => screen.edit(change),
            Some(Screen::Settings(screen)) => screen.edit(change),
            Some(Screen::Requests(screen)) => screen.edit(change),
            _ => self.overview.edit(change),
        }
    }

    fn end_filter(&mut self, keep: bool) {
        match self.stack.last_mut() {
            Some(Screen::Preflight(screen)) => screen.end_typing(keep),
            Some(Screen::Settings(screen)) => screen.end_typing(keep),
            Some(Screen::Requests(screen)) => screen.end_typing(keep),
            _ => self.overview.end_typing(keep),
        }
    }

    fn refresh_screens(&mut self) {
        self.overview.refresh(&self.data);
        for screen in &mut self.stack {
            match screen {
                Screen::Live(screen) => screen.refresh(&self.data),
                Screen::Timeline(screen) => screen.refresh(&self.data),
                Screen::Cluster(_)
                | Screen::Plan(_)
                | Screen::Preflight(_)
                | Screen::Causes(_)
                | Screen::Page(_)
                | Screen::Repairs(_)
                | Screen::Settings(_)
                | Screen::Requests(_)
                | Screen::Replay(_)
                | Screen::Help(_) => (),
            }
        }
        self.refresh_checks();
    }

    pub(super) fn say(&mut self, mark: Mark, text: impl Into<String>) {
        self.toast = Some(Toast::new(mark, text));
    }

    /// Where a key would be pressed.
    pub(super) fn place(&self) -> Place {
        match (&self.dialog, self.stack.last()) {
            (Some(dialog), _) if dialog.is_typing() => Place::Field,
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

    /// What decides which orders are possible now.
    pub(super) fn situation(&self) -> Situation<'_> {
        let active = self.active().map(Arc::as_ref);
        Situation {
            is_read_only: self.settings.is_read_only,
            cluster: self.subject().map(Arc::as_ref),
            active,
            is_driven_here: active.is_some_and(|execution| self.data.is_driven_here(&execution.id)),
        }
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
            Some(ActionId::Suspend) => vec![Command::Suspend],
            _ if self.fault.is_some() => self.press_on_fault(Key::of(key)),
            Some(ActionId::Leave) => self.leave(),
            Some(action) if self.dialog.is_some() => self.act_in_dialog(action),
            Some(action) if place == Place::Field => {
                self.end_filter(action == ActionId::Open);
                Vec::new()
            }
            Some(action) => self.act(action),
            None => {
                match &mut self.dialog {
                    Some(dialog) => dialog.edit(|field| field.press(key)),
                    None if place == Place::Field => self.edit_filter(|field| field.press(key)),
                    None => (),
                }
                Vec::new()
            }
        }
    }

    fn next_ticket(&mut self) -> Ticket {
        self.last_ticket += 1;
        Ticket(self.last_ticket)
    }

    fn screen_area(&self) -> Rect {
        Rect::new(0, 0, self.size.0, self.size.1)
    }
}
