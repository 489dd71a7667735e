//! Extensions, backups and diagnostic settings of a cluster.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use crate::azure::wire::WrongShape;
use crate::azure::wire::lenient::{Lenient, Text, object};
use crate::azure::wire::list::{Page, listed};
use crate::azure::wire::node_pool::state;
use crate::domain::survey::ExtensionFact;

/// A backup instance: something that is backed up by a vault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackupInstance {
    pub id: String,
    pub name: String,
    pub is_failing: bool,
}

/// A restore point and whether all of it is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RestorePoint {
    pub at: Timestamp,
    pub is_complete: bool,
}

#[derive(Default, Deserialize)]
#[serde(default, bound(deserialize = "P: Default + serde::de::DeserializeOwned"))]
struct Named<P> {
    id: Lenient<Text>,
    name: Lenient<Text>,
    properties: Lenient<P>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Installed {
    extension_type: Lenient<Text>,
    current_version: Lenient<Text>,
    version: Lenient<Text>,
    provisioning_state: Lenient<Text>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Instance {
    friendly_name: Lenient<Text>,
    current_protection_state: Lenient<Text>,
    protection_status: Lenient<Protection>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Protection {
    status: Lenient<Text>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Point {
    recovery_point_time: Lenient<Timestamp>,
    recovery_point_state: Lenient<Text>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Settings {
    logs: Lenient<Vec<Log>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Log {
    category: Lenient<Text>,
    category_group: Lenient<Text>,
    enabled: Lenient<bool>,
}

/// Reads a page of cluster extensions (Microsoft.KubernetesConfiguration).
pub fn extension_page(body: &Value) -> Result<Page<ExtensionFact>, WrongShape> {
    listed(body, |value| {
        let extension: Named<Installed> = object(value)?;
        let properties = extension.properties.or_default();
        let name = extension.name.text();
        Ok(ExtensionFact {
            name: name.ok_or_else(|| WrongShape::new("an extension has no name"))?,
            kind: properties.extension_type.text().unwrap_or_default(),
            version: properties.current_version.text().or(properties.version.text()),
            provisioning_state: state(properties.provisioning_state),
        })
    })
}

/// Reads a page of backup instances (Microsoft.DataProtection 2026-06-01).
pub fn backup_page(body: &Value) -> Result<Page<BackupInstance>, WrongShape> {
    listed(body, |value| {
        let instance: Named<Instance> = object(value)?;
        let properties = instance.properties.or_default();
        let protection = properties.current_protection_state.text();
        // What is not said to be configured is not: a protection that stopped is no protection.
        let is_configured = protection.is_some_and(|state| state.eq_ignore_ascii_case("ProtectionConfigured"));
        let status = properties.protection_status.or_default().status.text();
        let has_error = status.is_some_and(|status| status.to_ascii_lowercase().contains("error"));
        let name = properties.friendly_name.text().or_else(|| instance.name.text());
        Ok(BackupInstance {
            id: instance
                .id
                .text()
                .ok_or_else(|| WrongShape::new("a backup instance has no id"))?,
            name: name.unwrap_or_default(),
            is_failing: !is_configured || has_error,
        })
    })
}

/// Reads a page of recovery points.
pub fn restore_point_page(body: &Value) -> Result<Page<RestorePoint>, WrongShape> {
    listed(body, |value| {
        let point: Named<Point> = object(value)?;
        let properties = point.properties.or_default();
        let at = properties.recovery_point_time.0;
        Ok(RestorePoint {
            at: at.ok_or_else(|| WrongShape::new("a recovery point has no time"))?,
            is_complete: properties
                .recovery_point_state
                .text()
                .is_some_and(|state| state.eq_ignore_ascii_case("Completed")),
        })
    })
}

/// Reads a page of diagnostic settings: the categories, or groups of them, that each sends somewhere.
pub fn diagnostic_page(body: &Value) -> Result<Page<Vec<String>>, WrongShape> {
    listed(body, |value| {
        let settings: Named<Settings> = object(value)?;
        let logs = settings.properties.or_default().logs.or_default().into_iter();
        Ok(logs
            .filter(|log| log.enabled.0 == Some(true))
            .filter_map(|log| log.category.text().or(log.category_group.text()))
            .collect())
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::provisioning::ProvisioningState;

    #[test]
    fn extensions_are_read() {
        let page = extension_page(
            &json!({"value": [{"name": "flux", "properties": {"extensionType": "microsoft.flux",
            "currentVersion": "1.18.2", "version": null, "provisioningState": "Failed"}}, {"properties": {}}]}),
        )
        .unwrap();
        let extension = &page.items[0];
        assert_eq!(
            (extension.kind.as_str(), extension.version.as_deref()),
            ("microsoft.flux", Some("1.18.2"))
        );
        assert_eq!(
            (&extension.provisioning_state, page.findings.len()),
            (&ProvisioningState::Failed, 1)
        );
    }

    #[test]
    fn a_backup_fails_unless_it_is_configured_without_an_error() {
        for (state, status, expected) in [
            (json!("ProtectionConfigured"), json!("ProtectionConfigured"), false),
            (json!("ProtectionConfigured"), json!("ProtectionError"), true),
            (json!("ProtectionStopped"), json!(null), true),
            (json!(null), json!(null), true),
        ] {
            let page = backup_page(
                &json!({"value": [{"id": "/b", "name": "b", "properties": {"friendlyName": "shop\\daily",
                "currentProtectionState": state, "protectionStatus": {"status": status}}}]}),
            )
            .unwrap();
            assert_eq!(
                (page.items[0].is_failing, page.items[0].name.as_str()),
                (expected, "shop\\daily")
            );
        }
    }

    #[test]
    fn restore_points_have_a_time_and_a_state() {
        let page = restore_point_page(&json!({"value": [
            {"properties": {"objectType": "AzureBackupDiscreteRecoveryPoint", "recoveryPointTime": "2026-11-22T20:00:00.1234567Z", "recoveryPointState": "Completed"}},
            {"properties": {"recoveryPointTime": "2026-11-23T20:00:00Z", "recoveryPointState": "Partial"}}, {"properties": {}}]}))
        .unwrap();
        let complete: Vec<bool> = page.items.iter().map(|point| point.is_complete).collect();
        assert_eq!(
            (complete.as_slice(), page.findings.len()),
            ([true, false].as_slice(), 1)
        );
    }

    #[test]
    fn only_enabled_categories_count() {
        let page = diagnostic_page(&json!({"value": [{"name": "s", "properties": {"logs": [
            {"category": "kube-audit-admin", "enabled": true}, {"category": "kube-audit", "enabled": false},
            {"category": null, "categoryGroup": "allLogs", "enabled": true}]}}]}))
        .unwrap();
        assert_eq!(page.items[0], ["kube-audit-admin", "allLogs"]);
    }
}
