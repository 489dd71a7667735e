//! Clusters with nothing but everyday noise: no cause, whatever moves.

use super::world::{NEW, OLD, WEB1, WEB2, WEB3, World, at, budget, homeless_pod, node, pod, waiting_pod};
use crate::domain::event::EventKind;
use crate::domain::node::Readiness;
use crate::domain::provisioning::ProvisioningState;
use crate::progress::picture::NodePhase;

fn expect_nothing(world: &World) {
    let diagnosis = world.diagnose();
    assert!(diagnosis.causes.is_empty(), "{:#?}", diagnosis.causes);
    assert!(diagnosis.unexplained.is_empty(), "{:#?}", diagnosis.unexplained);
}

#[test]
fn a_quiet_cluster_has_no_cause() {
    expect_nothing(&World::quiet());
    assert!(
        World::quiet()
            .diagnose()
            .blind_spots
            .iter()
            .all(|spot| !spot.starts_with("Not seen"))
    );
}

#[test]
fn a_quiet_cluster_may_be_as_noisy_as_it_likes() {
    let mut world = World::quiet();
    world.add_budget(budget("web", 1, 1, 1));
    world.add_pod(waiting_pod(
        "web-a",
        "web",
        WEB1,
        ("CrashLoopBackOff", "back-off"),
        -300,
    ));
    world.add_pod(waiting_pod(
        "web-b",
        "web",
        WEB3,
        ("ImagePullBackOff", "unauthorized"),
        -300,
    ));
    world.add_pod(homeless_pod(
        "web-c",
        "0/4 nodes are available: 4 Insufficient cpu.",
        -300,
    ));
    world.workload("coredns").ready = 1;
    world.say(
        EventKind::Warning,
        "Drain",
        ("Node", WEB1),
        "Eviction blocked by Too Many Requests (usually a pdb): web-a",
    );
    world.say(
        EventKind::Warning,
        "FailedScheduling",
        ("Pod", "web-c"),
        "0/4 nodes are available: 4 Insufficient cpu.",
    );
    world.pool("web").provisioning_state = ProvisioningState::Scaling;
    expect_nothing(&world);
}

#[test]
fn a_good_upgrade_has_no_cause() {
    expect_nothing(&World::upgrading());
}

#[test]
fn a_drain_in_the_middle_of_its_work_is_no_cause() {
    let mut world = World::upgrading();
    world.drain(WEB1, -1);
    world.add_budget(budget("web", 2, 2, 3));
    for (name, place) in [("web-a", WEB1), ("web-b", WEB2)] {
        world.add_pod(pod(name, "web", Some(place)));
    }
    world.add_pod(waiting_pod("web-c", "web", WEB3, ("ContainerCreating", ""), -1));
    let mut leaving = pod("api-a", "api", Some(WEB1));
    leaving.pod.deletion_at = Some(at(0));
    leaving.pod.finalizers = vec!["batch.kubernetes.io/job-tracking".into()];
    world.add_pod(leaving);
    world.add_pod(homeless_pod(
        "api-b",
        "0/4 nodes are available: 1 node(s) were unschedulable, 3 Insufficient cpu.",
        -1,
    ));
    world.say(
        EventKind::Warning,
        "Drain",
        ("Node", WEB1),
        "Eviction blocked by Too Many Requests (usually a pdb): web-a",
    );
    expect_nothing(&world);
}

#[test]
fn a_young_surge_node_may_be_not_ready() {
    let mut world = World::upgrading();
    let mut young = node("aks-web-1-vmss000009", "web", NEW, -4);
    young.node.readiness = Readiness::NotReady {
        reason: "KubeletNotReady".into(),
        message: "container runtime network not ready".into(),
    };
    world.survey.kubernetes.nodes.as_mut().unwrap().push(young);
    world.add_pod(waiting_pod(
        "cni-a",
        "cni",
        "aks-web-1-vmss000009",
        ("ContainerCreating", ""),
        -1,
    ));
    expect_nothing(&world);
}

#[test]
fn noise_of_a_running_upgrade_is_no_cause() {
    let mut world = World::upgrading();
    world.drain(WEB1, -2);
    // A deployment rolls, a pod restarts, DNS moves, the autoscaler brings a node.
    world.add_pod(waiting_pod("roll-a", "roll", WEB3, ("ContainerCreating", ""), -2));
    let mut restarted = pod("cart-a", "cart", Some(WEB3));
    restarted.containers[0].restarts = 7;
    restarted.containers[0].last_end = Some("Error (1)".into());
    world.add_pod(restarted);
    world.workload("coredns").ready = 1;
    let waiting = "0/4 nodes are available: 4 Insufficient memory.";
    world.add_pod(homeless_pod("batch-a", waiting, -6));
    world.say(
        EventKind::Normal,
        "TriggeredScaleUp",
        ("Pod", "batch-a"),
        "pod triggered scale-up: 3->4",
    );
    world.say(
        EventKind::Warning,
        "Unhealthy",
        ("Pod", "cart-a"),
        "Readiness probe failed",
    );
    world.say(
        EventKind::Warning,
        "BackOff",
        ("Pod", "cart-a"),
        "Back-off restarting failed container",
    );
    world.say(
        EventKind::Normal,
        "Upgrade",
        ("Node", WEB3),
        "Successfully upgraded node: aks-web-1-vmss000003",
    );
    expect_nothing(&world);
}

#[test]
fn a_pod_that_waited_before_the_upgrade_is_not_its_matter() {
    let mut world = World::upgrading();
    world.add_pod(homeless_pod(
        "gpu-a",
        "0/4 nodes are available: 4 node(s) didn't match Pod's node affinity/selector.",
        -900,
    ));
    expect_nothing(&world);
}

#[test]
fn a_cluster_of_one_version_has_no_new_nodes_to_blame() {
    let mut world = World::upgrading();
    world.picture.as_mut().unwrap().running_since = None;
    for name in [WEB1, WEB2, WEB3] {
        world.node(name).node.version = OLD.parse().ok();
    }
    world.add_pod(waiting_pod(
        "web-b",
        "web",
        WEB1,
        ("ImagePullBackOff", "unauthorized"),
        -30,
    ));
    expect_nothing(&world);
}

#[test]
fn soaking_is_told_as_information_only() {
    let mut world = World::upgrading();
    world.pool("web").upgrade_settings.node_soak_minutes = Some(15);
    world.node(WEB1).node.is_cordoned = true;
    world.progress(WEB1, NodePhase::Soaking, -4);
    let causes = world.diagnose().causes;
    assert_eq!(causes.len(), 1);
    assert_eq!(causes[0].code, "soak-wait");
    assert_eq!(causes[0].impact, crate::diagnosis::cause::Impact::None);
}
