//! Azure's side of a survey: the cluster with its details, limits, locks, links, machines. Claims, not what nodes run.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::azure_network::{SubnetFact, VirtualNetworkFact};
use super::{Reading, not_asked};
use crate::domain::cluster::{Cluster, ClusterUpgrades, RegionVersions};
use crate::domain::ids::NodePoolName;
use crate::domain::provisioning::{AzureErrorDetail, ProvisioningState};

/// What Azure says. Every part is read on its own, so that one missing right hides one part.
#[derive(Clone, Debug)]
pub struct AzureSurvey {
    pub cluster: Reading<Cluster>,
    /// What `Cluster` leaves out and checks need.
    pub details: Reading<ClusterDetails>,
    pub upgrades: Reading<ClusterUpgrades>,
    pub region: Reading<RegionVersions>,
    /// Microsoft.Compute usages of the cluster's region.
    pub compute_usage: Reading<Vec<UsageFact>>,
    /// Microsoft.Network usages of the cluster's region.
    pub network_usage: Reading<Vec<UsageFact>>,
    /// Of the sizes the pools use.
    pub vm_sizes: Reading<Vec<VmSizeFact>>,
    /// By resource id in lower case; pools in a network that AKS manages have none.
    pub subnets: BTreeMap<String, Reading<SubnetFact>>,
    pub networks: BTreeMap<String, Reading<VirtualNetworkFact>>,
    /// Addresses the nodes go out by, as `20.1.2.3`; asked for only where the API server takes named ranges alone, and
    /// known only of a load balancer of the cluster's own.
    pub outbound_addresses: Reading<Vec<String>>,
    pub locks: Reading<Vec<LockFact>>,
    /// Actions this login may do on the cluster, as `Microsoft.ContainerService/managedClusters/write`; wildcards resolved
    /// against the actions the cockpit uses.
    pub allowed_actions: Reading<BTreeSet<String>>,
    pub policies: Reading<Vec<PolicyFact>>,
    pub linked: Vec<LinkedResource>,
    pub windows: Reading<Vec<WindowFact>>,
    /// Machines of the scale sets with their extensions: why a node never joined.
    pub machines: Reading<Vec<ScaleSetMachine>>,
    /// What Azure is at work on, as its list of operations or its activity log says; `None` where nothing runs.
    pub running_operation: Reading<Option<RunningOperation>>,
    /// Failed entries of the activity logs of the cluster and of the node resource group, newest first.
    pub failed_activities: Reading<Vec<AzureErrorDetail>>,
    pub extensions: Reading<Vec<ExtensionFact>>,
    pub backups: Reading<Vec<BackupFact>>,
    /// Categories of the cluster's diagnostic settings.
    pub diagnostic_settings: Reading<Vec<String>>,
    /// Findings of AKS's own detectors and upgrade insights, where the API serves them: text as AKS wrote it.
    pub insights: Reading<Vec<String>>,
}

impl Default for AzureSurvey {
    fn default() -> Self {
        Self {
            cluster: not_asked(),
            details: not_asked(),
            upgrades: not_asked(),
            region: not_asked(),
            compute_usage: not_asked(),
            network_usage: not_asked(),
            vm_sizes: not_asked(),
            subnets: BTreeMap::new(),
            networks: BTreeMap::new(),
            outbound_addresses: not_asked(),
            locks: not_asked(),
            allowed_actions: not_asked(),
            policies: not_asked(),
            linked: Vec::new(),
            windows: not_asked(),
            machines: not_asked(),
            running_operation: not_asked(),
            failed_activities: not_asked(),
            extensions: not_asked(),
            backups: not_asked(),
            diagnostic_settings: not_asked(),
            insights: not_asked(),
        }
    }
}

/// The rest of a managed cluster's properties (AKS API 2026-08-01). `None` where Azure sent nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClusterDetails {
    pub network_plugin: Option<String>,
    pub network_plugin_mode: Option<String>,
    pub network_policy: Option<String>,
    pub network_dataplane: Option<String>,
    pub pod_cidr: Option<String>,
    pub service_cidr: Option<String>,
    /// `loadBalancer`, `userDefinedRouting`, `managedNATGateway`, ...
    pub outbound_type: Option<String>,
    pub load_balancer: LoadBalancer,
    pub has_http_proxy: bool,
    pub is_private: bool,
    pub private_dns_zone: Option<String>,
    pub has_api_server_vnet_integration: bool,
    pub authorized_ip_ranges: Vec<String>,
    /// Client id of a service principal; `None` with a managed identity.
    pub service_principal: Option<String>,
    pub kubelet_identity: Option<String>,
    pub key_management: Option<KeyManagement>,
    pub mesh: Option<MeshFact>,
    pub node_disruption_policy: Option<String>,
    /// Enabled add-ons by name, with their settings.
    pub addons: BTreeMap<String, BTreeMap<String, String>>,
    pub kube_proxy_mode: Option<String>,
    pub autoscaler_profile: BTreeMap<String, String>,
    pub force_upgrade: Option<(bool, Option<Timestamp>)>,
    pub pools: BTreeMap<NodePoolName, PoolDetails>,
}

/// Azure Key Vault as key management of etcd.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyManagement {
    /// `Public` or `Private`.
    pub vault_access: Option<String>,
    pub key_id: Option<String>,
}

/// The outbound side of the cluster's load balancer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoadBalancer {
    /// `standard` or `basic`.
    pub sku: Option<String>,
    /// Ports each node gets; `Some(0)` lets Azure choose.
    pub allocated_outbound_ports: Option<u32>,
    pub outbound_ips: u32,
    /// Ids of the public addresses in effect.
    pub address_ids: Vec<String>,
}

/// The Istio add-on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MeshFact {
    /// For instance `asm-1-25`.
    pub revisions: Vec<String>,
    /// Kubernetes minors each revision is compatible with, as `1.33`; empty where it could not be read.
    pub compatible_with: BTreeMap<String, Vec<String>>,
}

/// The rest of a node pool's properties.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PoolDetails {
    /// `Ubuntu`, `Ubuntu2204`, `AzureLinux`, `Windows2022`, ...
    pub os_sku: Option<String>,
    /// `VirtualMachineScaleSets`, `AvailabilitySet`, `VirtualMachines`.
    pub pool_type: Option<String>,
    pub zones: Vec<String>,
    pub min_count: Option<u32>,
    pub max_count: Option<u32>,
    pub node_labels: BTreeMap<String, String>,
    pub node_taints: Vec<String>,
    pub upgrade_strategy: Option<String>,
    /// Blue-green: minutes of the final soak.
    pub final_soak_minutes: Option<u32>,
    pub is_fips: bool,
    pub capacity_reservation: Option<String>,
    pub proximity_group: Option<String>,
    /// Each node has a public address of its own (`enableNodePublicIP`).
    pub has_node_public_ips: bool,
    /// Pods get whole blocks of the pod subnet (`podIPAllocationMode` StaticBlock).
    pub has_static_pod_blocks: bool,
}

/// One limit of a region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsageFact {
    /// For instance `standardESv5Family` or `cores`.
    pub name: String,
    pub used: u64,
    pub limit: u64,
}

/// A VM size in the cluster's region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VmSizeFact {
    pub name: String,
    pub family: String,
    pub vcpus: u32,
    pub memory_bytes: u64,
    pub max_data_disks: Option<u32>,
    /// Zones in which it is offered at all.
    pub zones: Vec<String>,
    /// Zones in which this subscription may not use it; `*` stands for the whole region.
    pub restricted_in: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockLevel {
    ReadOnly,
    CannotDelete,
}

/// A management lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockFact {
    pub id: String,
    pub name: String,
    pub level: LockLevel,
    /// Resource id of what it locks.
    pub scope: String,
}

/// A policy that denies something the upgrade creates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyFact {
    pub assignment: String,
    pub effect: String,
    /// For instance `Microsoft.Compute/virtualMachineScaleSets`.
    pub resource_type: String,
}

/// A resource the cluster names: does it still exist?
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkedResource {
    /// For instance `Log Analytics workspace` or `disk encryption set`.
    pub what: String,
    pub id: String,
    /// True where it exists.
    pub exists: Reading<bool>,
}

/// A maintenance configuration, as far as it was understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WindowFact {
    /// `default`, `aksManagedAutoUpgradeSchedule`, `aksManagedNodeOSUpgradeSchedule`.
    pub name: String,
    /// The schedule in words.
    pub schedule: String,
    /// The next openings with their ends, soonest first; the window that is open now comes first.
    pub openings: Vec<(Timestamp, Timestamp)>,
    /// Spans on which nothing may happen.
    pub not_allowed: Vec<(Timestamp, Timestamp)>,
    pub duration_hours: Option<u32>,
}

/// An operation that runs, begun by anybody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunningOperation {
    pub started_at: Timestamp,
    /// As Azure names it, for instance the operation's GUID or the action of the activity log.
    pub name: String,
}

/// A machine of a scale set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScaleSetMachine {
    pub pool: Option<NodePoolName>,
    /// The node's name in Kubernetes.
    pub computer_name: String,
    pub provisioning_state: ProvisioningState,
    /// Words of its instance view, newest first: VM and extension states with their messages.
    pub statuses: Vec<String>,
    /// The bootstrap script's words (`vmssCSE`), where it ran.
    pub bootstrap: Option<String>,
}

/// A cluster extension.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExtensionFact {
    pub name: String,
    pub kind: String,
    pub version: Option<String>,
    pub provisioning_state: ProvisioningState,
}

/// A backup of the cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackupFact {
    pub name: String,
    pub last_success: Option<Timestamp>,
    pub is_failing: bool,
}
