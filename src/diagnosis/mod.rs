//! Why is this upgrade stuck or failed: symptoms in, causes out, each with its evidence. Pure.
//!
//! ```text
//! Survey + live picture + errors --Symptoms--> Scene (indices) --> every rule --> Found --> joined, ranked, worded --> Diagnosis
//! ```
//!
//! An error code alone never decides; a cause without evidence in the cluster's own words is not told.

mod blind_spots;
pub mod catalogue;
pub mod cause;
mod found;
mod rank;
pub mod reconcile;
mod rules;
mod scene;
pub mod symptoms;

#[cfg(test)]
mod tests;

pub use rank::diagnose;
pub use reconcile::reconcile;
