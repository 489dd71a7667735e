//! The flight recorder: what a watcher saw over HTTP while a drain was held is what the replay shows for that time.

use aks_cockpit::domain::ids::NodeName;
use aks_cockpit::engine::replay::{Recording, Reel};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::processes::{Process, World, assert_done};

/// Nodes on which the budget that never gives way holds pods, each with these pods.
fn held(line: &Value) -> Vec<(NodeName, Vec<String>)> {
    let nodes = line["nodes"].as_array().into_iter().flatten();
    nodes
        .filter_map(|node| {
            let holds = node["drain"]["holds"].as_array()?.iter();
            let pods: Vec<String> = holds
                .filter(|hold| hold.to_string().contains("checkout-pdb"))
                .map(|hold| hold["pod"].as_str().unwrap().to_owned())
                .collect();
            (!pods.is_empty()).then(|| (NodeName::new(node["name"].as_str().unwrap()), pods))
        })
        .collect()
}

#[test]
fn a_recorded_upgrade_is_replayed_with_the_same_holds_at_the_same_time() {
    let world = World::new("blocked-drain", "200");
    let watcher = Process::start(world.command(&["nodes", "shop-prod", "--watch", "--output", "jsonl"]));
    let mut driver = Process::start(world.command(&[
        "start",
        "shop-prod",
        "--node-images",
        "--pool",
        "apps",
        "--yes",
        "--output",
        "jsonl",
    ]));
    let seen = watcher.wait_for("a held drain", |line| !held(line).is_empty());
    driver.wait_for("the end", |line| line["event"] == "ended");
    driver.exit_code();
    let file = world.state.path().join("upgrade.jsonl");
    let saved = world.run(&[
        "timeline",
        "last",
        "--with-nodes",
        "--save",
        file.to_str().unwrap(),
        "--output",
        "json",
    ]);
    assert_done(&saved);
    let story: Value = serde_json::from_slice(&saved.stdout).unwrap();
    assert!(story["nodes"].to_string().contains("draining"), "{story:#}");

    let lines = std::fs::read_to_string(&file).unwrap();
    let reel = Reel::from_lines(&lines).unwrap();
    let recording = Recording::of(&reel);
    // Two processes look a few seconds of their world apart, and the hold lasts for minutes.
    let at: Timestamp = seen["asOf"].as_str().unwrap().parse().unwrap();
    let live = recording.at(at + SignedDuration::from_mins(3)).live.unwrap();
    for (name, pods) in held(&seen) {
        let drain = live.nodes[&name].drain.as_ref().unwrap();
        let replayed: Vec<String> = drain.holds.iter().map(|hold| hold.pod.clone()).collect();
        assert!(
            pods.iter().all(|pod| replayed.contains(pod)),
            "{name}: {pods:?}, {replayed:?}"
        );
        let since = |text: &Value| text.as_str().and_then(|text| text.parse::<Timestamp>().ok());
        let node = seen["nodes"]
            .as_array()
            .unwrap()
            .iter()
            .find(|node| node["name"] == name.as_str());
        let apart = live.nodes[&name]
            .since
            .duration_since(since(&node.unwrap()["since"]).unwrap());
        // A drain that lasts is called stuck later on, since the last pod went.
        assert!(apart.abs() < SignedDuration::from_mins(3), "{name}: {apart}");
    }
    assert!(
        live.blockers
            .iter()
            .any(|blocker| blocker.what.contains("shop/checkout-pdb"))
    );
    let began = recording
        .moments
        .iter()
        .find(|moment| moment.what.contains("shop/checkout-pdb"))
        .unwrap();
    assert!(began.at <= at + SignedDuration::from_mins(2), "{began:?} at {at}");

    let retold = world.run(&["timeline", "--recording", file.to_str().unwrap(), "--output", "json"]);
    assert_done(&retold);
    let retold: Value = serde_json::from_slice(&retold.stdout).unwrap();
    assert_eq!(retold["moments"], story["moments"]);
    assert_eq!(retold["steps"], story["steps"]);
    let other = world.run(&["timeline", "--recording", "/dev/null"]);
    assert_eq!(other.status.code(), Some(2));
}
