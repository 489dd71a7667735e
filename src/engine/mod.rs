//! Executes one plan: a pure machine over a journal, a driver that acts, handles for everyone else.

pub mod brief;
pub mod command;
mod driver;
pub mod effect;
pub mod handle;
mod history;
pub mod lease;
pub mod machine;
pub mod record;
pub mod recovery;
pub mod repair;
pub mod replay;
pub mod target;
pub mod timeline;
pub mod view;
