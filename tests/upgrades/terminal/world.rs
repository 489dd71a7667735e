//! What several terminals share: a simulator in a process of its own, a journal, and commands typed beside the cockpits.
//! Leaves no process behind: what goes on in the background ends with the test.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::pty::Cockpit;

/// Longest wait for a process to come or go.
const PATIENCE: Duration = Duration::from_mins(1);

/// Who sits at a terminal, as the environment says it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Person {
    pub(crate) name: &'static str,
    pub(crate) host: &'static str,
}

pub(crate) const ADA: Person = Person {
    name: "ada",
    host: "desk",
};
pub(crate) const BOB: Person = Person {
    name: "bob",
    host: "laptop",
};

pub(crate) struct World {
    simulator: Child,
    endpoint: String,
    token: String,
    clock: String,
    /// Where the applications of `shop-prod` answer.
    apps: String,
    state: tempfile::TempDir,
}

impl World {
    pub(crate) fn new(scenario: &str, speed: &str) -> Self {
        let state = tempfile::tempdir().unwrap();
        let mut simulator = program()
            .args(["simulate", "--scenario", scenario, "--speed", speed])
            .env("AKS_COCKPIT_STATE_DIR", state.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let read = BufReader::new(simulator.stdout.take().unwrap()).read_line(&mut line);
        assert!(read.is_ok_and(|length| length > 0), "the simulator said nothing");
        let said: Value = serde_json::from_str(&line).unwrap();
        let text = |key: &str| said[key].as_str().unwrap().to_owned();
        Self {
            endpoint: text("armEndpoint"),
            token: text("token"),
            clock: text("clock"),
            apps: said["apps"]["shop-prod"].as_str().unwrap_or_default().to_owned(),
            simulator,
            state,
        }
    }

    fn variables(&self, person: Person) -> [(&str, &str); 7] {
        [
            ("AKS_COCKPIT_STATE_DIR", self.state.path().to_str().unwrap()),
            ("AKS_COCKPIT_ARM_ENDPOINT", &self.endpoint),
            ("AKS_COCKPIT_CLOCK", &self.clock),
            ("AKS_COCKPIT_TOKEN", &self.token),
            ("USER", person.name),
            ("LOGNAME", person.name),
            ("HOSTNAME", person.host),
        ]
    }

    /// A cockpit that a person opens on this world.
    pub(crate) fn cockpit(&self, person: Person) -> Cockpit {
        Cockpit::start_with(&self.variables(person), 140, 44)
    }

    /// A command that a person types in another terminal.
    pub(crate) fn run(&self, person: Person, words: &[&str]) -> Output {
        program().args(words).envs(self.variables(person)).output().unwrap()
    }

    /// The same; it has to work.
    pub(crate) fn must_run(&self, person: Person, words: &[&str]) {
        let output = self.run(person, words);
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{words:?}: {told}");
    }

    pub(crate) fn json(&self, words: &[&str]) -> Value {
        let output = self.run(ADA, &[words, &["--output", "json"]].concat());
        serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)))
    }

    /// What the timeline of the newest execution says of these kinds, oldest first.
    pub(crate) fn told(&self, kinds: &[&str]) -> Vec<Value> {
        let story = self.json(&["timeline", "last"]);
        let entries = story["entries"].as_array().unwrap().iter();
        let wanted = entries.filter(|entry| kinds.iter().any(|kind| entry["kind"] == *kind));
        wanted.cloned().collect()
    }

    /// True where every node of `shop-prod` runs the version.
    pub(crate) fn all_nodes_run(&self, version: &str) -> bool {
        let document = self.json(&["nodes", "shop-prod"]);
        let nodes = document["nodes"].as_array().unwrap();
        !nodes.is_empty() && nodes.iter().all(|node| node["version"] == version)
    }

    /// The first version on offer that is so many hops away and no preview.
    pub(crate) fn target(&self, hops: usize) -> String {
        let versions = self.json(&["versions", "shop-prod"]);
        let mut targets = versions["targets"].as_array().unwrap().iter();
        let found = targets.find(|target| {
            target["preview"] == false && target["hops"].as_array().is_some_and(|way| way.len() == hops)
        });
        found.unwrap()["version"].as_str().unwrap().to_owned()
    }

    /// Saves the plan of an upgrade with everything on it: approvals at hops, readiness, a guarding order, verify.
    pub(crate) fn save_plan(&self, target: &str) -> PathBuf {
        let (smoke, plan) = (
            self.state.path().join("smoke.toml"),
            self.state.path().join("plan.toml"),
        );
        let text = format!(
            "schema = \"aks-cockpit/smoke-tests/v1\"\n\n[[smokeTests]]\nname = \"order\"\n\n[[smokeTests.http]]\n\
             method = \"POST\"\nurl = \"{}/shop/checkout/orders\"\nexpect = {{ status = [201] }}\n",
            self.apps
        );
        std::fs::write(&smoke, text).unwrap();
        let [smoke, saved] = [&smoke, &plan].map(|path| path.to_str().unwrap());
        #[rustfmt::skip]
        self.must_run(ADA, &[
            "plan", "shop-prod", "--to", target, "--readiness", "--verify", "--guards",
            "--approve-at", "hops", "--smoke-tests", smoke, "--save", saved,
        ]);
        plan
    }

    /// Repairs `checkout`, as somebody of the shop's team would.
    pub(crate) fn repair_checkout(&self) {
        let (host, path) = self.apps.strip_prefix("http://").unwrap().split_once('/').unwrap();
        let mut stream = TcpStream::connect(host).unwrap();
        let request = format!(
            "POST /{path}/shop/checkout/fix HTTP/1.1\r\nhost: {host}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }

    /// The processes that go on in the background on this journal: they alone name it on their command line.
    pub(crate) fn in_background(&self) -> Vec<String> {
        let listed = Command::new("ps").args(["-ww", "-eo", "pid=,args="]).output().unwrap();
        let listed = String::from_utf8_lossy(&listed.stdout);
        let journal = self.state.path().to_str().unwrap();
        let ours = listed
            .lines()
            .filter(|line| line.contains(journal) && line.contains("--background"));
        ours.filter_map(|line| Some(line.split_whitespace().next()?.to_owned()))
            .collect()
    }

    /// Ends what goes on in the background, and waits until it is gone.
    pub(crate) fn end_background(&self) {
        let deadline = Instant::now() + PATIENCE;
        while self.signal_background("-TERM") {
            assert!(Instant::now() < deadline, "a background process does not end");
            std::thread::yield_now();
        }
    }

    /// True where there was one to signal.
    fn signal_background(&self, signal: &str) -> bool {
        let processes = self.in_background();
        if !processes.is_empty() {
            // One that has just ended is just as good.
            let _ = Command::new("kill")
                .arg(signal)
                .args(&processes)
                .stderr(Stdio::null())
                .status();
        }
        !processes.is_empty()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.signal_background("-KILL");
        // Already ended is just as good.
        let _ = self.simulator.kill();
        let _ = self.simulator.wait();
    }
}

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_aks-cockpit"));
    command.env("NO_PROXY", "127.0.0.1");
    command
}
