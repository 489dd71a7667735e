//! What operations leave behind: names and texts.

pub(super) const SCENARIOS: &[(&str, &str)] = &[
    (
        "node-left-cordoned",
        include_str!("../../../../assets/scenarios/node-left-cordoned.toml"),
    ),
    (
        "aborted-mid-drain",
        include_str!("../../../../assets/scenarios/aborted-mid-drain.toml"),
    ),
    (
        "failed-left",
        include_str!("../../../../assets/scenarios/failed-left.toml"),
    ),
    (
        "node-forgotten",
        include_str!("../../../../assets/scenarios/node-forgotten.toml"),
    ),
    (
        "internal-error",
        include_str!("../../../../assets/scenarios/internal-error.toml"),
    ),
    ("preempted", include_str!("../../../../assets/scenarios/preempted.toml")),
    ("stalled", include_str!("../../../../assets/scenarios/stalled.toml")),
    (
        "spot-evicted",
        include_str!("../../../../assets/scenarios/spot-evicted.toml"),
    ),
];
