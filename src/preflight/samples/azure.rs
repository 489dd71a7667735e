//! Azure's side of the healthy cluster.

use std::collections::{BTreeMap, BTreeSet};

use super::{CURRENT, TARGET};
use crate::domain::cluster::{
    AutoUpgrade, Cluster, ClusterUpgrades, PoolUpgrades, RegionMinor, RegionVersions, SupportPlan, UpgradeOffer,
};
use crate::domain::ids::ClusterId;
use crate::domain::network::PodNetwork;
use crate::domain::node_pool::{NodePool, PoolMode, UndrainableNodeBehavior, UpgradeSettings};
use crate::domain::provisioning::{PowerState, ProvisioningState};
use crate::domain::surge::Share;
use crate::domain::survey::{
    AzureSurvey, BackupFact, ClusterDetails, ExtensionFact, LinkedResource, LoadBalancer, PoolDetails, SubnetFact,
    UsageFact, VirtualNetworkFact, VmSizeFact,
};
use crate::domain::version::NodeImageVersion;

/// Nodes of each pool, three in each zone.
pub(in crate::preflight) const NODES_OF_POOL: u32 = 9;
/// Where all nodes live.
pub(in crate::preflight) const SUBNET: &str =
    "/subscriptions/s1/resourcegroups/shop-rg/providers/microsoft.network/virtualnetworks/shop-net/subnets/nodes";
/// What all nodes run, and the newest there is.
pub(super) const IMAGE: &str = "AKSUbuntu-2404gen2containerd-202608.03.0";

const NETWORK: &str = "/subscriptions/s1/resourcegroups/shop-rg/providers/microsoft.network/virtualnetworks/shop-net";
const POOLS: [&str; 3] = ["system", "apps", "data"];
const ZONES: [&str; 3] = ["1", "2", "3"];

pub(super) fn healthy() -> AzureSurvey {
    AzureSurvey {
        cluster: Ok(cluster()),
        details: Ok(details()),
        upgrades: Ok(upgrades()),
        region: Ok(region()),
        compute_usage: Ok(vec![usage("cores", 120, 1000), usage("standardDSv5Family", 108, 500)]),
        network_usage: Ok(vec![usage("PublicIPAddresses", 3, 1000)]),
        vm_sizes: Ok(vec![VmSizeFact {
            name: "Standard_D4s_v5".into(),
            family: "standardDSv5Family".into(),
            vcpus: 4,
            memory_bytes: 16 << 30,
            max_data_disks: Some(8),
            zones: ZONES.map(String::from).into(),
            restricted_in: Vec::new(),
        }]),
        subnets: BTreeMap::from([(SUBNET.to_owned(), Ok(subnet()))]),
        networks: BTreeMap::from([(
            NETWORK.to_owned(),
            Ok(VirtualNetworkFact {
                id: NETWORK.into(),
                provisioning_state: ProvisioningState::Succeeded,
                dns_servers: Vec::new(),
                address_space: vec!["10.1.0.0/16".into()],
            }),
        )]),
        outbound_addresses: Ok(Vec::new()),
        locks: Ok(Vec::new()),
        allowed_actions: Ok(actions()),
        policies: Ok(Vec::new()),
        linked: vec![LinkedResource {
            what: "Log Analytics workspace".into(),
            id: "/subscriptions/s1/resourceGroups/shop-rg/providers/Microsoft.OperationalInsights/workspaces/logs"
                .into(),
            exists: Ok(true),
        }],
        windows: Ok(Vec::new()),
        running_operation: Ok(None),
        machines: Ok(Vec::new()),
        failed_activities: Ok(Vec::new()),
        extensions: Ok(vec![ExtensionFact {
            name: "azure-aks-backup".into(),
            kind: "microsoft.dataprotection.kubernetes".into(),
            version: Some("0.0.3002".into()),
            provisioning_state: ProvisioningState::Succeeded,
        }]),
        backups: Ok(vec![BackupFact {
            name: "shop-nightly".into(),
            last_success: Some("2026-08-15T02:00:00Z".parse().unwrap()),
            is_failing: false,
        }]),
        diagnostic_settings: Ok(["cluster-autoscaler", "guard", "kube-audit"].map(String::from).into()),
        insights: Ok(Vec::new()),
    }
}

/// A pool of the cluster: zoned, rolling with a third of its nodes, undrainable nodes set aside.
pub(in crate::preflight) fn pool(name: &str, mode: PoolMode) -> NodePool {
    NodePool {
        name: name.into(),
        mode,
        count: NODES_OF_POOL,
        vm_size: "Standard_D4s_v5".into(),
        os_type: "Linux".into(),
        requested_version: Some(CURRENT.to_string()),
        version: Some(CURRENT),
        node_image: Some(NodeImageVersion::new(IMAGE)),
        provisioning_state: ProvisioningState::Succeeded,
        power_state: PowerState::Running,
        upgrade_settings: UpgradeSettings {
            max_surge: Some(Share::Percent(33)),
            drain_timeout_minutes: Some(30),
            undrainable_node_behavior: Some(UndrainableNodeBehavior::Cordon),
            ..UpgradeSettings::default()
        },
        is_autoscaled: false,
        is_spot: false,
        max_pods: Some(110),
        vnet_subnet: Some(SUBNET.into()),
        pod_subnet: None,
        etag: None,
        error: None,
    }
}

fn cluster() -> Cluster {
    Cluster {
        id: ClusterId::from_parts("s1", "shop-rg", "shop"),
        name: "shop".into(),
        resource_group: "shop-rg".into(),
        subscription_id: "s1".into(),
        location: "westeurope".into(),
        requested_version: Some(CURRENT.to_string()),
        version: Some(CURRENT),
        provisioning_state: ProvisioningState::Succeeded,
        power_state: PowerState::Running,
        tier: Some("Standard".into()),
        support_plan: SupportPlan::KubernetesOfficial,
        auto_upgrade: AutoUpgrade::default(),
        fqdn: Some("shop.hcp.westeurope.azmk8s.io".into()),
        private_fqdn: None,
        node_resource_group: Some("MC_shop-rg_shop_westeurope".into()),
        network: Some(PodNetwork::Overlay),
        pools: vec![
            pool("system", PoolMode::System),
            pool("apps", PoolMode::User),
            pool("data", PoolMode::User),
        ],
        tags: BTreeMap::new(),
        force_upgrade_until: None,
        etag: None,
        error: None,
    }
}

fn details() -> ClusterDetails {
    let of_pool = PoolDetails {
        os_sku: Some("Ubuntu".into()),
        pool_type: Some("VirtualMachineScaleSets".into()),
        zones: ZONES.map(String::from).into(),
        upgrade_strategy: Some("Rolling".into()),
        ..PoolDetails::default()
    };
    ClusterDetails {
        network_plugin: Some("azure".into()),
        network_plugin_mode: Some("overlay".into()),
        network_policy: Some("cilium".into()),
        network_dataplane: Some("cilium".into()),
        pod_cidr: Some("10.244.0.0/16".into()),
        service_cidr: Some("10.0.0.0/16".into()),
        outbound_type: Some("loadBalancer".into()),
        load_balancer: LoadBalancer {
            sku: Some("standard".into()),
            allocated_outbound_ports: Some(0),
            outbound_ips: 1,
            address_ids: Vec::new(),
        },
        kubelet_identity: Some("kubelet".into()),
        pools: POOLS.map(|name| (name.into(), of_pool.clone())).into(),
        ..ClusterDetails::default()
    }
}

fn upgrades() -> ClusterUpgrades {
    let offer = UpgradeOffer {
        version: TARGET,
        is_preview: false,
    };
    let of_pool = PoolUpgrades {
        current: Some(CURRENT),
        offers: vec![offer],
        latest_node_image: Some(NodeImageVersion::new(IMAGE)),
        recently_used: Vec::new(),
    };
    ClusterUpgrades {
        control_plane: vec![offer],
        pools: POOLS.map(|name| (name.into(), of_pool.clone())).into(),
    }
}

fn region() -> RegionVersions {
    let line = |version, next: &[_], is_default| RegionMinor {
        line: version,
        is_default,
        is_preview: false,
        is_lts_only: false,
        patches: next.iter().cloned().collect(),
    };
    RegionVersions {
        minors: vec![
            line(CURRENT.minor_line(), &[(CURRENT, vec![TARGET])], true),
            line(TARGET.minor_line(), &[(TARGET, Vec::new())], false),
        ],
    }
}

fn subnet() -> SubnetFact {
    SubnetFact {
        id: SUBNET.into(),
        prefix: "10.1.0.0/24".into(),
        limit: 251,
        used: 27,
        provisioning_state: ProvisioningState::Succeeded,
        route_table: None,
        security_group: None,
        nat_gateway: None,
        delegations: Vec::new(),
    }
}

fn usage(name: &str, used: u64, limit: u64) -> UsageFact {
    UsageFact {
        name: name.into(),
        used,
        limit,
    }
}

fn actions() -> BTreeSet<String> {
    [
        "Microsoft.Authorization/locks/delete",
        "Microsoft.ContainerService/managedClusters/abort/action",
        "Microsoft.ContainerService/managedClusters/agentPools/abort/action",
        "Microsoft.ContainerService/managedClusters/agentPools/upgradeNodeImageVersion/action",
        "Microsoft.ContainerService/managedClusters/agentPools/write",
        "Microsoft.ContainerService/managedClusters/read",
        "Microsoft.ContainerService/managedClusters/write",
    ]
    .map(String::from)
    .into()
}
