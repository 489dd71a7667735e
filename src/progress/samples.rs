//! Small facts for the tests of this room: one pool `web`, nodes, pods, budgets and events at given seconds.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::domain::cluster::{AutoUpgrade, Cluster, SupportPlan};
use crate::domain::disruption::{DisruptionBudget, LabelSelector};
use crate::domain::event::{ClusterEvent, EventKind};
use crate::domain::ids::ClusterId;
use crate::domain::node::{Node, Readiness};
use crate::domain::node_pool::{NodePool, PoolMode, UpgradeSettings};
use crate::domain::pod::Pod;
use crate::domain::provisioning::{PowerState, ProvisioningState};
use crate::domain::version::NodeImageVersion;

/// Seconds after noon of one day.
pub(super) fn at(seconds: i64) -> Timestamp {
    let noon: Timestamp = "2026-09-01T12:00:00Z".parse().unwrap();
    noon + SignedDuration::from_secs(seconds)
}

pub(super) fn node_pool(name: &str, state: &str, version: &str, count: u32) -> NodePool {
    NodePool {
        name: name.into(),
        mode: PoolMode::User,
        count,
        vm_size: "Standard_D4s_v5".into(),
        os_type: "Linux".into(),
        requested_version: Some(version.into()),
        version: version.parse().ok(),
        node_image: None,
        provisioning_state: ProvisioningState::from(state),
        power_state: PowerState::Running,
        upgrade_settings: UpgradeSettings::default(),
        is_autoscaled: false,
        is_spot: false,
        max_pods: None,
        vnet_subnet: None,
        pod_subnet: None,
        etag: None,
        error: None,
    }
}

/// A cluster with one pool `web`, both in the same state.
pub(super) fn cluster(state: &str, version: &str, count: u32) -> Cluster {
    Cluster {
        id: ClusterId::from_parts("s", "rg", "shop"),
        name: "shop".into(),
        resource_group: "rg".into(),
        subscription_id: "s".into(),
        location: "westeurope".into(),
        requested_version: Some(version.into()),
        version: version.parse().ok(),
        provisioning_state: ProvisioningState::from(state),
        power_state: PowerState::Running,
        tier: None,
        support_plan: SupportPlan::default(),
        auto_upgrade: AutoUpgrade::default(),
        fqdn: None,
        private_fqdn: None,
        node_resource_group: None,
        network: None,
        pools: vec![node_pool("web", state, version, count)],
        tags: BTreeMap::new(),
        force_upgrade_until: None,
        etag: None,
        error: None,
    }
}

/// A ready node of the pool `web`, as old as can be.
pub(super) fn node(name: &str, version: &str) -> Node {
    Node {
        name: name.into(),
        uid: format!("{name}-uid"),
        pool: Some("web".into()),
        version: version.parse().ok(),
        version_text: format!("v{version}"),
        node_image: Some(NodeImageVersion::new("AKSUbuntu-2204gen2containerd-202607.01.0")),
        readiness: Readiness::Ready,
        is_cordoned: false,
        is_quarantined: false,
        zone: None,
        created_at: Some(at(-86_400)),
        boot_id: String::new(),
    }
}

/// A running pod of the namespace `shop`, with the label `app`.
pub(super) fn pod(name: &str, app: &str) -> Pod {
    Pod {
        namespace: "shop".into(),
        name: name.into(),
        uid: format!("{name}-uid"),
        node: None,
        phase: "Running".into(),
        is_ready: true,
        owner: None,
        labels: BTreeMap::from([("app".into(), app.into())]),
        deletion_at: None,
        finalizers: Vec::new(),
        is_mirror: false,
    }
}

/// A budget of the namespace `shop` for pods with the label `app`, named `app-pdb`, over two pods.
pub(super) fn budget(app: &str, allowed: i32, current: i32, desired: i32) -> DisruptionBudget {
    DisruptionBudget {
        namespace: "shop".into(),
        name: format!("{app}-pdb"),
        selector: Some(LabelSelector {
            match_labels: BTreeMap::from([("app".into(), app.into())]),
            match_expressions: Vec::new(),
        }),
        min_available: Some(desired.to_string()),
        max_unavailable: None,
        current_healthy: current,
        desired_healthy: desired,
        expected_pods: 2,
        disruptions_allowed: allowed,
        evicts_unhealthy_always: false,
    }
}

/// An event of the upgrader about the node its text names last or second, else about `n1`.
pub(super) fn upgrader(uid: &str, reason: &str, message: &str, seconds: i64) -> ClusterEvent {
    let is_warning = ["blocked", "Error", "Failed", "Unable"]
        .iter()
        .any(|word| message.contains(word));
    ClusterEvent {
        uid: uid.into(),
        kind: if is_warning {
            EventKind::Warning
        } else {
            EventKind::Normal
        },
        reason: reason.into(),
        message: message.into(),
        source: "upgrader".into(),
        object_kind: "Node".into(),
        object_name: message
            .split([' ', ':', '[', ']'])
            .find(|word| word.len() > 1 && word.starts_with('n') && word[1..].chars().all(|sign| sign.is_ascii_digit()))
            .unwrap_or("n1")
            .into(),
        first_seen: Some(at(seconds)),
        last_seen: Some(at(seconds)),
        count: 1,
    }
}
