//! Checks of the catalogue that no data the cockpit can read decides, each with the reason, for the documentation.

/// A check that is not run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Undecidable {
    /// Its code in the catalogue.
    pub code: &'static str,
    /// Why, in a sentence that can be shown.
    pub why: &'static str,
}

const UNDECIDABLE: &[Undecidable] = &[Undecidable {
    code: "bluegreen-cluster",
    why: "whether a gateway in front, spare address ranges and the data outside the cluster allow a second cluster is \
          not visible from the cluster's own resources",
}];

/// All of them, in the catalogue's order.
pub fn undecidable() -> &'static [Undecidable] {
    UNDECIDABLE
}
