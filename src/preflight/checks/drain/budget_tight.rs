//! Budgets that let fewer pods go than the nodes drained together hold: the drain waits for new pods, round after round.
//! Told where the rounds, by estimate, take a good part of the drain timeout; a round or two is what budgets are for.

use std::collections::{BTreeMap, HashMap};

use super::subjects;
use crate::domain::ids::{NodeName, NodePoolName};
use crate::domain::node_pool::NodePool;
use crate::domain::survey::{BudgetFact, PodFact, Unread};
use crate::preflight::finding::{Outcome, Said, or_unknown};
use crate::preflight::question::{Question, drained_together};
use crate::preflight::system::is_system_namespace;
use crate::preflight::wording::counted;

pub(super) fn look(question: &Question<'_>) -> Vec<Said> {
    or_unknown(found(question))
}

fn found<'a>(question: &Question<'a>) -> Result<Vec<Said>, &'a Unread> {
    let budgets = question.survey.kubernetes.budgets.as_ref()?;
    question.pods_on_moving_nodes()?;
    question.survey.azure.cluster.as_ref()?;
    let pools: BTreeMap<&NodePoolName, &NodePool> = question.moving_pools().map(|pool| (&pool.name, pool)).collect();
    Ok(budgets
        .iter()
        .filter(|fact| !is_system_namespace(&fact.budget.namespace))
        .filter_map(|fact| of_budget(question, fact, &pools))
        .collect())
}

fn of_budget(question: &Question<'_>, fact: &BudgetFact, pools: &BTreeMap<&NodePoolName, &NodePool>) -> Option<Said> {
    let allowed = usize::try_from(fact.budget.disruptions_allowed)
        .ok()
        .filter(|allowed| *allowed > 0)?;
    let mut on_nodes: BTreeMap<&NodePoolName, HashMap<&NodeName, usize>> = BTreeMap::new();
    for pod in question.pods_of_budget(&fact.budget) {
        if let Some((pool, node)) = place(question, pod) {
            *on_nodes.entry(pool).or_default().entry(node).or_default() += 1;
        }
    }
    let slow = on_nodes.into_iter().filter_map(|(name, counts)| {
        let pool = pools.get(name)?;
        Some((*pool, Rounds::of(question, pool, counts.into_values(), allowed)))
    });
    let (pool, rounds) = slow
        .filter(|(_, rounds)| rounds.is_slow(question))
        .max_by_key(|(_, rounds)| rounds.seconds)?;
    let headline = format!(
        "it lets {} go at a time, and the nodes of {} that are drained together hold {}: about {} min of waiting",
        counted(allowed, "pod"),
        pool.name,
        rounds.together,
        rounds.seconds.div_ceil(60),
    );
    let estimate = format!(
        "{} rounds of {} min each until a new pod is ready, with {} drained at a time; the drain timeout is {} min",
        rounds.count,
        question.thresholds.pod_start_seconds.div_ceil(60),
        counted(drained_together(pool), "node"),
        rounds.timeout_seconds / 60,
    );
    let most = format!("the fullest of these nodes holds {}", rounds.fullest_node);
    Some(
        Said::new(Outcome::Warning, subjects::of_budget(fact), headline)
            .with(estimate)
            .with(most)
            .cured_by(&["raise-drain-timeout", "lower-surge"]),
    )
}

fn place<'a>(question: &Question<'a>, pod: &'a PodFact) -> Option<(&'a NodePoolName, &'a NodeName)> {
    let node = pod.pod.node.as_ref()?;
    question.is_to_evict(pod).then_some(())?;
    Some((question.pool_of(pod)?, node))
}

/// How often a drain has to wait for new pods.
struct Rounds {
    /// Covered pods on the fullest nodes that may be drained together.
    together: usize,
    fullest_node: usize,
    count: usize,
    seconds: u64,
    timeout_seconds: u64,
}

impl Rounds {
    fn of(question: &Question<'_>, pool: &NodePool, on_nodes: impl Iterator<Item = usize>, allowed: usize) -> Self {
        let mut counts: Vec<usize> = on_nodes.collect();
        counts.sort_unstable_by(|one, other| other.cmp(one));
        let width = drained_together(pool);
        let together = counts.iter().take(width).sum();
        let count = usize::div_ceil(together, allowed);
        Self {
            together,
            fullest_node: counts.first().copied().unwrap_or(0),
            count,
            seconds: (count as u64).saturating_mul(question.thresholds.pod_start_seconds),
            timeout_seconds: pool.upgrade_settings.drain_timeout().as_secs(),
        }
    }

    fn is_slow(&self, question: &Question<'_>) -> bool {
        let share = question.thresholds.budget_percent_of_drain_timeout;
        self.count > 1 && self.seconds.saturating_mul(100) > self.timeout_seconds.saturating_mul(share)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::surge::Share;
    use crate::domain::survey::Survey;
    use crate::preflight::samples::{budget, check, denied, passes, pod};
    use crate::preflight::{Thresholds, samples};

    /// A workload of `count` pods, `per_node` on each node, of which one may go at a time.
    fn crowd(survey: &mut Survey, count: u32, per_node: u32) {
        let pods = (0..count).map(|at| {
            let mut pod = pod("shop", "crowd", "Deployment", "apps", at / per_node);
            pod.pod.name = format!("crowd-{at}");
            pod
        });
        survey.kubernetes.pods.as_mut().unwrap().extend(pods);
        let total = i32::try_from(count).unwrap();
        let fact = budget("shop", "crowd", total - 1, total);
        survey.kubernetes.budgets.as_mut().unwrap().push(fact);
    }

    #[test]
    fn many_rounds_are_told_with_their_numbers() {
        let said = check(
            look,
            |survey| crowd(survey, 10, 4),
            Outcome::Warning,
            "PodDisruptionBudget shop/crowd-pdb",
        );
        assert_eq!(
            said.headline,
            "it lets 1 pod go at a time, and the nodes of apps that are drained together hold 10: about 20 min of waiting"
        );
        assert_eq!(said.evidence[1], "the fullest of these nodes holds 4");
    }

    #[test]
    fn a_few_rounds_a_long_timeout_and_one_node_at_a_time_are_no_trouble() {
        passes(look, |survey| crowd(survey, 3, 1));
        passes(look, |survey| {
            crowd(survey, 10, 4);
            survey.azure.cluster.as_mut().unwrap().pools[1]
                .upgrade_settings
                .drain_timeout_minutes = Some(240);
        });
        passes(look, |survey| {
            crowd(survey, 9, 1);
            survey.azure.cluster.as_mut().unwrap().pools[1]
                .upgrade_settings
                .max_surge = Some(Share::Nodes(1));
        });
    }

    #[test]
    fn thresholds_decide() {
        let mut survey = samples::healthy();
        crowd(&mut survey, 10, 4);
        let planned = samples::whole(&survey);
        let quick = Thresholds {
            pod_start_seconds: 5,
            ..Thresholds::default()
        };
        assert!(look(&Question::new(&survey, &planned).judged_by(quick)).is_empty());
    }

    #[test]
    fn without_the_budgets_it_is_unknown() {
        check(
            look,
            |survey| survey.kubernetes.budgets = Err(denied()),
            Outcome::Unknown,
            "the cluster",
        );
    }
}
