//! Headless journeys over several processes: a simulator, one that drives, another that gives commands.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde_json::Value;

/// Longest wait for any one thing.
const PATIENCE: Duration = Duration::from_secs(90);

/// A running process whose stdout is read line by line as JSON.
struct Process {
    child: Child,
    lines: Receiver<Value>,
}

impl Process {
    fn start(mut command: Command) -> Self {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                if sender
                    .send(serde_json::from_str(&line).unwrap_or(Value::String(line)))
                    .is_err()
                {
                    break;
                }
            }
        });
        Self { child, lines }
    }

    /// Reads lines until one is as wanted.
    fn wait_for(&self, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        let deadline = Instant::now() + PATIENCE;
        let mut seen = Vec::new();
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left) {
                Ok(line) if is_so(&line) => return line,
                Ok(line) => seen.push(line.to_string()),
                Err(error) => panic!("never saw {what} ({error}); saw:\n{}", seen.join("\n")),
            }
        }
    }

    fn exit_code(&mut self) -> i32 {
        self.child.wait().unwrap().code().unwrap_or(-1)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Already ended is just as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A simulator in its own process, and a state directory for those who work on it.
struct World {
    _simulator: Process,
    endpoint: String,
    token: String,
    clock: String,
    state: tempfile::TempDir,
}

impl World {
    fn new(scenario: &str, speed: &str) -> Self {
        let state = tempfile::tempdir().unwrap();
        let mut command = cockpit(state.path());
        command.args(["simulate", "--scenario", scenario, "--speed", speed]);
        let simulator = Process::start(command);
        let endpoints = simulator.wait_for("endpoints", |line| line["schema"] == "aks-cockpit/simulate/v1");
        let text = |key: &str| endpoints[key].as_str().unwrap().to_owned();
        Self {
            endpoint: text("armEndpoint"),
            token: text("token"),
            clock: text("clock"),
            _simulator: simulator,
            state,
        }
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = cockpit(self.state.path());
        command
            .args(words)
            .args(["--arm-endpoint", &self.endpoint, "--clock", &self.clock])
            .env("AKS_COCKPIT_TOKEN", &self.token);
        command
    }

    fn run(&self, words: &[&str]) -> Output {
        self.command(words).output().unwrap()
    }

    fn json(&self, words: &[&str]) -> Value {
        let output = self.run(&[words, &["--output", "json"]].concat());
        serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)))
    }

    /// Starts an upgrade to the newest version offered now and follows it.
    fn start(&self) -> Process {
        let versions = self.json(&["versions", "shop-prod"]);
        let targets = versions["targets"].as_array().unwrap();
        let now = targets
            .iter()
            .find(|target| target["hops"].as_array().unwrap().len() == 1)
            .unwrap();
        let target = now["version"].as_str().unwrap();
        Process::start(self.command(&["start", "shop-prod", "--to", target, "--yes", "--output", "jsonl"]))
    }

    fn state(&self) -> Value {
        self.json(&["status", "last"])["executions"][0].clone()
    }

    fn all_nodes_run(&self, version: &str) -> bool {
        let document = self.json(&["nodes", "shop-prod"]);
        let nodes = document["nodes"].as_array().unwrap();
        !nodes.is_empty() && nodes.iter().all(|node| node["version"] == version)
    }
}

fn cockpit(state: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_aks-cockpit"));
    command.env("NO_PROXY", "127.0.0.1").env("AKS_COCKPIT_STATE_DIR", state);
    command
}

fn is_node_progress(line: &Value) -> bool {
    line["event"] == "progress" && line["done"].as_u64() >= Some(1) && line["done"] != line["total"]
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap_or(-1)
}

fn assert_done(output: &Output) {
    assert_eq!(
        code(output),
        0,
        "{}\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

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
