//! Pause at each depth, resume, retry, abort, and a driver that is killed.

use super::processes::{World, assert_done, code, is_node_progress};

/// Pauses at one depth in the middle of a pool, resumes, and ends with every node on the target.
fn pause_and_resume(depth: &str) {
    let world = World::new("clean", "120");
    let mut driver = world.start();
    driver.wait_for("a finished node", is_node_progress);
    assert_done(&world.run(&["pause", "last", "--depth", depth, "--yes"]));
    driver.wait_for("pausing", |line| {
        line["event"] == "state" && (line["state"] == "Pausing" || line["state"] == "Paused")
    });
    let ended = driver.wait_for("the end", |line| line["event"] == "ended");
    assert_eq!(ended["state"], "Paused", "{ended}");
    assert_eq!(driver.exit_code(), 5);
    let paused = world.state();
    assert_eq!(paused["state"], "Paused", "{paused}");
    assert!(paused["driver"].is_null(), "{paused}");
    let resumed = world.run(&["resume", "last", "--yes", "--output", "jsonl"]);
    assert_done(&resumed);
    let done = world.state();
    assert_eq!(done["state"], "Succeeded", "{done}");
    let target = world.json(&["versions", "shop-prod"])["current"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(world.all_nodes_run(&target), "nodes were left behind");
}

#[test]
fn pause_after_the_step_and_resume() {
    pause_and_resume("after-step");
}

#[test]
fn pause_at_a_node_boundary_and_resume() {
    pause_and_resume("node-boundary");
}

#[test]
fn pause_now_and_resume() {
    pause_and_resume("now");
}

#[test]
fn abort_from_another_terminal_is_final() {
    let world = World::new("clean", "120");
    let mut driver = world.start();
    driver.wait_for("a finished node", is_node_progress);
    assert_done(&world.run(&["abort", "last", "--yes"]));
    let ended = driver.wait_for("the end", |line| line["event"] == "ended");
    assert_eq!(ended["state"], "Aborted", "{ended}");
    assert_eq!(driver.exit_code(), 4);
    let refused = world.run(&["resume", "last", "--yes"]);
    assert_eq!(code(&refused), 7, "{}", String::from_utf8_lossy(&refused.stderr));
}

#[test]
fn a_killed_driver_leaves_an_execution_that_another_one_finishes() {
    let world = World::new("clean", "120");
    let mut driver = world.start();
    driver.wait_for("a finished node", is_node_progress);
    driver.child.kill().unwrap();
    driver.child.wait().unwrap();
    let resumed = world.run(&["resume", "last", "--yes", "--output", "jsonl"]);
    assert_done(&resumed);
    let done = world.state();
    assert_eq!(done["state"], "Succeeded", "{done}");
    let attempts: Vec<u64> = done["steps"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|step| step["attempt"].as_u64())
        .collect();
    assert!(
        attempts.iter().all(|attempt| *attempt == 1),
        "a request was repeated: {done}"
    );
}

#[test]
fn a_failed_step_is_retried_once_its_cause_is_gone() {
    let world = World::new("blocked-drain", "150");
    let mut driver = world.start();
    let ended = driver.wait_for("the end", |line| line["event"] == "ended");
    assert_eq!(ended["state"], "Failed", "{ended}");
    assert_eq!(driver.exit_code(), 4);
    let failed = world.state();
    assert_eq!(failed["state"], "Failed", "{failed}");
    // The cause is still there, so the second attempt fails like the first, as an attempt of its own.
    let retried = world.run(&["retry", "last", "--yes", "--output", "jsonl"]);
    assert_eq!(code(&retried), 4);
    let attempts: Vec<u64> = world.state()["steps"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|step| step["attempt"].as_u64())
        .collect();
    assert!(attempts.contains(&2), "{attempts:?}");
}

#[test]
fn an_unknown_execution_is_named() {
    let world = World::new("clean", "120");
    let output = world.run(&["pause", "nothing"]);
    assert_eq!(code(&output), 8, "{}", String::from_utf8_lossy(&output.stderr));
}
