//! What Azure claims of a pool is what its nodes run: otherwise an earlier upgrade is only half done.

use std::collections::BTreeMap;

use crate::domain::node::Node;
use crate::domain::node_pool::NodePool;
use crate::domain::subject::Subject;
use crate::domain::survey::{NodeFact, Unread};
use crate::preflight::finding::{Outcome, Said, or_unknown};
use crate::preflight::question::Question;
use crate::preflight::wording::{counted, listed};

pub(super) fn look(question: &Question<'_>) -> Vec<Said> {
    or_unknown(found(question))
}

fn found<'a>(question: &Question<'a>) -> Result<Vec<Said>, &'a Unread> {
    let cluster = question.survey.azure.cluster.as_ref()?;
    let nodes = question.survey.kubernetes.nodes.as_ref()?;
    Ok(cluster.pools.iter().filter_map(|pool| of_pool(pool, nodes)).collect())
}

fn of_pool(pool: &NodePool, nodes: &[NodeFact]) -> Option<Said> {
    let own = || {
        nodes
            .iter()
            .map(|fact| &fact.node)
            .filter(|node| node.pool.as_ref() == Some(&pool.name))
    };
    let is_older = |node: &&Node| {
        pool.version
            .is_some_and(|claimed| node.version.is_some_and(|real| real != claimed))
    };
    let has_other_image = |node: &&Node| {
        pool.node_image.as_ref().is_some_and(|claimed| {
            let real = node.node_image.as_ref();
            real.is_some_and(|real| !real.is_same_image(claimed))
        })
    };
    let by_version: Vec<&Node> = own().filter(is_older).collect();
    let by_image: Vec<&Node> = own().filter(has_other_image).collect();
    let subject = Subject::pool(&pool.name);
    if let (false, Some(claimed)) = (by_version.is_empty(), pool.version) {
        let real = tally(by_version.iter().map(|node| node.version_text.clone()));
        let headline = format!(
            "Azure says the pool runs {claimed}, but {} of {} run {real}: an earlier upgrade is not finished",
            by_version.len(),
            counted(own().count(), "node"),
        );
        return Some(
            Said::new(Outcome::Warning, subject, headline)
                .with(listed(by_version.iter().map(|node| &node.name)))
                .cured_by(&["retry-upgrade", "upgrade-node-image"]),
        );
    }
    let claimed = pool.node_image.as_ref().filter(|_| !by_image.is_empty())?;
    let real = tally(
        by_image
            .iter()
            .filter_map(|node| node.node_image.as_ref())
            .map(ToString::to_string),
    );
    let headline = format!(
        "Azure says the pool has the node image {claimed}, but {} of {} have {real}",
        by_image.len(),
        counted(own().count(), "node"),
    );
    Some(
        Said::new(Outcome::Warning, subject, headline)
            .with(listed(by_image.iter().map(|node| &node.name)))
            .cured_by(&["upgrade-node-image", "retry-upgrade"]),
    )
}

/// What there is, without repeats.
fn tally(values: impl Iterator<Item = String>) -> String {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for value in values {
        *counts.entry(value).or_default() += 1;
    }
    listed(counts.into_keys())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::version::{KubernetesVersion, NodeImageVersion};
    use crate::preflight::samples::{NODES_OF_POOL, check, passes};

    #[test]
    fn nodes_behind_their_pool_are_told() {
        let said = check(
            look,
            |survey| {
                for fact in &mut survey.kubernetes.nodes.as_mut().unwrap()[NODES_OF_POOL as usize..][..2] {
                    fact.node.version = Some(KubernetesVersion::new(1, 34, 2));
                    fact.node.version_text = "v1.34.2".into();
                }
            },
            Outcome::Warning,
            "node pool apps",
        );
        assert_eq!(
            said.headline,
            "Azure says the pool runs 1.35.3, but 2 of 9 nodes run v1.34.2: an earlier upgrade is not finished"
        );
    }

    #[test]
    fn nodes_with_another_image_are_told() {
        let said = check(
            look,
            |survey| {
                survey.kubernetes.nodes.as_mut().unwrap()[0].node.node_image =
                    Some(NodeImageVersion::new("AKSUbuntu-2404gen2containerd-202607.01.0"));
            },
            Outcome::Warning,
            "node pool system",
        );
        assert_eq!(said.remedies[0], "upgrade-node-image");
    }

    #[test]
    fn a_security_patch_is_the_same_image_and_a_strange_node_is_nobodys() {
        passes(look, |survey| {
            let nodes = survey.kubernetes.nodes.as_mut().unwrap();
            nodes[0].node.node_image = Some(NodeImageVersion::new(
                "AKSUbuntu-2404gen2containerd-202608.03.0-2026.08.10",
            ));
            nodes[1].node.pool = None;
            nodes[1].node.version = None;
        });
    }

    #[test]
    fn without_the_nodes_it_is_unknown() {
        check(
            look,
            |survey| survey.kubernetes.nodes = Err(crate::preflight::samples::denied()),
            Outcome::Unknown,
            "the cluster",
        );
    }
}
