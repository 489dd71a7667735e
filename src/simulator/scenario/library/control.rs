//! Control planes and API servers: names and texts.

pub(super) const SCENARIOS: &[(&str, &str)] = &[
    (
        "control-plane-slow",
        include_str!("../../../../assets/scenarios/control-plane-slow.toml"),
    ),
    (
        "add-ons-not-ready",
        include_str!("../../../../assets/scenarios/add-ons-not-ready.toml"),
    ),
    (
        "server-overloaded",
        include_str!("../../../../assets/scenarios/server-overloaded.toml"),
    ),
    ("etcd-full", include_str!("../../../../assets/scenarios/etcd-full.toml")),
    (
        "server-unreachable",
        include_str!("../../../../assets/scenarios/server-unreachable.toml"),
    ),
    (
        "outside-window",
        include_str!("../../../../assets/scenarios/outside-window.toml"),
    ),
    (
        "certificates-expired",
        include_str!("../../../../assets/scenarios/certificates-expired.toml"),
    ),
];
