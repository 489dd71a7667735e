//! One execution, steered from other terminals through the journal: skip, approve, status, timeline.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use super::*;

/// Longest wait for any one event.
const PATIENCE: Duration = Duration::from_secs(90);

/// A `start` that runs while other commands are given.
struct Started {
    child: Child,
    lines: Receiver<Value>,
}

impl Started {
    fn new(run: &Run, words: &[&str]) -> Self {
        let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_aks-cockpit"))
            .env("NO_PROXY", "127.0.0.1")
            .env("AKS_COCKPIT_STATE_DIR", run.state.path())
            .args(words)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                if sender.send(serde_json::from_str(&line).unwrap()).is_err() {
                    break;
                }
            }
        });
        Self { child, lines }
    }

    fn wait_for(&self, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        let deadline = Instant::now() + PATIENCE;
        let mut seen = Vec::new();
        loop {
            match self
                .lines
                .recv_timeout(deadline.saturating_duration_since(Instant::now()))
            {
                Ok(line) if is_so(&line) => return line,
                Ok(line) => seen.push(line.to_string()),
                Err(error) => panic!("never saw {what} ({error}); saw:\n{}", seen.join("\n")),
            }
        }
    }

    fn wait_for_gate(&self, kind: &str) -> Value {
        self.wait_for(kind, |line| line["gate"]["kind"] == kind)
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        // Already ended is just as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn document(run: &Run, words: &[&str]) -> Value {
    let words = [&["--simulate=clean"], words, &["--output", "json"]].concat();
    let output = run.command(&words);
    assert_eq!(code(&output), 0, "{words:?}: {}", stderr(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn a_wait_is_skipped_and_an_approval_given_from_other_terminals() {
    let run = Run::new();
    let version = newest("clean");
    let mut started = Started::new(
        &run,
        &[
            "--simulate=clean",
            "start",
            "shop-prod",
            "--to",
            &version,
            "--control-plane-only",
            "--wait",
            "start=7d",
            "--approve-at",
            "end",
            "--yes",
            "--output",
            "jsonl",
        ],
    );
    started.wait_for_gate("wait");
    let refused = run.command(&["--simulate=clean", "approve", "last", "--reason", "now", "--yes"]);
    assert_problem(&refused, 7, &["waits for no approval", "Waiting", "aks-cockpit status"]);
    let unknown = run.command(&[
        "--simulate=clean",
        "skip",
        "last",
        "--step",
        "moon",
        "--reason",
        "now",
        "--yes",
    ]);
    assert_problem(&unknown, 8, &["moon", "control-plane", "do:"]);
    let skipped = document(&run, &["skip", "last", "--reason", "agreed | on the phone", "--yes"]);
    assert_eq!(skipped["schema"], "aks-cockpit/command/v1");
    assert_eq!(skipped["command"], "skip");

    let gate = started.wait_for_gate("approval")["gate"].clone();
    let status = document(&run, &["status", "last"]);
    let execution = &status["executions"][0];
    assert_eq!(execution["state"], "Waiting");
    assert_eq!(execution["gate"]["step"], gate["step"]);
    assert!(
        execution["driver"].is_string() && execution["startedBy"].is_string(),
        "{execution}"
    );
    let brief = &execution["brief"];
    assert!(
        brief["nextDecision"].as_str().unwrap().contains("aks-cockpit approve"),
        "{brief}"
    );
    assert!(brief["notes"][0].as_str().unwrap().contains("agreed"), "{brief}");
    assert!(!execution["blockers"].as_array().unwrap().is_empty());
    let steps = execution["steps"].as_array().unwrap();
    assert_eq!(steps[0]["state"], "skipped");
    let approved = document(&run, &["approve", "last", "--reason", "quiet dashboards", "--yes"]);
    assert_eq!(approved["command"], "approve");
    assert_eq!(
        started.wait_for("the end", |line| line["event"] == "ended")["state"],
        "Succeeded"
    );
    assert_eq!(started.child.wait().unwrap().code(), Some(0));

    tells_the_story(&run);
}

/// The finished execution as its timeline tells it.
fn tells_the_story(run: &Run) {
    let story = document(run, &["timeline", "last"]);
    assert_eq!(story["schema"], "aks-cockpit/timeline/v1");
    assert_eq!(story["state"], "Succeeded");
    let entries = story["entries"].as_array().unwrap();
    let of = |kind: &str| {
        entries
            .iter()
            .find(|entry| entry["kind"] == kind)
            .unwrap_or_else(|| panic!("no {kind} in {story:#}"))
    };
    assert_eq!(entries[0]["kind"], "created");
    assert!(of("approved")["what"].as_str().unwrap().contains("quiet dashboards"));
    assert!(of("approved")["who"].is_string());
    assert!(of("intent")["requestId"].is_string());
    assert_eq!(of("accepted")["requestId"], of("intent")["requestId"]);
    let markdown = run.command(&["--simulate=clean", "timeline", "last", "--output", "md"]);
    let text = stdout(&markdown);
    assert!(text.starts_with("# Upgrade of shop-prod\n"), "{text}");
    assert!(text.contains("agreed \\| on the phone"), "{text}");
    assert!(text.contains(of("intent")["requestId"].as_str().unwrap()), "{text}");
    let missing = run.command(&["--simulate=clean", "timeline", "nothing"]);
    assert_problem(&missing, 8, &["nothing", "aks-cockpit status"]);
}
