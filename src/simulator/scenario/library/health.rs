//! Upgrades that are well: names and texts.

pub(super) const SCENARIOS: &[(&str, &str)] = &[
    ("under-way", include_str!("../../../../assets/scenarios/under-way.toml")),
    ("harbour", include_str!("../../../../assets/scenarios/harbour.toml")),
    (
        "done-and-well",
        include_str!("../../../../assets/scenarios/done-and-well.toml"),
    ),
    (
        "control-plane-step",
        include_str!("../../../../assets/scenarios/control-plane-step.toml"),
    ),
    (
        "whole-cluster",
        include_str!("../../../../assets/scenarios/whole-cluster.toml"),
    ),
    (
        "tight-budgets",
        include_str!("../../../../assets/scenarios/tight-budgets.toml"),
    ),
    ("in-place", include_str!("../../../../assets/scenarios/in-place.toml")),
    (
        "wide-surge",
        include_str!("../../../../assets/scenarios/wide-surge.toml"),
    ),
    ("two-pools", include_str!("../../../../assets/scenarios/two-pools.toml")),
    (
        "new-images",
        include_str!("../../../../assets/scenarios/new-images.toml"),
    ),
    ("old-noise", include_str!("../../../../assets/scenarios/old-noise.toml")),
    (
        "crash-elsewhere",
        include_str!("../../../../assets/scenarios/crash-elsewhere.toml"),
    ),
    (
        "webhook-ignored",
        include_str!("../../../../assets/scenarios/webhook-ignored.toml"),
    ),
    (
        "slow-starts",
        include_str!("../../../../assets/scenarios/slow-starts.toml"),
    ),
];
