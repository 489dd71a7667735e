//! An upgrade as estates have them: three hops, four pools, approvals from another terminal, a smoke test that fails
//! in the middle and is repaired, and controls that change hands.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::processes::{Process, World, assert_done, is_node_progress};

/// A flow of two requests: an order is placed, and found again.
fn smoke_tests(world: &World) -> PathBuf {
    let apps = &world.apps;
    let file = world.state.path().join("smoke.toml");
    let text = format!(
        r#"schema = "aks-cockpit/smoke-tests/v1"

[[smokeTests]]
name = "order"

[[smokeTests.http]]
method = "POST"
url = "{apps}/shop/checkout/orders"
expect = {{ status = [201] }}
carry = {{ order = {{ json = "/id" }} }}

[[smokeTests.http]]
url = "{apps}/shop/checkout/orders/{{{{order}}}}"
"#
    );
    std::fs::write(&file, text).unwrap();
    file
}

/// Saves the plan of three hops with everything on it, and returns its file.
fn plan(world: &World, target: &str) -> PathBuf {
    let file = world.state.path().join("plan.toml");
    let smoke = smoke_tests(world);
    let words = [
        "plan",
        "shop-prod",
        "--to",
        target,
        "--readiness",
        "--verify",
        "--guards",
        "--approve-at",
        "hops",
        "--smoke-tests",
        smoke.to_str().unwrap(),
        "--save",
        file.to_str().unwrap(),
    ];
    assert_done(&world.run(&words));
    file
}

/// The furthest version that is no preview, with its hops.
fn furthest(world: &World) -> (String, usize) {
    let versions = world.json(&["versions", "shop-prod"]);
    versions["targets"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|target| target["preview"] == false)
        .map(|target| {
            let hops = target["hops"].as_array().unwrap().len();
            (target["version"].as_str().unwrap().to_owned(), hops)
        })
        .max_by_key(|(_, hops)| *hops)
        .unwrap()
}

/// Repairs the application, as somebody of the shop's team would.
fn repair(world: &World) {
    let address = world.apps.strip_prefix("http://").unwrap();
    let (host, path) = address.split_once('/').unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    let request = format!(
        "POST /{path}/shop/checkout/fix HTTP/1.1\r\nhost: {host}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

fn start(world: &World, plan: &Path) -> Process {
    Process::start(world.command(&["start", "--plan", plan.to_str().unwrap(), "--yes", "--output", "jsonl"]))
}

fn wait_for_approval(driver: &Process) {
    driver.wait_for("an approval", |line| {
        line["event"] == "state" && line["state"] == "Waiting" && line.to_string().contains("approval")
    });
}

fn kinds<'a>(story: &'a Value, kind: &str) -> Vec<&'a Value> {
    let entries = story["entries"].as_array().unwrap();
    entries.iter().filter(|entry| entry["kind"] == kind).collect()
}

#[test]
fn three_hops_with_approvals_and_a_smoke_test_that_fails_in_the_middle_and_is_repaired() {
    let world = World::new("smoke", "200");
    let (target, hops) = furthest(&world);
    assert_eq!(hops, 3, "{target}");
    let file = plan(&world, &target);
    let mut driver = start(&world, &file);
    for reason in ["staging is fine", "the team agrees"] {
        wait_for_approval(&driver);
        assert_done(&world.run(&["approve", "last", "--reason", reason, "--yes"]));
    }
    let ended = driver.wait_for("the broken application", |line| line["event"] == "ended");
    assert_eq!(ended["state"], "Paused", "{ended}");
    assert_eq!(driver.exit_code(), 5);
    let paused = world.state();
    assert!(paused.to_string().contains("smoke test order failed"), "{paused:#}");

    repair(&world);
    // A run of the smoke test that began before the repair may stop it once more.
    for _ in 0..3 {
        if world.state()["state"] == "Paused" {
            world.run(&["resume", "last", "--yes", "--output", "jsonl"]);
        }
    }
    assert_eq!(world.state()["state"], "Succeeded");
    assert!(world.all_nodes_run(&target), "nodes were left behind");

    let story = world.json(&["timeline", "last"]);
    assert_eq!(story["schema"], "aks-cockpit/timeline/v1");
    let reasons: Vec<String> = kinds(&story, "approved").iter().map(ToString::to_string).collect();
    assert_eq!(reasons.len(), 2, "{reasons:#?}");
    assert!(reasons[0].contains("staging is fine"), "{reasons:#?}");
    // Three control planes and four pools; where the guard was quick, the stop and the request after it, too.
    let intents = kinds(&story, "intent");
    assert!((7..=11).contains(&intents.len()), "{intents:#?}");
    assert!(
        intents.iter().all(|entry| entry["requestId"].is_string()),
        "{intents:#?}"
    );
    let failed = kinds(&story, "tested");
    assert!(
        failed.iter().any(|entry| entry.to_string().contains("failed")),
        "{failed:#?}"
    );
    let markdown = world.run(&["timeline", "last", "--output", "md"]);
    let markdown = String::from_utf8(markdown.stdout).unwrap();
    assert!(
        markdown.starts_with("# ") && markdown.contains("staging is fine"),
        "{markdown}"
    );
}

#[test]
fn the_controls_go_to_a_second_process_and_nothing_is_sent_twice() {
    let world = World::new("clean", "120");
    let mut first = world.start();
    first.wait_for("a finished node", is_node_progress);
    let second = Process::start(world.command(&[
        "take-over",
        "last",
        "--reason",
        "ada goes home",
        "--yes",
        "--output",
        "jsonl",
    ]));
    let ended = second.wait_for("the end", |line| line["event"] == "ended");
    assert_eq!(ended["state"], "Succeeded", "{ended}");
    first.exit_code();
    let story = world.json(&["timeline", "last"]);
    let taken = kinds(&story, "driverTaken");
    assert_eq!(taken.len(), 2, "{taken:#?}");
    assert!(taken[1].to_string().contains("ada goes home"), "{taken:#?}");
    assert_eq!(kinds(&story, "intent").len(), 3, "{story:#}");
}

#[test]
fn an_upgrade_somebody_else_started_is_adopted_paused_and_finished() {
    let world = World::new("foreign-fleet", "120");
    let mut nodes = Process::start(world.command(&["nodes", "shop-prod", "--watch", "--output", "jsonl"]));
    nodes.wait_for("a node at work", |line| {
        line["nodes"].as_array().is_some_and(|nodes| {
            nodes.iter().any(|node| {
                ["draining", "reimaging", "joining"]
                    .iter()
                    .any(|phase| node["phase"] == *phase)
            })
        })
    });
    nodes.child.kill().unwrap();
    let paused = world.run(&["pause", "shop-prod", "--depth", "now", "--yes"]);
    assert_done(&paused);
    let execution = world.state();
    assert_eq!(execution["state"], "Paused", "{execution:#}");
    let story = world.json(&["timeline", "last"]);
    assert!(
        kinds(&story, "created")[0].to_string().contains("retail-fleet"),
        "whose it is: {story:#}"
    );
    assert_done(&world.run(&["resume", "last", "--yes", "--output", "jsonl"]));
    assert_eq!(world.state()["state"], "Succeeded");
}
