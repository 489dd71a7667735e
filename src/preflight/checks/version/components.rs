//! Components that this cluster has and that change incompatibly on the way to the target.
//! Azure's stable API does not say which those are, so the shipped table does. Parts that every cluster has, such as
//! CoreDNS, are told by `versions`; here only an option that is in use counts.

use std::collections::BTreeMap;

use crate::domain::node_pool::PoolMode;
use crate::domain::subject::Subject;
use crate::domain::support::{BreakingChange, breaking_changes};
use crate::domain::survey::{ClusterDetails, Unread, WorkloadFact};
use crate::preflight::finding::{Outcome, Said, or_unknown};
use crate::preflight::question::Question;

/// An optional component, the words the table knows it by, and the sign that it is in use.
struct Component {
    name: &'static str,
    words: &'static [&'static str],
    /// Workloads of AKS's own namespaces begin with it; empty where another sign decides.
    workload: &'static str,
    sign: fn(&ClusterDetails) -> bool,
}

const COMPONENTS: &[Component] = &[
    Component {
        name: "Calico",
        words: &["Calico", "tigera-operator"],
        workload: "tigera-operator",
        sign: |details| is(details.network_policy.as_deref(), "calico"),
    },
    Component {
        name: "KEDA",
        words: &["KEDA"],
        workload: "keda-operator",
        sign: |details| details.addons.keys().any(|name| is(Some(name), "keda")),
    },
    Component {
        name: "Vertical Pod Autoscaler",
        words: &["VPA"],
        workload: "vpa-",
        sign: |_| false,
    },
    Component {
        name: "kube-egress-gateway",
        words: &["kube-egress-gateway"],
        workload: "kube-egress-gateway",
        sign: |_| false,
    },
    Component {
        name: "Defender collector",
        words: &["Defender"],
        workload: "microsoft-defender",
        sign: |_| false,
    },
    Component {
        name: "kube-proxy in IPVS mode",
        words: &["IPVS"],
        workload: "",
        sign: |details| is(details.kube_proxy_mode.as_deref(), "ipvs"),
    },
];

fn is(value: Option<&str>, word: &str) -> bool {
    value.is_some_and(|value| value.eq_ignore_ascii_case(word))
}

pub(super) fn look(question: &Question<'_>) -> Vec<Said> {
    or_unknown(found(question))
}

fn found<'a>(question: &Question<'a>) -> Result<Vec<Said>, &'a Unread> {
    let Some(target) = question.planned.target() else {
        return Ok(Vec::new());
    };
    let cluster = question.survey.azure.cluster.as_ref()?;
    let changes = cluster
        .version
        .map_or_else(Vec::new, |current| breaking_changes(current, target));
    if changes.is_empty() {
        return Ok(Vec::new());
    }
    let details = question.survey.azure.details.as_ref()?;
    let workloads = question.survey.kubernetes.workloads.as_ref()?;
    let has_gateway = cluster.pools.iter().any(|pool| pool.mode == PoolMode::Gateway);
    let mut of_component: BTreeMap<&str, Vec<&BreakingChange>> = BTreeMap::new();
    for component in COMPONENTS {
        let is_used = (component.sign)(details)
            || runs(component, workloads)
            || (has_gateway && component.name == "kube-egress-gateway");
        let touching = changes
            .iter()
            .filter(|change| matches!(&*change.area, "component" | "kube-proxy"))
            .filter(|change| component.words.iter().any(|word| change.what.contains(word)));
        if is_used {
            of_component.entry(component.name).or_default().extend(touching);
        }
    }
    Ok(of_component
        .into_iter()
        .filter_map(|(name, changes)| say(name, &changes))
        .collect())
}

fn runs(component: &Component, workloads: &[WorkloadFact]) -> bool {
    !component.workload.is_empty()
        && workloads.iter().any(|workload| {
            crate::preflight::system::is_system_namespace(&workload.namespace)
                && workload.name.starts_with(component.workload)
        })
}

fn say(name: &str, changes: &[&BreakingChange]) -> Option<Said> {
    let last = changes.last()?;
    let is_sure = changes
        .iter()
        .any(|change| change.is_confirmed && change.severity != "info");
    let (outcome, verb) = if is_sure {
        (Outcome::Warning, "changes")
    } else {
        (Outcome::Info, "may change")
    };
    let subject = Subject::Azure {
        kind: "component".to_owned(),
        name: name.to_owned(),
        id: None,
    };
    let headline = format!(
        "{name} is in use here and {verb} with {}: read the notes and test first",
        last.minor
    );
    let evidence = changes
        .iter()
        .map(|change| format!("{}: {}", change.minor, change.what));
    Some(Said {
        evidence: evidence.collect(),
        ..Said::new(outcome, subject, headline)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::preflight::samples::{check, denied, passes, workload};

    #[test]
    fn only_a_component_in_use_counts() {
        let said = check(
            look,
            |survey| {
                let own = workload("Deployment", "kube-system", "keda-operator", 2);
                survey.kubernetes.workloads.as_mut().unwrap().push(own);
            },
            Outcome::Warning,
            "component KEDA",
        );
        assert!(said.evidence[0].contains("KEDA 2.17.3"), "{said:?}");
        passes(look, |survey| {
            let users = workload("Deployment", "shop", "keda-operator", 2);
            survey.kubernetes.workloads.as_mut().unwrap().push(users);
        });
        // Calico does not change on this way.
        passes(look, |survey| {
            survey.azure.details.as_mut().unwrap().network_policy = Some("calico".into());
        });
    }

    #[test]
    fn what_is_not_confirmed_is_a_may() {
        let survey_of = |from| {
            let mut survey = crate::preflight::samples::healthy();
            survey.azure.cluster.as_mut().unwrap().version = Some(from);
            survey.azure.details.as_mut().unwrap().kube_proxy_mode = Some("IPVS".into());
            crate::preflight::samples::ask(look, &survey)
        };
        let said = survey_of(crate::domain::version::KubernetesVersion::new(1, 34, 1));
        assert_eq!(said[0].outcome, Outcome::Info);
        assert!(said[0].headline.contains("may change"));
    }

    #[test]
    fn without_the_details_it_is_unknown() {
        check(
            look,
            |survey| survey.azure.details = Err(denied()),
            Outcome::Unknown,
            "the cluster",
        );
        check(
            look,
            |survey| survey.kubernetes.workloads = Err(denied()),
            Outcome::Unknown,
            "the cluster",
        );
    }
}
