//! What comes from outside and must not come through: text that steers the terminal, and secrets.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};

use super::*;

/// A simulator in a process of its own, whose secrets are known here; and the place its visitors write to.
struct Outside {
    simulator: Child,
    said: Value,
    run: Run,
}

impl Outside {
    fn new(scenario: &str, speed: &str) -> Self {
        let run = Run::new();
        let mut simulator = std::process::Command::new(env!("CARGO_BIN_EXE_aks-cockpit"))
            .args(["simulate", "--scenario", scenario, "--speed", speed])
            .env("AKS_COCKPIT_STATE_DIR", run.state.path().join("simulator"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(simulator.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        Self {
            said: serde_json::from_str(&line).unwrap(),
            simulator,
            run,
        }
    }

    /// What a command says, on both of its outputs.
    fn told(&self, words: &[&str]) -> String {
        let text = |key: &str| self.said[key].as_str().unwrap();
        let output = self
            .run
            .prepared(words)
            .env("AKS_COCKPIT_STATE_DIR", self.run.state.path().join("cockpit"))
            .env("AKS_COCKPIT_ARM_ENDPOINT", text("armEndpoint"))
            .env("AKS_COCKPIT_CLOCK", text("clock"))
            .env("AKS_COCKPIT_TOKEN", text("token"))
            .env("AKS_COCKPIT_LOG_LEVEL", "trace")
            .env("USER", "eve\x1b[2J\u{202e}")
            .output()
            .unwrap();
        format!("{}{}", stdout(&output), stderr(&output))
    }

    /// Everything the commands left in their state directory.
    fn left(&self) -> Vec<(String, Vec<u8>)> {
        let files = std::fs::read_dir(self.run.state.path().join("cockpit")).unwrap();
        let read = |path: &Path| (path.display().to_string(), std::fs::read(path).unwrap());
        files
            .map(|file| file.unwrap().path())
            .filter(|path| path.is_file())
            .map(|path| read(&path))
            .collect()
    }

    /// The token for Azure, and those in the kubeconfigs.
    fn secrets(&self) -> Vec<String> {
        let kubeconfigs = self.said["kubeconfigs"].as_object().unwrap().values();
        let tokens = kubeconfigs.map(|path| {
            let text = std::fs::read_to_string(path.as_str().unwrap()).unwrap();
            let token = text.lines().find_map(|line| line.trim().strip_prefix("token: "));
            token.unwrap().to_owned()
        });
        let all: Vec<String> = tokens
            .chain([self.said["token"].as_str().unwrap().to_owned()])
            .collect();
        assert!(all.iter().all(|secret| secret.len() > 20), "{all:?}");
        all
    }
}

impl Drop for Outside {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.simulator.kill();
        let _ = self.simulator.wait();
    }
}

/// The first character that steers, reorders or hides, with what stands around it; also where JSON writes it as a number.
fn steering(text: &str) -> Option<String> {
    let is_steering = |character: char| {
        (character.is_control() && character != '\n')
            || matches!(character, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}')
            || matches!(character, '\u{2060}'..='\u{2069}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{e0000}'..='\u{e0fff}')
    };
    let at = text.find(is_steering).or_else(|| text.find("\\u00"))?;
    let around: String = text[..at].chars().rev().take(60).collect();
    Some(format!(
        "{} before {:?}",
        around.chars().rev().collect::<String>(),
        text[at..].chars().take(20).collect::<String>()
    ))
}

fn is_log(file: &str) -> bool {
    Path::new(file).extension().is_some_and(|extension| extension == "log")
}

#[test]
fn no_text_from_outside_steers_the_terminal_or_reaches_the_log_raw() {
    let outside = Outside::new("hostile", "5");
    let commands: [&[&str]; 7] = [
        &["clusters"],
        &["versions", "shop-prod"],
        &["nodes", "shop-prod"],
        &["diagnose", "shop-prod"],
        &["preflight", "shop-prod", "--to", "1.35.5"],
        &["status"],
        &["plan", "shop-prod", "--to", "1.35.5"],
    ];
    let mut all = String::new();
    for words in commands {
        for format in ["table", "json"] {
            let told = outside.told(&[words, &["--output", format]].concat());
            assert_eq!(steering(&told), None, "{words:?} as {format}");
            all.push_str(&told);
        }
    }
    assert!(all.contains("steering"), "the hostile names were never told:\n{all}");
    for (file, bytes) in outside.left() {
        if is_log(&file) {
            assert_eq!(steering(&String::from_utf8(bytes).unwrap()), None, "{file}");
        }
    }
}

#[test]
fn no_secret_is_told_logged_or_kept() {
    let outside = Outside::new("clean", "300");
    let newest = outside.told(&["versions", "shop-prod", "--output", "json"]);
    let newest: Value = serde_json::from_str(&newest).unwrap();
    let target = newest["targets"][0]["version"].as_str().unwrap().to_owned();
    let mut told = String::new();
    for words in [
        &["clusters", "--output", "json"][..],
        &["nodes", "shop-prod"],
        &["preflight", "shop-prod", "--to", &target, "--output", "json"],
        &["start", "shop-prod", "--to", &target, "--yes", "--output", "jsonl"],
        &["timeline", "last", "--output", "json"],
        &["diagnose", "shop-prod", "--output", "json"],
    ] {
        told.push_str(&outside.told(words));
    }
    assert!(told.contains("Succeeded"), "{told}");
    let left = outside.left();
    assert!(
        left.iter().any(|(file, _)| file.ends_with("journal.db")),
        "{:?}",
        left.len()
    );
    assert!(left.iter().any(|(file, bytes)| is_log(file) && !bytes.is_empty()));
    for secret in outside.secrets() {
        assert!(!told.contains(&secret), "a secret was told");
        for (file, bytes) in &left {
            let is_there = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!is_there, "a secret is in {file}");
        }
    }
}
