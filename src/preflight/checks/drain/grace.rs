//! Pods that may take longer to stop than the drain may last: the timeout ends the upgrade
//! (AKS docs "Customize node pool rolling upgrades", 2026).

use std::collections::BTreeMap;

use super::subjects;
use crate::domain::ids::NodePoolName;
use crate::domain::subject::Subject;
use crate::domain::survey::{PodFact, Unread};
use crate::preflight::finding::{Outcome, Said, or_unknown};
use crate::preflight::question::Question;
use crate::preflight::system::is_system_namespace;
use crate::preflight::wording::counted;

pub(super) fn look(question: &Question<'_>) -> Vec<Said> {
    or_unknown(found(question))
}

fn found<'a>(question: &Question<'a>) -> Result<Vec<Said>, &'a Unread> {
    let pods = question.pods_to_evict()?;
    question.survey.azure.cluster.as_ref()?;
    let timeouts: BTreeMap<&NodePoolName, u64> = question
        .moving_pools()
        .map(|pool| (&pool.name, pool.upgrade_settings.drain_timeout().as_secs()))
        .collect();
    let judged = pods
        .filter(|pod| !is_system_namespace(&pod.pod.namespace))
        .filter_map(|pod| {
            let timeout = *timeouts.get(question.pool_of(pod)?)?;
            let outcome = judge(pod, timeout, question.thresholds.grace_percent_of_drain_timeout)?;
            Some((pod, timeout, outcome))
        });
    let mut groups: BTreeMap<Subject, Vec<(&PodFact, u64, Outcome)>> = BTreeMap::new();
    for (pod, timeout, outcome) in judged {
        groups
            .entry(subjects::of_pod(pod))
            .or_default()
            .push((pod, timeout, outcome));
    }
    Ok(groups
        .into_iter()
        .filter_map(|(subject, judged)| say(subject, &judged))
        .collect())
}

fn judge(pod: &PodFact, timeout: u64, percent: u64) -> Option<Outcome> {
    let grace = pod.grace_seconds;
    let is_set = pod.pod.owner.as_ref().is_some_and(|owner| owner.kind == "StatefulSet");
    if grace > timeout {
        Some(Outcome::Blocker)
    } else if grace.saturating_mul(100) > timeout.saturating_mul(percent) || (grace == 0 && is_set) {
        Some(Outcome::Warning)
    } else {
        None
    }
}

fn say(subject: Subject, judged: &[(&PodFact, u64, Outcome)]) -> Option<Said> {
    let (pod, timeout, outcome) = judged
        .iter()
        .max_by_key(|(pod, _, outcome)| (*outcome, pod.grace_seconds))?;
    let (grace, count) = (pod.grace_seconds, counted(judged.len(), "pod"));
    if grace == 0 {
        let headline =
            format!("{count} of a StatefulSet are killed at once: a grace period of 0 leaves no time to close data");
        return Some(Said::new(*outcome, subject, headline));
    }
    let headline = match outcome {
        Outcome::Blocker => format!(
            "{count} may take {} to stop, longer than the drain timeout of {}: the drain fails",
            in_minutes(grace),
            in_minutes(*timeout)
        ),
        _ => format!(
            "{count} may take {} to stop, most of the drain timeout of {}",
            in_minutes(grace),
            in_minutes(*timeout)
        ),
    };
    let mut said = Said::new(*outcome, subject, headline).cured_by(&["raise-drain-timeout"]);
    if pod.containers.iter().any(|container| container.has_pre_stop) {
        said = said.with("it has a preStop hook, which takes its time from the same grace period");
    }
    Some(said)
}

fn in_minutes(seconds: u64) -> String {
    match (seconds / 60, seconds % 60) {
        (minutes, 0) => format!("{minutes} min"),
        (0, seconds) => format!("{seconds} s"),
        (minutes, seconds) => format!("{minutes} min {seconds} s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::survey::Survey;
    use crate::preflight::samples::{check, denied, passes};

    fn of_app(survey: &mut Survey, app: &str, seconds: u64) {
        let pods = survey.kubernetes.pods.as_mut().unwrap();
        for pod in pods.iter_mut().filter(|pod| pod.pod.labels["app"] == app) {
            pod.grace_seconds = seconds;
        }
    }

    #[test]
    fn the_drain_timeout_is_the_measure() {
        // The pools of the healthy cluster drain for 30 minutes.
        let said = check(
            look,
            |survey| of_app(survey, "web", 1801),
            Outcome::Blocker,
            "Deployment shop/web",
        );
        assert_eq!(
            said.headline,
            "6 pods may take 30 min 1 s to stop, longer than the drain timeout of 30 min: the drain fails"
        );
        check(
            look,
            |survey| of_app(survey, "web", 1800),
            Outcome::Warning,
            "Deployment shop/web",
        );
        check(
            look,
            |survey| of_app(survey, "web", 1441),
            Outcome::Warning,
            "Deployment shop/web",
        );
        passes(look, |survey| of_app(survey, "web", 1440));
        passes(look, |survey| {
            of_app(survey, "web", 3600);
            survey.azure.cluster.as_mut().unwrap().pools[1]
                .upgrade_settings
                .drain_timeout_minutes = Some(120);
        });
    }

    #[test]
    fn a_set_without_grace_is_told_and_a_deployment_is_not() {
        check(
            look,
            |survey| of_app(survey, "db", 0),
            Outcome::Warning,
            "StatefulSet shop/db",
        );
        passes(look, |survey| of_app(survey, "web", 0));
        passes(look, |survey| of_app(survey, "coredns", 9999));
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
