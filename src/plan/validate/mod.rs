//! Whether a plan can work: order, skew, versions on offer, settings within their ranges, gates that can be passed.

mod course;
mod gates;
mod settings;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use super::builder::Facts;
use super::step::{Plan, StepKind};
use crate::domain::ids::StepId;
use crate::domain::provisioning::PowerState;
use course::Course;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing.
    Warning,
    /// Azure would refuse it, or it would never end.
    Error,
}

/// Something wrong with a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanFinding {
    pub severity: Severity,
    /// `None` where it is about the whole plan.
    pub step: Option<StepId>,
    /// What is wrong, in a sentence.
    pub what: String,
    /// The rule behind it.
    pub why: String,
    pub todo: String,
}

/// Everything wrong with the plan, errors first, then in the plan's order. Empty for a plan that can be started.
///
/// Times are compared with the time the plan was made.
pub fn validate(plan: &Plan, facts: &Facts<'_>) -> Vec<PlanFinding> {
    let mut findings = Findings::default();
    about_the_plan(plan, facts, &mut findings);
    gates::smoke_tests(plan, &mut findings);
    let mut ids = BTreeSet::new();
    let mut course = Course::new(facts, plan.created_at);
    for step in &plan.steps {
        findings.step = Some(step.id.clone());
        if !ids.insert(&step.id) {
            findings.error(
                format!("the id {} is there twice", step.id),
                "steps are told apart by their ids",
                "give one of them another id",
            );
        }
        course.step(&step.kind, &mut findings);
        gates::step(plan, step, &mut findings);
    }
    findings.step = None;
    course.end(plan, &mut findings);
    gates::end(plan, &mut findings);
    let mut found = findings.found;
    // Stable, so that the plan's order stays.
    found.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    found
}

fn about_the_plan(plan: &Plan, facts: &Facts<'_>, findings: &mut Findings) {
    if plan.steps.is_empty() {
        findings.error("the plan has no step", "there is nothing to run", "make the plan again");
    }
    if plan.cluster != facts.cluster.id {
        findings.error(
            format!("the plan is for {}, not for {}", plan.cluster, facts.cluster.id),
            "a plan is made for one cluster",
            "make a plan for this cluster",
        );
    }
    let changes_something = plan.steps.iter().any(|step| step.kind.change(&plan.cluster).is_some());
    if facts.cluster.power_state == PowerState::Stopped && changes_something {
        findings.error(
            format!("{} is stopped", facts.cluster.name),
            "Azure upgrades running clusters only",
            "start the cluster first",
        );
    }
}

/// What was found so far, and the step that is looked at.
#[derive(Default)]
struct Findings {
    found: Vec<PlanFinding>,
    step: Option<StepId>,
}

impl Findings {
    fn error(&mut self, what: impl Into<String>, why: impl Into<String>, todo: impl Into<String>) {
        self.add(Severity::Error, what.into(), why.into(), todo.into());
    }

    fn warning(&mut self, what: impl Into<String>, why: impl Into<String>, todo: impl Into<String>) {
        self.add(Severity::Warning, what.into(), why.into(), todo.into());
    }

    fn add(&mut self, severity: Severity, what: String, why: String, todo: String) {
        self.found.push(PlanFinding {
            severity,
            step: self.step.clone(),
            what,
            why,
            todo,
        });
    }
}

/// Steps that move nodes.
fn moving_steps(plan: &Plan) -> usize {
    plan.steps.iter().filter(|step| step.kind.moves_nodes()).count()
}

/// True for a step that takes the control plane or a pool to a newer version.
fn is_upgrade(kind: &StepKind) -> bool {
    matches!(
        kind,
        StepKind::ControlPlaneUpgrade { .. } | StepKind::NodePoolUpgrade { .. }
    )
}
