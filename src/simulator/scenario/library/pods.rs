//! Pods that do not come back: names and texts.

pub(super) const SCENARIOS: &[(&str, &str)] = &[
    ("no-room", include_str!("../../../../assets/scenarios/no-room.toml")),
    (
        "zonal-volume",
        include_str!("../../../../assets/scenarios/zonal-volume.toml"),
    ),
    (
        "pinned-pods",
        include_str!("../../../../assets/scenarios/pinned-pods.toml"),
    ),
    (
        "disk-still-attached",
        include_str!("../../../../assets/scenarios/disk-still-attached.toml"),
    ),
    (
        "image-pull",
        include_str!("../../../../assets/scenarios/image-pull.toml"),
    ),
    (
        "crash-on-new-nodes",
        include_str!("../../../../assets/scenarios/crash-on-new-nodes.toml"),
    ),
    (
        "no-pod-addresses",
        include_str!("../../../../assets/scenarios/no-pod-addresses.toml"),
    ),
    (
        "webhook-down",
        include_str!("../../../../assets/scenarios/webhook-down.toml"),
    ),
    (
        "eviction-denied",
        include_str!("../../../../assets/scenarios/eviction-denied.toml"),
    ),
    ("dns-down", include_str!("../../../../assets/scenarios/dns-down.toml")),
    (
        "tunnel-down",
        include_str!("../../../../assets/scenarios/tunnel-down.toml"),
    ),
    (
        "auto-repair",
        include_str!("../../../../assets/scenarios/auto-repair.toml"),
    ),
    (
        "vm-maintenance",
        include_str!("../../../../assets/scenarios/vm-maintenance.toml"),
    ),
];
