//! Upgrade settings within the ranges AKS takes
//! (AKS docs "Customize node pool rolling upgrades", 2026; API 2026-08-01).

use super::Findings;
use crate::domain::node_pool::{NodePool, PoolMode, UpgradeSettings};
use crate::domain::surge::Share;

/// Looks at what a step writes, and at what the pool has afterwards.
pub(super) fn check(pool: &NodePool, written: &UpgradeSettings, after: &UpgradeSettings, findings: &mut Findings) {
    let ranges = [
        ("drain timeout", written.drain_timeout_minutes, 5, 1_440),
        ("node soak", written.node_soak_minutes, 0, 30),
    ];
    for (name, value, low, high) in ranges {
        if let Some(value) = value.filter(|value| !(low..=high).contains(value)) {
            findings.error(
                format!("a {name} of {value} min is out of range"),
                format!("AKS takes {low} to {high} minutes"),
                format!("choose {low} to {high}"),
            );
        }
    }
    for (name, share) in [
        ("max surge", written.max_surge),
        ("max unavailable", written.max_unavailable),
    ] {
        if let Some(Share::Percent(percent)) = share.filter(|share| matches!(share, Share::Percent(101..))) {
            findings.error(
                format!("a {name} of {percent}% is out of range"),
                "AKS takes up to 100%",
                "choose a smaller share, or a number of nodes",
            );
        }
    }
    let is_zero = |share: Share| matches!(share, Share::Nodes(0) | Share::Percent(0));
    // No max surge means AKS's default, which is never zero; no max unavailable means none.
    if after.max_surge.is_some_and(is_zero) && after.max_unavailable.is_none_or(is_zero) {
        findings.error(
            format!("node pool {} would have neither surge nor unavailable nodes", pool.name),
            "with both at 0 no node can be replaced, and AKS refuses it",
            "choose a max surge of at least 1",
        );
    }
    if pool.mode == PoolMode::System && after.max_unavailable.is_some_and(|share| !is_zero(share)) {
        findings.error(
            format!("system pool {} would have a max unavailable", pool.name),
            "AKS takes max unavailable on user pools only",
            "set a max surge instead",
        );
    }
}
