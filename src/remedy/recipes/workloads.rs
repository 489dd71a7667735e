//! Workloads made bigger or smaller, so that a budget lets a pod go.

use serde_json::json;

use super::super::repair::NotPossible;
use super::cautions::reverted_by;
use super::sight::{Sight, patch, workload_ref};
use super::{Draft, not_here};
use crate::domain::disruption::DisruptionBudget;
use crate::domain::subject::ObjectRef;
use crate::domain::survey::{BudgetFact, PodVolume, WorkloadFact};

/// `scale-up-workload`: one replica more, where the budget then lets one go.
pub(super) fn scale_up(sight: &Sight<'_>) -> Result<Draft, NotPossible> {
    let budgets = sight.budgets()?;
    let mut refused = None;
    for fact in budgets {
        match one_more(sight, fact) {
            Ok(draft) => return Ok(draft),
            Err(why) => refused = Some(why),
        }
    }
    refused.map_or_else(|| not_here("there is no budget"), Err)
}

fn one_more(sight: &Sight<'_>, fact: &BudgetFact) -> Result<Draft, NotPossible> {
    let workload = workload_behind(sight, fact)?;
    let more = workload.replicas + 1;
    if allowed_with_one_more(&fact.budget).is_none_or(|allowed| allowed < 1) {
        return not_here(format!(
            "PodDisruptionBudget {}/{} would allow no disruption with {more} replicas either ({})",
            fact.budget.namespace,
            fact.budget.name,
            spec_of(&fact.budget)
        ));
    }
    let name = workload_ref(workload);
    let (step, title, who) = match sight.autoscaler(workload)? {
        None => {
            let step = patch(name.clone(), &workload.uid, json!({"spec": {"replicas": more}}));
            (
                step,
                format!("add a replica to {name}: {more} in place of {}", workload.replicas),
                None,
            )
        }
        Some(autoscaler) if autoscaler.max < more => {
            let (name, max) = (&autoscaler.name, autoscaler.max);
            return not_here(format!("its autoscaler {name} allows no more than {max} replicas"));
        }
        Some(autoscaler) => {
            let object = ObjectRef::in_namespace(
                "autoscaling/v2",
                "HorizontalPodAutoscaler",
                &autoscaler.namespace,
                &autoscaler.name,
            );
            let step = super::sight::change(
                object.clone(),
                None,
                crate::domain::object_change::Edit::MergePatch {
                    patch: json!({"spec": {"minReplicas": more}}),
                },
            );
            let title = format!("raise the minimum of {object} to {more} replicas");
            (step, title, reverted_by(autoscaler.managed_by.as_ref()))
        }
    };
    let owners = [reverted_by(workload.managed_by.as_ref()), who];
    Ok(Draft::new(title, vec![step])
        .with_cautions(owners.into_iter().flatten())
        .with_cautions(placement(sight, workload)))
}

/// `scale-to-zero`: a full outage for the time of the drain.
pub(super) fn scale_to_zero(sight: &Sight<'_>) -> Result<Draft, NotPossible> {
    let budgets = sight.budgets()?;
    let Some(fact) = budgets.first() else {
        return not_here("there is no budget");
    };
    let workload = workload_behind(sight, fact)?;
    if workload.replicas == 0 {
        return not_here(format!("{} has no replicas as it is", workload_ref(workload)));
    }
    let name = workload_ref(workload);
    let step = patch(name.clone(), &workload.uid, json!({"spec": {"replicas": 0}}));
    let autoscaled = sight
        .autoscaler(workload)?
        .map(|autoscaler| format!("autoscaler {} rests until there are replicas again", autoscaler.name));
    Ok(Draft::new(
        format!("scale {name} from {} replicas to 0", workload.replicas),
        vec![step],
    )
    .with_cautions([format!("{name} is out until this is taken back")])
    .with_cautions(autoscaled)
    .with_cautions(reverted_by(workload.managed_by.as_ref())))
}

/// The one workload whose pods the budget covers.
fn workload_behind<'a>(sight: &Sight<'a>, fact: &BudgetFact) -> Result<&'a WorkloadFact, NotPossible> {
    let budget = &fact.budget;
    let is_covered = |workload: &&WorkloadFact| {
        workload.namespace == budget.namespace
            && matches!(workload.kind.as_str(), "Deployment" | "StatefulSet")
            && budget
                .selector
                .as_ref()
                .is_some_and(|selector| selector.matches(&workload.pod_labels))
    };
    let covered: Vec<&WorkloadFact> = sight.all_workloads()?.iter().filter(is_covered).collect();
    let of_pod = || {
        let pods = sight.pods().ok()?;
        covered.iter().copied().find(|workload| {
            pods.iter()
                .any(|pod| pod.pod.namespace == workload.namespace && workload.selector.matches(&pod.pod.labels))
        })
    };
    match covered.as_slice() {
        [] => not_here(format!(
            "no Deployment and no StatefulSet is behind PodDisruptionBudget {}/{}",
            budget.namespace, budget.name
        )),
        [only] => Ok(only),
        _ => of_pod().map_or_else(
            || not_here("several workloads are behind the budget, and it does not say which one holds"),
            Ok,
        ),
    }
}

/// Disruptions allowed once one more pod is there and ready. Percentages are rounded up, both ways
/// (Kubernetes docs "Specifying a Disruption Budget", v1.36). `None` where the budget's numbers cannot be read.
fn allowed_with_one_more(budget: &DisruptionBudget) -> Option<i64> {
    let expected = i64::from(budget.expected_pods) + 1;
    let share = |text: &str| match text.trim().strip_suffix('%') {
        Some(percent) => percent
            .parse::<i64>()
            .ok()
            .map(|percent| (expected * percent + 99).div_euclid(100)),
        None => text.trim().parse::<i64>().ok(),
    };
    let desired = match (&budget.min_available, &budget.max_unavailable) {
        (Some(text), _) => share(text)?,
        (None, Some(text)) => expected - share(text)?,
        (None, None) => return None,
    };
    Some(i64::from(budget.current_healthy) + 1 - desired.max(0))
}

fn spec_of(budget: &DisruptionBudget) -> String {
    match (&budget.min_available, &budget.max_unavailable) {
        (Some(text), _) => format!("minAvailable {text}"),
        (None, Some(text)) => format!("maxUnavailable {text}"),
        (None, None) => "no number".to_owned(),
    }
}

/// What the new pod may wait for.
fn placement(sight: &Sight<'_>, workload: &WorkloadFact) -> Vec<String> {
    let pods = sight.survey.kubernetes.pods.as_deref().unwrap_or_default();
    let like = |pod: &&crate::domain::survey::PodFact| {
        pod.pod.namespace == workload.namespace && workload.selector.matches(&pod.pod.labels)
    };
    let alike: Vec<_> = pods.iter().filter(like).collect();
    let mut cautions = Vec::new();
    if alike.iter().any(|pod| pod.has_required_anti_affinity) {
        cautions.push("its pods may not share a node or a zone: the new one needs another place".to_owned());
    }
    let has_claims = alike.iter().any(|pod| {
        pod.volumes
            .iter()
            .any(|volume| matches!(volume, PodVolume::Claim { .. }))
    });
    if has_claims && workload.kind == "StatefulSet" {
        cautions.push("the new pod makes a new volume, which stays when this is taken back".to_owned());
    }
    cautions
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_more_helps_where_the_arithmetic_says_so() {
        let allowed = |min: Option<&str>, max: Option<&str>, pods: i32, healthy: i32| {
            allowed_with_one_more(&DisruptionBudget {
                namespace: "shop".to_owned(),
                name: "b".to_owned(),
                selector: None,
                min_available: min.map(str::to_owned),
                max_unavailable: max.map(str::to_owned),
                current_healthy: healthy,
                desired_healthy: pods,
                expected_pods: pods,
                disruptions_allowed: 0,
                evicts_unhealthy_always: false,
            })
        };
        assert_eq!(allowed(Some("2"), None, 2, 2), Some(1));
        assert_eq!(allowed(Some("50%"), None, 1, 1), Some(1));
        assert_eq!(allowed(Some("100%"), None, 3, 3), Some(0));
        assert_eq!(allowed(Some("90%"), None, 3, 3), Some(0));
        assert_eq!(allowed(None, Some("0"), 3, 3), Some(0));
        assert_eq!(allowed(None, Some("0%"), 3, 3), Some(0));
        assert_eq!(allowed(None, Some("1"), 3, 1), Some(-1));
        assert_eq!(allowed(Some("2"), None, 3, 1), Some(0));
        assert_eq!(allowed(Some("many"), None, 3, 3), None);
        assert_eq!(allowed(None, None, 3, 3), None);
    }
}
