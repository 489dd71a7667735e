//! What is, and what happens next: clusters, pools, operations and the upgrader. Pure and seeded:
//! time is handed in, and the same seed with the same requests at the same times gives the same world.

mod advance;
pub mod applications;
mod budget_report;
mod cluster;
mod drain;
#[cfg(test)]
mod fixture;
pub mod hindrance;
pub mod incident;
pub mod landscape;
mod mishap;
mod narration;
mod node_work;
mod operation;
mod past;
mod pool;
pub mod quota;
mod refusal;
mod request_budget;
mod requests;
mod roll;
mod run;
pub mod versions;

use std::collections::BTreeMap;

use jiff::Timestamp;

pub use cluster::{ClusterProfile, ControlPlane, KubernetesAccess, NewPool, SimulatedCluster, Surroundings};
pub(in crate::simulator) use operation::guid;
pub use operation::{Action, Author, Operation, OperationError, OperationStatus, ResourceState, Target};
pub use pool::{PoolMode, RecentVersion, SimulatedNode, SimulatedPool, Undrainable, UpgradeSettings};
pub use refusal::Refusal;
pub use requests::{ClusterChange, PoolChange, PoolCreation};

use super::faults::Faults;
use applications::Applications;
use incident::Incidents;
use past::Past;
use quota::Quotas;
use request_budget::RequestBudget;
use versions::Catalogue;

/// Marks a node that an upgrade could not drain and left behind (AKS docs "Use labels in an AKS cluster", 2026).
const QUARANTINE_LABEL: &str = "kubernetes.azure.com/upgrade-status";

/// The person whose login the simulated estate expects.
const IDENTITY: &str = "sre@shop.example";

/// A subscription and whether the caller may read it.
#[derive(Clone, Debug)]
pub struct Subscription {
    pub id: String,
    pub name: String,
    pub is_denied: bool,
}

/// Manners of the wire that differ between regions and years.
#[derive(Clone, Debug)]
pub struct WireManners {
    /// Sent as `Retry-After` with running operations; `None` leaves it out.
    pub retry_after_seconds: Option<u64>,
    /// Items on a page of a list.
    pub page_size: usize,
    /// The last page of a list names a next one, which is empty.
    pub has_empty_last_page: bool,
}

impl Default for WireManners {
    fn default() -> Self {
        Self {
            retry_after_seconds: None,
            page_size: 100,
            has_empty_last_page: false,
        }
    }
}

/// The whole simulated estate.
#[derive(Debug)]
pub struct World {
    pub now: Timestamp,
    /// By name; names are unique in a scenario.
    pub clusters: BTreeMap<String, SimulatedCluster>,
    pub subscriptions: Vec<Subscription>,
    pub catalogue: Catalogue,
    pub quotas: Quotas,
    pub faults: Faults,
    /// What will happen without being asked for.
    pub incidents: Incidents,
    pub applications: Applications,
    pub manners: WireManners,
    /// The bearer token ARM asks for.
    pub token: String,
    /// Whose token it is, as the activity log names them.
    pub identity: String,
    /// Feeds everything about the wire that must be reproducible, such as signatures.
    pub seed: u64,
    pub(in crate::simulator) request_budget: RequestBudget,
    /// Ids of requests; kept apart so that reading changes nothing else.
    pub(in crate::simulator) request_ids: fastrand::Rng,
    /// Deleted clusters, for the sake of their operations.
    pub(in crate::simulator) gone: Vec<SimulatedCluster>,
    past: Past,
}

impl World {
    /// An estate without clusters.
    pub fn new(seed: u64, now: Timestamp) -> Self {
        let mut rng = fastrand::Rng::with_seed(seed);
        let token = std::iter::repeat_with(|| rng.alphanumeric()).take(64).collect();
        Self {
            now,
            clusters: BTreeMap::new(),
            subscriptions: Vec::new(),
            catalogue: Catalogue::november_2026(),
            quotas: Quotas::default(),
            faults: Faults::default(),
            incidents: Incidents::default(),
            applications: Applications::default(),
            manners: WireManners::default(),
            token,
            identity: IDENTITY.to_owned(),
            seed,
            request_budget: RequestBudget::full(now),
            request_ids: rng,
            gone: Vec::new(),
            past: Past::default(),
        }
    }

    /// Lets everything happen that is due up to `now`, in order; never goes back.
    pub fn advance_to(&mut self, now: Timestamp) {
        while let Some((due, name)) = self.next_due().filter(|(due, _)| *due <= now) {
            self.now = self.now.max(due);
            if let Some(name) = name {
                self.advance_cluster(&name);
            }
            self.run_incidents();
        }
        self.now = self.now.max(now);
        for name in self.clusters.keys().cloned().collect::<Vec<_>>() {
            self.advance_cluster(&name);
        }
        self.run_incidents();
    }

    /// When something happens next, and to which cluster; an incident has none.
    fn next_due(&self) -> Option<(Timestamp, Option<String>)> {
        let clusters = self.clusters.iter();
        let first = clusters
            .filter_map(|(name, cluster)| Some((cluster.next_due()?, name)))
            .min();
        let incident = self.incidents.next_due();
        match (first, incident) {
            (Some((due, name)), incident) if incident.is_none_or(|at| due <= at) => Some((due, Some(name.clone()))),
            (_, incident) => incident.map(|at| (at, None)),
        }
    }

    fn advance_cluster(&mut self, name: &str) {
        let now = self.now;
        let Some((cluster, mut surroundings)) = self.cluster_mut(name) else {
            return;
        };
        cluster.advance(now, &mut surroundings);
        if cluster.is_gone {
            self.gone
                .extend(self.clusters.remove(name).map(|cluster| cluster.picture()));
        }
        self.past.note(name, self.clusters.get(name), now);
    }

    /// A cluster to change, with what lies around it.
    pub fn cluster_mut(&mut self, name: &str) -> Option<(&mut SimulatedCluster, Surroundings<'_>)> {
        let surroundings = Surroundings {
            catalogue: &self.catalogue,
            quotas: &mut self.quotas,
        };
        self.clusters.get_mut(name).map(|cluster| (cluster, surroundings))
    }

    /// Finds a cluster by the names in its resource id, without regard to case.
    pub fn find(&self, subscription: &str, resource_group: &str, name: &str) -> Option<&SimulatedCluster> {
        self.clusters.values().find(|cluster| {
            let profile = &cluster.profile;
            profile.subscription.eq_ignore_ascii_case(subscription)
                && profile.resource_group.eq_ignore_ascii_case(resource_group)
                && profile.name.eq_ignore_ascii_case(name)
        })
    }

    /// Finds an operation and the cluster it belongs to.
    pub fn find_operation(&self, id: &str) -> Option<(&SimulatedCluster, &Operation)> {
        self.clusters
            .values()
            .chain(&self.gone)
            .find_map(|cluster| Some((cluster, cluster.operation(id)?)))
    }
}
