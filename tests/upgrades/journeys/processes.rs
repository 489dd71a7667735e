//! Real processes of the real binary: a simulator, one that drives, others that give commands.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde_json::Value;

/// Longest wait for any one thing.
const PATIENCE: Duration = Duration::from_secs(90);

/// A running process whose stdout is read line by line as JSON.
pub(crate) struct Process {
    pub(crate) child: Child,
    lines: Receiver<Value>,
}

impl Process {
    pub(crate) fn start(mut command: Command) -> Self {
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
    pub(crate) fn wait_for(&self, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
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

    pub(crate) fn exit_code(&mut self) -> i32 {
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
pub(crate) struct World {
    _simulator: Process,
    pub(crate) endpoint: String,
    pub(crate) token: String,
    /// Where the applications of `shop-prod` answer.
    pub(crate) apps: String,
    clock: String,
    pub(crate) state: tempfile::TempDir,
}

impl World {
    pub(crate) fn new(scenario: &str, speed: &str) -> Self {
        let state = tempfile::tempdir().unwrap();
        let mut command = cockpit(state.path());
        command.args(["simulate", "--scenario", scenario, "--speed", speed]);
        let simulator = Process::start(command);
        let endpoints = simulator.wait_for("endpoints", |line| line["schema"] == "aks-cockpit/simulate/v1");
        let text = |key: &str| endpoints[key].as_str().unwrap().to_owned();
        Self {
            endpoint: text("armEndpoint"),
            token: text("token"),
            apps: endpoints["apps"]["shop-prod"].as_str().unwrap_or_default().to_owned(),
            clock: text("clock"),
            _simulator: simulator,
            state,
        }
    }

    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = cockpit(self.state.path());
        command
            .args(words)
            .args(["--arm-endpoint", &self.endpoint, "--clock", &self.clock])
            .env("AKS_COCKPIT_TOKEN", &self.token);
        command
    }

    pub(crate) fn run(&self, words: &[&str]) -> Output {
        self.command(words).output().unwrap()
    }

    pub(crate) fn json(&self, words: &[&str]) -> Value {
        let output = self.run(&[words, &["--output", "json"]].concat());
        serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)))
    }

    /// Starts an upgrade to the newest version offered now and follows it.
    pub(crate) fn start(&self) -> Process {
        let target = self.newest();
        Process::start(self.command(&["start", "shop-prod", "--to", &target, "--yes", "--output", "jsonl"]))
    }

    pub(crate) fn newest(&self) -> String {
        let versions = self.json(&["versions", "shop-prod"]);
        let targets = versions["targets"].as_array().unwrap();
        let now = targets
            .iter()
            .find(|target| target["hops"].as_array().unwrap().len() == 1)
            .unwrap();
        now["version"].as_str().unwrap().to_owned()
    }

    pub(crate) fn state(&self) -> Value {
        self.json(&["status", "last"])["executions"][0].clone()
    }

    pub(crate) fn all_nodes_run(&self, version: &str) -> bool {
        let document = self.json(&["nodes", "shop-prod"]);
        let nodes = document["nodes"].as_array().unwrap();
        !nodes.is_empty() && nodes.iter().all(|node| node["version"] == version)
    }
}

/// A process that is nobody's child; told to end when the test is over.
pub(crate) struct Detached(pub(crate) u64);

impl Detached {
    pub(crate) fn signal(&self, name: &str) -> bool {
        let status = Command::new("kill")
            .args([name, &self.0.to_string()])
            .stderr(Stdio::null())
            .status();
        status.is_ok_and(|status| status.success())
    }

    pub(crate) fn is_alive(&self) -> bool {
        self.signal("-0")
    }
}

impl Drop for Detached {
    fn drop(&mut self) {
        self.signal("-TERM");
    }
}

pub(crate) fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < deadline, "never: {what}");
        std::thread::yield_now();
    }
}

pub(crate) fn cockpit(state: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_aks-cockpit"));
    command.env("NO_PROXY", "127.0.0.1").env("AKS_COCKPIT_STATE_DIR", state);
    command
}

pub(crate) fn is_node_progress(line: &Value) -> bool {
    line["event"] == "progress" && line["done"].as_u64() >= Some(1) && line["done"] != line["total"]
}

pub(crate) fn code(output: &Output) -> i32 {
    output.status.code().unwrap_or(-1)
}

pub(crate) fn assert_done(output: &Output) {
    assert_eq!(
        code(output),
        0,
        "{}\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}
