//! Work that a drain cuts off: running Jobs, and pods that ask never to be evicted, which AKS's drain does not heed
//! (AKS docs "Upgrade an AKS node pool" and "Node auto-provisioning disruption", 2026).

use super::subjects;
use crate::domain::survey::{PodFact, Unread};
use crate::preflight::finding::{Outcome, Said, or_unknown};
use crate::preflight::question::Question;
use crate::preflight::system::is_system_namespace;
use crate::preflight::wording::{counted, listed};

pub(super) fn look(question: &Question<'_>) -> Vec<Said> {
    or_unknown(found(question))
}

fn found<'a>(question: &Question<'a>) -> Result<Vec<Said>, &'a Unread> {
    let pods = question
        .pods_to_evict()?
        .filter(|pod| !is_system_namespace(&pod.pod.namespace) && (is_of_job(pod) || pod.says_never_evict));
    Ok(subjects::grouped(pods)
        .into_iter()
        .map(|(subject, pods)| {
            let count = counted(pods.len(), "pod");
            let headline = if pods.iter().any(|pod| is_of_job(pod)) {
                format!("{count} of a Job run: their work is lost with the node and begins anew")
            } else {
                format!("{count} say never to evict them: AKS's drain evicts them all the same")
            };
            let since = pods.iter().filter_map(|pod| pod.created_at).min();
            let said =
                Said::new(Outcome::Warning, subject, headline).with(listed(pods.iter().map(|pod| &pod.pod.name)));
            match since {
                Some(since) => said.with(format!("the oldest runs since {since}")),
                None => said,
            }
        })
        .collect())
}

fn is_of_job(pod: &PodFact) -> bool {
    pod.pod.owner.as_ref().is_some_and(|owner| owner.kind == "Job")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::survey::Survey;
    use crate::preflight::samples::{check, denied, passes, pod};

    fn add(survey: &mut Survey, namespace: &str, phase: &str) {
        let mut job = pod(namespace, "report", "Job", "apps", 0);
        job.pod.phase = phase.into();
        survey.kubernetes.pods.as_mut().unwrap().push(job);
    }

    #[test]
    fn a_running_job_is_told_and_a_finished_one_is_not() {
        check(
            look,
            |survey| add(survey, "shop", "Running"),
            Outcome::Warning,
            "Job shop/report",
        );
        passes(look, |survey| add(survey, "shop", "Succeeded"));
        passes(look, |survey| add(survey, "kube-system", "Running"));
    }

    #[test]
    fn a_pod_that_says_never_is_told() {
        let said = check(
            look,
            |survey| {
                let pods = survey.kubernetes.pods.as_mut().unwrap();
                let web = pods.iter_mut().filter(|pod| pod.pod.labels["app"] == "web");
                web.for_each(|pod| pod.says_never_evict = true);
            },
            Outcome::Warning,
            "Deployment shop/web",
        );
        assert!(said.headline.starts_with("6 pods say never"), "{}", said.headline);
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
