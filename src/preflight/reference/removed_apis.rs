//! APIs that a Kubernetes version no longer serves (Kubernetes docs "Deprecated API Migration Guide", 2026).

use serde::Deserialize;

use crate::domain::version::MinorVersion;

/// Hours after the last write for which AKS refuses a minor upgrade
/// (AKS docs "Stop AKS cluster upgrades automatically when there are breaking changes", 2026).
pub const GATE_WINDOW_HOURS: i64 = 12;

/// One kind in one group and version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemovedApi {
    /// The first minor that no longer serves it; `None` for a CRD, which goes with its controller.
    pub removed_in: Option<MinorVersion>,
    pub group: String,
    pub version: String,
    pub kind: String,
    /// Plural, as in a path.
    pub resource: String,
    /// Group and version to use instead; `None` where there is none.
    pub replacement: Option<String>,
    pub note: Option<String>,
    /// False where no official page says so: then it is a "may".
    pub is_confirmed: bool,
}

impl RemovedApi {
    /// Group and version as a manifest writes them.
    pub fn api_version(&self) -> String {
        format!("{}/{}", self.group, self.version)
    }

    /// True where `target` no longer serves it.
    pub fn is_gone_in(&self, target: MinorVersion) -> bool {
        self.removed_in.is_some_and(|removed| removed <= target)
    }
}

#[derive(Deserialize)]
pub(super) struct Row {
    removed_in: String,
    group: String,
    version: String,
    kind: String,
    resource: String,
    replacement: Option<String>,
    note: Option<String>,
    confirmed: bool,
}

impl From<Row> for RemovedApi {
    fn from(row: Row) -> Self {
        Self {
            removed_in: row.removed_in.parse().ok(),
            group: row.group,
            version: row.version,
            kind: row.kind,
            resource: row.resource,
            replacement: row.replacement,
            note: row.note,
            is_confirmed: row.confirmed,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::preflight::reference::Reference;

    #[test]
    fn an_api_is_gone_from_its_minor_on() {
        let tables = Reference::shipped();
        for (api_version, kind, target, gone) in [
            ("batch/v1beta1", "CronJob", "1.24", false),
            ("batch/v1beta1", "CronJob", "1.25", true),
            ("batch/v1beta1", "CronJob", "1.36", true),
            ("flowcontrol.apiserver.k8s.io/v1beta3", "FlowSchema", "1.31", false),
            ("flowcontrol.apiserver.k8s.io/v1beta3", "FlowSchema", "1.32", true),
            ("snapshot.storage.k8s.io/v1beta1", "VolumeSnapshot", "1.36", false),
        ] {
            let api = tables.removed_api(api_version, kind).unwrap();
            assert_eq!(api.is_gone_in(target.parse().unwrap()), gone, "{api_version} {target}");
        }
    }

    #[test]
    fn only_apis_of_crds_have_no_removal() {
        for api in &Reference::shipped().removed_apis {
            let is_crd = api.group == "snapshot.storage.k8s.io";
            assert_eq!(api.removed_in.is_none(), is_crd, "{} {}", api.api_version(), api.kind);
            assert!(!api.resource.is_empty());
        }
    }
}
