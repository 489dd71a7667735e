//! What was applied or installed in an API version that the target no longer serves: the objects stay readable, the next
//! apply or Helm upgrade fails (Kubernetes docs "Deprecated API Migration Guide", 2026).

use crate::domain::subject::{ObjectRef, Subject};
use crate::domain::survey::{StoredManifest, Unread};
use crate::preflight::finding::{Outcome, Said, or_unknown};
use crate::preflight::question::Question;
use crate::preflight::reference::RemovedApi;

pub(super) fn look(question: &Question<'_>) -> Vec<Said> {
    or_unknown(found(question))
}

fn found<'a>(question: &Question<'a>) -> Result<Vec<Said>, &'a Unread> {
    let Some(target) = question.planned.target() else {
        return Ok(Vec::new());
    };
    let manifests = question.survey.kubernetes.manifests.as_ref()?;
    Ok(manifests
        .iter()
        .filter_map(|manifest| {
            let api = question
                .reference
                .removed_api(&manifest.api_version, &manifest.kind)
                .filter(|api| api.is_gone_in(target.minor_line()))?;
            Some(say(manifest, api))
        })
        .collect())
}

fn say(manifest: &StoredManifest, api: &RemovedApi) -> Said {
    let verb = if api.is_confirmed { "is" } else { "may be" };
    let release = api
        .removed_in
        .map_or_else(String::new, |release| format!(" in {release}"));
    let headline = format!(
        "written as {} in its {}, which {verb} gone{release}: the next apply fails",
        manifest.api_version, manifest.origin
    );
    let subject = Subject::Object {
        object: ObjectRef {
            api_version: manifest.api_version.clone(),
            kind: manifest.kind.clone(),
            namespace: Some(manifest.namespace.clone()).filter(|namespace| !namespace.is_empty()),
            name: manifest.name.clone(),
        },
    };
    let instead = match &api.replacement {
        Some(replacement) => format!("use {replacement} instead"),
        None => "nothing takes its place".to_owned(),
    };
    let note = api.note.clone();
    Said {
        evidence: [Some(instead), note].into_iter().flatten().collect(),
        ..Said::new(Outcome::Warning, subject, headline)
    }
    .cured_by(&["migrate-api"])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::survey::Survey;
    use crate::preflight::samples::{check, denied, passes};

    fn add(survey: &mut Survey, api_version: &str, kind: &str) {
        survey.kubernetes.manifests.as_mut().unwrap().push(StoredManifest {
            api_version: api_version.into(),
            kind: kind.into(),
            namespace: "shop".into(),
            name: "old".into(),
            origin: "Helm release old".into(),
        });
    }

    #[test]
    fn a_removed_version_is_told_with_what_to_use() {
        let said = check(
            look,
            |survey| add(survey, "policy/v1beta1", "PodDisruptionBudget"),
            Outcome::Warning,
            "PodDisruptionBudget shop/old",
        );
        assert_eq!(
            said.headline,
            "written as policy/v1beta1 in its Helm release old, which is gone in 1.25: the next apply fails"
        );
        assert_eq!(said.evidence[0], "use policy/v1 instead");
    }

    #[test]
    fn what_is_not_confirmed_is_a_may() {
        let said = check(
            look,
            |survey| {
                add(
                    survey,
                    "admissionregistration.k8s.io/v1beta1",
                    "ValidatingAdmissionPolicy",
                );
            },
            Outcome::Warning,
            "ValidatingAdmissionPolicy shop/old",
        );
        assert!(said.headline.contains("may be gone"), "{}", said.headline);
    }

    #[test]
    fn versions_that_stay_and_unknown_kinds_pass() {
        passes(look, |survey| {
            add(survey, "policy/v1", "PodDisruptionBudget");
            add(survey, "shop.example/v1beta1", "Order");
            add(survey, "networking.k8s.io/v1beta1", "IPAddress");
        });
    }

    #[test]
    fn without_the_manifests_it_is_unknown() {
        check(
            look,
            |survey| survey.kubernetes.manifests = Err(denied()),
            Outcome::Unknown,
            "the cluster",
        );
    }
}
