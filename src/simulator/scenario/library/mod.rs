//! The built-in scenarios: their names and texts, in the order in which they are listed. Those that say what a
//! diagnosis should tell have a file for each family.

mod combined;
mod control;
mod drains;
mod health;
mod leftovers;
mod machines;
mod pods;
mod refusals;
mod surge;
mod variants;

/// The demo, and what can happen to an execution. Name and text.
const STORIES: [(&str, &str); 35] = [
    ("demo", include_str!("../../../../assets/scenarios/demo.toml")),
    ("clean", include_str!("../../../../assets/scenarios/clean.toml")),
    (
        "blocked-drain",
        include_str!("../../../../assets/scenarios/blocked-drain.toml"),
    ),
    ("quota", include_str!("../../../../assets/scenarios/quota.toml")),
    ("throttled", include_str!("../../../../assets/scenarios/throttled.toml")),
    ("api-away", include_str!("../../../../assets/scenarios/api-away.toml")),
    ("small", include_str!("../../../../assets/scenarios/small.toml")),
    ("smoke", include_str!("../../../../assets/scenarios/smoke.toml")),
    (
        "throttled-silent",
        include_str!("../../../../assets/scenarios/throttled-silent.toml"),
    ),
    (
        "put-504-started",
        include_str!("../../../../assets/scenarios/put-504-started.toml"),
    ),
    (
        "put-502-lost",
        include_str!("../../../../assets/scenarios/put-502-lost.toml"),
    ),
    (
        "put-500-started",
        include_str!("../../../../assets/scenarios/put-500-started.toml"),
    ),
    (
        "lost-operation",
        include_str!("../../../../assets/scenarios/lost-operation.toml"),
    ),
    (
        "token-expired",
        include_str!("../../../../assets/scenarios/token-expired.toml"),
    ),
    (
        "login-lost",
        include_str!("../../../../assets/scenarios/login-lost.toml"),
    ),
    ("conflict", include_str!("../../../../assets/scenarios/conflict.toml")),
    (
        "etag-conflict",
        include_str!("../../../../assets/scenarios/etag-conflict.toml"),
    ),
    (
        "precondition",
        include_str!("../../../../assets/scenarios/precondition.toml"),
    ),
    ("tag-saved", include_str!("../../../../assets/scenarios/tag-saved.toml")),
    (
        "stale-reads",
        include_str!("../../../../assets/scenarios/stale-reads.toml"),
    ),
    (
        "left-behind",
        include_str!("../../../../assets/scenarios/left-behind.toml"),
    ),
    (
        "failed-but-fine",
        include_str!("../../../../assets/scenarios/failed-but-fine.toml"),
    ),
    (
        "cancelled-by-other",
        include_str!("../../../../assets/scenarios/cancelled-by-other.toml"),
    ),
    (
        "cluster-deleted",
        include_str!("../../../../assets/scenarios/cluster-deleted.toml"),
    ),
    (
        "pool-deleted",
        include_str!("../../../../assets/scenarios/pool-deleted.toml"),
    ),
    (
        "pool-added",
        include_str!("../../../../assets/scenarios/pool-added.toml"),
    ),
    (
        "api-away-long",
        include_str!("../../../../assets/scenarios/api-away-long.toml"),
    ),
    ("arm-down", include_str!("../../../../assets/scenarios/arm-down.toml")),
    (
        "foreign-upgrade",
        include_str!("../../../../assets/scenarios/foreign-upgrade.toml"),
    ),
    (
        "foreign-auto-upgrade",
        include_str!("../../../../assets/scenarios/foreign-auto-upgrade.toml"),
    ),
    (
        "foreign-fleet",
        include_str!("../../../../assets/scenarios/foreign-fleet.toml"),
    ),
    (
        "activity-denied",
        include_str!("../../../../assets/scenarios/activity-denied.toml"),
    ),
    ("slow", include_str!("../../../../assets/scenarios/slow.toml")),
    ("not-json", include_str!("../../../../assets/scenarios/not-json.toml")),
    ("hostile", include_str!("../../../../assets/scenarios/hostile.toml")),
];

/// A family: its name, and name and text of each of its scenarios.
type Family = (&'static str, &'static [(&'static str, &'static str)]);

/// In the order in which they are listed.
const FAMILIES: [Family; 11] = [
    ("stories", &STORIES),
    ("health", health::SCENARIOS),
    ("drains", drains::SCENARIOS),
    ("leftovers", leftovers::SCENARIOS),
    ("surge", surge::SCENARIOS),
    ("machines", machines::SCENARIOS),
    ("refusals", refusals::SCENARIOS),
    ("pods", pods::SCENARIOS),
    ("control", control::SCENARIOS),
    ("combined", combined::SCENARIOS),
    ("variants", variants::SCENARIOS),
];

/// Name and text of each.
pub(super) fn all() -> impl Iterator<Item = &'static (&'static str, &'static str)> {
    FAMILIES.into_iter().flat_map(|(_, scenarios)| scenarios)
}

/// Name and text of each of a family; none for an unknown one.
pub(super) fn of_family(family: &str) -> impl Iterator<Item = &'static (&'static str, &'static str)> {
    let found = FAMILIES.into_iter().find(|(name, _)| *name == family);
    found.into_iter().flat_map(|(_, scenarios)| scenarios)
}

/// The text of one of them.
pub(super) fn text(name: &str) -> Option<&'static str> {
    all().find(|(known, _)| *known == name).map(|(_, text)| *text)
}
