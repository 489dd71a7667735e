//! The rules, one file for each cause or family of causes. Each looks at live state first and says how sure it is.

mod app;
mod auto_upgrade;
mod budgets;
mod capacity;
mod control_plane;
mod images;
mod joining;
mod leftovers;
mod pending;
mod platform;
mod pod_network;
mod quarantine;
mod reimage;
mod stall;
mod system;
mod terminating;
mod texts;
mod volumes;
mod waiting;
mod webhooks;

use super::cause::Found;
use super::scene::Scene;
pub(super) use texts::unexplained;

/// Looks at the scene for one cause or one family of causes.
pub(super) type Rule = fn(&Scene<'_>) -> Vec<Found>;

/// Rules that speak only while an upgrade runs, or after it failed or was refused: on a quiet cluster the same
/// sights are everyday noise.
const DURING_TROUBLE: [Rule; 17] = [
    budgets::look,
    terminating::look,
    webhooks::look,
    pending::look,
    volumes::look,
    images::look,
    system::look,
    pod_network::look,
    joining::look,
    capacity::look,
    reimage::look,
    waiting::look,
    platform::look,
    control_plane::look_at_the_upgrade,
    stall::look,
    texts::look,
    texts::look_at_events,
];

/// Rules about what an upgrade leaves behind, and about dangers that do not wait for one.
const ALWAYS: [Rule; 5] = [
    app::look,
    quarantine::look,
    leftovers::look,
    control_plane::look_at_the_server,
    auto_upgrade::look,
];

/// Everything the rules find, live state first.
pub(super) fn all(scene: &Scene<'_>) -> Vec<Found> {
    let during = DURING_TROUBLE.iter().filter(|_| scene.situation.is_active());
    ALWAYS.iter().chain(during).flat_map(|rule| rule(scene)).collect()
}

/// As `1 pod` or `3 pods`.
fn counted(count: usize, noun: &str) -> String {
    if count == 1 {
        format!("1 {noun}")
    } else {
        format!("{count} {noun}s")
    }
}

/// The first few of a list, and how many more there are.
fn named<T: std::fmt::Display>(items: &[T]) -> String {
    const SHOWN: usize = 3;
    let shown: Vec<String> = items.iter().take(SHOWN).map(ToString::to_string).collect();
    match items.len().saturating_sub(SHOWN) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
