//! How long the rest may take, as a range: from this cluster's own node times, its surge, soak and drains, and where
//! it has shown none yet, from its history or a first guess.
//!
//! Pools go one after another, each batch after batch, and a batch ends with its slowest node. What each part takes and
//! how far that may be off is added up; the range lies `DEVIATIONS` on either side of the sum. What is held counts
//! until its drain timeout in the careful end only.

mod belief;
mod course;
#[cfg(test)]
mod tests;

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use self::belief::Paces;
use self::course::PoolCourse;
use super::picture::LivePicture;
use crate::domain::cluster::Cluster;
/// Time left, from the most hopeful to the most careful end; the true end lies between at least 85 times of a hundred
/// (`benches/eta.rs` measures it).
pub use crate::domain::pace::TimeRange as EtaRange;
use crate::domain::pace::{CONTROL_PLANE, Spread, UsualPace};

/// Deviations on either side of what is expected.
const DEVIATIONS: f64 = 1.5;

/// The time left of what runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Estimate {
    /// With what is held: its careful end counts each held drain until its timeout.
    pub(super) whole: EtaRange,
    /// From the moment everything that is held is freed.
    pub(super) freed: EtaRange,
}

/// The time left; `None` where nothing runs. `usual` is how long this cluster took before.
pub(super) fn estimate(
    picture: &LivePicture,
    cluster: Option<&Cluster>,
    usual: UsualPace,
    now: Timestamp,
) -> Option<Estimate> {
    if !picture.is_running {
        return None;
    }
    let paces = Paces::of(picture, cluster, usual.node, now);
    let mut total = control_plane(picture, cluster, usual, now);
    for pool in picture.pools.iter().filter(|pool| pool.target.is_some()) {
        total = total.plus(PoolCourse::of(picture, pool, cluster, &paces).figures(now));
    }
    // What is not known of a rebuild is wrong for every batch alike.
    let in_common = (total.batches * paces.rebuild.doubt).powi(2);
    let apart = DEVIATIONS * (total.variance + in_common).sqrt();
    let freed = EtaRange {
        low: seconds(total.mean - apart),
        high: seconds(total.mean + apart),
    };
    let high = freed.high.saturating_add(total.held);
    Some(Estimate {
        whole: EtaRange { high, ..freed },
        freed,
    })
}

/// What is expected of a part, and how far it may be off.
#[derive(Clone, Copy, Debug, Default)]
struct Figures {
    /// In seconds.
    mean: f64,
    /// In seconds squared; without what the batches have in common.
    variance: f64,
    /// Batches that are still to be rebuilt, the one in work included.
    batches: f64,
    /// How much longer held drains may last.
    held: Duration,
}

impl Figures {
    fn plus(self, other: Self) -> Self {
        Self {
            mean: self.mean + other.mean,
            variance: self.variance + other.variance,
            batches: self.batches + other.batches,
            held: self.held.saturating_add(other.held),
        }
    }
}

impl From<Spread> for Figures {
    fn from(spread: Spread) -> Self {
        Self {
            mean: spread.mean,
            variance: spread.deviation.powi(2),
            ..Self::default()
        }
    }
}

/// The control plane moves first; once a node was touched it is done.
fn control_plane(picture: &LivePicture, cluster: Option<&Cluster>, usual: UsualPace, now: Timestamp) -> Figures {
    let (Some(cluster), Some(target)) = (cluster, &picture.target) else {
        return Figures::default();
    };
    let Some(to) = target.control_plane else {
        return Figures::default();
    };
    let guess = Spread::guessed(CONTROL_PLANE);
    let whole = Figures::from(usual.control_plane.map_or(guess, |usual| usual.with(guess)));
    if cluster.version.is_some_and(|version| version < to) {
        return whole;
    }
    let is_busy = cluster.provisioning_state.is_upgrading();
    let is_touched = picture
        .nodes
        .values()
        .any(|node| node.is_surge || node.phase.is_in_flight())
        || !picture.node_times.is_empty();
    match picture.running_since {
        Some(since) if is_busy && !is_touched => Figures {
            mean: (whole.mean - elapsed(since, now).as_secs_f64()).max(0.0),
            ..whole
        },
        _ => Figures::default(),
    }
}

fn seconds(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(Duration::MAX)
}

fn elapsed(from: Timestamp, to: Timestamp) -> Duration {
    Duration::try_from(to.duration_since(from).max(SignedDuration::ZERO)).unwrap_or_default()
}
