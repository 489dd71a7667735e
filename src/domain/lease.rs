//! A Kubernetes Lease as far as it says who drives a cluster. A value only: nothing is read, written or decided here.

use std::collections::BTreeMap;

use jiff::Timestamp;

/// The Lease as it is stored (Kubernetes API reference "Lease", coordination.k8s.io/v1, 2026).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeaseObject {
    /// `metadata.resourceVersion`; empty for one that is to be made.
    pub resource_version: String,
    /// `None` where nobody holds it; printable.
    pub holder: Option<String>,
    pub duration_seconds: Option<u32>,
    pub acquired_at: Option<Timestamp>,
    pub renewed_at: Option<Timestamp>,
    /// How often it went from one holder to another.
    pub transitions: u32,
    /// Only the annotations under `aks-cockpit/`, without the prefix; printable.
    pub notes: BTreeMap<String, String>,
}
