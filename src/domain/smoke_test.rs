//! Smoke tests: a few representative application flows, and what became of running one. Values only: nothing here
//! sends a request or starts a program.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::ids::SmokeTestName;

/// One application flow that tells whether users are well served.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SmokeTest {
    pub name: SmokeTestName,
    #[serde(flatten)]
    pub flow: Flow,
    #[serde(default)]
    pub on_failure: OnFailure,
    /// Pause between two runs while a failure holds the plan, in seconds; 5 to 3600.
    #[serde(default = "half_a_minute")]
    pub retry_seconds: u32,
    /// Runs in a row that must fail before the test counts as failed; 1 to 10.
    #[serde(default = "once")]
    pub failures_in_a_row: u32,
}

fn half_a_minute() -> u32 {
    30
}

fn once() -> u32 {
    1
}

/// What a run does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Flow {
    /// Requests one after another; the first that does not meet its expectation ends the run.
    Http(Vec<HttpRequest>),
    /// A program with its arguments, without a shell.
    Command(CommandLine),
}

/// One HTTP(S) request. `{{name}}` in address, headers and body stands for a value carried over from an earlier
/// answer, `${NAME}` for an environment variable, which is how secrets come in: they are never stored.
///
/// Values are percent-encoded in an address, except one it begins with and a variable that names the host, and
/// escaped in a body whose `content-type` header says JSON or form. An address may be relative to the one before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HttpRequest {
    #[serde(default = "get")]
    pub method: String,
    pub url: String,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    #[serde(default)]
    pub expect: Expectation,
    /// Values taken from this answer for later requests, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub carry: BTreeMap<String, Carried>,
}

fn get() -> String {
    "GET".to_owned()
}

/// What an answer must be like. Everything that is given must hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Expectation {
    /// Any of these; empty means 200 to 299.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub status: Vec<u16>,
    /// The body has this text in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body_contains: Option<String>,
    /// A regular expression that matches somewhere in the body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body_matches: Option<String>,
    /// The whole answer is there within this time, in milliseconds; also the limit after which it is given up.
    pub within_milliseconds: u32,
}

impl Default for Expectation {
    fn default() -> Self {
        Self {
            status: Vec::new(),
            body_contains: None,
            body_matches: None,
            within_milliseconds: 10_000,
        }
    }
}

/// Where a carried value is found in an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Carried {
    /// A JSON pointer (RFC 6901) into the body.
    Json(String),
    /// The name of a response header.
    Header(String),
    /// A regular expression; its first group, or the whole match.
    Match(String),
}

/// A program to run; it passes with exit code 0.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CommandLine {
    pub program: String,
    #[serde(default)]
    pub arguments: Vec<String>,
    /// Given up after this time, in seconds.
    #[serde(default = "one_minute")]
    pub timeout_seconds: u32,
}

fn one_minute() -> u32 {
    60
}

/// What a failed test does to the execution.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum OnFailure {
    /// The plan waits and the test is repeated; it goes on by itself when the test passes.
    /// While a pool is being upgraded: Azure is stopped at the next node boundary.
    #[default]
    Hold,
    /// The execution pauses and a person resumes it. While a pool is being upgraded: Azure is stopped at once.
    Pause,
}

/// One run of a smoke test.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SmokeRun {
    pub test: SmokeTestName,
    /// When it began.
    pub at: Timestamp,
    pub passed: bool,
    /// From the first request to the last answer, or the program's run time.
    pub latency_milliseconds: u32,
    /// What was expected and what came; printable, without secrets. Empty where it passed and there is nothing to say.
    pub detail: String,
}
