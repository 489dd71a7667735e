//! How long the rest may take, as a range from this cluster's own node times.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::picture::{LivePicture, NodePhase, NodeProgress, PoolProgress};
use crate::domain::cluster::Cluster;
use crate::domain::node_pool::UpgradeSettings;
/// Time left, from the most hopeful to the most careful figure.
pub use crate::domain::pace::TimeRange as EtaRange;
use crate::domain::pace::{BATCH, CONTROL_PLANE};
use crate::domain::surge::batch_of;

/// With fewer measured nodes than this, the range is widened to the estimate above.
const ENOUGH_SAMPLES: usize = 4;

/// The time left of what runs; `None` where nothing runs.
///
/// Pools are upgraded one after another, each in batches as wide as its surge settings. A drain that is held
/// may last until the pool's drain timeout, which only the careful figure contains.
pub(super) fn estimate(picture: &LivePicture, cluster: Option<&Cluster>, now: Timestamp) -> Option<EtaRange> {
    if !picture.is_running {
        return None;
    }
    let measured = measured(&picture.node_times);
    let pools = picture
        .pools
        .iter()
        .filter(|pool| pool.target.is_some())
        .map(|pool| pool_time(picture, pool, cluster, measured, now))
        .fold(EtaRange::ZERO, EtaRange::plus);
    Some(pools.plus(control_plane_time(picture, cluster, now)))
}

/// Time of one batch by what was measured: the fastest quartile and the slowest.
fn measured(times: &[Duration]) -> Option<EtaRange> {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    let low = *sorted.get(sorted.len() / 4)?;
    let high = *sorted.last()?;
    Some(if sorted.len() < ENOUGH_SAMPLES {
        EtaRange {
            low: low.min(BATCH.low),
            high: high.max(BATCH.high),
        }
    } else {
        EtaRange { low, high }
    })
}

fn pool_time(
    picture: &LivePicture,
    pool: &PoolProgress,
    cluster: Option<&Cluster>,
    measured: Option<EtaRange>,
    now: Timestamp,
) -> EtaRange {
    let remaining = u32::try_from(pool.total.saturating_sub(pool.done)).unwrap_or(u32::MAX);
    if remaining == 0 {
        return EtaRange::ZERO;
    }
    let azure = cluster.and_then(|cluster| cluster.pool(&pool.name));
    let default_settings = UpgradeSettings::default();
    let settings = azure.map_or(&default_settings, |azure| &azure.upgrade_settings);
    let total = u32::try_from(pool.total).unwrap_or(u32::MAX);
    let batches = remaining.div_ceil(batch_of(settings, total, pool.target).width());
    let each = measured.unwrap_or_else(|| {
        let soak = settings.node_soak();
        BATCH.plus(EtaRange::exactly(soak))
    });
    let in_work = || {
        picture
            .nodes
            .values()
            .filter(|node| node.pool.as_ref() == Some(&pool.name))
    };
    let begun = in_work()
        .filter(|node| !node.is_surge && node.phase.is_in_flight())
        .map(|node| elapsed(began(node), now))
        .max()
        .unwrap_or_default();
    // The batch in work is never taken to be over before its nodes are.
    let current = each.minus(begun);
    let held = in_work()
        .filter_map(|node| held_for(node, settings, now))
        .max()
        .unwrap_or_default();
    current.plus(each.times(batches.saturating_sub(1))).plus(EtaRange {
        low: Duration::ZERO,
        high: held,
    })
}

fn began(node: &NodeProgress) -> Timestamp {
    node.drain
        .as_ref()
        .map_or(node.since, |drain| drain.since.min(node.since))
}

/// How long a held drain may still last.
fn held_for(node: &NodeProgress, settings: &UpgradeSettings, now: Timestamp) -> Option<Duration> {
    let drain = node
        .drain
        .as_ref()
        .filter(|_| matches!(node.phase, NodePhase::Draining | NodePhase::Stuck))?;
    if drain.holds.is_empty() && drain.blocked_by_event.is_empty() {
        return None;
    }
    Some(match drain.deadline {
        Some(deadline) => elapsed(now, deadline),
        None => settings.drain_timeout(),
    })
}

/// The control plane moves first; once a node was touched it is done.
fn control_plane_time(picture: &LivePicture, cluster: Option<&Cluster>, now: Timestamp) -> EtaRange {
    let (Some(cluster), Some(target)) = (cluster, &picture.target) else {
        return EtaRange::ZERO;
    };
    let Some(to) = target.control_plane else {
        return EtaRange::ZERO;
    };
    if cluster.version.is_some_and(|version| version < to) {
        return CONTROL_PLANE;
    }
    let is_busy = cluster.provisioning_state.is_upgrading();
    let is_touched = picture
        .nodes
        .values()
        .any(|node| node.is_surge || node.phase.is_in_flight())
        || !picture.node_times.is_empty();
    match picture.running_since {
        Some(since) if is_busy && !is_touched => CONTROL_PLANE.minus(elapsed(since, now)),
        _ => EtaRange::ZERO,
    }
}

fn elapsed(from: Timestamp, to: Timestamp) -> Duration {
    Duration::try_from(to.duration_since(from).max(SignedDuration::ZERO)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::progress::facts::{PoolTarget, Target};
    use crate::progress::samples::{at, cluster};

    fn picture(done: usize, total: usize, node_minutes: &[u64]) -> LivePicture {
        let mut picture = LivePicture::empty(at(0));
        picture.is_running = true;
        picture.running_since = Some(at(0));
        picture.node_times = node_minutes
            .iter()
            .copied()
            .map(|minutes| Duration::from_secs(60 * minutes))
            .collect();
        picture.target = Some(Target {
            control_plane: None,
            pools: [("web".into(), PoolTarget::default())].into(),
        });
        picture.pools = vec![PoolProgress {
            name: "web".into(),
            state: None,
            target: "1.34.2".parse().ok(),
            done,
            total,
            surge: 0,
            in_flight: 0,
            ready: 0,
        }];
        picture
    }

    fn minutes(picture: &LivePicture, cluster: Option<&Cluster>) -> Option<(u64, u64)> {
        estimate(picture, cluster, at(0)).map(|eta| (eta.low.as_secs() / 60, eta.high.as_secs() / 60))
    }

    #[test]
    fn ranges_come_from_estimates_then_from_measured_nodes() {
        assert_eq!(minutes(&picture(0, 5, &[]), None), Some((20, 60)));
        assert_eq!(
            minutes(&picture(1, 5, &[6]), None),
            Some((16, 48)),
            "one sample is not enough"
        );
        assert_eq!(minutes(&picture(4, 6, &[9, 2, 3, 5]), None), Some((6, 18)));
        assert_eq!(minutes(&picture(5, 5, &[6]), None), Some((0, 0)));
        let mut idle = picture(0, 5, &[]);
        idle.is_running = false;
        assert_eq!(minutes(&idle, None), None);
    }

    #[test]
    fn a_wide_surge_makes_fewer_batches_and_soak_counts() {
        let mut azure = cluster("Upgrading", "1.34.2", 10);
        if let Some(pool) = azure.pools.first_mut() {
            pool.upgrade_settings.max_surge = "50%".parse().ok();
            pool.upgrade_settings.node_soak_minutes = Some(5);
        }
        assert_eq!(minutes(&picture(0, 10, &[]), Some(&azure)), Some((18, 34)));
    }

    #[test]
    fn a_control_plane_still_to_run_is_added() {
        let azure = cluster("Upgrading", "1.33.5", 5);
        let mut waiting = picture(5, 5, &[]);
        if let Some(target) = waiting.target.as_mut() {
            target.control_plane = "1.34.2".parse().ok();
        }
        assert_eq!(minutes(&waiting, Some(&azure)), Some((5, 15)));
    }
}
