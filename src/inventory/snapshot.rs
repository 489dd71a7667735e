//! The immutable picture of the fleet, shared by `Arc`, with an age and a state per source.

use std::sync::Arc;

use jiff::Timestamp;

pub use crate::azure::activity_log::{ChangeAuthor, SeenChange};
use crate::domain::cluster::{Cluster, ClusterUpgrades, RegionVersions};
use crate::domain::ids::ClusterId;
use crate::domain::survey::{ClusterDetails, WindowFact};
use crate::progress::picture::LivePicture;

/// What `SourceState::Denied` names where no Azure login works at all.
pub const LOGIN: &str = "an Azure login";

/// How one source of facts stands. Loading, empty, denied and stale are different things.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum SourceState {
    /// Nobody asked for it yet.
    #[default]
    NotAsked,
    Loading,
    Fresh,
    /// The value is old because the last attempts failed.
    Stale {
        why: String,
    },
    /// The right is missing; `right` names it, for instance `Microsoft.ContainerService/managedClusters/read`.
    Denied {
        right: String,
        why: String,
    },
    /// Nothing was ever read, and the last attempt failed.
    Failed {
        why: String,
    },
    /// It cannot be had from here, for instance Azure in `--kubeconfig` mode or a private API server.
    Unavailable {
        why: String,
    },
}

/// A value with its source's state and age.
#[derive(Clone, Debug)]
pub struct Sourced<T> {
    pub value: Option<Arc<T>>,
    pub as_of: Option<Timestamp>,
    pub state: SourceState,
}

impl<T> Default for Sourced<T> {
    fn default() -> Self {
        Self {
            value: None,
            as_of: None,
            state: SourceState::NotAsked,
        }
    }
}

/// One cluster in the picture.
#[derive(Clone, Debug)]
pub struct ClusterSnapshot {
    pub id: ClusterId,
    /// From the list, then from GET while the cluster is in focus.
    pub cluster: Sourced<Cluster>,
    /// Read while the cluster is in focus.
    pub upgrades: Sourced<ClusterUpgrades>,
    pub region: Sourced<RegionVersions>,
    /// State of the Kubernetes watches; `live.as_of` is their age.
    pub kubernetes: SourceState,
    /// True when nodes, budgets, events and the pods of draining nodes were each read, or cannot be.
    pub are_watches_settled: bool,
    /// Azure's latest word on the running operation (free text), where there is one.
    pub operation_text: Option<String>,
    /// Present while in focus or upgrading; the last one stays when sources fail.
    pub live: Option<Arc<LivePicture>>,
    /// Who began what Azure changes here now, from the activity log. Not asked where nothing runs, or an execution of
    /// this process.
    pub change_author: Sourced<ChangeAuthor>,
    /// What the list leaves out; read with the cluster while it is in focus, and kept.
    pub details: Option<Arc<ClusterDetails>>,
    /// Its maintenance configurations with the openings of the last two days and the next; read while the cluster is in
    /// focus, more often while it is upgraded, and kept.
    pub windows: Sourced<Vec<WindowFact>>,
}

/// How much of Azure's and our own request budget is left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RequestBudget {
    /// Requests this session sent in the last minute.
    pub per_minute: u32,
    /// Azure's own figure for subscription reads, as last seen.
    pub remaining_reads: Option<u32>,
    /// Until when Azure asked us to wait.
    pub throttled_until: Option<Timestamp>,
}

/// The whole fleet at one moment.
#[derive(Clone, Debug, Default)]
pub struct FleetSnapshot {
    /// State and age of the list itself.
    pub list: SourceState,
    pub list_as_of: Option<Timestamp>,
    /// Subscriptions or pages that could not be read, in one sentence each.
    pub list_findings: Vec<String>,
    /// In id order.
    pub clusters: Vec<Arc<ClusterSnapshot>>,
    pub requests: RequestBudget,
}

impl FleetSnapshot {
    /// The cluster of that id.
    pub fn cluster(&self, id: &ClusterId) -> Option<&Arc<ClusterSnapshot>> {
        self.clusters.iter().find(|cluster| cluster.id == *id)
    }
}
