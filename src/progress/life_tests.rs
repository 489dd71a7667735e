//! Whole stories driven through `observe` step by step: a node's life, and what happens when a source is missing.

use std::time::Duration;

use super::facts::{PoolTarget, Target};
use super::observe;
use super::picture::NodePhase;
use super::samples::{at, budget, cluster, node, node_pool};
use super::story::Story;
use crate::domain::ids::NodeName;
use crate::domain::provisioning::ProvisioningState;

#[test]
fn a_node_passes_all_phases() {
    let mut story = Story::idle();
    assert_eq!(story.phases(-590), "n1 upgraded, n2 upgraded");
    assert!(!story.picture.is_running);

    story.azure("Upgrading", "1.34.2");
    story.say("Upgrade", "Upgrade started for agent pool web", 0);
    assert_eq!(story.phases(5), "n1 waiting, n2 waiting");
    assert_eq!(
        (story.picture.is_running, story.picture.running_since),
        (true, Some(at(0)))
    );
    assert_eq!(story.picture.progress(), (0, 2));
    assert!(story.picture.eta.is_some());

    story.say("Surge", "Created a surge node n3 for agentpool web", 10);
    assert_eq!(story.phases(11), "n1 waiting, n2 waiting, n3 surge");
    story.register("n3", "1.34.2", 40);
    story.ready("n3");
    assert_eq!(story.phases(50), "n1 waiting, n2 waiting, n3 surge");
    assert_eq!(story.since("n3"), at(10));

    story.say("Cordon", "Cordoning node n1", 60);
    story.node("n1").is_cordoned = true;
    assert_eq!(story.phases(61), "n1 cordoned, n2 waiting, n3 surge");
    story.say("Drain", "Draining node: n1", 62);
    story.pods("n1", &["cart-0", "web-0"]);
    story.budgets = Some(vec![budget("cart", 0, 2, 2)]);
    assert_eq!(story.phases(63), "n1 draining, n2 waiting, n3 surge");
    let drain = story.picture.nodes[&NodeName::new("n1")].drain.clone().unwrap();
    assert_eq!((drain.pods_left, drain.pods_at_start), (Some(2), Some(2)));
    assert_eq!((drain.since, drain.deadline), (at(62), Some(at(62 + 1800))));
    assert!(!story.picture.is_at_node_boundary());

    story.pods("n1", &["cart-0"]);
    story.say(
        "Drain",
        "Eviction blocked by Too Many Requests (usually a pdb): cart-0",
        70,
    );
    assert_eq!(story.phases(80), "n1 draining, n2 waiting, n3 surge");
    let blocker = story.picture.blockers.first().unwrap().clone();
    assert_eq!(
        blocker.what,
        "PodDisruptionBudget shop/cart-pdb allows no eviction (2 of 2 needed healthy)"
    );
    assert_eq!((blocker.since, blocker.deadline), (at(63), Some(at(62 + 1800))));
    assert_eq!(story.phases(80 + 301), "n1 stuck, n2 waiting, n3 surge");
    assert_eq!(story.since("n1"), at(80), "when the last pod went");

    story.budgets = Some(vec![budget("cart", 1, 3, 2)]);
    assert_eq!(story.phases(390), "n1 draining, n2 waiting, n3 surge");
    assert!(story.picture.blockers.is_empty());
    story.pods("n1", &[]);
    assert_eq!(story.phases(400), "n1 drained, n2 waiting, n3 surge");
    story.say("Upgrade", "Soak duration 1m0s after draining node: n1", 402);
    assert_eq!(story.phases(403), "n1 soaking, n2 waiting, n3 surge");

    story.say("Upgrade", "Deleting node n1 from API server", 462);
    story.node("n1").is_cordoned = false;
    assert_eq!(
        story.phases(463),
        "n1 reimaging, n2 waiting, n3 surge",
        "schedulable again, and still going"
    );
    story.remove("n1");
    assert_eq!(story.phases(470), "n1 reimaging, n2 waiting, n3 surge");
    assert_eq!(story.since("n1"), at(462));
    assert_eq!(story.picture.nodes[&NodeName::new("n1")].is_ready, None);
    story.register("n1", "1.34.2", 560);
    assert_eq!(story.phases(561), "n1 joining, n2 waiting, n3 surge");
    story.ready("n1");
    story.say("Upgrade", "Successfully reimaged node: n1", 580);
    story.say("Upgrade", "Successfully upgraded node: n1", 580);
    assert_eq!(story.phases(581), "n1 upgraded, n2 waiting, n3 surge");
    assert_eq!(story.picture.node_times, [Duration::from_secs(580 - 60)]);
    assert_eq!(story.picture.progress(), (1, 2));
    assert!(story.picture.is_at_node_boundary());

    story.say("Drain", "Draining node: n1", 582);
    assert_eq!(story.phases(590), "n1 upgraded, n2 waiting, n3 surge", "done is final");

    // The second node goes through between two looks.
    story.register("n2", "1.34.2", 700);
    story.ready("n2");
    assert_eq!(story.phases(710), "n1 upgraded, n2 upgraded, n3 surge");

    story.node("n3").is_cordoned = true;
    story.say("Drain", "Draining node: n3", 720);
    assert_eq!(story.phases(721), "n1 upgraded, n2 upgraded, n3 leaving");
    story.say("Surge", "Removing surge node: n3", 730);
    story.remove("n3");
    assert_eq!(story.phases(731), "n1 upgraded, n2 upgraded");

    story.azure("Succeeded", "1.34.2");
    assert_eq!(story.phases(760), "n1 upgraded, n2 upgraded");
    assert!(!story.picture.is_running && story.picture.eta.is_none() && story.picture.target.is_none());
    assert!(story.picture.gaps.is_empty());
}

#[test]
fn objects_and_pods_alone_tell_the_story_without_events() {
    let mut story = Story::idle();
    story.azure("Upgrading", "1.34.2");
    assert_eq!(story.phases(20), "n1 waiting, n2 waiting");
    story.register("n3", "1.34.2", 15);
    assert_eq!(
        story.phases(30),
        "n1 waiting, n2 waiting, n3 surge",
        "created before Azure was seen to run"
    );
    story.ready("n3");
    story.node("n1").is_cordoned = true;
    assert_eq!(story.phases(40), "n1 cordoned, n2 waiting, n3 surge");
    story.pods("n1", &["cart-0", "web-0"]);
    assert_eq!(story.phases(41), "n1 cordoned, n2 waiting, n3 surge");
    story.pods("n1", &["cart-0"]);
    assert_eq!(story.phases(50), "n1 draining, n2 waiting, n3 surge");
    story.pods("n1", &[]);
    assert_eq!(story.phases(60), "n1 drained, n2 waiting, n3 surge");
    story.remove("n1");
    assert_eq!(story.phases(70), "n1 reimaging, n2 waiting, n3 surge");
    assert_eq!(story.phases(70 + 901), "n1 stuck, n2 waiting, n3 surge");
    assert_eq!(
        story.picture.blockers[0].what,
        "Nodes do not come back from their reimage"
    );
    story.register("n1", "1.34.2", 980);
    assert_eq!(story.phases(981), "n1 joining, n2 waiting, n3 surge");
    story.ready("n1");
    assert_eq!(story.phases(990), "n1 upgraded, n2 waiting, n3 surge");
    story.register("n2", "1.34.2", 995);
    assert_eq!(story.phases(996), "n1 upgraded, n2 joining, n3 surge");
    story.ready("n2");
    story.remove("n3");
    assert_eq!(story.phases(1000), "n1 upgraded, n2 upgraded");
}

#[test]
fn events_alone_tell_the_story() {
    let mut story = Story::unseen();
    story.nodes.clear();
    story.azure("Upgrading", "1.34.2");
    story.say("Upgrade", "Upgrade started for agent pool web", 0);
    story.say("Surge", "Created a surge node n3 for agentpool web", 5);
    story.say("Drain", "Draining node: n1", 10);
    assert_eq!(story.phases(11), "n1 draining, n3 surge");
    story.say(
        "Drain",
        "Eviction blocked by Too Many Requests (usually a pdb): cart-0",
        20,
    );
    assert_eq!(story.phases(21), "n1 draining, n3 surge");
    assert_eq!(
        story.picture.blockers[0].what,
        "Evictions of pod cart-0 are refused, usually by a PodDisruptionBudget"
    );
    story.say("Upgrade", "Deleting node n1 from API server", 30);
    assert_eq!(story.phases(31), "n1 reimaging, n3 surge");
    story.say("Upgrade", "Successfully upgraded node: n1", 90);
    assert_eq!(story.phases(91), "n1 upgraded, n3 surge");
    story.say("Surge", "Removing surge node: n3", 95);
    assert_eq!(story.phases(96), "n1 upgraded, n3 leaving");
}

#[test]
fn someone_who_arrives_late_sees_the_same() {
    let mut story = Story::unseen();
    story.azure("Upgrading", "1.34.2");
    story.has_kubernetes = false;
    story.look(1500);
    assert_eq!(story.picture.running_since, Some(at(1500)), "nothing else is known yet");
    assert_eq!((story.picture.pools[0].done, story.picture.pools[0].total), (0, 2));

    story.has_kubernetes = true;
    story.say("Upgrade", "Successfully upgraded node: n2", -86_400 * 30);
    story.say("Upgrade", "Upgrade started for agent pool web", 0);
    story.say("Surge", "Created a surge node n3 for agentpool web", 10);
    story.say("Upgrade", "Deleting node n1 from API server", 100);
    story.say("Upgrade", "Successfully upgraded node: n1", 200);
    story.say("Drain", "Draining node: n1", 200);
    story.say("Drain", "Draining node: n2", 210);
    story.say(
        "Drain",
        "Eviction blocked by Too Many Requests (usually a pdb): shop/cart-0",
        220,
    );
    story.events.last_mut().unwrap().object_name = "n2".into();
    story.register("n1", "1.34.2", 150);
    story.ready("n1");
    story.register("n3", "1.34.2", 40);
    story.ready("n3");
    story.node("n2").is_cordoned = true;
    story.pods("n2", &["cart-0"]);
    story.budgets = Some(vec![budget("cart", 0, 2, 2)]);
    assert_eq!(story.phases(1505), "n1 upgraded, n2 stuck, n3 surge");
    assert_eq!(story.picture.running_since, Some(at(0)));
    assert_eq!(story.since("n2"), at(220), "held since the first refusal");
    assert_eq!(story.picture.blockers[0].since, at(220));
    assert!(
        story.picture.nodes[&NodeName::new("n2")]
            .drain
            .as_ref()
            .unwrap()
            .blocked_by_event
            .is_empty()
    );
}

#[test]
fn a_drain_without_known_pods_is_a_drain() {
    let mut story = Story::idle();
    story.azure("Upgrading", "1.34.2");
    story.budgets = None;
    story.say("Drain", "Draining node: n1", 10);
    story.node("n1").is_cordoned = true;
    assert_eq!(story.phases(11), "n1 draining, n2 waiting");
    let drain = story.picture.nodes[&NodeName::new("n1")].drain.clone().unwrap();
    assert_eq!((drain.pods_left, drain.pods_at_start), (None, None));
    story.say(
        "Drain",
        "Eviction blocked by Too Many Requests (usually a pdb): cart-0",
        20,
    );
    story.pods("n1", &["cart-0"]);
    story.look(25);
    let drain = story.picture.nodes[&NodeName::new("n1")].drain.clone().unwrap();
    assert_eq!(
        (drain.pods_left, drain.blocked_by_event.as_slice()),
        (Some(1), ["cart-0".to_owned()].as_slice())
    );
}

#[test]
fn azure_alone_shows_pools() {
    let mut story = Story::unseen();
    story.has_kubernetes = false;
    story.azure("Upgrading", "1.34.2");
    story.look(0);
    assert!(story.picture.is_running && story.picture.nodes.is_empty());
    assert_eq!(story.picture.progress(), (0, 2));
    assert!(story.picture.eta.is_some());
    story.azure("Succeeded", "1.34.2");
    story.look(600);
    assert_eq!((story.picture.is_running, story.picture.pools[0].done), (false, 2));
}

#[test]
fn the_last_nodes_stay_when_kubernetes_goes_away() {
    let mut story = Story::idle();
    story.azure("Upgrading", "1.34.2");
    story.node("n1").is_cordoned = true;
    story.look(10);
    story.has_kubernetes = false;
    assert_eq!(story.phases(20), "n1 cordoned, n2 waiting");
}

#[test]
fn a_failed_drain_ends_the_upgrade_and_a_retry_begins_another() {
    let mut story = Story::idle();
    story.azure("Upgrading", "1.34.2");
    story.say("Drain", "Draining node: n1", 10);
    story.node("n1").is_cordoned = true;
    story.pods("n1", &["cart-0"]);
    story.budgets = Some(vec![budget("cart", 0, 2, 2)]);
    assert_eq!(story.phases(20), "n1 draining, n2 waiting");
    story.say("Drain", "Error draining node n1: timeout", 1810);
    story.node("n1").is_cordoned = false;
    story.azure("Failed", "1.34.2");
    assert_eq!(story.phases(1820), "n1 failed, n2 waiting");
    assert!(!story.picture.is_running);
    let failed = &story.picture.nodes[&NodeName::new("n1")];
    assert_eq!(
        failed.drain.as_ref().unwrap().holds.len(),
        1,
        "what held it is still shown"
    );
    assert_eq!(story.picture.blockers[0].what, "Draining failed");
    assert_eq!(story.picture.gaps[0].nodes.len(), 2);

    story.azure("Upgrading", "1.34.2");
    assert_eq!(story.phases(2400), "n1 waiting, n2 waiting");
    assert_eq!(story.picture.running_since, Some(at(2400)));
    story.say("Drain", "Draining node: n1", 2410);
    story.node("n1").is_cordoned = true;
    assert_eq!(story.phases(2411), "n1 draining, n2 waiting");
    assert_eq!(story.since("n1"), at(2410));
}

#[test]
fn an_abort_leaves_cordoned_nodes_cordoned() {
    let mut story = Story::idle();
    story.azure("Upgrading", "1.34.2");
    story.say("Drain", "Draining node: n1", 10);
    story.node("n1").is_cordoned = true;
    story.pods("n1", &["cart-0"]);
    story.budgets = Some(vec![budget("cart", 0, 2, 2)]);
    story.look(20);
    story.azure("Canceling", "1.34.2");
    assert_eq!(story.phases(25), "n1 draining, n2 waiting");
    assert!(story.picture.is_running);
    story.azure("Canceled", "1.34.2");
    assert_eq!(story.phases(30), "n1 cordoned, n2 waiting");
    assert_eq!(story.phases(900), "n1 cordoned, n2 waiting");
    assert!(!story.picture.is_running);
}

#[test]
fn quarantined_nodes_stay_beside_the_others() {
    let mut story = Story::idle();
    story.azure("Upgrading", "1.34.2");
    story.node("n1").is_cordoned = true;
    story.node("n1").is_quarantined = true;
    assert_eq!(story.phases(10), "n1 quarantined, n2 waiting");
    assert!(story.picture.blockers[0].what.contains("Quarantined"));
}

#[test]
fn a_node_image_upgrade_is_done_by_rebuilt_nodes() {
    let mut story = Story::idle();
    let mut azure = cluster("Succeeded", "1.33.5", 2);
    azure.pools[0].provisioning_state = ProvisioningState::UpgradingNodeImageVersion;
    story.azure = Some(azure);
    assert_eq!(story.phases(0), "n1 waiting, n2 waiting");
    assert!(story.picture.is_running);
    story.remove("n1");
    assert_eq!(story.phases(30), "n1 reimaging, n2 waiting");
    story.register("n1", "1.33.5", 60);
    story.ready("n1");
    assert_eq!(story.phases(70), "n1 upgraded, n2 waiting");
    assert_eq!(story.picture.progress(), (1, 2));
}

#[test]
fn our_own_target_lasts_over_the_steps_between() {
    let mut story = Story::idle();
    let goal = |version: &str| PoolTarget {
        version: version.parse().ok(),
        node_image: None,
    };
    story.target = Some(Target {
        control_plane: "1.34.2".parse().ok(),
        pools: [("web".into(), goal("1.34.2"))].into(),
    });
    assert_eq!(story.phases(0), "n1 waiting, n2 waiting", "not begun yet, and meant to");
    assert!(!story.picture.is_running);
    story.azure("Upgrading", "1.34.2");
    story.register("n1", "1.34.2", 20);
    story.ready("n1");
    assert_eq!(story.phases(30), "n1 upgraded, n2 waiting");
    story.azure("Succeeded", "1.34.2");
    assert_eq!(story.phases(40), "n1 upgraded, n2 waiting");
    story.azure("Upgrading", "1.34.2");
    assert_eq!(story.phases(50), "n1 upgraded, n2 waiting");
    assert_eq!(story.picture.running_since, Some(at(30)), "the same run goes on");
    story
        .target
        .as_mut()
        .unwrap()
        .pools
        .insert("web".into(), goal("1.35.1"));
    assert_eq!(story.phases(60), "n1 waiting, n2 waiting", "the next hop");
}

#[test]
fn a_plain_cluster_shows_cordons_and_drains() {
    let mut story = Story::unseen();
    story.azure = None;
    for node in story.nodes.values_mut() {
        node.pool = None;
    }
    assert_eq!(story.phases(0), "n1 upgraded, n2 upgraded");
    assert!(!story.picture.is_running && story.picture.pools.is_empty());
    story.node("n1").is_cordoned = true;
    story.pods("n1", &["cart-0", "web-0"]);
    assert_eq!(story.phases(10), "n1 cordoned, n2 upgraded");
    story.budgets = Some(vec![budget("cart", 0, 2, 2)]);
    story.pods("n1", &["cart-0"]);
    assert_eq!(story.phases(20), "n1 draining, n2 upgraded");
    assert_eq!(
        (story.picture.is_running, story.picture.running_since),
        (true, Some(at(20)))
    );
    let drain = story.picture.nodes[&NodeName::new("n1")].drain.clone().unwrap();
    assert_eq!(
        (drain.pods_left, drain.pods_at_start, drain.deadline),
        (Some(1), Some(2), None)
    );
    story.pods("n1", &[]);
    assert_eq!(story.phases(30), "n1 drained, n2 upgraded");
    story.node("n1").is_cordoned = false;
    assert_eq!(story.phases(40), "n1 upgraded, n2 upgraded");
    story.remove("n2");
    assert_eq!(
        story.phases(50),
        "n1 upgraded",
        "without an upgrade a node that goes is gone"
    );
}

#[test]
fn without_azure_the_upgrader_is_believed() {
    let mut story = Story::unseen();
    story.azure = None;
    story.look(-60);
    story.say("Upgrade", "Upgrade started for agent pool web", 0);
    assert_eq!(story.phases(1), "n1 waiting, n2 waiting");
    assert_eq!(
        (story.picture.is_running, story.picture.running_since),
        (true, Some(at(0)))
    );
    story.say("Drain", "Draining node: n1", 10);
    story.node("n1").is_cordoned = true;
    assert_eq!(story.phases(11), "n1 draining, n2 waiting");
    story.say("Upgrade", "Deleting node n1 from API server", 20);
    story.remove("n1");
    assert_eq!(story.phases(21), "n1 reimaging, n2 waiting");
    story.register("n1", "1.34.2", 60);
    story.ready("n1");
    assert_eq!(story.phases(61), "n1 upgraded, n2 waiting");
    assert_eq!(story.picture.pools[0].target, "1.34.2".parse().ok());
    story.look(20 + 16 * 60);
    assert!(!story.picture.is_running, "the upgrader has been silent");
}

#[test]
fn scaled_pools_neither_keep_ghosts_nor_grow_surge_nodes() {
    let mut story = Story::idle();
    let mut azure = cluster("Upgrading", "1.34.2", 2);
    azure.pools.push(node_pool("jobs", "Succeeded", "1.33.5", 1));
    story.azure = Some(azure.clone());
    story.look(10);
    azure.pools[0].count = 3;
    story.azure = Some(azure.clone());
    story.register("n4", "1.34.2", 20);
    story.ready("n4");
    assert_eq!(story.phases(30), "n1 waiting, n2 waiting, n4 upgraded");
    assert!(!story.picture.nodes[&NodeName::new("n4")].is_surge);
    azure.pools[0].count = 2;
    story.azure = Some(azure);
    story.remove("n2");
    assert_eq!(
        story.phases(40),
        "n1 waiting, n4 upgraded",
        "the pool is full without it"
    );
}

#[test]
fn five_thousand_nodes_are_no_trouble() {
    let mut story = Story::unseen();
    story.azure = Some(cluster("Upgrading", "1.34.2", 5000));
    story.nodes = (0..5000)
        .map(|number| format!("n{number:05}"))
        .map(|name| (NodeName::new(&name), node(&name, "1.33.5")))
        .collect();
    for number in 0..3000 {
        story.say("Drain", &format!("Draining node: n{number:05}"), 10);
    }
    let facts = story.facts();
    let first = observe(&story.picture, &facts, at(20));
    let second = observe(&first, &facts, at(21));
    assert_eq!(second.nodes.len(), 5000);
    assert_eq!(
        second
            .nodes
            .values()
            .filter(|node| node.phase == NodePhase::Draining)
            .count(),
        3000
    );
}
