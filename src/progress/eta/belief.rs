//! What is believed of node times: first from a guess or the cluster's history, then from what this upgrade has shown.
//!
//! A node's time has two parts, beside its soak. The rebuild, from the empty node to the ready one, takes about as long
//! in every pool; the drain depends on what runs there, so that other pools tell little of it.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::super::memory::NodeMemory;
use super::super::picture::LivePicture;
use super::super::upgrader_event::Stage;
use super::elapsed;
use crate::domain::cluster::Cluster;
use crate::domain::ids::{NodeName, NodePoolName};
use crate::domain::pace::{BATCH, Spread};

/// The share of the rebuild in a node's time, where nobody said when it began.
const REBUILD_SHARE: f64 = 0.6;

/// How far a guess may be off, and how far single times lie apart: shares of the time itself.
const REBUILD: Doubts = Doubts {
    guess: 0.3,
    history: 0.15,
    one_time: 0.15,
};
/// Drains of two pools differ by more than those of two upgrades.
const DRAIN: Doubts = Doubts {
    guess: 0.8,
    history: 0.4,
    one_time: 0.5,
};

/// A guess counts like so many pools when drains of other pools are known.
const GUESS_IN_POOLS: f64 = 0.5;
/// How far the times of single nodes lie apart is believed like that of so many nodes.
const SPREAD_IN_NODES: f64 = 2.0;
/// However alike the drains of other pools are, those of a pool not seen may be off by this share of the guess.
const LEAST_DOUBT: f64 = 0.5;
/// In seconds: no two nodes are alike to less.
const LEAST_SPREAD: f64 = 10.0;

#[derive(Clone, Copy, Debug)]
struct Doubts {
    guess: f64,
    history: f64,
    one_time: f64,
}

/// How long something takes, in seconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Belief {
    pub(super) mean: f64,
    /// How far the mean may be off.
    pub(super) doubt: f64,
    /// How far a single time lies from the mean.
    pub(super) spread: f64,
}

impl Belief {
    /// The belief after these times were seen; the more of them, the less the one before counts.
    fn after(self, times: &[f64]) -> Self {
        if times.is_empty() {
            return self;
        }
        let count = times.iter().map(|_| 1.0).sum::<f64>();
        let seen = times.iter().sum::<f64>() / count;
        let squares: f64 = times.iter().map(|time| (time - seen).powi(2)).sum();
        let expected = self.spread / self.mean.max(1.0) * seen;
        let spread = ((SPREAD_IN_NODES * expected.powi(2) + squares) / (SPREAD_IN_NODES + count - 1.0))
            .sqrt()
            .max(LEAST_SPREAD);
        let (before, new) = (self.doubt.powi(-2), count / spread.powi(2));
        Self {
            mean: (self.mean * before + seen * new) / (before + new),
            doubt: (before + new).powf(-0.5),
            spread,
        }
    }
}

/// What is believed of this cluster's nodes.
#[derive(Debug)]
pub(super) struct Paces {
    /// From the empty node to the ready one; the same for all pools.
    pub(super) rebuild: Belief,
    drains: BTreeMap<NodePoolName, Vec<f64>>,
    /// In seconds, and how far it may be off as a share of itself.
    guessed_drain: (f64, f64),
}

impl Paces {
    /// From the nodes this upgrade has finished; `usual` is how long one took in earlier upgrades.
    pub(super) fn of(picture: &LivePicture, cluster: Option<&Cluster>, usual: Option<Spread>, now: Timestamp) -> Self {
        let guess = Spread::guessed(BATCH);
        let whole = usual.map_or(guess, |usual| usual.with(guess)).mean;
        let doubt = |doubts: Doubts| usual.map_or(doubts.guess, |_| doubts.history);
        let (mut rebuilds, mut drains) = (Vec::new(), BTreeMap::<NodePoolName, Vec<f64>>::new());
        for (name, memory) in &picture.memory.nodes {
            let pool = picture.nodes.get(name).and_then(|node| node.pool.as_ref());
            let (Some(pool), Some(began), Some(finished)) = (pool, memory.began, memory.finished) else {
                continue;
            };
            let soak = cluster
                .and_then(|cluster| cluster.pool(pool))
                .map(|pool| pool.upgrade_settings.node_soak())
                .unwrap_or_default();
            let finished = finished.min(now);
            let work = elapsed(began, finished).saturating_sub(soak).as_secs_f64();
            let rebuild = rebuild_began(picture, name, memory).map_or(REBUILD_SHARE * work, |began| {
                elapsed(began, finished).as_secs_f64().min(work)
            });
            rebuilds.push(rebuild);
            drains.entry(pool.clone()).or_default().push(work - rebuild);
        }
        let mean = REBUILD_SHARE * whole;
        let rebuild = Belief {
            mean,
            doubt: doubt(REBUILD) * mean,
            spread: REBUILD.one_time * mean,
        };
        Self {
            rebuild: rebuild.after(&rebuilds),
            drains,
            guessed_drain: ((1.0 - REBUILD_SHARE) * whole, doubt(DRAIN)),
        }
    }

    /// From the cordon to the empty node: of this pool's own nodes, and of the other pools while those are few.
    pub(super) fn drain(&self, pool: &NodePoolName) -> Belief {
        let (guess, doubt) = self.guessed_drain;
        let (mut sum, mut pools) = (GUESS_IN_POOLS * guess, GUESS_IN_POOLS);
        for (_, times) in self.drains.iter().filter(|(other, _)| *other != pool) {
            sum += times.iter().sum::<f64>() / times.iter().map(|_| 1.0).sum::<f64>();
            pools += 1.0;
        }
        let mean = sum / pools;
        let before = Belief {
            mean,
            doubt: (doubt * mean).max(LEAST_DOUBT * guess),
            spread: DRAIN.one_time * mean,
        };
        before.after(self.drains.get(pool).map_or(&[], Vec::as_slice))
    }
}

/// When a node's machine was taken away to be rebuilt, as far as somebody said or saw it.
pub(super) fn rebuild_began(picture: &LivePicture, name: &NodeName, memory: &NodeMemory) -> Option<Timestamp> {
    let marks = picture.memory.events.marks.get(name);
    let said = [Stage::Deleting, Stage::Reimaging]
        .into_iter()
        .filter_map(|stage| marks?.get(stage))
        .map(|span| span.first)
        .min();
    said.or(memory.gone_since)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEFORE: Belief = Belief {
        mean: 300.0,
        doubt: 90.0,
        spread: 45.0,
    };

    #[test]
    fn what_is_seen_takes_the_place_of_what_was_guessed() {
        assert!((BEFORE.after(&[]).mean - 300.0).abs() < 0.1);
        let one = BEFORE.after(&[200.0]);
        assert!(one.mean > 200.0 && one.mean < 220.0, "{one:?}");
        assert!(one.doubt < BEFORE.doubt);
        let many = BEFORE.after(&[200.0; 20]);
        assert!((many.mean - 200.0).abs() < 1.0 && many.doubt < 10.0, "{many:?}");
        assert!(many.spread >= LEAST_SPREAD);
        let wild = BEFORE.after(&[60.0, 340.0, 100.0, 300.0]);
        assert!(wild.spread > 90.0 && wild.doubt > many.doubt, "{wild:?}");
    }

    #[test]
    fn drains_of_other_pools_tell_little_and_own_ones_much() {
        let paces = Paces {
            rebuild: BEFORE,
            drains: [("apps", vec![400.0; 6]), ("system", vec![20.0; 3])]
                .map(|(name, times)| (NodePoolName::new(name), times))
                .into(),
            guessed_drain: (180.0, DRAIN.guess),
        };
        let unseen = paces.drain(&"batch".into());
        assert!(
            (unseen.mean - 204.0).abs() < 1.0,
            "the mean of two pools and half a guess: {unseen:?}"
        );
        assert!(unseen.doubt > 150.0);
        let own = paces.drain(&"apps".into());
        assert!(own.mean > 330.0 && own.doubt < 60.0, "{own:?}");
    }
}
