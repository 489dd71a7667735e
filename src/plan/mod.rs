//! From an intent and what is known to an immutable list of ordered steps. Pure.

pub mod builder;
pub mod step;
