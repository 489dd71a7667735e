//! Several causes at once: all are told, in the right order, each once.

use super::world::{WEB1, WEB2, WEB3, World, at, budget, homeless_pod, pod, waiting_pod};
use crate::diagnosis::catalogue::Catalogue;
use crate::diagnosis::cause::{Confidence, EvidenceSource};
use crate::domain::provisioning::ProvisioningState;
use crate::progress::picture::NodePhase;

#[test]
fn all_that_is_true_is_told_most_specific_first() {
    let mut world = World::upgrading();
    world.drain(WEB1, -12);
    world.add_budget(budget("web", 1, 1, 1));
    world.add_pod(pod("web-a", "web", Some(WEB1)));
    world.add_pod(homeless_pod(
        "api-a",
        "0/4 nodes are available: 4 Insufficient cpu.",
        -8,
    ));
    world.add_pod(pod("cart-a", "cart", Some(WEB2)));
    world.add_pod(waiting_pod("cart-b", "cart", WEB3, ("ImagePullBackOff", "x"), -8));
    world.progress(WEB2, NodePhase::Soaking, -2);
    let codes = world.codes();
    assert_eq!(
        codes,
        [
            "drain-blocked-by-pdb",
            "image-pull-new-node",
            "pending-no-room",
            "soak-wait"
        ]
    );
}

#[test]
fn text_and_live_state_of_one_cause_are_one() {
    let mut world = World::failed(
        "UpgradeFailed",
        "Drain node aks-web-1-vmss000001 failed when evicting pod web-a failed with Too Many Requests error. PDB debug info: \
         shop/web-a blocked by pdb web-pdb (MinAvailable: 1) with 0 unready pods.",
    );
    world.node(WEB1).node.is_cordoned = true;
    world.add_budget(budget("web", 1, 1, 1));
    world.add_pod(pod("web-a", "web", Some(WEB1)));
    let causes = world.diagnose().causes;
    assert_eq!(
        causes
            .iter()
            .filter(|cause| cause.code == "drain-blocked-by-pdb")
            .count(),
        1
    );
    assert_eq!(causes[0].confidence, Confidence::Confirmed);
    let sources: Vec<&EvidenceSource> = causes[0].evidence.iter().map(|evidence| &evidence.source).collect();
    assert!(sources.contains(&&EvidenceSource::AzureError) && sources.contains(&&EvidenceSource::Object));
    assert_eq!(
        causes.last().map(|cause| cause.code.as_str()),
        Some("failed-state-left"),
        "generic comes last"
    );
}

#[test]
fn one_text_may_name_two_causes() {
    let mut world = World::failed(
        "UpgradeFailed",
        "Cordoned nodes have used all surge nodes but there are more nodes to be upgraded. Please fix your PDBs.Drain node \
         aks-web-1-vmss000001 failed when evicting pod web-a failed with Too Many Requests error. PDB debug info: shop/web-a \
         blocked by pdb web-pdb (MinAvailable: 80%) with 0 unready pods.",
    );
    world.add_budget(budget("web", 2, 2, 2));
    world.node(WEB1).node.is_quarantined = true;
    world.node(WEB1).node.is_cordoned = true;
    let codes = world.codes();
    assert_eq!(
        codes[..2],
        ["surge-exhausted-by-blocked-nodes", "drain-blocked-by-pdb"],
        "{codes:?}"
    );
}

#[test]
fn a_stall_with_a_known_cause_is_not_told_twice() {
    let mut world = World::upgrading();
    world.picture.as_mut().unwrap().running_since = Some(at(-90));
    world.node(WEB3).node.created_at = Some(at(-90));
    for name in [WEB2, WEB3] {
        world.progress(name, NodePhase::Waiting, -90);
    }
    world.drain(WEB1, -80);
    assert_eq!(world.codes(), ["stall-no-progress"]);
    world.add_budget(budget("web", 1, 1, 1));
    world.add_pod(pod("web-a", "web", Some(WEB1)));
    assert_eq!(world.codes(), ["drain-blocked-by-pdb"]);
}

#[test]
fn two_budgets_with_two_workloads_are_two_causes() {
    let mut world = World::upgrading();
    world.drain(WEB1, -12);
    for app in ["web", "api"] {
        world.add_budget(budget(app, 1, 1, 1));
        world.add_pod(pod(&format!("{app}-a"), app, Some(WEB1)));
    }
    assert_eq!(world.codes(), ["drain-blocked-by-pdb", "drain-blocked-by-pdb"]);
}

#[test]
fn every_cause_has_evidence_title_and_known_remedies() {
    let mut world = World::failed("ReconcileVMSSAgentPoolFailed", "Internal server error");
    world.node(WEB1).node.is_cordoned = true;
    world.pool("sys").provisioning_state = ProvisioningState::Canceled;
    let causes = world.diagnose().causes;
    assert!(causes.len() >= 2);
    let library: Vec<serde_json::Value> = serde_json::from_str(include_str!("../../../assets/remedies.json")).unwrap();
    for cause in causes {
        assert!(!cause.evidence.is_empty() && !cause.title.is_empty() && !cause.explanation.is_empty());
        assert!(
            cause
                .remedies
                .iter()
                .all(|remedy| library.iter().any(|known| known["id"] == remedy.as_str()))
        );
        assert!(Catalogue::shipped().entry(&cause.code).is_some());
    }
}

#[test]
fn why_pods_are_unready_comes_before_the_budget_they_use_up() {
    let mut world = World::upgrading();
    world.drain(WEB1, -12);
    world.add_budget(budget("web", 2, 2, 3));
    world.add_pod(pod("web-a", "web", Some(WEB1)));
    world.add_pod(pod("web-b", "web", Some(WEB2)));
    world.add_pod(homeless_pod(
        "web-c",
        "0/4 nodes are available: 4 Insufficient cpu.",
        -8,
    ));
    assert_eq!(world.codes(), ["pending-no-room", "drain-blocked-by-unready-pods"]);
    let mut crashing = waiting_pod("web-d", "web", WEB2, ("CrashLoopBackOff", "x"), -30);
    crashing.pod.labels.insert("more".into(), "x".into());
    world.add_pod(crashing);
    let codes = world.codes();
    assert_eq!(
        codes[0], "drain-blocked-by-unready-pods",
        "one of them has no other cause"
    );
}
