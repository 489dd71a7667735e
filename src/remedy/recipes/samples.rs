//! A healthy cluster in values, for the tests: each breaks exactly one thing.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::diagnosis::cause::{Cause, Confidence, Impact};
use crate::domain::cluster::{AutoUpgrade, Cluster, ClusterUpgrades, SupportPlan};
use crate::domain::disruption::{DisruptionBudget, LabelSelector};
use crate::domain::ids::{ClusterId, NodeName, SubscriptionId};
use crate::domain::node::{Node, Readiness};
use crate::domain::node_pool::{NodePool, PoolMode, UpgradeSettings};
use crate::domain::pod::{Owner, Pod};
use crate::domain::provisioning::{PowerState, ProvisioningState};
use crate::domain::subject::{ObjectRef, Subject};
use crate::domain::surge::Share;
use crate::domain::survey::{
    BudgetFact, ClusterDetails, NodeFact, PodFact, PoolDetails, Resources, Survey, WebhookFact, WorkloadFact,
};
use crate::domain::version::{KubernetesVersion, NodeImageVersion};

pub(super) const NOW: Timestamp = Timestamp::UNIX_EPOCH;
pub(super) const VERSION: KubernetesVersion = KubernetesVersion::new(1, 34, 4);

/// Two pools of three nodes; `web` with three replicas behind a budget that lets one go.
pub(super) fn survey() -> Survey {
    let id = ClusterId::from_parts("s", "rg", "shop");
    let mut survey = Survey::empty(id.clone(), NOW);
    let azure = &mut survey.azure;
    azure.cluster = Ok(cluster(id));
    azure.details = Ok(ClusterDetails {
        pools: ["system", "apps"]
            .map(|name| {
                let details = PoolDetails {
                    os_sku: Some("Ubuntu".to_owned()),
                    ..PoolDetails::default()
                };
                (name.into(), details)
            })
            .into(),
        ..ClusterDetails::default()
    });
    azure.upgrades = Ok(ClusterUpgrades::default());
    azure.locks = Ok(Vec::new());
    azure.windows = Ok(Vec::new());
    let kubernetes = &mut survey.kubernetes;
    kubernetes.nodes = Ok((0..3).map(node).collect());
    kubernetes.pods = Ok((0..3).map(pod).collect());
    kubernetes.budgets = Ok(vec![budget("web", Some("2"), None)]);
    kubernetes.workloads = Ok(vec![workload("web", 3)]);
    kubernetes.autoscalers = Ok(Vec::new());
    kubernetes.volumes = Ok(Vec::new());
    kubernetes.attachments = Ok(Vec::new());
    kubernetes.webhooks = Ok(vec![webhook()]);
    kubernetes.flow_schemas = Ok(Vec::new());
    survey
}

fn cluster(id: ClusterId) -> Cluster {
    Cluster {
        id,
        name: "shop".to_owned(),
        resource_group: "rg".to_owned(),
        subscription_id: SubscriptionId::new("s"),
        location: "westeurope".to_owned(),
        requested_version: None,
        version: Some(VERSION),
        provisioning_state: ProvisioningState::Succeeded,
        power_state: PowerState::Running,
        tier: Some("Standard".to_owned()),
        support_plan: SupportPlan::KubernetesOfficial,
        auto_upgrade: AutoUpgrade::default(),
        fqdn: None,
        private_fqdn: None,
        node_resource_group: None,
        network: None,
        pools: vec![pool("system", PoolMode::System), pool("apps", PoolMode::User)],
        tags: BTreeMap::new(),
        force_upgrade_until: None,
        etag: None,
        error: None,
    }
}

fn pool(name: &str, mode: PoolMode) -> NodePool {
    NodePool {
        name: name.into(),
        mode,
        count: 3,
        vm_size: "Standard_D4s_v5".to_owned(),
        os_type: "Linux".to_owned(),
        requested_version: None,
        version: Some(VERSION),
        node_image: Some(NodeImageVersion::new("image-1")),
        provisioning_state: ProvisioningState::Succeeded,
        power_state: PowerState::Running,
        upgrade_settings: UpgradeSettings {
            max_surge: Some(Share::Nodes(2)),
            ..UpgradeSettings::default()
        },
        is_autoscaled: false,
        is_spot: false,
        max_pods: None,
        vnet_subnet: None,
        pod_subnet: None,
        etag: None,
        error: None,
    }
}

fn node(number: usize) -> NodeFact {
    NodeFact {
        node: Node {
            name: NodeName::new(format!("apps-{number}")),
            uid: format!("node-{number}"),
            pool: Some("apps".into()),
            version: Some(VERSION),
            version_text: String::new(),
            node_image: None,
            readiness: Readiness::Ready,
            is_cordoned: false,
            is_quarantined: false,
            zone: None,
            created_at: None,
            boot_id: String::new(),
        },
        labels: BTreeMap::new(),
        taints: Vec::new(),
        conditions: Vec::new(),
        allocatable: Resources::default(),
        allocatable_pods: 250,
        os_image: String::new(),
        kernel: String::new(),
        container_runtime: String::new(),
        attached_volumes: 0,
        is_deleting: false,
        finalizers: Vec::new(),
    }
}

fn labels() -> BTreeMap<String, String> {
    BTreeMap::from([("app".to_owned(), "web".to_owned())])
}

fn selector() -> LabelSelector {
    LabelSelector {
        match_labels: labels(),
        match_expressions: Vec::new(),
    }
}

fn pod(number: usize) -> PodFact {
    PodFact {
        pod: Pod {
            namespace: "shop".to_owned(),
            name: format!("web-{number}"),
            uid: format!("pod-{number}"),
            node: Some(NodeName::new(format!("apps-{number}"))),
            phase: "Running".to_owned(),
            is_ready: true,
            owner: Some(Owner {
                kind: "ReplicaSet".to_owned(),
                name: "web-1".to_owned(),
            }),
            labels: labels(),
            deletion_at: None,
            finalizers: Vec::new(),
            is_mirror: false,
        },
        created_at: None,
        requests: Resources::default(),
        containers: Vec::new(),
        grace_seconds: 30,
        node_selector: BTreeMap::new(),
        required_affinity: Vec::new(),
        has_required_anti_affinity: false,
        tolerations: Vec::new(),
        volumes: Vec::new(),
        host_network: false,
        host_ports: Vec::new(),
        priority_class: None,
        says_never_evict: false,
        unschedulable: None,
        has_apparmor_annotation: false,
    }
}

/// Over the pods of `web`, with the numbers its controller would keep for three ready ones.
pub(super) fn budget(name: &str, min: Option<&str>, max: Option<&str>) -> BudgetFact {
    let number = |text: &str| text.parse::<i32>().unwrap();
    let desired = min.map_or_else(|| 3 - max.map_or(0, number), number);
    BudgetFact {
        budget: DisruptionBudget {
            namespace: "shop".to_owned(),
            name: name.to_owned(),
            selector: Some(selector()),
            min_available: min.map(str::to_owned),
            max_unavailable: max.map(str::to_owned),
            current_healthy: 3,
            desired_healthy: desired,
            expected_pods: 3,
            disruptions_allowed: 3 - desired,
            evicts_unhealthy_always: false,
        },
        uid: format!("budget-{name}"),
        created_at: None,
        managed_by: None,
    }
}

pub(super) fn workload(name: &str, replicas: u32) -> WorkloadFact {
    WorkloadFact {
        kind: "Deployment".to_owned(),
        namespace: "shop".to_owned(),
        name: name.to_owned(),
        uid: format!("workload-{name}"),
        replicas,
        ready: replicas,
        selector: selector(),
        pod_labels: labels(),
        owner: None,
        has_readiness_probe: true,
        has_spread: false,
        grace_seconds: 30,
        tolerations: Vec::new(),
        conditions: Vec::new(),
        created_at: None,
        managed_by: None,
    }
}

fn webhook() -> WebhookFact {
    WebhookFact {
        configuration_kind: "ValidatingWebhookConfiguration".to_owned(),
        configuration: "gate".to_owned(),
        name: "gate.example".to_owned(),
        failure_policy: "Fail".to_owned(),
        timeout_seconds: 10,
        rules: vec!["CREATE pods/eviction".to_owned()],
        service: Some(("shop".to_owned(), "web".to_owned())),
        ready_endpoints: Some(0),
        covers_system: true,
        managed_by: None,
    }
}

/// About the budget, a pod, a node and the pool of `web`, and its webhook.
pub(super) fn cause() -> Cause {
    Cause {
        code: "drain-blocked-by-pdb".to_owned(),
        rank: 1,
        title: String::new(),
        headline: String::new(),
        explanation: String::new(),
        confidence: Confidence::Confirmed,
        impact: Impact::Stalled,
        subjects: vec![
            Subject::object("policy/v1", "PodDisruptionBudget", "shop", "web"),
            Subject::object("v1", "Pod", "shop", "web-0"),
            Subject::node(&NodeName::new("apps-0")),
            Subject::pool(&"apps".into()),
            Subject::Object {
                object: ObjectRef::of_cluster(
                    "admissionregistration.k8s.io/v1",
                    "ValidatingWebhookConfiguration",
                    "gate",
                ),
            },
        ],
        nodes: Vec::new(),
        evidence: Vec::new(),
        since: None,
        deadline: None,
        remedies: Vec::new(),
        guide: None,
    }
}
