//! Budgets that cover no pod: a stale selector gives false safety.

use super::subjects;
use crate::domain::survey::Unread;
use crate::preflight::finding::{Outcome, Said, or_unknown};
use crate::preflight::question::Question;
use crate::preflight::system::is_system_namespace;

pub(super) fn look(question: &Question<'_>) -> Vec<Said> {
    or_unknown(found(question))
}

fn found<'a>(question: &Question<'a>) -> Result<Vec<Said>, &'a Unread> {
    let budgets = question.survey.kubernetes.budgets.as_ref()?;
    Ok(budgets
        .iter()
        .filter(|fact| fact.budget.expected_pods == 0 && !is_system_namespace(&fact.budget.namespace))
        // A budget that covers pods its controller does not count is another trouble.
        .filter(|fact| {
            let covered = question.pods_of_budget(&fact.budget);
            !covered.iter().any(|pod| pod.pod.holds_drain())
        })
        .map(|fact| {
            let said = Said::new(
                Outcome::Info,
                subjects::of_budget(fact),
                "it covers no pod, so it protects nothing: its selector may be stale",
            );
            Said {
                evidence: subjects::reverted_by(fact.managed_by.as_ref()).into_iter().collect(),
                ..said
            }
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::preflight::samples::{budget, check, denied, passes};

    #[test]
    fn a_budget_over_nothing_is_told() {
        check(
            look,
            |survey| {
                survey
                    .kubernetes
                    .budgets
                    .as_mut()
                    .unwrap()
                    .push(budget("shop", "gone", 0, 0));
            },
            Outcome::Info,
            "PodDisruptionBudget shop/gone-pdb",
        );
        passes(look, |survey| {
            survey
                .kubernetes
                .budgets
                .as_mut()
                .unwrap()
                .push(budget("kube-system", "gone", 0, 0));
        });
        check(
            look,
            |survey| survey.kubernetes.budgets = Err(denied()),
            Outcome::Unknown,
            "the cluster",
        );
    }
}
