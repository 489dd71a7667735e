//! What the live picture of an upgrade is, folded from what Azure claims and what the cluster shows.
//! Pure: facts and a time in, a picture out. Any source may be missing or late.

mod blockers;
pub mod claim;
mod drain;
pub mod eta;
mod event_marks;
pub mod facts;
mod goal;
pub mod held;
pub mod history;
#[cfg(test)]
mod life_tests;
pub mod memory;
pub mod node_phase;
mod observe;
pub mod picture;
pub mod pool_progress;
#[cfg(test)]
mod random_tests;
mod rows;
mod run;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod story;
mod surge_nodes;
pub mod upgrader_event;
pub mod window;

pub use observe::observe;
