//! Tests of the whole room: small worlds in, causes out. Each world is healthy but for what the test breaks.

mod healthy;
mod live;
mod nodes;
mod partial;
mod random;
mod ranking;
mod texts;
pub(super) mod world;
