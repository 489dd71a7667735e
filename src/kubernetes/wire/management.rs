//! Who keeps an object as it is: marks that Argo CD, Flux and Helm leave on what they write, and owners.

use serde::Deserialize;

use super::{Metadata, controller, or_default, some_text};
use crate::domain::survey::Management;

/// Labels or annotations of those who write objects (Argo CD docs "Resource Tracking", Flux docs "Kustomization" and
/// "HelmRelease", Helm docs "Labels and Annotations", 2026).
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Marks {
    #[serde(rename = "argocd.argoproj.io/tracking-id", deserialize_with = "or_default")]
    argo_tracking: String,
    #[serde(rename = "argocd.argoproj.io/instance", deserialize_with = "or_default")]
    argo_instance: String,
    #[serde(rename = "kustomize.toolkit.fluxcd.io/name", deserialize_with = "or_default")]
    flux_kustomization: String,
    #[serde(rename = "helm.toolkit.fluxcd.io/name", deserialize_with = "or_default")]
    flux_release: String,
    #[serde(rename = "meta.helm.sh/release-name", deserialize_with = "or_default")]
    helm_release: String,
    #[serde(rename = "app.kubernetes.io/managed-by", deserialize_with = "or_default")]
    managed_by: String,
    #[serde(rename = "app.kubernetes.io/instance", deserialize_with = "or_default")]
    instance: String,
}

/// The outermost of those who keep the object: Argo CD or Flux before Helm, Helm before an owner in the cluster.
pub(super) fn managed_by(metadata: &Metadata<Marks, Marks>) -> Option<Management> {
    let (labels, annotations) = (&metadata.labels, &metadata.annotations);
    // `application:group/kind:namespace/name`
    let tracked = annotations.argo_tracking.split(':').next().unwrap_or_default();
    let argo = some_text(tracked)
        .or_else(|| some_text(&labels.argo_instance))
        .or_else(|| some_text(&annotations.argo_instance));
    if let Some(application) = argo {
        return Some(Management::ArgoCd { application });
    }
    if let Some(name) = some_text(&labels.flux_kustomization).or_else(|| some_text(&labels.flux_release)) {
        return Some(Management::Flux { name });
    }
    let helm = some_text(&annotations.helm_release).or_else(|| {
        let is_helm = labels.managed_by.eq_ignore_ascii_case("Helm");
        is_helm.then(|| some_text(&labels.instance).unwrap_or_else(|| super::printable(&metadata.name)))
    });
    if let Some(release) = helm {
        return Some(Management::Helm { release });
    }
    controller(&metadata.owner_references).map(Management::Owner)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::domain::pod::Owner;

    #[test]
    fn the_outermost_keeper_is_named() {
        let check = |metadata: Value, expected: Option<Management>| {
            let metadata: Metadata<Marks, Marks> = serde_json::from_value(metadata).unwrap();
            assert_eq!(managed_by(&metadata), expected);
        };
        let helm = json!({ "app.kubernetes.io/managed-by": "Helm", "app.kubernetes.io/instance": "shop" });
        check(json!({ "name": "a" }), None);
        check(json!({ "name": "a", "labels": null, "annotations": null }), None);
        check(
            json!({ "labels": helm }),
            Some(Management::Helm { release: "shop".into() }),
        );
        check(
            json!({ "labels": helm, "annotations": { "meta.helm.sh/release-name": "web" } }),
            Some(Management::Helm { release: "web".into() }),
        );
        check(
            json!({ "labels": { "helm.toolkit.fluxcd.io/name": "r" }, "annotations": { "meta.helm.sh/release-name": "web" } }),
            Some(Management::Flux { name: "r".into() }),
        );
        check(
            json!({ "labels": { "kustomize.toolkit.fluxcd.io/name": "apps" } }),
            Some(Management::Flux { name: "apps".into() }),
        );
        check(
            json!({ "labels": helm, "annotations": { "argocd.argoproj.io/tracking-id": "shop-prod:policy/PodDisruptionBudget:shop/web" } }),
            Some(Management::ArgoCd {
                application: "shop-prod".into(),
            }),
        );
        let owners = json!([{ "kind": "Team", "name": "x" }, { "kind": "Kafka", "name": "main", "controller": true }]);
        check(
            json!({ "ownerReferences": owners }),
            Some(Management::Owner(Owner {
                kind: "Kafka".into(),
                name: "main".into(),
            })),
        );
    }
}
