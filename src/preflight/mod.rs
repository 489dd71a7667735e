//! What would go wrong, asked before the button is pressed: facts in, findings out. Pure.
//!
//! ```text
//! Survey (what is) + Planned (what is wanted) --Question--> every check of the registry --> Report
//! ```

mod arithmetic;
pub mod baseline;
mod catalogue;
mod checks;
mod cluster_index;
pub mod finding;
pub mod question;
pub mod reference;
mod registry;
#[cfg(test)]
mod samples;
mod system;
mod thresholds;
mod undecidable;
mod wording;

pub use catalogue::{CatalogueEntry, catalogue, entry};
pub use registry::run;
pub use thresholds::Thresholds;
pub use undecidable::{Undecidable, undecidable};
