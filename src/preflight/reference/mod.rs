//! Tables that come with the program, as typed values: removed APIs, OS SKU support, retirements.
//! The support calendar and the breaking changes of a minor are `domain::support`'s, read from the same file.

mod os_skus;
mod removed_apis;
mod retirements;

use std::sync::LazyLock;

use serde::Deserialize;

pub use os_skus::OsSkuSupport;
pub use removed_apis::{GATE_WINDOW_HOURS, RemovedApi};
pub use retirements::Retirement;

/// All tables.
#[derive(Debug, Default)]
pub struct Reference {
    /// By removal, oldest first; those of CRDs last.
    pub removed_apis: Vec<RemovedApi>,
    pub os_skus: Vec<OsSkuSupport>,
    pub retirements: Vec<Retirement>,
}

#[derive(Deserialize)]
struct RemovedApisFile {
    apis: Vec<removed_apis::Row>,
}

#[derive(Deserialize)]
struct BreakingChangesFile {
    os_sku_support: Vec<os_skus::Row>,
    retirements: Vec<retirements::Row>,
}

static SHIPPED: LazyLock<Reference> = LazyLock::new(|| {
    let removed: RemovedApisFile = serde_json::from_str(include_str!("../../../assets/removed-apis.json"))
        .expect("the shipped table of removed APIs is sound: a test reads it");
    let breaking: BreakingChangesFile = serde_json::from_str(include_str!("../../../assets/breaking-changes.json"))
        .expect("the shipped table of breaking changes is sound: a test reads it");
    Reference {
        removed_apis: removed.apis.into_iter().map(RemovedApi::from).collect(),
        os_skus: breaking.os_sku_support.into_iter().map(OsSkuSupport::from).collect(),
        retirements: breaking.retirements.into_iter().map(Retirement::from).collect(),
    }
});

impl Reference {
    /// Those in `assets/`.
    pub fn shipped() -> &'static Self {
        &SHIPPED
    }

    /// What is known of an API that was or will be removed; `api_version` as `policy/v1beta1`.
    pub fn removed_api(&self, api_version: &str, kind: &str) -> Option<&RemovedApi> {
        self.removed_apis
            .iter()
            .find(|api| api.kind == kind && api.api_version() == api_version)
    }

    /// Which versions an OS SKU exists in; `name` as Azure writes it, in any case.
    pub fn os_sku(&self, name: &str) -> Option<&OsSkuSupport> {
        self.os_skus.iter().find(|sku| sku.os_sku.eq_ignore_ascii_case(name))
    }

    /// The end of something, by its words in the table, for instance `Ubuntu 20.04`.
    pub fn retirement(&self, what: &str) -> Option<&Retirement> {
        self.retirements.iter().find(|retirement| retirement.what == what)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_tables_are_complete() {
        let tables = Reference::shipped();
        assert!(tables.removed_apis.len() > 50);
        assert!(tables.os_skus.len() >= 12);
        assert!(tables.retirements.len() >= 18);
    }

    #[test]
    fn an_api_is_found_by_version_and_kind() {
        let tables = Reference::shipped();
        let budget = tables.removed_api("policy/v1beta1", "PodDisruptionBudget").unwrap();
        assert_eq!(budget.removed_in, Some("1.25".parse().unwrap()));
        assert_eq!(budget.replacement.as_deref(), Some("policy/v1"));
        assert_eq!(tables.removed_api("policy/v1", "PodDisruptionBudget"), None);
        assert_eq!(tables.removed_api("policy/v1beta1", "Deployment"), None);
    }
}
