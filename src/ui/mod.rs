//! The cockpit on the terminal: screens over snapshots, and orders to the engine that are shown before they are given.
//! Never talks to Azure or Kubernetes by itself, and knows nothing the command line does not know.

mod actions;
mod app;
mod canvas;
mod capacity;
mod checking;
mod colours;
mod command;
mod components;
mod condition;
mod data;
mod dialogs;
mod drafting;
mod filter;
pub mod fixtures;
mod front;
mod guard;
mod inquiry;
mod keymap;
mod measure;
mod message;
mod narrative;
mod orders;
mod picture;
mod pictures;
mod plan_files;
mod preferences;
mod protection;
mod remembered;
mod runtime;
mod screens;
mod symptoms;
mod terminal;
#[cfg(test)]
mod tests;
mod theme;
mod view;
mod windows;
mod wording;

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use crate::clock::Clock;
use crate::config::settings::Settings;
use crate::domain::ids::ExecutionId;
use crate::domain::smoke_test::SmokeTest;
use crate::engine::command::Person;
use crate::engine::handle::EngineHandle;
use crate::inventory::handle::InventoryHandle;
use crate::notify::Notifier;
use crate::problem::Problem;
use crate::requests::log::RequestLog;

pub use pictures::draw as draw_pictures;
pub use preferences::vocabulary;
pub use runtime::{Ending, replay, run};
pub use theme::{Colour, Kind, Look, Palette};

/// Starts a process that goes on driving an execution when the cockpit is gone, or says why it could not.
pub type Background = Arc<dyn Fn(&ExecutionId) -> Result<(), String> + Send + Sync>;

/// Reads the settings again: the same flags and variables, and the file as it is now.
pub type ReadSettings = Arc<dyn Fn() -> Result<Settings, Problem> + Send + Sync>;

/// What the cockpit needs to run.
#[derive(Clone)]
pub struct UiSettings {
    pub inventory: InventoryHandle,
    pub engine: EngineHandle,
    /// The same clock as the inventory's and the engine's.
    pub clock: Clock,
    /// Who gives the orders.
    pub person: Person,
    /// What is looked at: the cloud, `simulated`, or the kubeconfig's name.
    pub scope: String,
    /// Orders are absent.
    pub read_only: bool,
    /// What the terminal can show; what it shall show is in `settings`.
    pub look: Look,
    /// False where the world ends with the cockpit, as in a demo.
    pub can_leave_running: bool,
    /// `None` where nothing can go on without the cockpit.
    pub background: Option<Background>,
    /// Tests that can be put into any plan.
    pub smoke_tests: Vec<SmokeTest>,
    /// Tests in place of those, by the file that a pattern of the settings names.
    pub own_smoke_tests: BTreeMap<PathBuf, Vec<SmokeTest>>,
    pub settings: Settings,
    /// `None` where settings stay as they are.
    pub read_settings: Option<ReadSettings>,
    /// Where the cockpit's memory lies; `None` where nothing outlives it.
    pub memory: Option<PathBuf>,
    /// Every request this session makes.
    pub requests: RequestLog,
    /// What happens meanwhile is told through it.
    pub notifier: Notifier,
}

impl fmt::Debug for UiSettings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("UiSettings")
            .field("scope", &self.scope)
            .field("read_only", &self.read_only)
            .finish_non_exhaustive()
    }
}
