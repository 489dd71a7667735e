//! What a diagnosis of a scenario is expected to say. Stated by the scenario itself, read by tests and by `simulate`.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use serde::Deserialize;

use super::document::Document;

/// What somebody who looks at the scenario at its beginning should be told.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    /// Code of the cause on top, as in the failure catalogue.
    pub cause: Option<String>,
    /// Codes of further causes that must be told too; with them any of the stated causes may be on top.
    #[serde(default)]
    pub also: Vec<String>,
    /// Codes of causes that may be told too: what follows from the others.
    #[serde(default)]
    pub may: Vec<String>,
    /// Subject that the cause on top must name, as `PodDisruptionBudget shop/checkout-pdb`; `node aks-apps-*` stands for
    /// any name that begins so.
    pub evidence: Option<String>,
    /// Id of the remedy that cures it, as in the remedy library.
    pub remedy: Option<String>,
    /// Nothing is wrong: no cause may be told.
    #[serde(default)]
    pub healthy: bool,
    /// The telling evidence is hidden: to say that the cause is not known is right too, a wrong cause is not.
    #[serde(default)]
    pub unknown_is_fine: bool,
    /// From where it is looked at.
    #[serde(default)]
    pub sight: Sight,
    /// The change somebody tries, where its refusal is the symptom.
    pub start: Option<Attempt>,
}

/// From where a cluster is looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sight {
    #[default]
    Both,
    /// The API server cannot be reached.
    Azure,
    /// By a kubeconfig alone.
    Kubernetes,
}

/// A change somebody tries.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attempt {
    pub change: AttemptedChange,
    /// The target version, where there is one.
    pub to: Option<String>,
    /// The pool, where it is about one.
    pub pool: Option<String>,
}

/// What kind of change is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AttemptedChange {
    ControlPlane,
    Pool,
    /// The pool goes back to what it ran before.
    Rollback,
}

#[derive(Deserialize)]
struct Entry {
    id: String,
}

fn ids(text: &str) -> BTreeSet<String> {
    let entries: Vec<Entry> = serde_json::from_str(text).expect("the shipped catalogues are sound: a test reads them");
    entries.into_iter().map(|entry| entry.id).collect()
}

static CAUSES: LazyLock<BTreeSet<String>> = LazyLock::new(|| ids(include_str!("../../../assets/failures.json")));
static REMEDIES: LazyLock<BTreeSet<String>> = LazyLock::new(|| ids(include_str!("../../../assets/remedies.json")));

/// Checks what the types cannot say.
pub(super) fn check(document: &Document) -> Result<(), String> {
    let Some(expected) = &document.expect else {
        return Ok(());
    };
    let codes = expected.cause.iter().chain(&expected.also).chain(&expected.may);
    if let Some(code) = codes.into_iter().find(|code| !CAUSES.contains(*code)) {
        return Err(format!("expect: the failure catalogue has no cause '{code}'"));
    }
    if let Some(remedy) = expected.remedy.as_ref().filter(|id| !REMEDIES.contains(*id)) {
        return Err(format!("expect: the remedy library has no remedy '{remedy}'"));
    }
    if expected.healthy == expected.cause.is_some() {
        return Err("expect: either a cause or 'healthy = true', and not both".to_owned());
    }
    if let Some(pool) = expected.start.as_ref().and_then(|attempt| attempt.pool.as_ref()) {
        let mut pools = document.clusters.iter().flat_map(|cluster| &cluster.pools);
        if pools.all(|known| known.name != *pool) {
            return Err(format!("expect: there is no pool '{pool}'"));
        }
    }
    Ok(())
}
