//! Budgets made to let a pod go: one disruption allowed, pods that are not ready let go, the budget taken away for a while.

use serde_json::json;

use super::super::repair::NotPossible;
use super::cautions::reverted_by;
use super::sight::{Sight, budget_ref, change, listed, patch};
use super::{Draft, not_here};
use crate::domain::disruption::DisruptionBudget;
use crate::domain::object_change::Edit;
use crate::domain::survey::{BudgetFact, PodFact};

/// `pdb-relax`: one more pod may be missing than now.
pub(super) fn relax(sight: &Sight<'_>) -> Result<Draft, NotPossible> {
    let mut refused = None;
    let mut steps = Vec::new();
    let mut changed = Vec::new();
    for fact in sight.budgets()? {
        match relaxed(&fact.budget) {
            Ok(spec) => {
                steps.push(patch(budget_ref(fact), &fact.uid, json!({"spec": spec})));
                changed.push(fact);
            }
            Err(why) => refused = Some(why),
        }
    }
    if let (true, Some(why)) = (steps.is_empty(), refused) {
        return Err(why);
    }
    let title = format!("allow one disruption in {}", names(&changed));
    Ok(Draft::new(title, steps).with_cautions(owners(&changed)))
}

/// The spec with which one pod may go now. Counted from the pods that are healthy, as the disruption controller does.
fn relaxed(budget: &DisruptionBudget) -> Result<serde_json::Value, NotPossible> {
    let name = format!("PodDisruptionBudget {}/{}", budget.namespace, budget.name);
    if budget.disruptions_allowed > 0 {
        return not_here(format!(
            "{name} allows {} disruptions already",
            budget.disruptions_allowed
        ));
    }
    if budget.current_healthy < 1 {
        return not_here(format!(
            "{name} covers no ready pod, so no number lets one go; its pods that are not ready can be let go instead"
        ));
    }
    if budget.min_available.is_some() {
        let one_lower = budget.desired_healthy.min(budget.current_healthy) - 1;
        return Ok(json!({"minAvailable": one_lower}));
    }
    let unhealthy = (budget.expected_pods - budget.current_healthy).max(0);
    Ok(json!({"maxUnavailable": unhealthy + 1}))
}

/// `pdb-always-allow-unhealthy`: ready pods stay protected.
pub(super) fn always_allow_unhealthy(sight: &Sight<'_>) -> Result<Draft, NotPossible> {
    let pods = sight.all_pods()?;
    let budgets = sight.budgets()?;
    let helps = |fact: &&BudgetFact| {
        let is_unready = |pod: &PodFact| fact.budget.covers(&pod.pod) && !pod.pod.is_ready && pod.pod.holds_drain();
        !fact.budget.evicts_unhealthy_always && pods.iter().any(is_unready)
    };
    let helped: Vec<&BudgetFact> = budgets.iter().copied().filter(helps).collect();
    if helped.is_empty() {
        return not_here(format!("every pod of {} is ready, or may go already", names(&budgets)));
    }
    let steps = helped
        .iter()
        .map(|fact| {
            let spec = json!({"spec": {"unhealthyPodEvictionPolicy": "AlwaysAllow"}});
            patch(budget_ref(fact), &fact.uid, spec)
        })
        .collect();
    let title = format!("let {} evict pods that are not ready", names(&helped));
    Ok(Draft::new(title, steps).with_cautions(owners(&helped)))
}

/// `pdb-backup-delete`: kept in the journal, and made again by the undo.
pub(super) fn delete(sight: &Sight<'_>) -> Result<Draft, NotPossible> {
    let budgets = sight.budgets()?;
    let title = format!("delete {} until it is put back", names(&budgets));
    let reminder = "put it back when the drain is over: nothing does that by itself".to_owned();
    Ok(Draft::new(title, deletions(&budgets))
        .with_cautions(owners(&budgets))
        .with_cautions([reminder]))
}

/// `merge-pdbs`: of several budgets over one pod one stays, the strictest that ever lets a pod go.
pub(super) fn merge(sight: &Sight<'_>) -> Result<Draft, NotPossible> {
    let all = sight.all_budgets()?;
    let pods = sight.pods()?;
    let several = pods.iter().find_map(|pod| {
        let covering: Vec<&BudgetFact> = all.iter().filter(|fact| fact.budget.covers(&pod.pod)).collect();
        (covering.len() > 1).then_some((pod, covering))
    });
    let Some((pod, covering)) = several else {
        return not_here("no pod of it is covered by more than one budget any more");
    };
    let strictness = |fact: &&&BudgetFact| {
        let budget = &fact.budget;
        (budget.desired_healthy < budget.expected_pods, budget.desired_healthy)
    };
    let Some(kept) = covering.iter().max_by_key(strictness).copied() else {
        return not_here("the budgets are not there any more");
    };
    let surplus: Vec<&BudgetFact> = covering.into_iter().filter(|fact| !std::ptr::eq(*fact, kept)).collect();
    let title = format!(
        "delete {}, so that {} alone is about pod {}/{}",
        names(&surplus),
        kept.budget.name,
        pod.pod.namespace,
        pod.pod.name
    );
    let unprotected = sight.all_pods()?.iter().filter(|other| {
        let is_covered = |fact: &BudgetFact| fact.budget.covers(&other.pod);
        surplus.iter().any(|fact| is_covered(fact))
            && !all.iter().any(|fact| is_covered(fact) && !contains(&surplus, fact))
    });
    let left_bare = match unprotected.count() {
        0 => None,
        count => Some(format!("{count} other pods have no budget then")),
    };
    Ok(Draft::new(title, deletions(&surplus))
        .with_cautions(left_bare)
        .with_cautions(owners(&surplus)))
}

fn contains(all: &[&BudgetFact], one: &BudgetFact) -> bool {
    all.iter().any(|fact| std::ptr::eq(*fact, one))
}

fn deletions(budgets: &[&BudgetFact]) -> Vec<super::RepairStep> {
    let delete = |fact: &&BudgetFact| change(budget_ref(fact), Some(&fact.uid), Edit::Delete { grace_seconds: None });
    budgets.iter().map(delete).collect()
}

fn names(budgets: &[&BudgetFact]) -> String {
    let all: Vec<String> = budgets
        .iter()
        .map(|fact| format!("{}/{}", fact.budget.namespace, fact.budget.name))
        .collect();
    format!("PodDisruptionBudget {}", listed(&all))
}

fn owners(budgets: &[&BudgetFact]) -> Vec<String> {
    let mut all: Vec<String> = budgets
        .iter()
        .filter_map(|fact| reverted_by(fact.managed_by.as_ref()))
        .collect();
    all.dedup();
    all
}
