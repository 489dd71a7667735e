//! The headless commands as a script sees them: stdout, stderr and exit codes of the real binary.

mod checks;
mod commands;
mod config;
mod formats;
mod outsiders;
mod plans;
mod steering;

use std::path::PathBuf;
use std::process::Output;

use assert_cmd::Command;
use serde_json::Value;

struct Run {
    state: tempfile::TempDir,
}

impl Run {
    fn new() -> Self {
        Self {
            state: tempfile::tempdir().unwrap(),
        }
    }

    fn command(&self, words: &[&str]) -> Output {
        self.prepared(words).output().unwrap()
    }

    fn prepared(&self, words: &[&str]) -> Command {
        let mut command = Command::cargo_bin("aks-cockpit").unwrap();
        command
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", self.state.path())
            .env("NO_PROXY", "127.0.0.1")
            .env("AKS_COCKPIT_STATE_DIR", self.state.path())
            .timeout(std::time::Duration::from_mins(2))
            .args(words);
        command
    }
}

fn run(words: &[&str]) -> Output {
    Run::new().command(words)
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap_or(-1)
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn json(words: &[&str]) -> Value {
    let output = run(words);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", stdout(&output)))
}

fn lines(output: &Output) -> Vec<Value> {
    stdout(output)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// The problem on stderr has all three parts, and no trace of the program's inside.
fn assert_problem(output: &Output, exit: i32, words: &[&str]) {
    let text = stderr(output);
    assert_eq!(code(output), exit, "{text}");
    for word in words {
        assert!(text.contains(word), "'{word}' is missing in:\n{text}");
    }
    for trace in ["panicked", "RUST_BACKTRACE", "src/"] {
        assert!(!text.contains(trace), "{text}");
    }
}

fn newest(scenario: &str) -> String {
    let document = json(&[
        &format!("--simulate={scenario}"),
        "versions",
        "shop-prod",
        "--output",
        "json",
    ]);
    let targets = document["targets"].as_array().unwrap();
    let now = targets
        .iter()
        .find(|target| target["hops"].as_array().unwrap().len() == 1)
        .unwrap();
    now["version"].as_str().unwrap().to_owned()
}
