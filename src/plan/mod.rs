//! From intent to an immutable, ordered plan. Pure; it shows what will be done and does nothing.

pub mod adopt;
pub mod aims;
pub mod builder;
pub mod diff;
pub mod edit;
pub mod estimate;
pub mod format;
mod names;
pub mod overview;
#[cfg(test)]
mod samples;
mod smoke_rules;
pub mod step;
pub mod validate;
