//! An upgrade that outlives its terminal: started in the background, followed and steered from others.

use serde_json::Value;

use super::processes::{Detached, World, assert_done, until};

/// Starts in the background; the process that drives, and the test's hold on it.
fn detach(world: &World) -> Detached {
    let target = world.newest();
    let output = world.run(&["start", "shop-prod", "--to", &target, "--yes", "--detach"]);
    assert_done(&output);
    let line: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(line["event"], "detached", "{line}");
    let process = Detached(line["pid"].as_u64().unwrap());
    assert!(process.is_alive());
    process
}

#[test]
fn a_detached_upgrade_goes_on_and_takes_commands() {
    let world = World::new("clean", "120");
    let process = detach(&world);
    let running = world.state();
    assert!(running["driver"].is_string(), "{running}");
    // A closed terminal is nothing to it.
    assert!(process.signal("-HUP"));
    assert_done(&world.run(&["pause", "last", "--yes"]));
    until("it pauses", || world.state()["state"] == "Paused");
    assert!(process.is_alive() && world.state()["driver"].is_string());
    assert_done(&world.run(&["resume", "last", "--yes"]));
    assert_eq!(world.state()["state"], "Succeeded");
    until("the process ends with its execution", || !process.is_alive());
    let story = world.json(&["timeline", "last"]);
    let drivers = story["entries"].as_array().unwrap().iter();
    assert_eq!(
        drivers.filter(|entry| entry["kind"] == "driverTaken").count(),
        2,
        "{story:#}"
    );
}

#[test]
fn a_background_process_that_is_told_to_end_leaves_the_controls() {
    let world = World::new("clean", "120");
    let process = detach(&world);
    assert!(process.signal("-TERM"));
    until("the process ends", || !process.is_alive());
    let left = world.state();
    assert!(left["driver"].is_null(), "{left}");
    assert!(
        left["brief"]["nextDecision"]
            .as_str()
            .unwrap()
            .contains("aks-cockpit drive"),
        "{left}"
    );
    let driven = world.run(&["drive", "last", "--yes", "--output", "jsonl"]);
    assert_done(&driven);
    assert_eq!(world.state()["state"], "Succeeded");
}
