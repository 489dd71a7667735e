//! What AKS itself found: the detectors of "Diagnose and solve problems" and the stored upgrade insights (preview).
//! Neither is made to run anew.

use futures::{future, join};

use super::Place;
use super::reader::{Reader, unread};
use crate::azure::error::AzureError;
use crate::azure::paths;
use crate::azure::wire::survey as wire;
use crate::domain::survey::{Reading, Unread};

const DETECTORS: &str = "2024-08-01";
const INSIGHTS: &str = "2026-08-02-preview";

/// Detectors that speak of upgrades (AKS docs "Azure Kubernetes Service Diagnostics overview", 2026). Each answer takes
/// Azure seconds, so that no other is asked.
const OF_UPGRADES: [&str; 9] = [
    "aks-cluster-put-failures",
    "agentpool-put-failures",
    "agentpool-image-upgrade-failures",
    "incorrect-pod-disruption-budgets",
    "aks-k8s-deprecations",
    "cluster-subnet",
    "pod-subnet-full",
    "customerthrottling",
    "ProvisioningStatusNodePool",
];

/// Findings of both, each naming its source. An API that is not served is no failure while the other one is.
pub(super) async fn of(reader: &Reader<'_>, place: &Place<'_>) -> Reading<Vec<String>> {
    let (detectors, insights) = join!(detectors(reader, place), insights(reader, place));
    merged(detectors, insights)
}

/// What one of them found is told although the other one could not be read; that it found nothing is not.
fn merged(one: Result<Vec<String>, AzureError>, other: Result<Vec<String>, AzureError>) -> Reading<Vec<String>> {
    match (one, other) {
        (Ok(mut one), Ok(other)) => {
            one.extend(other);
            Ok(one)
        }
        (Ok(found), Err(error)) | (Err(error), Ok(found)) => match unread(&error) {
            Unread::NotServed { .. } => Ok(found),
            _ if !found.is_empty() => Ok(found),
            reason => Err(reason),
        },
        (Err(one), Err(other)) => Err(match unread(&one) {
            Unread::NotServed { .. } => unread(&other),
            reason => reason,
        }),
    }
}

async fn detectors(reader: &Reader<'_>, place: &Place<'_>) -> Result<Vec<String>, AzureError> {
    let base = format!("{}/detectors", paths::cluster(place.id)?);
    let what = format!("list the detectors of {}", place.id.name());
    let path = format!("{base}?api-version={DETECTORS}");
    let served = reader.list(&what, &path, wire::detector_page).await?;
    let asked = OF_UPGRADES
        .iter()
        .filter(|id| served.iter().any(|known| known.eq_ignore_ascii_case(id)));
    let answers = future::join_all(asked.map(|id| detector(reader, &base, id))).await;
    let mut findings = Vec::new();
    for answer in answers {
        findings.extend(answer?);
    }
    Ok(findings)
}

/// One detector over the last day, which is also what it takes where no times are given.
async fn detector(reader: &Reader<'_>, base: &str, id: &str) -> Result<Vec<String>, AzureError> {
    let path = format!("{base}/{}?api-version={DETECTORS}", paths::segment(id)?);
    let found = reader
        .one(&format!("ask detector {id}"), &path, wire::detector_findings)
        .await?;
    Ok(found
        .into_iter()
        .map(|text| format!("AKS detector {id}, {text}"))
        .collect())
}

async fn insights(reader: &Reader<'_>, place: &Place<'_>) -> Result<Vec<String>, AzureError> {
    let path = format!("{}/upgradeInsights?api-version={INSIGHTS}", paths::cluster(place.id)?);
    let what = format!("read the upgrade insights of {}", place.id.name());
    let found = reader.list(&what, &path, wire::upgrade_insight_page).await?;
    Ok(found
        .into_iter()
        .flatten()
        .map(|text| format!("AKS upgrade insight {text}"))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::provisioning::AzureErrorDetail;

    fn refused(status: u16, code: &str) -> Result<Vec<String>, AzureError> {
        let detail = AzureErrorDetail {
            code: code.to_owned(),
            ..AzureErrorDetail::default()
        };
        Err(AzureError::refused("read it", status, detail, None, None))
    }

    fn found(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn nothing_found_counts_only_where_both_could_be_asked() {
        let not_served = || refused(404, "InvalidResourceType");
        let denied = || refused(403, "AuthorizationFailed");
        assert_eq!(merged(Ok(found(&["a"])), Ok(found(&["b"]))).unwrap(), ["a", "b"]);
        assert_eq!(merged(Ok(found(&[])), not_served()).unwrap(), Vec::<String>::new());
        assert_eq!(merged(denied(), Ok(found(&["b"]))).unwrap(), ["b"]);
        assert!(matches!(merged(Ok(found(&[])), denied()), Err(Unread::Denied { .. })));
        assert!(matches!(merged(not_served(), denied()), Err(Unread::Denied { .. })));
        assert!(matches!(
            merged(not_served(), not_served()),
            Err(Unread::NotServed { .. })
        ));
    }
}
