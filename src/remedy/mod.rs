//! What cures a cause: the remedy library, and how one becomes exact changes with a way back. Pure.

pub mod library;
pub mod merge;
mod recipes;
pub mod repair;

pub use recipes::plan;
