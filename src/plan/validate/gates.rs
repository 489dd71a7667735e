//! Gates, guards and smoke tests: that they name what is there and can be passed.

use std::collections::BTreeSet;

use super::{Findings, moving_steps};
use crate::plan::smoke_rules;
use crate::plan::step::{Plan, Step, StepKind, WaitUntil};

/// The plan's smoke tests themselves.
pub(super) fn smoke_tests(plan: &Plan, findings: &mut Findings) {
    let mut names = BTreeSet::new();
    for test in &plan.smoke_tests {
        if !names.insert(&test.name) {
            findings.error(
                format!("two smoke tests have the name {}", test.name),
                "steps and guards name a test",
                "give one of them another name",
            );
        }
        for problem in smoke_rules::problems(test) {
            findings.error(
                format!("smoke test {}: {problem}", test.name),
                "it could not be run",
                "correct the test",
            );
        }
    }
}

/// What a step names, and whether its gate opens.
pub(super) fn step(plan: &Plan, step: &Step, findings: &mut Findings) {
    let tested = match &step.kind {
        StepKind::SmokeTest { test } => Some(test),
        _ => None,
    };
    for test in tested.into_iter().chain(&step.guards) {
        if plan.smoke_test(test).is_none() {
            let known: Vec<&str> = plan.smoke_tests.iter().map(|test| test.name.as_str()).collect();
            let why = if known.is_empty() {
                "the plan has no smoke test".to_owned()
            } else {
                format!("the plan has {}", known.join(", "))
            };
            findings.error(
                format!("there is no smoke test {test}"),
                why,
                "add the test to the plan, or take its name out",
            );
        }
    }
    if !step.guards.is_empty() && !step.kind.moves_nodes() {
        findings.error(
            format!("{} has guards", step.kind.title()),
            "guards run each time a node is done, and this step moves no node",
            "put a smoke test step behind it instead",
        );
    }
    if let StepKind::Wait { until } = &step.kind {
        wait(plan, step, *until, findings);
    }
}

/// Longer waits are taken for a slip: the plan would outlive its versions.
const LONGEST_WAIT_SECONDS: u64 = 366 * 86_400;

fn wait(plan: &Plan, step: &Step, until: WaitUntil, findings: &mut Findings) {
    let seconds = match until {
        WaitUntil::Seconds(seconds) => seconds,
        WaitUntil::Time(at) if at <= plan.created_at => {
            findings.warning(
                format!("{} was over when the plan was made", step.kind.title()),
                "the plan goes on at once",
                "choose a later time, or take the step out",
            );
            return;
        }
        WaitUntil::Time(at) => at.duration_since(plan.created_at).as_secs().unsigned_abs(),
    };
    if seconds > LONGEST_WAIT_SECONDS {
        findings.error(
            format!("{} is longer than a year", step.kind.title()),
            "the versions of the plan are out of support before it goes on",
            "choose a shorter wait, or an approval",
        );
    }
}

/// What a plan of several moves should end with.
pub(super) fn end(plan: &Plan, findings: &mut Findings) {
    if moving_steps(plan) < 2 {
        return;
    }
    let last_move = plan.steps.iter().rposition(|step| step.kind.moves_nodes()).unwrap_or(0);
    if !plan.steps[last_move..].iter().any(|step| step.kind == StepKind::Verify) {
        findings.warning(
            "nothing is verified at the end",
            "Azure's claim and the nodes' own versions may differ",
            "add a verify step at the end",
        );
    }
    if plan.smoke_tests.is_empty() {
        findings.warning(
            "no smoke test says whether the applications still work",
            "versions and nodes alone do not show it",
            "add a smoke test of a representative flow",
        );
    }
}
