//! Do the resources that the cluster names still exist?

use std::collections::BTreeMap;

use futures::future;
use serde_json::Value;

use super::Place;
use super::networks::last;
use super::reader::{Reader, existence};
use crate::azure::error::AzureError;
use crate::azure::paths;
use crate::azure::wire::WrongShape;
use crate::azure::wire::survey::ClusterLink;
use crate::domain::survey::{LinkedResource, Reading, SubnetFact, Unread};

/// Types of resources and an API version that reads them.
const VERSIONS: [(&str, &str); 11] = [
    ("Microsoft.OperationalInsights/", "2023-09-01"),
    ("Microsoft.Compute/diskEncryptionSets/", "2024-03-02"),
    ("Microsoft.Compute/", "2024-07-01"),
    ("Microsoft.ManagedIdentity/", "2023-01-31"),
    ("Microsoft.Network/privateDnsZones/", "2024-06-01"),
    ("Microsoft.Network/", "2026-03-01"),
    ("Microsoft.KeyVault/", "2023-07-01"),
    ("Microsoft.ContainerRegistry/", "2023-07-01"),
    ("Microsoft.ContainerService/", "2026-08-01"),
    ("Microsoft.Storage/", "2023-05-01"),
    ("Microsoft.Monitor/", "2023-04-03"),
];

/// One read for each resource; a subnet that was read already is not asked for again. Empty where the cluster itself
/// could not be read.
pub(super) async fn of(
    reader: &Reader<'_>,
    place: &Place<'_>,
    subnets: &BTreeMap<String, Reading<SubnetFact>>,
) -> Vec<LinkedResource> {
    let links = place.links.as_deref().unwrap_or_default();
    let asked = links.iter().map(|link| async move {
        let is_read = matches!(subnets.get(&link.id.to_ascii_lowercase()), Some(Ok(_)));
        LinkedResource {
            what: link.what.to_owned(),
            id: link.id.clone(),
            exists: if is_read { Ok(true) } else { exists(reader, link).await },
        }
    });
    future::join_all(asked).await
}

async fn exists(reader: &Reader<'_>, link: &ClusterLink) -> Reading<bool> {
    let Some(version) = version_for(&link.id) else {
        return Err(Unread::NotAsked {
            why: format!("no API version is known that reads '{}'", link.id),
        });
    };
    let asked: Result<(), AzureError> = async {
        let path = format!("{}?api-version={version}", paths::of_resource(&link.id)?);
        let what = format!("read {} {}", link.what, last(&link.id));
        reader.one(&what, &path, anything).await
    }
    .await;
    existence(asked)
}

#[expect(clippy::unnecessary_wraps, reason = "it stands where a parser stands")]
fn anything(_: &Value) -> Result<(), WrongShape> {
    Ok(())
}

fn version_for(id: &str) -> Option<&'static str> {
    let id = id.to_ascii_lowercase();
    let kind = &id[id.rfind("/providers/")? + "/providers/".len()..];
    VERSIONS
        .iter()
        .find(|(prefix, _)| kind.starts_with(&prefix.to_ascii_lowercase()))
        .map(|(_, version)| *version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_more_special_type_comes_first() {
        for (id, expected) in [
            (
                "/subscriptions/s/resourceGroups/g/providers/microsoft.compute/diskEncryptionSets/d",
                Some("2024-03-02"),
            ),
            (
                "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/hostGroups/d",
                Some("2024-07-01"),
            ),
            (
                "/subscriptions/s/resourceGroups/g/providers/Microsoft.Odd/things/d",
                None,
            ),
            ("/subscriptions/s", None),
        ] {
            assert_eq!(version_for(id), expected, "{id}");
        }
    }
}
