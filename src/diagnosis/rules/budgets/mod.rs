//! Disruption budgets that keep pods on draining nodes; one cause for each budget, over all its nodes.

mod found;

use std::collections::BTreeMap;

use found::{Held, never_allows, refused_by_events, several, unready};

use crate::diagnosis::cause::Found;
use crate::diagnosis::scene::Scene;
use crate::domain::disruption::{BudgetReason, DisruptionBudget, HoldCause};
use crate::domain::survey::{PodFact, WorkloadFact};

pub(super) fn look(scene: &Scene<'_>) -> Vec<Found> {
    let mut budgets: BTreeMap<(String, String), Held> = BTreeMap::new();
    let mut shared: BTreeMap<(String, Vec<String>), Held> = BTreeMap::new();
    for drain in &scene.drains {
        for hold in &drain.holds {
            match &hold.cause {
                HoldCause::Budget { budget, .. } => budgets
                    .entry((budget.namespace.clone(), budget.name.clone()))
                    .or_insert_with(|| Held::by(budget.clone()))
                    .add(drain, &hold.pod),
                HoldCause::SeveralBudgets { names } => shared
                    .entry((hold.namespace.clone(), names.clone()))
                    .or_default()
                    .add(drain, &hold.pod),
                HoldCause::Terminating { .. } => {}
            }
        }
    }
    let mut found: Vec<Found> = budgets.into_values().flat_map(|held| of_budget(scene, &held)).collect();
    found.extend(
        shared
            .into_iter()
            .map(|((namespace, names), held)| several(scene, &namespace, &names, &held)),
    );
    found.extend(refused_by_events(scene));
    found
}

/// One budget may be both: it would never allow an eviction, and pods are unready on top.
fn of_budget(scene: &Scene<'_>, held: &Held) -> Vec<Found> {
    let Some(budget) = &held.budget else { return Vec::new() };
    if budget.why_at_zero().is_none() {
        return Vec::new();
    }
    let sick = sick_pods(scene, budget);
    let mut found = Vec::new();
    if is_used_up_for_long(scene, held, budget, &sick) {
        found.push(unready(scene, held, budget, &sick));
    }
    if can_never_allow(scene, budget) {
        found.push(never_allows(scene, held, budget));
    }
    found
}

/// True where the budget asks for all the pods its workloads want.
///
/// With a plain number as `minAvailable` the controller counts the pods that exist as expected, not those that are
/// wanted (Kubernetes source, disruption controller, 1.36): a pod that could not be made again makes such a budget
/// look as if it could never allow one.
fn can_never_allow(scene: &Scene<'_>, budget: &DisruptionBudget) -> bool {
    budget.why_at_zero() == Some(BudgetReason::NeverAllows)
        && wanted(scene, budget).is_none_or(|wanted| budget.desired_healthy >= wanted)
}

/// Pods the workloads behind a budget want; `None` where they were not read or do not say.
fn wanted(scene: &Scene<'_>, budget: &DisruptionBudget) -> Option<i32> {
    let workloads = scene.symptoms.survey.kubernetes.workloads.as_ref().ok()?;
    let selector = budget.selector.as_ref()?;
    let is_behind = |workload: &&WorkloadFact| {
        workload.namespace == budget.namespace
            && matches!(workload.kind.as_str(), "Deployment" | "StatefulSet")
            && selector.matches(&workload.pod_labels)
    };
    let wanted: u32 = workloads
        .iter()
        .filter(is_behind)
        .map(|workload| workload.replicas)
        .sum();
    i32::try_from(wanted).ok().filter(|wanted| *wanted > 0)
}

/// True where pods that are not ready use the budget up, and that does not pass by itself in a moment.
fn is_used_up_for_long(scene: &Scene<'_>, held: &Held, budget: &DisruptionBudget, sick: &[Sick<'_>]) -> bool {
    const PATIENCE_MINUTES: i64 = 5;
    let wanted = wanted(scene, budget)
        .unwrap_or(budget.expected_pods)
        .max(budget.expected_pods);
    if budget.current_healthy >= wanted {
        return false;
    }
    if scene.are_pods_read() {
        let existing = scene.pods().iter().filter(|fact| budget.covers(&fact.pod)).count();
        let is_short = i32::try_from(existing).is_ok_and(|existing| existing < wanted);
        return !sick.is_empty() || is_short && scene.is_older(held.since, PATIENCE_MINUTES) && !is_refused(scene);
    }
    budget.why_at_zero() != Some(BudgetReason::NeverAllows) && scene.is_older(held.since, PATIENCE_MINUTES)
}

/// True where a webhook without backend keeps new pods from being made: then it is the cause, not the budget.
fn is_refused(scene: &Scene<'_>) -> bool {
    !super::webhooks::look(scene).is_empty()
}

/// A pod that should be ready and is not, with why.
pub(super) type Sick<'a> = (&'a PodFact, String);

/// Pods of a budget that are unready for longer than a start takes.
pub(super) fn sick_pods<'a>(scene: &Scene<'a>, budget: &DisruptionBudget) -> Vec<Sick<'a>> {
    scene
        .pods()
        .iter()
        .filter(|fact| budget.covers(&fact.pod))
        .filter_map(|fact| Some((fact, scene.lasting_trouble(fact)?.to_string())))
        .collect()
}

/// What live state says of a budget that a text names: the finding that fits it now, if any.
///
/// `Err` where budgets were not read; `Ok(None)` where the budget is gone or allows an eviction again.
pub(super) fn named_budget(scene: &Scene<'_>, namespace: &str, name: &str) -> Result<Option<Found>, ()> {
    let budgets = scene.symptoms.survey.kubernetes.budgets.as_ref().map_err(|_| ())?;
    let Some(fact) = budgets
        .iter()
        .find(|fact| fact.budget.namespace == namespace && fact.budget.name == name)
    else {
        return Ok(None);
    };
    let budget = &fact.budget;
    let held = Held::by(budget.clone());
    let sick = sick_pods(scene, budget);
    Ok(match budget.why_at_zero() {
        None => None,
        Some(_) if !sick.is_empty() && budget.current_healthy < budget.expected_pods => {
            Some(unready(scene, &held, budget, &sick))
        }
        Some(_) if can_never_allow(scene, budget) => Some(never_allows(scene, &held, budget)),
        Some(_) => Some(Found {
            confidence: crate::diagnosis::cause::Confidence::Likely,
            ..unready(scene, &held, budget, &sick)
        }),
    })
}
