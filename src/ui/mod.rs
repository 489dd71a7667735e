//! The cockpit on the terminal: screens over snapshots, and orders to the engine that are shown before they are given.
//! Never talks to Azure or Kubernetes by itself, and knows nothing the command line does not know.

mod actions;
mod app;
mod command;
mod components;
mod condition;
mod data;
mod dialogs;
mod filter;
pub mod fixtures;
mod keymap;
mod measure;
mod message;
mod narrative;
mod orders;
mod picture;
mod pictures;
mod runtime;
mod screens;
mod terminal;
#[cfg(test)]
mod tests;
mod theme;
mod view;
mod wording;

use crate::clock::Clock;
use crate::engine::command::Person;
use crate::engine::handle::EngineHandle;
use crate::inventory::handle::InventoryHandle;

pub use pictures::draw as draw_pictures;
pub use runtime::{Ending, run};
pub use theme::{Colour, Look};

/// What the cockpit needs to run.
#[derive(Clone, Debug)]
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
}
