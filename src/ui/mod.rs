//! The cockpit on the terminal: screens over snapshots, and orders to the engine that are shown before they are given.
//! Never talks to Azure or Kubernetes by itself, and knows nothing the command line does not know.

mod actions;
mod app;
mod checking;
mod command;
mod components;
mod condition;
mod data;
mod dialogs;
mod drafting;
mod filter;
pub mod fixtures;
mod inquiry;
mod keymap;
mod measure;
mod message;
mod narrative;
mod orders;
mod picture;
mod pictures;
mod plan_files;
mod protection;
mod runtime;
mod screens;
mod symptoms;
mod terminal;
#[cfg(test)]
mod tests;
mod theme;
mod view;
mod wording;

use std::fmt;
use std::sync::Arc;

use crate::clock::Clock;
use crate::domain::ids::ExecutionId;
use crate::domain::smoke_test::SmokeTest;
use crate::engine::command::Person;
use crate::engine::handle::EngineHandle;
use crate::inventory::handle::InventoryHandle;

pub use pictures::draw as draw_pictures;
pub use runtime::{Ending, run};
pub use theme::{Colour, Look};

/// Starts a process that goes on driving an execution when the cockpit is gone, or says why it could not.
pub type Background = Arc<dyn Fn(&ExecutionId) -> Result<(), String> + Send + Sync>;

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
    pub look: Look,
    /// False where the world ends with the cockpit, as in a demo.
    pub can_leave_running: bool,
    /// `None` where nothing can go on without the cockpit.
    pub background: Option<Background>,
    /// Tests that can be put into any plan.
    pub smoke_tests: Vec<SmokeTest>,
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
