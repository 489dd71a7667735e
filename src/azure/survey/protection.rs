//! Extensions, backups and diagnostic settings of the cluster.

use std::collections::BTreeSet;

use futures::future;

use super::Place;
use super::reader::{Reader, reading};
use crate::azure::error::AzureError;
use crate::azure::paths;
use crate::azure::wire::survey::{self as wire, BackupInstance};
use crate::domain::survey::{BackupFact, ExtensionFact, Reading};

const EXTENSIONS: &str = "2023-05-01";
const BACKUPS: &str = "2026-06-01";
const DIAGNOSTICS: &str = "2021-05-01-preview";

/// The cluster's extensions.
pub(super) async fn extensions(reader: &Reader<'_>, place: &Place<'_>) -> Reading<Vec<ExtensionFact>> {
    let asked = async {
        let path = below(place, "Microsoft.KubernetesConfiguration/extensions", EXTENSIONS)?;
        let what = format!("read the extensions of {}", place.id.name());
        reader.list(&what, &path, wire::extension_page).await
    };
    reading(asked.await)
}

/// Categories of logs that are sent somewhere, each once.
pub(super) async fn diagnostic_settings(reader: &Reader<'_>, place: &Place<'_>) -> Reading<Vec<String>> {
    let asked = async {
        let path = below(place, "Microsoft.Insights/diagnosticSettings", DIAGNOSTICS)?;
        let what = format!("read the diagnostic settings of {}", place.id.name());
        reader.list(&what, &path, wire::diagnostic_page).await
    };
    let categories: BTreeSet<String> = reading(asked.await)?.into_iter().flatten().collect();
    Ok(categories.into_iter().collect())
}

/// Backups of the cluster, each with its last whole restore point. One whose points cannot be read leaves all unread:
/// it would pass for one without any.
pub(super) async fn backups(reader: &Reader<'_>, place: &Place<'_>) -> Reading<Vec<BackupFact>> {
    let asked = async {
        let path = below(place, "Microsoft.DataProtection/backupInstances", BACKUPS)?;
        let what = format!("read the backups of {}", place.id.name());
        reader.whole_list(&what, &path, wire::backup_page).await
    };
    let instances = reading(asked.await)?;
    let facts = future::join_all(instances.iter().map(|instance| backup(reader, instance))).await;
    facts.into_iter().map(reading).collect()
}

async fn backup(reader: &Reader<'_>, instance: &BackupInstance) -> Result<BackupFact, AzureError> {
    let path = paths::of_resource(&instance.id)?;
    let path = format!("{path}/recoveryPoints?api-version={BACKUPS}");
    let what = format!("read the restore points of {}", instance.name);
    let points = reader.list(&what, &path, wire::restore_point_page).await?;
    Ok(BackupFact {
        name: instance.name.clone(),
        last_success: points
            .iter()
            .filter(|point| point.is_complete)
            .map(|point| point.at)
            .max(),
        is_failing: instance.is_failing,
    })
}

/// Path of what another provider keeps below the cluster.
fn below(place: &Place<'_>, rest: &str, version: &str) -> Result<String, AzureError> {
    Ok(format!(
        "{}/providers/{rest}?api-version={version}",
        paths::cluster(place.id)?
    ))
}
