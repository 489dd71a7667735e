//! Budgets that allow no eviction right now and hold pods of moving nodes: the most frequent failure of an upgrade
//! (AKS docs "Error code: PodDrainFailure" and "UnsatisfiablePDB", 2026).

use super::subjects;
use crate::domain::disruption::{BudgetReason, DisruptionBudget};
use crate::domain::survey::{BudgetFact, PodFact, Unread};
use crate::preflight::finding::{Outcome, Said, or_unknown};
use crate::preflight::question::Question;
use crate::preflight::wording::{counted, listed};

pub(super) fn look(question: &Question<'_>) -> Vec<Said> {
    or_unknown(found(question))
}

fn found<'a>(question: &Question<'a>) -> Result<Vec<Said>, &'a Unread> {
    let budgets = question.survey.kubernetes.budgets.as_ref()?;
    question.pods_on_moving_nodes()?;
    Ok(budgets.iter().filter_map(|fact| of_budget(question, fact)).collect())
}

fn of_budget(question: &Question<'_>, fact: &BudgetFact) -> Option<Said> {
    let budget = &fact.budget;
    if budget.disruptions_allowed > 0 {
        return None;
    }
    let covered = question.pods_of_budget(budget);
    let held: Vec<&PodFact> = covered
        .iter()
        .copied()
        .filter(|pod| question.is_to_evict(pod) && is_held(budget, pod))
        .collect();
    if held.is_empty() {
        return None;
    }
    let (why, remedies) = cause(budget);
    let headline = format!(
        "{why}: {} on nodes to be drained cannot be evicted",
        counted(held.len(), "pod")
    );
    let unready: Vec<&str> = covered
        .iter()
        .filter(|pod| pod.pod.holds_drain() && !pod.pod.is_ready)
        .map(|pod| pod.pod.name.as_str())
        .collect();
    let numbers = format!(
        "{} of {} pods healthy, {} wanted, {} may go",
        budget.current_healthy, budget.expected_pods, budget.desired_healthy, budget.disruptions_allowed
    );
    let evidence = [
        Some(numbers),
        Some(format!("holds {}", listed(held.iter().map(|pod| &pod.pod.name)))),
        (!unready.is_empty()).then(|| format!("not ready: {}", listed(&unready))),
        subjects::reverted_by(fact.managed_by.as_ref()),
    ];
    let said = Said::new(Outcome::Blocker, subjects::of_budget(fact), headline);
    Some(
        Said {
            evidence: evidence.into_iter().flatten().collect(),
            ..said
        }
        .cured_by(remedies),
    )
}

/// True where the eviction of this pod has to ask the budget. Pods that do not run yet or end already never do; pods that
/// are not ready need not where the policy says so, or while the budget has what it wants
/// (Kubernetes docs "Specifying a Disruption Budget for your Application", 2026).
fn is_held(budget: &DisruptionBudget, pod: &PodFact) -> bool {
    let has_what_it_wants = budget.desired_healthy > 0 && budget.current_healthy >= budget.desired_healthy;
    pod.pod.deletion_at.is_none()
        && pod.pod.phase != "Pending"
        && (pod.pod.is_ready || !(budget.evicts_unhealthy_always || has_what_it_wants))
}

/// Why it is at zero, and what helps then, safest first.
fn cause(budget: &DisruptionBudget) -> (String, &'static [&'static str]) {
    let is = |written: &Option<String>, words: &[&str]| written.as_deref().is_some_and(|text| words.contains(&text));
    let needed = budget.min_available.as_deref().unwrap_or_default();
    if is(&budget.max_unavailable, &["0", "0%"]) {
        return (
            "maxUnavailable is 0, so it never allows an eviction, and AKS refuses the upgrade".to_owned(),
            &["pdb-relax", "pdb-backup-delete"],
        );
    }
    if is(&budget.min_available, &["100%"]) {
        return (
            "minAvailable is 100%, so it never allows an eviction".to_owned(),
            &["pdb-relax", "pdb-backup-delete"],
        );
    }
    if budget.expected_pods == 0 {
        return (
            "its controller counts no pods although it covers some, so every eviction is refused".to_owned(),
            &["pdb-backup-delete"],
        );
    }
    match budget.why_at_zero() {
        Some(BudgetReason::NeverAllows) if budget.current_healthy < budget.expected_pods => (
            format!(
                "it wants {} healthy pods of {}, and only {} are",
                budget.desired_healthy, budget.expected_pods, budget.current_healthy
            ),
            &[
                "fix-unready-pods",
                "scale-up-workload",
                "pdb-relax",
                "pdb-backup-delete",
            ],
        ),
        Some(BudgetReason::NeverAllows) if budget.expected_pods == 1 => (
            format!("it keeps {needed} of a single replica, so it never allows an eviction"),
            &["scale-up-workload", "pdb-relax", "pdb-backup-delete"],
        ),
        Some(BudgetReason::NeverAllows) => (
            format!(
                "it keeps all {} pods, so it never allows an eviction",
                budget.expected_pods
            ),
            &["scale-up-workload", "pdb-relax", "pdb-backup-delete"],
        ),
        Some(BudgetReason::TooFewHealthy) => (
            format!(
                "it wants {} healthy pods and only {} of {} are",
                budget.desired_healthy, budget.current_healthy, budget.expected_pods
            ),
            &[
                "fix-unready-pods",
                "pdb-always-allow-unhealthy",
                "pdb-relax",
                "pdb-backup-delete",
            ],
        ),
        Some(BudgetReason::UsedUp) | None => (
            format!(
                "it is used up: {} of {} pods are healthy and {} must stay",
                budget.current_healthy, budget.expected_pods, budget.desired_healthy
            ),
            &[
                "fix-unready-pods",
                "scale-up-workload",
                "pdb-relax",
                "pdb-backup-delete",
            ],
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::pod::Owner;
    use crate::domain::survey::{Management, Survey};
    use crate::preflight::question::Planned;
    use crate::preflight::samples::{ask_planned, budget, check, denied, healthy, passes};

    /// The budget over the three pods of `cart`.
    fn cart(survey: &mut Survey) -> &mut BudgetFact {
        let budgets = survey.kubernetes.budgets.as_mut().unwrap();
        budgets.iter_mut().find(|fact| fact.budget.name == "cart-pdb").unwrap()
    }

    fn broken(change: impl FnOnce(&mut BudgetFact)) -> Said {
        let name = "PodDisruptionBudget shop/cart-pdb";
        check(look, |survey| change(cart(survey)), Outcome::Blocker, name)
    }

    #[test]
    fn every_reason_has_its_words_and_its_first_remedy() {
        let numbers = |fact: &mut BudgetFact, current, desired, expected| {
            let budget = &mut fact.budget;
            budget.disruptions_allowed = 0;
            (budget.current_healthy, budget.desired_healthy, budget.expected_pods) = (current, desired, expected);
        };
        let never = broken(|fact| {
            numbers(fact, 3, 3, 3);
            fact.budget.min_available = None;
            fact.budget.max_unavailable = Some("0".into());
        });
        assert!(never.headline.starts_with("maxUnavailable is 0"), "{}", never.headline);
        assert_eq!(never.remedies, ["pdb-relax", "pdb-backup-delete"]);
        assert!(
            never
                .headline
                .ends_with("3 pods on nodes to be drained cannot be evicted")
        );
        let all = broken(|fact| numbers(fact, 3, 3, 3));
        assert_eq!(all.remedies[0], "scale-up-workload");
        let single = broken(|fact| numbers(fact, 1, 1, 1));
        assert!(single.headline.contains("a single replica"), "{}", single.headline);
        let unready = broken(|fact| numbers(fact, 1, 2, 3));
        assert!(
            unready.headline.contains("wants 2 healthy pods and only 1 of 3"),
            "{}",
            unready.headline
        );
        assert_eq!(unready.remedies[1], "pdb-always-allow-unhealthy");
        let uncounted = broken(|fact| numbers(fact, 0, 0, 0));
        assert!(uncounted.headline.contains("counts no pods"), "{}", uncounted.headline);
    }

    #[test]
    fn a_budget_kept_from_outside_says_so() {
        let kept = broken(|fact| {
            fact.budget.disruptions_allowed = 0;
            fact.managed_by = Some(Management::Owner(Owner {
                kind: "Kafka".into(),
                name: "main".into(),
            }));
        });
        assert!(kept.evidence.iter().any(|line| line.contains("Kafka/main")), "{kept:?}");
    }

    #[test]
    fn pods_that_may_go_all_the_same_are_not_held() {
        passes(look, |survey| {
            let pods = survey.kubernetes.pods.as_mut().unwrap();
            for pod in pods.iter_mut().filter(|pod| pod.pod.labels["app"] == "cart") {
                pod.pod.is_ready = false;
            }
            let budget = &mut cart(survey).budget;
            (budget.disruptions_allowed, budget.current_healthy) = (0, 0);
            budget.evicts_unhealthy_always = true;
        });
        passes(look, |survey| {
            survey
                .kubernetes
                .budgets
                .as_mut()
                .unwrap()
                .push(budget("shop", "nobody", 0, 0));
        });
    }

    #[test]
    fn a_pool_that_stays_is_not_drained() {
        let mut survey = healthy();
        cart(&mut survey).budget.disruptions_allowed = 0;
        let planned = |pool: &str| Planned {
            pools: [(pool.into(), None)].into(),
            ..Planned::default()
        };
        assert!(ask_planned(look, &survey, &planned("data")).is_empty());
        assert_eq!(ask_planned(look, &survey, &planned("apps")).len(), 1);
        assert!(ask_planned(look, &survey, &Planned::default()).is_empty());
    }

    #[test]
    fn without_budgets_pods_or_nodes_it_is_unknown() {
        let unknown = |change: fn(&mut Survey)| check(look, change, Outcome::Unknown, "the cluster");
        unknown(|survey| survey.kubernetes.budgets = Err(denied()));
        unknown(|survey| survey.kubernetes.pods = Err(denied()));
        unknown(|survey| survey.kubernetes.nodes = Err(denied()));
    }
}
