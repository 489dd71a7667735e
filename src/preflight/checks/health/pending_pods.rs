//! Pods that have found no node for minutes: there is no spare room, and a drain makes it worse.

use std::collections::BTreeMap;

use jiff::SignedDuration;

use crate::domain::survey::PodFact;
use crate::preflight::checks::told::{Keeper, Told, read, told};
use crate::preflight::finding::{Outcome, Said};
use crate::preflight::question::Question;
use crate::preflight::wording::{counted, listed};

pub(super) fn look(question: &Question<'_>) -> Vec<Said> {
    told(judge(question))
}

fn judge(question: &Question<'_>) -> Told {
    let pods = read(&question.survey.kubernetes.pods, "pods")?;
    let mut by_keeper: BTreeMap<Keeper<'_>, Vec<&PodFact>> = BTreeMap::new();
    for pod in pods.iter().filter(|pod| is_stuck(pod, question)) {
        by_keeper.entry(Keeper::of(pod)).or_default().push(pod);
    }
    Ok(by_keeper
        .into_iter()
        .map(|(keeper, pods)| {
            let names: Vec<&str> = pods.iter().map(|pod| pod.pod.name.as_str()).collect();
            let said = Said::new(
                Outcome::Warning,
                keeper.subject(),
                format!(
                    "{} for more than {} min without a node: {}",
                    counted(pods.len(), "pod"),
                    question.thresholds.pending_minutes,
                    listed(&names)
                ),
            )
            .cured_by(&["scale-pool-up"]);
            pods.iter()
                .find_map(|pod| pod.unschedulable.as_ref())
                .into_iter()
                .fold(said, Said::with)
        })
        .collect())
}

fn is_stuck(pod: &PodFact, question: &Question<'_>) -> bool {
    let patience = SignedDuration::from_mins(question.thresholds.pending_minutes);
    let waits = pod.pod.phase == "Pending" && pod.pod.node.is_none() && pod.pod.deletion_at.is_none();
    waits
        && pod
            .created_at
            .is_none_or(|created| question.survey.taken_at.duration_since(created) > patience)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::preflight::samples::{check, denied, passes, pod};

    fn pending(survey: &mut crate::domain::survey::Survey, created: &str) {
        let mut waiting = pod("shop", "web", "Deployment", "apps", 8);
        waiting.pod.phase = "Pending".to_owned();
        waiting.pod.node = None;
        waiting.created_at = Some(created.parse().unwrap());
        waiting.unschedulable = Some("0/27 nodes are available: 27 Insufficient cpu.".to_owned());
        survey.kubernetes.pods.as_mut().unwrap().push(waiting);
    }

    #[test]
    fn a_pod_that_waits_for_long_is_told_in_the_schedulers_words() {
        let said = check(
            look,
            |survey| pending(survey, "2026-08-15T08:50:00Z"),
            Outcome::Warning,
            "Deployment shop/web",
        );
        assert_eq!(said.evidence, ["0/27 nodes are available: 27 Insufficient cpu."]);
    }

    #[test]
    fn a_pod_that_is_new_may_wait() {
        passes(look, |survey| pending(survey, "2026-08-15T08:57:00Z"));
    }

    #[test]
    fn unread_pods_are_unknown() {
        check(
            look,
            |survey| survey.kubernetes.pods = Err(denied()),
            Outcome::Unknown,
            "the cluster",
        );
    }
}
