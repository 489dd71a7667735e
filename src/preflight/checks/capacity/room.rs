//! Pods of the nodes drained at once find another place: for each pool its fullest nodes go, and as many empty nodes
//! as it has surge come. By requests, selectors, taints and volume zones; optimistic about everything else.

use crate::domain::subject::Subject;
use crate::domain::survey::NodeFact;
use crate::preflight::arithmetic::placement::VolumesByClaim;
use crate::preflight::arithmetic::room::{PodsByNode, fullest, unplaced};
use crate::preflight::arithmetic::surge_nodes::Way;
use crate::preflight::checks::moving::{Moving, moving};
use crate::preflight::checks::told::{Told, read, told};
use crate::preflight::finding::{Outcome, Said};
use crate::preflight::question::Question;
use crate::preflight::wording::{counted, listed};

pub(super) fn look(question: &Question<'_>) -> Vec<Said> {
    told(judge(question))
}

fn judge(question: &Question<'_>) -> Told {
    let movers = moving(question)?;
    let kubernetes = &question.survey.kubernetes;
    let nodes = read(&kubernetes.nodes, "nodes")?;
    let pods = PodsByNode::new(read(&kubernetes.pods, "pods")?);
    let volumes = VolumesByClaim::new(read(&kubernetes.volumes, "volumes")?);
    Ok(movers
        .iter()
        .filter(|mover| matches!(mover.gain.way, Way::Rolling | Way::InPlace))
        .filter_map(|mover| of_pool(mover, nodes, &pods, &volumes))
        .collect())
}

fn of_pool(
    mover: &Moving<'_>,
    nodes: &[NodeFact],
    pods: &PodsByNode<'_>,
    volumes: &VolumesByClaim<'_>,
) -> Option<Said> {
    let of_pool: Vec<&NodeFact> = nodes
        .iter()
        .filter(|node| node.node.pool.as_ref() == Some(&mover.pool.name))
        .collect();
    let drained = fullest(&of_pool, pods, mover.gain.drained as usize);
    let standing: Vec<&NodeFact> = nodes
        .iter()
        .filter(|node| node.node.readiness.is_ready() && !node.node.is_cordoned)
        .filter(|node| !drained.iter().any(|gone| gone.node.name == node.node.name))
        .collect();
    let homeless = unplaced(&drained, &standing, mover.gain.nodes as usize, pods, volumes);
    if homeless.is_empty() {
        return None;
    }
    let names: Vec<String> = homeless
        .iter()
        .map(|pod| format!("{}/{}", pod.pod.namespace, pod.pod.name))
        .collect();
    let drained_names: Vec<&str> = drained.iter().map(|node| node.node.name.as_str()).collect();
    let mut said = Said::new(
        Outcome::Warning,
        Subject::pool(&mover.pool.name),
        format!(
            "{} of {} find no other node: {}",
            counted(homeless.len(), "pod"),
            counted(drained.len(), "drained node"),
            listed(&names)
        ),
    )
    .with(format!(
        "tried with {} drained and {} more",
        listed(&drained_names),
        counted(mover.gain.nodes as usize, "empty node")
    ));
    for pod in homeless.iter().take(5) {
        said = said.with(format!(
            "{}/{} asks for {} mCPU and {} MiB",
            pod.pod.namespace,
            pod.pod.name,
            pod.requests.cpu_millis,
            pod.requests.memory_bytes >> 20
        ));
    }
    let fewer: &[&str] = if mover.gain.drained > 1 {
        &["scale-pool-up", "lower-surge"]
    } else {
        &["scale-pool-up"]
    };
    Some(said.cured_by(fewer))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::surge::Share;
    use crate::domain::survey::Survey;
    use crate::preflight::samples::{check, denied, passes, pod};

    fn in_place(survey: &mut Survey) {
        let pool = &mut survey.azure.cluster.as_mut().unwrap().pools[2];
        pool.upgrade_settings.max_surge = Some(Share::Nodes(0));
        pool.upgrade_settings.max_unavailable = Some(Share::Nodes(1));
    }

    /// Pods that fill each node of the pool `data`, and live nowhere else.
    fn full(survey: &mut Survey) {
        let pods = survey.kubernetes.pods.as_mut().unwrap();
        for at in 0..9 {
            let mut big = pod("shop", "index", "StatefulSet", "data", at);
            big.requests.cpu_millis = 3_000;
            let pool = ("kubernetes.azure.com/agentpool".to_owned(), "data".to_owned());
            big.node_selector = [pool].into();
            pods.push(big);
        }
    }

    #[test]
    fn surge_nodes_take_what_drained_nodes_had() {
        passes(look, full);
    }

    #[test]
    fn in_place_full_nodes_leave_pods_without_a_home() {
        let break_it = |survey: &mut Survey| {
            full(survey);
            in_place(survey);
        };
        let said = check(look, break_it, Outcome::Warning, "node pool data");
        assert_eq!(
            said.headline,
            "1 pod of 1 drained node find no other node: shop/index-data-0"
        );
        assert_eq!(said.evidence[1], "shop/index-data-0 asks for 3000 mCPU and 128 MiB");
        assert_eq!(said.remedies, ["scale-pool-up"]);
    }

    #[test]
    fn in_place_with_room_elsewhere_passes() {
        passes(look, in_place);
    }

    #[test]
    fn a_pod_follows_the_zone_of_its_volume() {
        // The volume's zone has three nodes of each pool: all but the drained one are cordoned.
        let break_it = |survey: &mut Survey| {
            in_place(survey);
            let nodes = survey.kubernetes.nodes.as_mut().unwrap();
            for node in nodes.iter_mut() {
                let is_first = node.node.name.as_str().ends_with("data-12345678-vmss000000");
                if node.node.zone.as_deref() == Some("westeurope-1") && !is_first {
                    node.node.is_cordoned = true;
                }
            }
        };
        let said = check(look, break_it, Outcome::Warning, "node pool data");
        assert!(said.headline.contains("shop/db-data-0"), "{}", said.headline);
    }

    #[test]
    fn what_was_not_read_is_unknown() {
        for unread in [
            (|survey: &mut Survey| survey.kubernetes.nodes = Err(denied())) as fn(&mut Survey),
            |survey| survey.kubernetes.pods = Err(denied()),
            |survey| survey.kubernetes.volumes = Err(denied()),
            |survey| survey.azure.details = Err(denied()),
        ] {
            check(look, unread, Outcome::Unknown, "the cluster");
        }
    }
}
