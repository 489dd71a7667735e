//! One cluster: what Azure says of it, its Kubernetes objects, and the operations at work on it.
//! How time passes over it is in `advance`; requests are judged in `requests`.

use std::time::Duration;

use jiff::Timestamp;

use super::hindrance::Hindrances;
use super::incident::Turn;
use super::landscape::Landscape;
use super::node_work::NodeWork;
use super::operation::{Author, Operation, OperationError, ResourceState, Target, guid};
use super::pool::{Goal, PoolMode, SimulatedPool, UpgradeSettings};
use super::quota::Quotas;
use super::run::Run;
use super::versions::Catalogue;
use crate::domain::version::KubernetesVersion;
use crate::simulator::kubernetes::objects::{ObjectStore, WorkloadSpec};

/// What lies outside a cluster and its upgrades depend on.
#[derive(Debug)]
pub struct Surroundings<'a> {
    pub catalogue: &'a Catalogue,
    pub quotas: &'a mut Quotas,
}

/// Facts that no upgrade changes.
#[derive(Clone, Debug)]
pub struct ClusterProfile {
    pub name: String,
    pub subscription: String,
    pub resource_group: String,
    pub location: String,
    /// `Free`, `Standard` or `Premium`.
    pub tier: String,
    pub tags: Vec<(String, String)>,
    /// `patch`, `stable`, ...; `None` is Azure's `none`.
    pub upgrade_channel: Option<String>,
    pub node_os_channel: String,
    /// True where people log in to Kubernetes through Entra ID.
    pub uses_entra: bool,
    /// How long the API server is gone while the control plane is upgraded.
    pub away_during_upgrade: Duration,
}

impl ClusterProfile {
    /// Azure's resource group of the machines.
    pub fn node_resource_group(&self) -> String {
        format!("MC_{}_{}_{}", self.resource_group, self.name, self.location)
    }
}

/// The control plane's versions.
#[derive(Clone, Debug)]
pub struct ControlPlane {
    /// `kubernetesVersion`, as it was asked for.
    pub wanted: String,
    /// `currentKubernetesVersion`: what Azure claims, at once.
    pub claimed: KubernetesVersion,
    /// What the API server really is.
    pub running: KubernetesVersion,
}

/// Where the cluster's Kubernetes API listens, and the token it asks for.
#[derive(Clone, Default)]
pub struct KubernetesAccess {
    pub endpoint: String,
    pub token: String,
}

impl std::fmt::Debug for KubernetesAccess {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("KubernetesAccess")
            .field("endpoint", &self.endpoint)
            .finish_non_exhaustive()
    }
}

/// A pool to add.
#[derive(Clone, Debug)]
pub struct NewPool {
    pub name: String,
    pub mode: PoolMode,
    pub vm_size: String,
    pub zones: Vec<String>,
    pub settings: UpgradeSettings,
    pub version: KubernetesVersion,
    pub image: String,
    /// Versions of the machines; one entry each.
    pub machines: Vec<KubernetesVersion>,
}

/// An abort under way.
#[derive(Clone, Debug)]
pub(super) struct PendingAbort {
    pub(super) operation: String,
    pub(super) aborted: String,
    pub(super) target: Target,
    pub(super) due: Timestamp,
}

/// One cluster: Azure's side and the Kubernetes objects.
#[derive(Debug)]
pub struct SimulatedCluster {
    pub objects: ObjectStore,
    /// While true every connection to its API server breaks.
    pub is_api_server_away: bool,
    pub profile: ClusterProfile,
    pub access: KubernetesAccess,
    pub control_plane: ControlPlane,
    pub state: ResourceState,
    pub error: Option<OperationError>,
    pub is_stopped: bool,
    pub etag: String,
    /// `resourceUID`.
    pub uid: String,
    pub pools: Vec<SimulatedPool>,
    /// Oldest first.
    pub operations: Vec<Operation>,
    /// `upgradeSettings.overrideSettings` as last written: force, and until when.
    pub force_upgrade: Option<(bool, Option<Timestamp>)>,
    /// What lies around it in Azure.
    pub landscape: Landscape,
    /// What stands in the way of its upgrades.
    pub hindrances: Hindrances,
    /// When its history begins.
    pub(super) begun: Timestamp,
    pub(super) runs: Vec<Run>,
    pub(super) aborts: Vec<PendingAbort>,
    /// Machines an aborted upgrade cannot leave as they are.
    pub(super) leftovers: Vec<NodeWork>,
    pub(super) rng: fastrand::Rng,
    pub(super) now: Timestamp,
    pub(super) next_expiry: Timestamp,
    /// True while an upgrade or an incident keeps the API server away.
    pub(super) is_kept_away: bool,
    /// An incident keeps the API server away until then.
    pub(super) away_until: Option<Timestamp>,
    /// What began and ended since the world last looked.
    pub(super) turns: Vec<Turn>,
    /// Deleted for good: the world takes it away.
    pub(super) is_gone: bool,
}

/// A forced upgrade counts while its `until` lies ahead (AKS docs "Upgrade options", 2026).
pub(super) fn is_force_valid(force: Option<(bool, Option<Timestamp>)>, now: Timestamp) -> bool {
    force.is_some_and(|(is_forced, until)| is_forced && until.is_some_and(|until| until > now))
}

/// Events are dropped this often.
pub(super) const EXPIRY_EVERY: Duration = Duration::from_mins(5);

impl SimulatedCluster {
    /// A cluster without pools.
    pub fn new(profile: ClusterProfile, version: KubernetesVersion, seed: u64, now: Timestamp) -> Self {
        let mut rng = fastrand::Rng::with_seed(seed);
        Self {
            objects: {
                let mut objects = ObjectStore::new(rng.u64(..), now);
                objects.set_server_version(&version.to_string());
                objects.set_subscription(&profile.subscription);
                objects
            },
            is_api_server_away: false,
            profile,
            access: KubernetesAccess::default(),
            control_plane: ControlPlane {
                wanted: version.to_string(),
                claimed: version,
                running: version,
            },
            state: ResourceState::Succeeded,
            error: None,
            is_stopped: false,
            etag: guid(&mut rng),
            uid: format!("{:024x}", rng.u128(..) >> 32),
            pools: Vec::new(),
            operations: Vec::new(),
            force_upgrade: None,
            landscape: Landscape::default(),
            hindrances: Hindrances::default(),
            begun: now,
            runs: Vec::new(),
            aborts: Vec::new(),
            leftovers: Vec::new(),
            rng,
            now,
            next_expiry: now + EXPIRY_EVERY,
            is_kept_away: false,
            away_until: None,
            turns: Vec::new(),
            is_gone: false,
        }
    }

    /// Adds a pool with its machines, all ready.
    pub fn add_pool(&mut self, new: NewPool, quotas: &mut Quotas) {
        let mut pool = SimulatedPool {
            scale_set: format!("aks-{}-{:08}-vmss", new.name, self.rng.u32(10_000_000..99_999_999)),
            name: new.name,
            mode: new.mode,
            count: u32::try_from(new.machines.len()).unwrap_or(u32::MAX),
            vm_size: new.vm_size,
            zones: new.zones,
            wanted: new.version.to_string(),
            claimed: new.version,
            claimed_image: new.image.clone(),
            settings: new.settings,
            state: ResourceState::Succeeded,
            error: None,
            etag: guid(&mut self.rng),
            nodes: Vec::new(),
            recently_used: Vec::new(),
            resize: None,
            is_unfinished: false,
            has_set_aside: false,
            next_machine: 0,
            left_behind: 0,
            hidden_failure: None,
            node_resource_group: self.profile.node_resource_group(),
            location: self.profile.location.clone(),
        };
        for version in new.machines {
            let goal = Goal {
                version,
                image: new.image.clone(),
            };
            let node = pool.add_machine(&goal, false).clone();
            self.objects.add_node(&pool.node_spec(&node, true), self.now);
        }
        quotas.occupy(
            &self.profile.subscription,
            &self.profile.location,
            &pool.vm_size,
            pool.count,
        );
        self.pools.push(pool);
    }

    /// Lets the time up to `now` pass without anything happening, so that things are as old as they should be.
    pub fn age_until(&mut self, now: Timestamp) {
        self.objects.advance_to(self.now);
        self.objects.advance_to(now);
        self.now = now;
        self.begun = now;
        self.next_expiry = now + EXPIRY_EVERY;
    }

    /// Adds a workload with its pods.
    pub fn add_workload(&mut self, workload: &WorkloadSpec) {
        self.objects.add_workload(workload, self.now);
    }

    /// Switches the cluster off: no API server, no nodes at work.
    pub fn stop(&mut self) {
        self.is_stopped = true;
        self.is_api_server_away = true;
    }

    /// Finds a pool by its name, without regard to case.
    pub fn pool(&self, name: &str) -> Option<&SimulatedPool> {
        self.pools.iter().find(|pool| pool.name.eq_ignore_ascii_case(name))
    }

    pub(super) fn pool_mut(&mut self, name: &str) -> Option<&mut SimulatedPool> {
        self.pools.iter_mut().find(|pool| pool.name.eq_ignore_ascii_case(name))
    }

    /// Azure's side alone: no Kubernetes objects, and nothing at work.
    pub(super) fn picture(&self) -> Self {
        let mut picture = Self::new(self.profile.clone(), self.control_plane.running, 0, self.now);
        picture.access = self.access.clone();
        picture.control_plane = self.control_plane.clone();
        picture.state = self.state;
        picture.error.clone_from(&self.error);
        picture.is_stopped = self.is_stopped;
        picture.etag.clone_from(&self.etag);
        picture.uid.clone_from(&self.uid);
        picture.pools.clone_from(&self.pools);
        picture.operations.clone_from(&self.operations);
        picture.force_upgrade = self.force_upgrade;
        picture.landscape.clone_from(&self.landscape);
        picture.hindrances.clone_from(&self.hindrances);
        picture
    }

    /// True where Azure's side of both reads the same. Every change but the end of an operation renews an eTag.
    pub(super) fn looks_like(&self, other: &Self) -> bool {
        self.etag == other.etag
            && self.state == other.state
            && self.is_stopped == other.is_stopped
            && self.operations.len() == other.operations.len()
            && self.pools.len() == other.pools.len()
            && self
                .pools
                .iter()
                .zip(&other.pools)
                .all(|(one, another)| one.etag == another.etag && one.state == another.state)
    }

    /// Notes who asked for an operation.
    pub(in crate::simulator) fn sign(&mut self, id: &str, author: Author) {
        if let Some(operation) = self.operations.iter_mut().find(|operation| operation.id == id) {
            operation.author = author;
        }
    }

    /// Finds an operation by its id.
    pub fn operation(&self, id: &str) -> Option<&Operation> {
        self.operations
            .iter()
            .find(|operation| operation.id.eq_ignore_ascii_case(id))
    }
}
