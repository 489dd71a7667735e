//! Pods that talk to the container runtime or read cgroup files, where the upgrade changes either: cgroup v2 came with
//! 1.25, containerd 2 with Ubuntu 24.04 and Azure Linux 3 (AKS release notes, 2022 to 2026).

use std::collections::BTreeMap;

use crate::domain::ids::{NodeName, NodePoolName};
use crate::domain::survey::{PodFact, PodVolume};
use crate::preflight::checks::moving::{Moving, moving, pods_on_moving_nodes};
use crate::preflight::checks::told::{Keeper, Told, read, told};
use crate::preflight::finding::{Outcome, Said};
use crate::preflight::question::Question;
use crate::preflight::system::is_system_namespace;
use crate::preflight::wording::{counted, listed};

const SOCKETS: &[&str] = &["docker.sock", "containerd.sock", "dockershim.sock"];

/// What changes under the pods of a pool.
struct Change {
    runtime: Option<&'static str>,
    apparmor: bool,
}

impl Change {
    fn of(mover: &Moving<'_>) -> Option<Self> {
        let sku = mover.details.os_sku.as_deref().unwrap_or_default();
        let is = |name: &str| sku.eq_ignore_ascii_case(name);
        let runtime = if is("Ubuntu") && mover.crosses(35) {
            Some("containerd 2 with Ubuntu 24.04")
        } else if is("AzureLinux") && mover.crosses(32) {
            Some("containerd 2 with Azure Linux 3")
        } else if mover.crosses(25) {
            Some("cgroup v2")
        } else {
            None
        };
        let apparmor = mover.crosses(30) || (is("Ubuntu") && mover.crosses(35));
        (runtime.is_some() || apparmor).then_some(Self { runtime, apparmor })
    }

    /// Why the pod is worth a look; `None` where it is not.
    fn concerns(&self, pod: &PodFact) -> Option<String> {
        let mounted = pod.volumes.iter().find_map(|volume| match volume {
            PodVolume::HostPath { path }
                if path.starts_with("/sys/fs/cgroup") || SOCKETS.iter().any(|socket| path.ends_with(socket)) =>
            {
                Some(path)
            }
            _ => None,
        });
        if let (Some(runtime), Some(path)) = (self.runtime, mounted) {
            return Some(format!("it mounts {path} of the node, which changes: {runtime}"));
        }
        (self.apparmor && pod.has_apparmor_annotation)
            .then(|| "it sets AppArmor by annotation, which a field has replaced since 1.30".to_owned())
    }
}

pub(super) fn look(question: &Question<'_>) -> Vec<Said> {
    told(judge(question))
}

fn judge(question: &Question<'_>) -> Told {
    let changes: BTreeMap<&NodePoolName, Change> = moving(question)?
        .iter()
        .filter_map(|mover| Some((&mover.pool.name, Change::of(mover)?)))
        .collect();
    if changes.is_empty() {
        return Ok(Vec::new());
    }
    let nodes = read(&question.survey.kubernetes.nodes, "nodes")?;
    let pools: BTreeMap<&NodeName, &NodePoolName> = nodes
        .iter()
        .filter_map(|node| Some((&node.node.name, node.node.pool.as_ref()?)))
        .collect();
    let pods = pods_on_moving_nodes(question)?;
    let mut by_keeper: BTreeMap<Keeper<'_>, (String, Vec<&str>)> = BTreeMap::new();
    for pod in pods.iter().filter(|pod| !is_system_namespace(&pod.pod.namespace)) {
        let change = pod.pod.node.as_ref().and_then(|node| changes.get(pools.get(node)?));
        let Some(concern) = change.and_then(|change| change.concerns(pod)) else {
            continue;
        };
        let (_, names) = by_keeper
            .entry(Keeper::of(pod))
            .or_insert_with(|| (concern, Vec::new()));
        names.push(&pod.pod.name);
    }
    Ok(by_keeper
        .into_iter()
        .map(|(keeper, (concern, names))| {
            Said::new(Outcome::Warning, keeper.subject(), concern)
                .with(format!("{}: {}", counted(names.len(), "pod"), listed(&names)))
                .cured_by(&["rollback-os-sku"])
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::survey::Survey;
    use crate::preflight::question::Planned;
    use crate::preflight::samples::{ask_planned, check, denied, healthy, pod};

    fn mounts(path: &str) -> impl Fn(&mut Survey) {
        let path = path.to_owned();
        move |survey| {
            let pods = survey.kubernetes.pods.as_mut().unwrap();
            let mut agent = pod("monitoring", "agent", "DaemonSet", "apps", 0);
            agent.volumes = vec![PodVolume::HostPath { path: path.clone() }];
            pods.push(agent);
        }
    }

    fn judged(change: impl Fn(&mut Survey), from: &str, to: &str) -> Vec<String> {
        let mut survey = healthy();
        change(&mut survey);
        for pool in &mut survey.azure.cluster.as_mut().unwrap().pools {
            pool.version = from.parse().ok();
        }
        let planned = Planned::whole(survey.azure.cluster.as_ref().unwrap(), to.parse().unwrap());
        let said = ask_planned(look, &survey, &planned);
        said.into_iter().map(|said| said.headline).collect()
    }

    #[test]
    fn mounts_count_only_where_the_runtime_changes() {
        for (path, from, to, told) in [
            ("/var/run/docker.sock", "1.34.2", "1.35.3", true),
            ("/run/containerd/containerd.sock", "1.34.2", "1.35.3", true),
            ("/sys/fs/cgroup", "1.24.2", "1.25.3", true),
            ("/sys/fs/cgroup", "1.35.3", "1.36.1", false),
            ("/var/log", "1.34.2", "1.35.3", false),
        ] {
            let told_of = judged(mounts(path), from, to);
            assert_eq!(told_of.len(), usize::from(told), "{path} {from}: {told_of:?}");
        }
    }

    #[test]
    fn the_change_is_named() {
        assert_eq!(
            judged(mounts("/var/run/docker.sock"), "1.34.2", "1.35.3"),
            ["it mounts /var/run/docker.sock of the node, which changes: containerd 2 with Ubuntu 24.04"]
        );
    }

    #[test]
    fn annotations_of_apparmor_count_on_the_way_past_1_30() {
        let annotated = |survey: &mut Survey| {
            let pods = survey.kubernetes.pods.as_mut().unwrap();
            let web = pods.iter_mut().find(|pod| pod.pod.labels["app"] == "web").unwrap();
            web.has_apparmor_annotation = true;
        };
        assert_eq!(judged(annotated, "1.29.2", "1.30.3").len(), 1);
        assert!(judged(annotated, "1.35.3", "1.36.1").is_empty());
    }

    #[test]
    fn unread_details_are_unknown() {
        check(
            look,
            |survey| survey.azure.details = Err(denied()),
            Outcome::Unknown,
            "the cluster",
        );
    }
}
