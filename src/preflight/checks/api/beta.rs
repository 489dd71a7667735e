//! Beta APIs in use where the step crosses the minor in which AKS turns them off: 1.30, or 1.27 with long-term support
//! (AKS docs "Upgrade an AKS cluster control plane", 2026).

use std::collections::{BTreeMap, BTreeSet};

use super::{api_subject, api_version};
use crate::domain::cluster::SupportPlan;
use crate::domain::survey::Unread;
use crate::domain::version::MinorVersion;
use crate::preflight::finding::{Outcome, Said, or_unknown};
use crate::preflight::question::Question;
use crate::preflight::wording::listed;

pub(super) fn look(question: &Question<'_>) -> Vec<Said> {
    or_unknown(found(question))
}

fn found<'a>(question: &Question<'a>) -> Result<Vec<Said>, &'a Unread> {
    let Some(target) = question.planned.target() else {
        return Ok(Vec::new());
    };
    let cluster = question.survey.azure.cluster.as_ref()?;
    let off = MinorVersion {
        major: 1,
        minor: if cluster.support_plan == SupportPlan::LongTermSupport {
            27
        } else {
            30
        },
    };
    let crosses = cluster
        .version
        .is_none_or(|current| current.minor_line() < off && target.minor_line() >= off);
    if !crosses {
        return Ok(Vec::new());
    }
    let kubernetes = &question.survey.kubernetes;
    let mut used: BTreeMap<(String, String, String), BTreeSet<String>> = BTreeMap::new();
    for request in kubernetes.deprecated_uses.as_ref()? {
        if request.version.contains("beta") {
            let api = (request.group.clone(), request.version.clone(), request.resource.clone());
            used.entry(api).or_default().extend(request.clients.iter().cloned());
        }
    }
    for manifest in kubernetes.manifests.as_ref()? {
        // Only Kubernetes' own kinds: beta versions of CRDs stay.
        let known = question.reference.removed_api(&manifest.api_version, &manifest.kind);
        if let Some(api) = known.filter(|api| api.version.contains("beta") && api.removed_in.is_some()) {
            let place = format!("{} {}/{}", manifest.kind, manifest.namespace, manifest.name);
            let api = (api.group.clone(), api.version.clone(), api.resource.clone());
            used.entry(api).or_default().insert(place);
        }
    }
    Ok(used
        .into_iter()
        .map(|((group, version, resource), users)| {
            let headline = format!(
                "{resource} of {} are in use, and AKS turns beta APIs off with {off}",
                api_version(&group, &version)
            );
            let said = Said::new(Outcome::Warning, api_subject(&group, &version, &resource), headline);
            let evidence = (!users.is_empty()).then(|| format!("used by {}", listed(&users)));
            Said {
                evidence: evidence.into_iter().collect(),
                ..said
            }
            .cured_by(&["migrate-api"])
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::survey::{StoredManifest, Survey};
    use crate::domain::version::KubernetesVersion;
    use crate::preflight::question::Planned;
    use crate::preflight::samples::{ask_planned, denied, healthy};

    fn asked(from: u16, to: u16, plan: SupportPlan, change: impl FnOnce(&mut Survey)) -> Vec<Said> {
        let mut survey = healthy();
        let cluster = survey.azure.cluster.as_mut().unwrap();
        cluster.version = Some(KubernetesVersion::new(1, from, 0));
        cluster.support_plan = plan;
        let planned = Planned::whole(cluster, KubernetesVersion::new(1, to, 0));
        survey.kubernetes.manifests.as_mut().unwrap().extend(
            [
                ("storage.k8s.io/v1beta1", "CSIStorageCapacity"),
                ("shop.example/v1beta1", "Order"),
            ]
            .map(|(api_version, kind)| StoredManifest {
                api_version: api_version.into(),
                kind: kind.into(),
                namespace: "shop".into(),
                name: "one".into(),
                origin: "last-applied-configuration".into(),
            }),
        );
        change(&mut survey);
        ask_planned(look, &survey, &planned)
    }

    #[test]
    fn only_the_step_over_the_line_counts() {
        for (from, to, plan, count) in [
            (29, 30, SupportPlan::KubernetesOfficial, 1),
            (30, 31, SupportPlan::KubernetesOfficial, 0),
            (26, 27, SupportPlan::KubernetesOfficial, 0),
            (26, 27, SupportPlan::LongTermSupport, 1),
            (27, 30, SupportPlan::LongTermSupport, 0),
        ] {
            let said = asked(from, to, plan.clone(), |_| ());
            assert_eq!(said.len(), count, "{from} to {to} {plan:?}");
        }
        let said = asked(29, 30, SupportPlan::KubernetesOfficial, |_| ());
        assert_eq!(
            said[0].subject.to_string(),
            "API storage.k8s.io/v1beta1 csistoragecapacities"
        );
        assert_eq!(said[0].evidence, ["used by CSIStorageCapacity shop/one"]);
    }

    #[test]
    fn unread_parts_matter_only_on_that_step() {
        let broken = |survey: &mut Survey| survey.kubernetes.manifests = Err(denied());
        let plan = SupportPlan::KubernetesOfficial;
        assert_eq!(asked(29, 30, plan.clone(), broken)[0].outcome, Outcome::Unknown);
        assert!(asked(35, 36, plan, broken).is_empty());
    }
}
