//! The API server's side of the healthy cluster.

use std::collections::BTreeMap;

use super::CURRENT;
use super::azure::{IMAGE, NODES_OF_POOL};
use crate::domain::disruption::{DisruptionBudget, LabelSelector};
use crate::domain::ids::NodeName;
use crate::domain::node::{Node, Readiness};
use crate::domain::pod::{Owner, Pod};
use crate::domain::survey::{
    ApiServerHealth, ApiServiceFact, BudgetFact, Condition, ContainerFact, ContainerState, ConversionFact,
    KubernetesSurvey, NodeFact, PodFact, PodVolume, Resources, StoredManifest, VolumeFact, WebhookFact, WorkloadFact,
};
use crate::domain::version::NodeImageVersion;

pub(super) fn healthy() -> KubernetesSurvey {
    let nodes: Vec<NodeFact> = ["system", "apps", "data"]
        .iter()
        .flat_map(|pool| (0..NODES_OF_POOL).map(|at| node(pool, at)))
        .collect();
    KubernetesSurvey {
        server_version: Ok(CURRENT),
        health: Ok(ApiServerHealth {
            failed_checks: Vec::new(),
            etcd_bytes: Some(400_000_000),
            object_counts: vec![("events".into(), 2000)],
            rejected_requests: Some(0),
            certificate_ends: Some("2028-01-01T00:00:00Z".parse().unwrap()),
        }),
        pods: Ok(pods(&nodes)),
        nodes: Ok(nodes),
        budgets: Ok(vec![
            budget("kube-system", "coredns", 1, 2),
            budget("kube-system", "konnectivity-agent", 1, 2),
            budget("kube-system", "metrics-server", 1, 2),
            budget("shop", "cart", 2, 3),
            budget("shop", "web", 3, 6),
            budget("shop", "db", 2, 3),
        ]),
        workloads: Ok(workloads()),
        autoscalers: Ok(Vec::new()),
        volumes: Ok((0..3).map(volume).collect()),
        attachments: Ok(Vec::new()),
        webhooks: Ok(vec![webhook("shop-policy"), webhook("aks-node-validating-webhook")]),
        api_services: Ok(vec![ApiServiceFact {
            name: "v1beta1.metrics.k8s.io".into(),
            is_available: true,
            message: String::new(),
        }]),
        conversions: Ok(vec![ConversionFact {
            definition: "orders.shop.example".into(),
            service: Some(("shop".into(), "orders".into())),
            ready_endpoints: Some(2),
        }]),
        deprecated_uses: Ok(Vec::new()),
        manifests: Ok(vec![StoredManifest {
            api_version: "apps/v1".into(),
            kind: "Deployment".into(),
            namespace: "shop".into(),
            name: "cart".into(),
            origin: "last-applied-configuration".into(),
        }]),
        served: Ok(["apps/v1", "batch/v1", "policy/v1", "v1"].map(String::from).into()),
        events: Ok(Vec::new()),
        unapproved_requests: Ok(Vec::new()),
        flow_schemas: Ok(vec!["system-nodes".into()]),
        ending_namespaces: Ok(Vec::new()),
    }
}

/// A ready node; the third part of its number is its zone.
pub(in crate::preflight) fn node(pool: &str, at: u32) -> NodeFact {
    let zone = format!("westeurope-{}", at % 3 + 1);
    let name = node_name(pool, at);
    NodeFact {
        labels: [
            ("kubernetes.azure.com/agentpool", pool),
            ("kubernetes.io/hostname", name.as_str()),
            ("kubernetes.io/os", "linux"),
            ("topology.kubernetes.io/zone", &zone),
        ]
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .into(),
        node: Node {
            uid: format!("uid-{name}"),
            name,
            pool: Some(pool.into()),
            version: Some(CURRENT),
            version_text: format!("v{CURRENT}"),
            node_image: Some(NodeImageVersion::new(IMAGE)),
            readiness: Readiness::Ready,
            is_cordoned: false,
            is_quarantined: false,
            zone: Some(zone),
            created_at: Some("2026-08-10T00:00:00Z".parse().unwrap()),
            boot_id: "boot".into(),
        },
        taints: Vec::new(),
        conditions: vec![Condition {
            kind: "Ready".into(),
            status: "True".into(),
            reason: "KubeletReady".into(),
            message: String::new(),
            since: None,
        }],
        allocatable: Resources {
            cpu_millis: 3860,
            memory_bytes: 13 << 30,
        },
        allocatable_pods: 110,
        os_image: "Ubuntu 24.04.3 LTS".into(),
        kernel: "6.8.0-1030-azure".into(),
        container_runtime: "containerd://2.1.4".into(),
        attached_volumes: 0,
        is_deleting: false,
        finalizers: Vec::new(),
    }
}

fn node_name(pool: &str, at: u32) -> NodeName {
    NodeName::new(format!("aks-{pool}-12345678-vmss{at:06}"))
}

/// An owner by kind and name.
pub(in crate::preflight) fn owner(kind: &str, name: &str) -> Owner {
    Owner {
        kind: kind.into(),
        name: name.into(),
    }
}

/// Selects pods of one app.
pub(in crate::preflight) fn selector(app: &str) -> LabelSelector {
    LabelSelector {
        match_labels: BTreeMap::from([("app".to_owned(), app.to_owned())]),
        match_expressions: Vec::new(),
    }
}

/// A ready pod of an app on node `at` of a pool; `Deployment` owns it through its ReplicaSet, an empty kind not at all.
pub(in crate::preflight) fn pod(namespace: &str, app: &str, kind: &str, pool: &str, at: u32) -> PodFact {
    let mut labels = BTreeMap::from([("app".to_owned(), app.to_owned())]);
    let owned_by = match kind {
        "" => None,
        "Deployment" => {
            labels.insert("pod-template-hash".into(), "7d9f".into());
            Some(owner("ReplicaSet", &format!("{app}-7d9f")))
        }
        _ => Some(owner(kind, app)),
    };
    PodFact {
        pod: Pod {
            namespace: namespace.into(),
            name: format!("{app}-{pool}-{at}"),
            uid: format!("{namespace}-{app}-{pool}-{at}"),
            node: Some(node_name(pool, at)),
            phase: "Running".into(),
            is_ready: true,
            owner: owned_by,
            labels,
            deletion_at: None,
            finalizers: Vec::new(),
            is_mirror: false,
        },
        created_at: Some("2026-08-10T01:00:00Z".parse().unwrap()),
        requests: Resources {
            cpu_millis: 100,
            memory_bytes: 128 << 20,
        },
        containers: vec![ContainerFact {
            name: app.into(),
            image: format!("shop.azurecr.io/{app}:1.0"),
            state: ContainerState::Running,
            last_end: None,
            restarts: 0,
            is_ready: true,
            has_readiness_probe: true,
            has_pre_stop: false,
        }],
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

fn pods(nodes: &[NodeFact]) -> Vec<PodFact> {
    let spread = |namespace, app, kind, pool, count| (0..count).map(move |at| pod(namespace, app, kind, pool, at));
    let mut pods: Vec<PodFact> = Vec::new();
    for app in ["coredns", "konnectivity-agent", "metrics-server"] {
        pods.extend(spread("kube-system", app, "Deployment", "system", 2));
    }
    pods.extend(spread("shop", "cart", "Deployment", "apps", 3));
    pods.extend(spread("shop", "web", "Deployment", "apps", 6));
    pods.extend(
        spread("shop", "db", "StatefulSet", "data", 3)
            .enumerate()
            .map(|(at, mut pod)| {
                pod.volumes = vec![PodVolume::Claim {
                    name: format!("data-{at}"),
                }];
                pod
            }),
    );
    for (at, node) in (0..).zip(nodes) {
        for app in ["kube-proxy", "azure-cns", "csi-azuredisk-node"] {
            let mut daemon = pod("kube-system", app, "DaemonSet", "system", at);
            daemon.pod.node = Some(node.node.name.clone());
            daemon.tolerations = vec!["*".into()];
            daemon.volumes = vec![PodVolume::HostPath {
                path: "/var/log".into(),
            }];
            pods.push(daemon);
        }
    }
    pods
}

/// A workload whose pods are all ready.
pub(in crate::preflight) fn workload(kind: &str, namespace: &str, name: &str, replicas: u32) -> WorkloadFact {
    WorkloadFact {
        kind: kind.into(),
        namespace: namespace.into(),
        name: name.into(),
        uid: format!("{namespace}-{name}"),
        replicas,
        ready: replicas,
        selector: selector(name),
        pod_labels: BTreeMap::from([("app".to_owned(), name.to_owned())]),
        owner: None,
        has_readiness_probe: true,
        has_spread: true,
        grace_seconds: 30,
        tolerations: Vec::new(),
        conditions: Vec::new(),
        created_at: Some("2026-01-01T00:00:00Z".parse().unwrap()),
        managed_by: None,
    }
}

fn workloads() -> Vec<WorkloadFact> {
    let nodes = 3 * NODES_OF_POOL;
    vec![
        workload("Deployment", "kube-system", "coredns", 2),
        workload("Deployment", "kube-system", "konnectivity-agent", 2),
        workload("Deployment", "kube-system", "metrics-server", 2),
        workload("DaemonSet", "kube-system", "kube-proxy", nodes),
        workload("DaemonSet", "kube-system", "azure-cns", nodes),
        workload("DaemonSet", "kube-system", "csi-azuredisk-node", nodes),
        workload("Deployment", "shop", "cart", 3),
        workload("Deployment", "shop", "web", 6),
        workload("StatefulSet", "shop", "db", 3),
    ]
}

/// A budget over an app of `pods` ready pods, of which `needed` must stay.
pub(in crate::preflight) fn budget(namespace: &str, app: &str, needed: i32, pods: i32) -> BudgetFact {
    BudgetFact {
        budget: DisruptionBudget {
            namespace: namespace.into(),
            name: format!("{app}-pdb"),
            selector: Some(selector(app)),
            min_available: Some(needed.to_string()),
            max_unavailable: None,
            current_healthy: pods,
            desired_healthy: needed,
            expected_pods: pods,
            disruptions_allowed: pods - needed,
            evicts_unhealthy_always: false,
        },
        uid: format!("{namespace}-{app}-pdb"),
        created_at: Some("2026-01-01T00:00:00Z".parse().unwrap()),
        managed_by: None,
    }
}

fn volume(at: u32) -> VolumeFact {
    VolumeFact {
        name: format!("pvc-{at}"),
        claim: Some(format!("shop/data-{at}")),
        driver: "disk.csi.azure.com".into(),
        zones: vec![format!("westeurope-{}", at % 3 + 1)],
        nodes: Vec::new(),
        is_single_writer: true,
    }
}

fn webhook(configuration: &str) -> WebhookFact {
    WebhookFact {
        configuration_kind: "ValidatingWebhookConfiguration".into(),
        configuration: configuration.into(),
        name: "check.shop.example".into(),
        failure_policy: "Fail".into(),
        timeout_seconds: 5,
        rules: vec!["CREATE pods".into()],
        service: Some(("shop".into(), "policy".into())),
        ready_endpoints: Some(2),
        covers_system: configuration.starts_with("aks-"),
        managed_by: None,
    }
}
