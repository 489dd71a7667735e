//! The pods every AKS cluster has in kube-system, with their budgets (AKS docs "System node pools", 2026).

use std::time::Duration;

use crate::simulator::kubernetes::objects::{BudgetSpec, WorkloadSpec};

/// What AKS itself runs; Deployments on the given system pools, DaemonSets everywhere.
pub(super) fn system_workloads(system_pools: &[String]) -> Vec<WorkloadSpec> {
    let deployments = [
        ("coredns", 2, Some("coredns-pdb"), (8, 7)),
        ("konnectivity-agent", 2, Some("konnectivity-agent"), (6, 5)),
        ("metrics-server", 2, Some("metrics-server-pdb"), (20, 3)),
        ("coredns-autoscaler", 1, None, (5, 3)),
    ]
    .map(|(name, replicas, budget, times)| WorkloadSpec {
        pools: system_pools.to_vec(),
        budget: budget.map(|budget| BudgetSpec {
            name: budget.to_owned(),
            min_available: Some("1".to_owned()),
            max_unavailable: None,
        }),
        ..workload(name, "Deployment", replicas, times)
    });
    let daemon_sets = [
        "azure-ip-masq-agent",
        "cloud-node-manager",
        "csi-azuredisk-node",
        "kube-proxy",
    ]
    .map(|name| workload(name, "DaemonSet", 0, (10, 2)));
    deployments.into_iter().chain(daemon_sets).collect()
}

fn workload(name: &str, kind: &str, replicas: u32, (start, stop): (u64, u64)) -> WorkloadSpec {
    WorkloadSpec {
        namespace: "kube-system".to_owned(),
        name: name.to_owned(),
        kind: kind.to_owned(),
        replicas,
        pools: Vec::new(),
        start_time: Duration::from_secs(start),
        stop_time: Duration::from_secs(stop),
        never_ready: 0,
        finalizer: None,
        budget: None,
    }
}
