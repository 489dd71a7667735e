//! A line for each smoke test: its latency over the runs, failed runs marked, and the last result in words.

use jiff::Timestamp;

use super::super::measure;
use super::super::theme::{Mark, Role, SPARKS};
use super::super::wording::{self, count};
use super::prose::Passage;
use crate::domain::smoke_test::SmokeRun;
use crate::engine::view::{ExecutionView, SmokeView};

/// The newest runs that are drawn.
const SHOWN: usize = 24;
/// Widest name that is not cut.
const WIDEST_NAME: u16 = 18;

/// `checkout  ▂▂▃✖▂  ✓ passed 40 s ago in 132 ms; 1 of 24 runs failed`, for every test of the plan.
pub(crate) fn passages(execution: &ExecutionView, now: Timestamp) -> Vec<Passage> {
    let widest = execution
        .smoke
        .iter()
        .map(|test| measure::width(test.name.as_str()))
        .max()
        .unwrap_or(0)
        .min(WIDEST_NAME);
    let said = execution.message.as_deref().unwrap_or_default();
    execution
        .smoke
        .iter()
        .map(|test| line(test, widest, said, now))
        .collect()
}

/// What went wrong is left out where `said`, the execution's message, has it already.
fn line(test: &SmokeView, widest: u16, said: &str, now: Timestamp) -> Passage {
    let name = measure::cut(test.name.as_str(), widest);
    let gap = usize::from(widest - measure::width(&name));
    let mut line = Passage::new(Role::Strong, format!("{name}{}  ", " ".repeat(gap)));
    let Some(last) = test.runs.last() else {
        let mark = Mark::Pending;
        return line.and(mark.role(), format!("{} not run yet", mark.symbol()));
    };
    let shown = &test.runs[test.runs.len().saturating_sub(SHOWN)..];
    let slowest = shown.iter().map(|run| run.latency_milliseconds).max().unwrap_or(0);
    for run in shown {
        line = if run.passed {
            line.and(Role::Good, spark(run.latency_milliseconds, slowest))
        } else {
            line.and(Mark::Failed.role(), Mark::Failed.symbol())
        };
    }
    line.and(Role::Text, "  ")
        .and(result_role(last), result(last, now))
        .and(Role::Text, detail(last, said))
        .and(Role::Muted, failures(&test.runs))
        .hanging(widest + 2)
}

/// The level of a latency among seven, the slowest the highest.
fn spark(latency: u32, slowest: u32) -> &'static str {
    let top = u64::try_from(SPARKS.len() - 1).unwrap_or(0);
    let level = u64::from(latency) * top / u64::from(slowest.max(1));
    usize::try_from(level)
        .ok()
        .and_then(|level| SPARKS.get(level))
        .copied()
        .unwrap_or(SPARKS[0])
}

fn result_role(run: &SmokeRun) -> Role {
    if run.passed { Mark::Good } else { Mark::Failed }.role()
}

fn result(run: &SmokeRun, now: Timestamp) -> String {
    let ago = wording::ago(run.at, now);
    if run.passed {
        format!(
            "{} passed {ago} in {} ms",
            Mark::Good.symbol(),
            run.latency_milliseconds
        )
    } else {
        format!("{} failed {ago}", Mark::Failed.symbol())
    }
}

fn detail(run: &SmokeRun, said: &str) -> String {
    if run.detail.is_empty() || said.contains(&run.detail) {
        String::new()
    } else {
        format!(": {}", run.detail)
    }
}

fn failures(runs: &[SmokeRun]) -> String {
    match runs.iter().filter(|run| !run.passed).count() {
        0 => String::new(),
        failed => format!("; {failed} of {} failed", count(runs.len(), "run")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::theme::{Look, Theme};
    use super::super::prose;
    use super::*;
    use crate::ui::fixtures;

    #[test]
    fn runs_are_drawn_with_their_failures_and_the_last_result() {
        let mut execution = fixtures::held_at(crate::plan::step::GateKind::SmokeTest);
        let lines = |execution: &ExecutionView| -> Vec<String> {
            prose::lay_out(&passages(execution, fixtures::now()), 120, Theme::new(Look::default()))
                .iter()
                .map(|line| line.to_string().trim_end().to_owned())
                .collect()
        };
        assert_eq!(
            lines(&execution)[0],
            "checkout           ▂▂▃▂▇▃✖✖  ✖ failed 20 s ago; 2 of 8 runs failed",
            "the message says what failed"
        );
        execution.message = None;
        assert_eq!(
            lines(&execution),
            [
                "checkout           ▂▂▃▂▇▃✖✖  ✖ failed 20 s ago: POST /orders: expected 201, got 503; 2 of 8 runs failed",
                "browse-and-search  ○ not run yet",
            ]
        );
    }

    #[test]
    fn a_test_that_takes_no_time_is_drawn_too() {
        assert_eq!(spark(0, 0), SPARKS[0]);
        assert_eq!(spark(50, 100), SPARKS[3]);
        assert_eq!(spark(u32::MAX, u32::MAX), SPARKS[6]);
    }
}
