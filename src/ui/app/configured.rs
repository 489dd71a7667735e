//! Settings in the cockpit: taken over while it runs, shown, and what is remembered until the next start.

use std::sync::Arc;

use super::super::actions::Place;
use super::super::command::Command;
use super::super::dialogs::Dialog;
use super::super::dialogs::note::Note;
use super::super::preferences::Preferences;
use super::super::remembered::Remembered;
use super::super::screens::Screen;
use super::super::screens::clusters::ViewSpec;
use super::super::screens::settings::SettingsScreen;
use super::super::theme::{Look, Mark, Palette, Theme};
use super::App;
use crate::config::cluster::{ClusterRules, Named};
use crate::config::settings::Settings;
use crate::domain::ids::{ClusterId, SmokeTestName};
use crate::problem::Problem;

impl App {
    /// The last touch on a turn: the theme of the cluster on the screen, and the memory before leaving.
    pub(super) fn settle(&mut self, mut commands: Vec<Command>) -> Vec<Command> {
        self.theme = self.theme_here();
        if let Some(at) = commands.iter().position(|command| *command == Command::Quit) {
            let mut last_words = self.remember();
            commands.splice(at..at, last_words.drain(..));
        }
        commands
    }

    /// The theme of the settings, or the one that a pattern gives the cluster on the screen.
    fn theme_here(&self) -> Theme {
        let preferences = &self.data.preferences;
        let cluster = self.stack.iter().rev().find_map(Screen::cluster);
        let own = cluster.and_then(|id| Palette::named(preferences.clusters.theme(&Named::of(id))?));
        let look = Look {
            palette: own.or(self.settings.look.palette),
            ..self.settings.look
        };
        Theme::new(look).with_roles(&preferences.roles)
    }

    /// Settings that were read again. What is broken changes nothing.
    pub(super) fn take_settings(&mut self, answer: Result<Box<Settings>, Problem>) {
        match answer {
            Ok(settings) => self.take_over(&settings),
            Err(problem) => {
                let problem = problem.because("nothing was taken over; what was set before still holds");
                let is_new = self.data.settings_problem.as_ref() != Some(&problem);
                let is_free = self.dialog.is_none() && self.place() != Place::Field;
                if is_free && !matches!(self.stack.last(), Some(Screen::Settings(_))) {
                    self.dialog = Some(Dialog::Note(Note::problem(&problem)));
                } else if is_new {
                    let text = "The settings file cannot be used; the settings screen shows why";
                    self.say(Mark::Failed, text);
                }
                self.data.settings_problem = Some(problem);
            }
        }
    }

    fn take_over(&mut self, settings: &Settings) {
        self.data.settings_problem = None;
        let old = std::mem::replace(&mut self.configured, settings.clone());
        if old == *settings {
            self.say(Mark::Good, "Settings read again: nothing is different");
            return;
        }
        self.data.preferences = Arc::new(Preferences::of(settings));
        self.keymap = Arc::clone(&self.data.preferences.keymap);
        self.settings.look = self.data.preferences.look.on(self.settings.terminal);
        let late = settings.differing_at_start(&old);
        if late.is_empty() {
            self.say(Mark::Good, "Settings taken over");
        } else {
            let text = format!("Settings taken over; {} takes a new start", late.join(", "));
            self.say(Mark::Held, text);
        }
    }

    pub(super) fn open_settings(&mut self) -> Vec<Command> {
        if !matches!(self.stack.last(), Some(Screen::Settings(_))) {
            self.stack.push(Screen::Settings(SettingsScreen::default()));
        }
        Vec::new()
    }

    /// The next view of the settings; after the last one everything.
    pub(super) fn next_view(&mut self) -> Vec<Command> {
        let views = &self.data.preferences.views;
        if views.is_empty() {
            self.say(
                Mark::Unsupported,
                "No view is set; a [[view]] in the settings file makes one",
            );
            return Vec::new();
        }
        let now = self.overview.view_spec();
        let next = match views.iter().position(|view| view.filter == now.filter) {
            Some(at) if !now.filter.is_empty() => at + 1,
            _ => 0,
        };
        let (text, view) = match views.get(next) {
            Some(view) => {
                let sort = view.sort.as_deref().and_then(|sort| sort.parse().ok());
                let chosen = ViewSpec {
                    filter: view.filter.clone(),
                    sort: sort.unwrap_or(now.sort),
                    ..now
                };
                (format!("View: {}", view.name), chosen)
            }
            None => ("All clusters".to_owned(), ViewSpec::default()),
        };
        self.overview.show(view);
        self.say(Mark::Note, text);
        Vec::new()
    }

    /// Takes up what an earlier cockpit remembered; a note says why nothing could be read.
    pub(super) fn take_remembered(&mut self, answer: Result<Box<Remembered>, String>) {
        match answer {
            Ok(remembered) => {
                self.overview.show(ViewSpec {
                    filter: remembered.filter.clone(),
                    sort: remembered.sort.parse().unwrap_or_default(),
                    ..ViewSpec::default()
                });
                if let Some(selected) = &remembered.selected {
                    self.overview.point_at(ClusterId::new(selected));
                }
                if !remembered.filter.is_empty() {
                    self.say(Mark::Note, "The filter of last time is on; esc clears it");
                }
                self.remembered = *remembered;
            }
            Err(note) => self.say(Mark::Unsupported, note),
        }
    }

    /// Has what changed since the last time written down.
    pub(super) fn remember(&mut self) -> Vec<Command> {
        let view = self.overview.view_spec();
        let now = Remembered {
            // The usual sort is nothing to remember.
            sort: if view.sort == ViewSpec::default().sort {
                String::new()
            } else {
                view.sort.to_string()
            },
            filter: view.filter,
            selected: self.overview.selection().map(|id| id.as_str().to_owned()),
            ..self.remembered.clone()
        };
        if now == self.remembered {
            return Vec::new();
        }
        self.remembered = now.clone();
        vec![Command::Remember(Box::new(now))]
    }

    /// The tests that can be put into a plan of the cluster on the screen: its own, or the general ones.
    pub(super) fn smoke_tests_here(&self) -> Vec<SmokeTestName> {
        let cluster = self.stack.iter().rev().find_map(Screen::cluster);
        let file = cluster.and_then(|id| self.settings.smoke_rules.smoke_tests(&Named::of(id)));
        let own = file.and_then(|file| self.settings.own_smoke_tests.get(file));
        own.unwrap_or(&self.settings.smoke_tests).clone()
    }

    pub(super) fn rules(&self) -> &ClusterRules {
        &self.data.preferences.clusters
    }
}
