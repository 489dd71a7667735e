//! One pool on its way: what its nodes in work still take, and the batches after them.

use std::time::Duration;

use jiff::Timestamp;

use super::belief::{Belief, Paces, rebuild_began};
use super::{Figures, elapsed};
use crate::domain::cluster::Cluster;
use crate::domain::node_pool::UpgradeSettings;
use crate::domain::pace::{SURGE_DOWN, SURGE_UP, Spread};
use crate::domain::surge::{Batch, batch_of};
use crate::progress::picture::{LivePicture, NodePhase, NodeProgress, PoolProgress};

/// Of a part that has lasted longer than expected, at least this share is still to come.
const LEAST_OF_REBUILD: f64 = 0.15;
const LEAST_OF_DRAIN: f64 = 0.3;

/// The slowest of a batch of `n` lies about the square root of `ln n` deviations above the mean, and half of that where
/// most nodes have the same little to do.
const SLOWEST: f64 = 0.5;

/// A pool, and what is believed of its nodes.
pub(super) struct PoolCourse<'a> {
    picture: &'a LivePicture,
    in_flight: Vec<&'a NodeProgress>,
    settings: UpgradeSettings,
    batch: Batch,
    /// Nodes not touched yet.
    waiting: u32,
    /// Nothing of it was done or touched.
    is_untouched: bool,
    is_over: bool,
    drain: Belief,
    rebuild: Belief,
}

impl<'a> PoolCourse<'a> {
    pub(super) fn of(picture: &'a LivePicture, pool: &PoolProgress, cluster: Option<&Cluster>, paces: &Paces) -> Self {
        let azure = cluster.and_then(|cluster| cluster.pool(&pool.name));
        let settings = azure.map(|azure| azure.upgrade_settings.clone()).unwrap_or_default();
        let in_flight: Vec<&NodeProgress> = picture
            .nodes
            .values()
            .filter(|node| node.pool.as_ref() == Some(&pool.name) && !node.is_surge && node.phase.is_in_flight())
            .collect();
        let remaining = count(pool.total.saturating_sub(pool.done));
        Self {
            waiting: remaining.saturating_sub(count(in_flight.len())),
            is_untouched: pool.done == 0 && in_flight.is_empty(),
            is_over: remaining == 0 && pool.surge == 0,
            batch: batch_of(&settings, count(pool.total), pool.target),
            drain: paces.drain(&pool.name),
            rebuild: paces.rebuild,
            picture,
            in_flight,
            settings,
        }
    }

    pub(super) fn figures(&self, now: Timestamp) -> Figures {
        if self.is_over {
            return Figures::default();
        }
        let held = self
            .in_flight
            .iter()
            .filter_map(|node| held_for(node, &self.settings, now));
        let in_work = self
            .in_flight
            .iter()
            .map(|node| self.left_of(node, now))
            .reduce(f64::max);
        let width = self.batch.width();
        let (full, rest) = (self.waiting / width, self.waiting % width);
        let batches = f64::from(self.waiting.div_ceil(width));
        let of_one = self.drain.spread.hypot(self.rebuild.spread);
        let slower = |nodes: u32| SLOWEST * f64::from(nodes.max(1)).ln().sqrt() * of_one;
        let each = self.drain.mean + self.soak() + self.rebuild.mean;
        let all = batches + f64::from(u8::from(in_work.is_some()));
        let nodes = Figures {
            mean: in_work.unwrap_or_default() + batches * each + f64::from(full) * slower(width) + slower(rest),
            variance: (batches * self.drain.doubt).powi(2) + all * of_one.powi(2),
            batches: all,
            held: held.max().unwrap_or_default(),
        };
        self.surge_nodes().plus(nodes)
    }

    /// Surge nodes come before the first node is touched, and go after the last.
    fn surge_nodes(&self) -> Figures {
        if self.batch.surge == 0 {
            return Figures::default();
        }
        let down = Figures::from(Spread::guessed(SURGE_DOWN));
        if self.is_untouched {
            Figures::from(Spread::guessed(SURGE_UP)).plus(down)
        } else {
            down
        }
    }

    fn soak(&self) -> f64 {
        self.settings.node_soak().as_secs_f64()
    }

    /// Seconds a node in work still takes: what comes after the part it is in, and the rest of that.
    fn left_of(&self, node: &NodeProgress, now: Timestamp) -> f64 {
        let gone = |from: Timestamp| elapsed(from, now).as_secs_f64();
        let rebuild = self.rebuild.mean;
        match node.phase {
            NodePhase::Drained | NodePhase::Soaking => (self.soak() - gone(node.since)).max(0.0) + rebuild,
            NodePhase::Reimaging | NodePhase::Joining => self.left_of_rebuild(node, now),
            NodePhase::Stuck if node.drain.is_none() => self.left_of_rebuild(node, now),
            _ => {
                let began = node
                    .drain
                    .as_ref()
                    .map_or(node.since, |drain| drain.since.min(node.since));
                let drain = (self.drain.mean - gone(began)).max(LEAST_OF_DRAIN * self.drain.mean);
                drain + self.soak() + rebuild
            }
        }
    }

    fn left_of_rebuild(&self, node: &NodeProgress, now: Timestamp) -> f64 {
        let memory = self.picture.memory.nodes.get(&node.name);
        let began = memory.and_then(|memory| rebuild_began(self.picture, &node.name, memory));
        let gone = elapsed(began.unwrap_or(node.since), now).as_secs_f64();
        (self.rebuild.mean - gone).max(LEAST_OF_REBUILD * self.rebuild.mean)
    }
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

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
