//! A healthy cluster of the largest size the checks are made for: 1,000 nodes, 20,000 pods, 300 budgets.

use super::{NODES_OF_POOL, SUBNET, budget, healthy, node, pod, pool, workload};
use crate::domain::node_pool::PoolMode;
use crate::domain::surge::Share;
use crate::domain::survey::Survey;

const NODES: u32 = 1000;
/// The pools that hold nearly all of them; a pool takes 1,000 at most, surge nodes too.
const WIDE: [&str; 2] = ["wide", "broad"];
const WORKLOADS: u32 = 300;
/// Of each workload, on nodes of their own.
const REPLICAS: u32 = 66;

/// The healthy cluster, with two more pools full of guarded workloads.
pub(in crate::preflight) fn large() -> Survey {
    let mut survey = healthy();
    let left = NODES - 3 * NODES_OF_POOL;
    let count = left / 2;
    for (name, count) in WIDE.into_iter().zip([left - count, count]) {
        let mut wide = pool(name, PoolMode::User);
        wide.count = count;
        wide.upgrade_settings.max_surge = Some(Share::Nodes(51));
        survey.azure.cluster.as_mut().unwrap().pools.push(wide);
        let details = survey.azure.details.as_mut().unwrap();
        let of_pool = details.pools[&"apps".into()].clone();
        details.pools.insert(name.into(), of_pool);
        let nodes = survey.kubernetes.nodes.as_mut().unwrap();
        nodes.extend((0..count).map(|at| node(name, at)));
    }
    roomy(&mut survey);
    let kubernetes = &mut survey.kubernetes;
    let pods = kubernetes.pods.as_mut().unwrap();
    for number in 0..WORKLOADS {
        let app = format!("app-{number}");
        let namespace = format!("team-{}", number % 20);
        pods.extend((0..REPLICAS).map(|at| {
            let pool = WIDE[usize::from(!at.is_multiple_of(2))];
            pod(&namespace, &app, "Deployment", pool, (number * 7 + at * 13) % count)
        }));
        let replicas = i32::try_from(REPLICAS).unwrap();
        kubernetes
            .budgets
            .as_mut()
            .unwrap()
            .push(budget(&namespace, &app, replicas * 3 / 4, replicas));
        let own = workload("Deployment", &namespace, &app, REPLICAS);
        kubernetes.workloads.as_mut().unwrap().push(own);
    }
    survey
}

/// Limits and ranges of this size.
fn roomy(survey: &mut Survey) {
    survey.azure.details.as_mut().unwrap().pod_cidr = Some("10.128.0.0/10".into());
    let subnet = survey.azure.subnets.get_mut(SUBNET).unwrap().as_mut().unwrap();
    (subnet.prefix, subnet.limit, subnet.used) = ("10.1.0.0/16".into(), 65_531, u64::from(NODES));
    for usage in survey.azure.compute_usage.as_mut().unwrap() {
        (usage.used, usage.limit) = (u64::from(4 * NODES), 10_000);
    }
}
