//! The sums behind the checks of capacity, time and room: numbers in, numbers out.
//! Never words a finding and never looks at a whole survey.

pub(crate) mod addresses;
pub(crate) mod duration;
pub(crate) mod fit;
pub(crate) mod placement;
pub(crate) mod ports;
pub(crate) mod room;
pub(crate) mod surge_nodes;
pub(crate) mod vcpu;
