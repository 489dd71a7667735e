//! Takes pools back to what they ran before, where AKS allows it
//! (AKS docs "Roll back a node pool version", 2026; API 2026-04-01 and later).

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::{Facts, PlanError};
use crate::domain::cluster::{Cluster, RecentlyUsedVersion, RegionVersions, SupportPlan};
use crate::domain::node_pool::NodePool;
use crate::domain::upgrade_path::breaks_skew;
use crate::domain::version::KubernetesVersion;
use crate::plan::names::plain_id;
use crate::plan::step::{Step, StepKind};

/// How long after an upgrade a pool can go back.
pub(in crate::plan) const ROLLBACK_WINDOW: Duration = Duration::from_hours(7 * 24);

/// The newest entry, which is the only one a pool can go back to.
pub(in crate::plan) fn newest(used: &[RecentlyUsedVersion]) -> Option<&RecentlyUsedVersion> {
    // Of equal times the first wins, as Azure lists the newest first.
    used.iter().rev().max_by_key(|entry| entry.used_until)
}

/// True where AKS changes Kubernetes versions by itself, which rules rollbacks out.
pub(in crate::plan) fn has_auto_upgrade(cluster: &Cluster) -> bool {
    let channel = cluster.auto_upgrade.kubernetes_channel.as_deref();
    channel.is_some_and(|channel| !channel.is_empty() && !channel.eq_ignore_ascii_case("none"))
}

/// Why the pool cannot go back to that version and image; `None` where it can.
pub(in crate::plan) fn obstacle(
    facts: &Facts<'_>,
    pool: &NodePool,
    used: &RecentlyUsedVersion,
    control_plane: Option<KubernetesVersion>,
    now: Timestamp,
) -> Option<String> {
    let to = used.version;
    if has_auto_upgrade(facts.cluster) {
        let channel = facts
            .cluster
            .auto_upgrade
            .kubernetes_channel
            .as_deref()
            .unwrap_or_default();
        return Some(format!(
            "the cluster's auto-upgrade channel is {channel}, and must be none"
        ));
    }
    let window = SignedDuration::try_from(ROLLBACK_WINDOW).unwrap_or(SignedDuration::MAX);
    if let Some(until) = used.used_until.filter(|until| now.duration_since(*until) > window) {
        let day = until.strftime("%Y-%m-%d");
        return Some(format!("it was upgraded on {day}, and AKS allows this for 7 days"));
    }
    if pool.version.is_some_and(|runs| to > runs) {
        return Some(format!("what it ran before, {to}, is newer than what it runs"));
    }
    if let Some(control_plane) = control_plane.filter(|control_plane| breaks_skew(*control_plane, to)) {
        return Some(format!("{to} is too old for the control plane at {control_plane}"));
    }
    if facts.region.is_some_and(|region| !is_supported(facts, region, to)) {
        return Some(format!("{to} is not supported any more"));
    }
    None
}

fn is_supported(facts: &Facts<'_>, region: &RegionVersions, version: KubernetesVersion) -> bool {
    let has_long_term = facts.cluster.support_plan == SupportPlan::LongTermSupport;
    region
        .minors
        .iter()
        .any(|minor| minor.line == version.minor_line() && (has_long_term || !minor.is_lts_only))
}

/// One step for each pool.
pub(super) fn moves(facts: &Facts<'_>, pools: &[&NodePool], now: Timestamp) -> Result<Vec<Step>, PlanError> {
    pools.iter().map(|pool| step(facts, pool, now)).collect()
}

fn step(facts: &Facts<'_>, pool: &NodePool, now: Timestamp) -> Result<Step, PlanError> {
    let refused = |why: String| PlanError::NoRollback {
        cluster: facts.cluster.name.clone(),
        pool: pool.name.to_string(),
        why,
    };
    let used = facts
        .upgrades
        .pools
        .get(&pool.name)
        .and_then(|upgrades| newest(&upgrades.recently_used))
        .ok_or_else(|| refused("Azure names no version it ran before".to_owned()))?;
    if let Some(why) = obstacle(facts, pool, used, facts.cluster.version, now) {
        return Err(refused(why));
    }
    let kind = StepKind::PoolRollback {
        pool: pool.name.clone(),
        from: pool.version,
        to: used.version,
        node_image: used.node_image.clone(),
    };
    Ok(Step::new(plain_id(&kind), kind))
}
