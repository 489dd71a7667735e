//! A healthy cluster for the tests of all checks: each test breaks one thing and expects exactly that finding.

mod azure;
mod kubernetes;
mod large;

pub(super) use azure::{NODES_OF_POOL, SUBNET, pool};
pub(super) use kubernetes::{budget, node, owner, pod, selector, workload};
pub(super) use large::large;

use super::finding::{Outcome, Said};
use super::question::{Planned, Question};
use crate::domain::ids::ClusterId;
use crate::domain::survey::{Survey, Unread};
use crate::domain::version::KubernetesVersion;

/// What all pools and the control plane run.
pub(super) const CURRENT: KubernetesVersion = KubernetesVersion::new(1, 35, 3);
/// What is offered, and where [`whole`] goes.
pub(super) const TARGET: KubernetesVersion = KubernetesVersion::new(1, 36, 1);

/// Three pools of nine nodes over three zones, with system components, three workloads, budgets and webhooks.
pub(super) fn healthy() -> Survey {
    let mut survey = Survey::empty(
        ClusterId::from_parts("s1", "shop-rg", "shop"),
        "2026-08-15T09:00:00Z".parse().unwrap(),
    );
    survey.azure = azure::healthy();
    survey.kubernetes = kubernetes::healthy();
    survey
}

/// The whole cluster to [`TARGET`].
pub(super) fn whole(survey: &Survey) -> Planned {
    Planned::whole(survey.azure.cluster.as_ref().unwrap(), TARGET)
}

/// A right that is missing.
pub(super) fn denied() -> Unread {
    Unread::Denied {
        right: "list".into(),
        why: "forbidden".into(),
    }
}

/// What one check says of the whole cluster going to [`TARGET`].
pub(super) fn ask(look: fn(&Question<'_>) -> Vec<Said>, survey: &Survey) -> Vec<Said> {
    ask_planned(look, survey, &whole(survey))
}

/// What one check says of other moves.
pub(super) fn ask_planned(look: fn(&Question<'_>) -> Vec<Said>, survey: &Survey, planned: &Planned) -> Vec<Said> {
    look(&Question::new(survey, planned))
}

/// Breaks one thing of the healthy cluster, and expects one word on one subject; the healthy one passes.
pub(super) fn check(
    look: fn(&Question<'_>) -> Vec<Said>,
    break_it: impl FnOnce(&mut Survey),
    outcome: Outcome,
    subject: &str,
) -> Said {
    let mut survey = healthy();
    assert_eq!(ask(look, &survey), Vec::new(), "the healthy cluster passes");
    break_it(&mut survey);
    let mut said = ask(look, &survey);
    assert_eq!(
        said.iter()
            .map(|said| (said.outcome, said.subject.to_string()))
            .collect::<Vec<_>>(),
        [(outcome, subject.to_owned())],
        "{said:#?}"
    );
    said.remove(0)
}

/// Changes the healthy cluster in a way that is no trouble.
pub(super) fn passes(look: fn(&Question<'_>) -> Vec<Said>, change_it: impl FnOnce(&mut Survey)) {
    let mut survey = healthy();
    change_it(&mut survey);
    assert_eq!(ask(look, &survey), Vec::new());
}

#[test]
fn the_parts_of_the_healthy_cluster_fit_together() {
    let survey = healthy();
    let cluster = survey.azure.cluster.as_ref().unwrap();
    for pool in &cluster.pools {
        assert_eq!(pool.vnet_subnet.as_deref(), Some(SUBNET));
        let nodes = survey.kubernetes.nodes.as_ref().unwrap();
        let own = nodes.iter().filter(|fact| fact.node.pool.as_ref() == Some(&pool.name));
        assert_eq!(own.count(), pool.count as usize, "{}", pool.name);
    }
    assert!(survey.azure.subnets.contains_key(SUBNET));
}
