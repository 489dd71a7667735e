//! Pods that nothing makes again: gone for good after the drain.

use super::subjects;
use crate::domain::survey::Unread;
use crate::preflight::finding::{Outcome, Said, or_unknown};
use crate::preflight::question::Question;
use crate::preflight::system::is_system_namespace;

pub(super) fn look(question: &Question<'_>) -> Vec<Said> {
    or_unknown(found(question))
}

fn found<'a>(question: &Question<'a>) -> Result<Vec<Said>, &'a Unread> {
    Ok(question
        .pods_to_evict()?
        .filter(|pod| pod.pod.owner.is_none() && !is_system_namespace(&pod.pod.namespace))
        .map(|pod| {
            let node = pod.pod.node.as_ref().map(ToString::to_string).unwrap_or_default();
            Said::new(
                Outcome::Warning,
                subjects::of_pod(pod),
                "nothing owns it, so nothing makes it again: gone for good once its node is drained",
            )
            .with(format!("runs on {node}"))
            .with("save its manifest, or put it into a Deployment or a Job")
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::survey::{PodFact, Survey};
    use crate::preflight::samples::{check, denied, passes, pod};

    fn add(survey: &mut Survey, namespace: &str, change: impl FnOnce(&mut PodFact)) {
        let mut bare = pod(namespace, "debug", "", "apps", 0);
        change(&mut bare);
        survey.kubernetes.pods.as_mut().unwrap().push(bare);
    }

    #[test]
    fn a_pod_without_an_owner_is_told() {
        check(
            look,
            |survey| add(survey, "shop", |_| ()),
            Outcome::Warning,
            "Pod shop/debug-apps-0",
        );
        check(
            look,
            |survey| survey.kubernetes.pods = Err(denied()),
            Outcome::Unknown,
            "the cluster",
        );
    }

    #[test]
    fn static_finished_and_aks_own_pods_are_not() {
        passes(look, |survey| add(survey, "shop", |pod| pod.pod.is_mirror = true));
        passes(look, |survey| {
            add(survey, "shop", |pod| pod.pod.phase = "Succeeded".into());
        });
        passes(look, |survey| add(survey, "aks-command", |_| ()));
        passes(look, |survey| add(survey, "shop", |pod| pod.pod.node = None));
    }
}
