//! The checks, one file each, in groups as the catalogue has them.

mod api;
mod capacity;
mod drain;
mod health;
mod identity;
mod moving;
mod network;
mod os;
mod recovery;
mod run_time;
mod settings;
mod state;
mod told;
mod topology;
mod version;
mod window;

use super::registry::Check;

/// Every check there is.
pub(super) fn all() -> impl Iterator<Item = &'static Check> {
    [
        state::CHECKS,
        version::CHECKS,
        api::CHECKS,
        drain::CHECKS,
        health::CHECKS,
        capacity::CHECKS,
        settings::CHECKS,
        topology::CHECKS,
        os::CHECKS,
        identity::CHECKS,
        network::CHECKS,
        window::CHECKS,
        recovery::CHECKS,
    ]
    .into_iter()
    .flatten()
}
