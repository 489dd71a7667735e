//! Start, stop, and new certificates.

use jiff::Timestamp;

use crate::simulator::world::cluster::SimulatedCluster;
use crate::simulator::world::hindrance::Relief;
use crate::simulator::world::node_work::seconds;
use crate::simulator::world::operation::{Action, ResourceState, Target};
use crate::simulator::world::refusal::Refusal;
use crate::simulator::world::run::Stage;

/// Seconds each takes.
const STARTING: (u64, u64) = (180, 300);
const STOPPING: (u64, u64) = (120, 200);
const ROTATION: (u64, u64) = (600, 1200);

impl SimulatedCluster {
    /// Accepts `start`; returns the operation's id.
    pub fn begin_start(&mut self, now: Timestamp) -> Result<String, Refusal> {
        if !self.is_stopped {
            self.refuse_if_busy()?;
        }
        self.is_stopped = false;
        Ok(self.settle(Action::StartCluster, ResourceState::Starting, STARTING, now))
    }

    /// Accepts or refuses `stop`; returns the operation's id.
    pub fn begin_stop(&mut self, now: Timestamp) -> Result<String, Refusal> {
        self.refuse_if_busy()?;
        Ok(self.settle(Action::StopCluster, ResourceState::Stopping, STOPPING, now))
    }

    /// Accepts or refuses `rotateClusterCertificates`; returns the operation's id.
    pub fn rotate_certificates(&mut self, now: Timestamp) -> Result<String, Refusal> {
        self.refuse_if_busy()?;
        self.hindrances.relieve(None, &Relief::NewCertificates);
        Ok(self.settle(Action::RotateCertificates, ResourceState::Updating, ROTATION, now))
    }

    fn settle(&mut self, action: Action, state: ResourceState, lasts: (u64, u64), now: Timestamp) -> String {
        let id = self.open_operation(&Target::Cluster, action, now);
        self.state = state;
        self.error = None;
        let lasts = seconds(&mut self.rng, lasts);
        self.start_run(&id, Target::Cluster, vec![Stage::Settle(lasts)]);
        id
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::world::fixture::*;

    #[test]
    fn a_cluster_stops_and_starts() {
        let mut world = world();
        let now = world.now;
        world.cluster_mut(NAME).unwrap().0.begin_stop(now).unwrap();
        assert_eq!(cluster(&world).state, ResourceState::Stopping);
        pass(&mut world, 5);
        assert!(cluster(&world).is_stopped);
        let now = world.now;
        world.cluster_mut(NAME).unwrap().0.begin_start(now).unwrap();
        pass(&mut world, 6);
        let cluster = cluster(&world);
        assert!(!cluster.is_stopped && cluster.state == ResourceState::Succeeded);
    }
}
