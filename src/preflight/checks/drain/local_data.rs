//! Data on the node: a reimage wipes the disk, and AKS's drain does not ask about it
//! (AKS docs "Upgrade options", 2026; Kubernetes docs "Volumes", 2026).

use std::collections::{BTreeSet, HashMap};

use super::subjects;
use crate::domain::subject::Subject;
use crate::domain::survey::{PodFact, PodVolume, Unread, VolumeFact};
use crate::preflight::finding::{Outcome, Said, or_unknown};
use crate::preflight::question::Question;
use crate::preflight::system::is_system_namespace;
use crate::preflight::wording::{counted, listed};

/// Paths that come with every node again: nothing is lost with them.
const OF_THE_SYSTEM: [&str; 9] = [
    "/dev",
    "/etc/localtime",
    "/etc/ssl",
    "/lib/modules",
    "/proc",
    "/run",
    "/sys",
    "/usr",
    "/var/run",
];

pub(super) fn look(question: &Question<'_>) -> Vec<Said> {
    or_unknown(found(question))
}

fn found<'a>(question: &Question<'a>) -> Result<Vec<Said>, &'a Unread> {
    let pods: Vec<&PodFact> = question
        .pods_to_evict()?
        .filter(|pod| !is_system_namespace(&pod.pod.namespace) && !pod.volumes.is_empty())
        .collect();
    let volumes = &question.survey.kubernetes.volumes;
    let mut said = Vec::new();
    if let (Err(unread), true) = (volumes, pods.iter().any(|pod| has_claim(pod))) {
        said.push(Said::unknown(unread));
    }
    let local: HashMap<&str, &VolumeFact> = volumes
        .iter()
        .flatten()
        .filter(|volume| !volume.nodes.is_empty())
        .filter_map(|volume| Some((volume.claim.as_deref()?, volume)))
        .collect();
    let groups = subjects::grouped(pods);
    said.extend(
        groups
            .into_iter()
            .filter_map(|(subject, pods)| of_workload(subject, &pods, &local)),
    );
    Ok(said)
}

fn has_claim(pod: &PodFact) -> bool {
    let mut volumes = pod.volumes.iter();
    volumes.any(|volume| matches!(volume, PodVolume::Claim { .. }))
}

fn of_workload(subject: Subject, pods: &[&PodFact], local: &HashMap<&str, &VolumeFact>) -> Option<Said> {
    let mut places: BTreeSet<String> = BTreeSet::new();
    let mut count = 0;
    for pod in pods {
        let own: Vec<String> = pod
            .volumes
            .iter()
            .filter_map(|volume| lost_with(pod, volume, local))
            .collect();
        count += usize::from(!own.is_empty());
        places.extend(own);
    }
    (!places.is_empty()).then(|| {
        let headline = format!(
            "{} {} data on the node, which is wiped: {}",
            counted(count, "pod"),
            if count == 1 { "keeps" } else { "keep" },
            listed(&places)
        );
        let names = pods.iter().map(|pod| &pod.pod.name);
        Said::new(Outcome::Warning, subject, headline).with(listed(names))
    })
}

/// What of a volume goes with the node, in words.
fn lost_with(pod: &PodFact, volume: &PodVolume, local: &HashMap<&str, &VolumeFact>) -> Option<String> {
    match volume {
        PodVolume::EmptyDir { in_memory: true } => None,
        PodVolume::EmptyDir { in_memory: false } => {
            let owner = pod.pod.owner.as_ref();
            let keeps_state = owner.is_none_or(|owner| owner.kind == "StatefulSet");
            keeps_state.then(|| "an emptyDir".to_owned())
        }
        PodVolume::HostPath { path } => {
            let comes_back = OF_THE_SYSTEM.iter().any(|own| {
                path.strip_prefix(own)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            });
            (!comes_back).then(|| format!("hostPath {path}"))
        }
        PodVolume::Claim { name } => local
            .get(format!("{}/{name}", pod.pod.namespace).as_str())
            .map(|volume| format!("local volume {}", volume.name)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::survey::Survey;
    use crate::preflight::samples::{check, denied, passes, pod};

    fn add(survey: &mut Survey, kind: &str, volume: &PodVolume) {
        for at in 0..2 {
            let mut holder = pod("shop", "holder", kind, "apps", at);
            holder.volumes = vec![volume.clone()];
            survey.kubernetes.pods.as_mut().unwrap().push(holder);
            if kind.is_empty() {
                break;
            }
        }
    }

    fn path(path: &str) -> PodVolume {
        PodVolume::HostPath { path: path.into() }
    }

    const SCRATCH: PodVolume = PodVolume::EmptyDir { in_memory: false };

    #[test]
    fn data_that_goes_with_the_node_is_told_once_for_a_workload() {
        let of_set = check(
            look,
            |survey| add(survey, "StatefulSet", &SCRATCH),
            Outcome::Warning,
            "StatefulSet shop/holder",
        );
        assert_eq!(
            of_set.headline,
            "2 pods keep data on the node, which is wiped: an emptyDir"
        );
        check(
            look,
            |survey| add(survey, "", &SCRATCH),
            Outcome::Warning,
            "Pod shop/holder-apps-0",
        );
        let of_path = check(
            look,
            |survey| add(survey, "Deployment", &path("/data/cache")),
            Outcome::Warning,
            "Deployment shop/holder",
        );
        assert!(
            of_path.headline.contains("hostPath /data/cache"),
            "{}",
            of_path.headline
        );
    }

    #[test]
    fn a_local_volume_is_data_on_the_node() {
        check(
            look,
            |survey| {
                let volume = &mut survey.kubernetes.volumes.as_mut().unwrap()[0];
                volume.nodes = vec!["aks-data-12345678-vmss000000".into()];
            },
            Outcome::Warning,
            "StatefulSet shop/db",
        );
    }

    #[test]
    fn scratch_space_memory_and_paths_of_the_system_are_not() {
        passes(look, |survey| add(survey, "Deployment", &SCRATCH));
        passes(look, |survey| {
            add(survey, "StatefulSet", &PodVolume::EmptyDir { in_memory: true });
        });
        passes(look, |survey| add(survey, "Deployment", &path("/proc")));
        passes(look, |survey| add(survey, "Deployment", &path("/var/run/docker.sock")));
        passes(look, |survey| add(survey, "DaemonSet", &path("/data")));
    }

    #[test]
    fn claims_need_the_volumes() {
        check(
            look,
            |survey| survey.kubernetes.volumes = Err(denied()),
            Outcome::Unknown,
            "the cluster",
        );
    }
}
