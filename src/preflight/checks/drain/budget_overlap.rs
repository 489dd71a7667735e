//! Pods that more than one budget covers: the eviction API refuses them whatever the numbers
//! (Kubernetes docs "API-initiated Eviction", 2026).

use std::collections::BTreeMap;

use super::subjects;
use crate::domain::subject::Subject;
use crate::domain::survey::{BudgetFact, PodFact, Unread};
use crate::preflight::finding::{Outcome, Said, or_unknown};
use crate::preflight::question::Question;
use crate::preflight::wording::{counted, listed};

pub(super) fn look(question: &Question<'_>) -> Vec<Said> {
    or_unknown(found(question))
}

fn found<'a>(question: &Question<'a>) -> Result<Vec<Said>, &'a Unread> {
    question.survey.kubernetes.budgets.as_ref()?;
    let mut together: BTreeMap<Subject, (Vec<&BudgetFact>, Vec<&PodFact>)> = BTreeMap::new();
    for pod in question.pods_to_evict()? {
        let budgets = question.budgets_of_pod(pod);
        if budgets.len() > 1 {
            let first = subjects::of_budget(budgets[0]);
            let (known, pods) = together.entry(first).or_default();
            known.extend(
                budgets
                    .into_iter()
                    .filter(|fact| !known.contains(fact))
                    .collect::<Vec<_>>(),
            );
            pods.push(pod);
        }
    }
    Ok(together
        .into_values()
        .map(|(budgets, pods)| say(&budgets, pods))
        .collect())
}

fn say(budgets: &[&BudgetFact], mut pods: Vec<&PodFact>) -> Said {
    pods.sort_by(|one, other| one.pod.name.cmp(&other.pod.name));
    let headline = format!(
        "{} of {} are covered by {} budgets, so every eviction is refused: {}",
        counted(pods.len(), "pod"),
        listed(subjects::grouped(pods.iter().copied()).into_keys()),
        budgets.len(),
        listed(budgets.iter().map(|fact| &fact.budget.name)),
    );
    Said::new(Outcome::Blocker, subjects::of_budget(budgets[0]), headline)
        .with(listed(pods.iter().map(|pod| &pod.pod.name)))
        .cured_by(&["merge-pdbs"])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::disruption::LabelSelector;
    use crate::preflight::samples::{budget, check, denied, passes};

    #[test]
    fn two_budgets_over_a_pod_block() {
        let said = check(
            look,
            |survey| {
                let mut second = budget("shop", "cart", 1, 3);
                second.budget.name = "second".into();
                survey.kubernetes.budgets.as_mut().unwrap().push(second);
            },
            Outcome::Blocker,
            "PodDisruptionBudget shop/cart-pdb",
        );
        assert_eq!(
            said.headline,
            "3 pods of Deployment shop/cart are covered by 2 budgets, so every eviction is refused: cart-pdb, second"
        );
    }

    #[test]
    fn budgets_of_other_namespaces_and_without_a_selector_do_not_meet() {
        passes(look, |survey| {
            let mut everything = budget("other", "all", 1, 3);
            everything.budget.selector = Some(LabelSelector::default());
            let mut nothing = budget("shop", "none", 1, 3);
            nothing.budget.selector = None;
            survey
                .kubernetes
                .budgets
                .as_mut()
                .unwrap()
                .extend([everything, nothing]);
        });
    }

    #[test]
    fn without_the_pods_it_is_unknown() {
        check(
            look,
            |survey| survey.kubernetes.pods = Err(denied()),
            Outcome::Unknown,
            "the cluster",
        );
    }
}
