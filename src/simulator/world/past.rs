//! How Azure's side of each cluster looked a while ago, for reads that are answered from an old copy.
//! Knows nothing of Kubernetes objects: those are read from the API server itself.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use jiff::Timestamp;

use super::World;
use super::cluster::SimulatedCluster;

/// Older pictures are dropped.
const MOST_PICTURES: usize = 64;

/// What one cluster looked like since a time; nothing where it was gone.
type Picture = (Timestamp, Option<SimulatedCluster>);

/// The pictures of every cluster, oldest first.
#[derive(Debug, Default)]
pub(super) struct Past {
    clusters: BTreeMap<String, VecDeque<Picture>>,
}

impl Past {
    /// Takes a picture where something has changed since the last one.
    pub(super) fn note(&mut self, name: &str, cluster: Option<&SimulatedCluster>, now: Timestamp) {
        let known = self.clusters.entry(name.to_owned()).or_default();
        let is_same = match (known.back(), cluster) {
            (Some((_, Some(last))), Some(cluster)) => last.looks_like(cluster),
            (Some((_, None)), None) => true,
            _ => false,
        };
        if is_same {
            return;
        }
        if known.len() == MOST_PICTURES {
            known.pop_front();
        }
        known.push_back((now, cluster.map(SimulatedCluster::picture)));
    }

    /// The clusters as they were at a time; the oldest picture where none is old enough.
    fn at(&self, time: Timestamp) -> BTreeMap<String, SimulatedCluster> {
        let then = |pictures: &VecDeque<Picture>| {
            let old_enough = pictures.iter().rev().find(|(since, _)| *since <= time);
            let (_, picture) = old_enough.or(pictures.front())?;
            picture.as_ref().map(SimulatedCluster::picture)
        };
        self.clusters
            .iter()
            .filter_map(|(name, pictures)| Some((name.clone(), then(pictures)?)))
            .collect()
    }
}

impl World {
    /// Answers a read as it would have been answered a while ago.
    pub(in crate::simulator) fn look_back<R>(&mut self, by: Duration, read: impl FnOnce(&mut Self) -> R) -> R {
        let then = self.past.at(self.now - by);
        let present = std::mem::replace(&mut self.clusters, then);
        let answer = read(self);
        self.clusters = present;
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::world::ResourceState;
    use crate::simulator::world::fixture::*;

    #[test]
    fn reads_can_be_answered_from_before_a_change() {
        let mut world = world();
        pass(&mut world, 1);
        upgrade_cluster(&mut world, "1.34.6", Some("1.34.4")).unwrap();
        world.advance_to(world.now + Duration::from_secs(30));
        let state = |world: &mut World, seconds| {
            world.look_back(Duration::from_secs(seconds), |world| {
                world.clusters.get(NAME).map(|cluster| cluster.state)
            })
        };
        assert_eq!(state(&mut world, 0), Some(ResourceState::Upgrading));
        assert_eq!(state(&mut world, 31), Some(ResourceState::Succeeded));
        assert_eq!(state(&mut world, 86_400), Some(ResourceState::Succeeded));
        assert_eq!(cluster(&world).state, ResourceState::Upgrading);
        assert!(!cluster(&world).objects.node_names().is_empty());
    }

    #[test]
    fn a_deleted_cluster_is_still_seen_in_old_answers() {
        let mut world = world();
        let now = world.now;
        world.cluster_mut(NAME).unwrap().0.delete(now).unwrap();
        pass(&mut world, 10);
        assert!(world.clusters.is_empty());
        let seen =
            |world: &mut World, minutes| world.look_back(Duration::from_mins(minutes), |world| world.clusters.len());
        assert_eq!((seen(&mut world, 1), seen(&mut world, 9)), (0, 1));
    }
}
