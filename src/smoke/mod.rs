//! Runs smoke tests: sends their requests or starts their program, and says what came of it.
//! Never touches Azure or Kubernetes, never keeps a secret, never decides what a failure means.

mod command;
mod expectation;
mod http;
mod values;

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use self::http::Clients;
use self::values::Values;
use crate::clock::Clock;
use crate::domain::smoke_test::{Flow, SmokeRun, SmokeTest};

/// Longest detail, in characters: a line of a journal, not a page.
const LONGEST_DETAIL: usize = 500;

/// Runs flows; clones share connections.
#[derive(Clone, Debug)]
pub struct SmokeRunner {
    clock: Clock,
    clients: Arc<Clients>,
}

impl SmokeRunner {
    /// A runner whose runs are dated by this clock; latency is always real time.
    pub fn new(clock: Clock) -> Self {
        Self {
            clock,
            clients: Arc::default(),
        }
    }

    /// Runs the flow once. Everything that goes wrong is the run's `detail`, never an error.
    ///
    /// Dropping the future ends the request, or the program with all that it started.
    pub async fn run(&self, test: &SmokeTest) -> SmokeRun {
        let at = self.clock.now();
        let mut values = Values::of_environment();
        let started = Instant::now();
        let outcome = match &test.flow {
            Flow::Http(requests) => http::run(&self.clients, requests, &mut values).await,
            Flow::Command(line) => command::run(line, &values).await,
        };
        let latency_milliseconds = milliseconds(started.elapsed());
        let passed = outcome.is_ok();
        let said = outcome.unwrap_or_else(|why| why);
        SmokeRun {
            test: test.name.clone(),
            at,
            passed,
            latency_milliseconds,
            detail: cut(&values.redacted(&said), LONGEST_DETAIL),
        }
    }
}

fn milliseconds(duration: Duration) -> u32 {
    u32::try_from(duration.as_millis()).unwrap_or(u32::MAX)
}

/// The first characters of a text, with a sign where some are left out.
fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}

/// An error with all its causes on one line; what an outer text already says is not repeated.
fn words(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let said = error.to_string();
        if !text.contains(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_cut_at_a_character() {
        assert_eq!(cut("ééé", 3), "ééé");
        assert_eq!(cut("éééé", 3), "ééé...");
        assert_eq!(milliseconds(Duration::from_secs(u64::MAX)), u32::MAX);
    }
}
