//! What the API server tells about itself in `/metrics` and `/readyz`, as the author of a world sets it.

use std::collections::{BTreeMap, BTreeSet};

use super::ObjectStore;

/// Replicas of the API server behind the one address (AKS docs "Pricing tiers", 2026: at least two).
const REPLICAS: u64 = 2;
/// Size of a small cluster's etcd.
const USUAL_ETCD_BYTES: u64 = 45 * 1024 * 1024;

/// Requests for an API that a later version removes, as `apiserver_requested_deprecated_apis` counts them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeprecatedApiUse {
    /// Empty for the core group.
    pub group: String,
    pub version: String,
    pub resource: String,
    pub subresource: String,
    /// For instance `1.32`.
    pub removed_release: String,
    /// Requests by verb, as `apiserver_request_total` writes it: `LIST`, `GET`, ...
    pub requests: BTreeMap<String, u64>,
    /// Which replica of the API server was asked, 0 or 1: the other one knows nothing of it.
    pub replica: u64,
}

/// The figures of an API server.
#[derive(Debug)]
pub(crate) struct Figures {
    pub(crate) deprecated: Vec<DeprecatedApiUse>,
    pub(crate) etcd_bytes: u64,
    /// Objects the world does not hold, by resource.
    pub(crate) further_objects: BTreeMap<String, u64>,
    /// Answered with 429 since the server started.
    pub(crate) rejected_requests: u64,
    /// Parts of `/readyz` that fail.
    pub(crate) failed_checks: BTreeSet<String>,
    scrapes: u64,
}

impl Default for Figures {
    fn default() -> Self {
        Self {
            deprecated: Vec::new(),
            etcd_bytes: USUAL_ETCD_BYTES,
            further_objects: BTreeMap::new(),
            rejected_requests: 0,
            failed_checks: BTreeSet::new(),
            scrapes: 0,
        }
    }
}

impl ObjectStore {
    /// Adds requests for a deprecated API.
    pub fn add_deprecated_use(&mut self, deprecated: DeprecatedApiUse) {
        self.figures.deprecated.push(deprecated);
    }

    /// Sets the size of etcd in bytes.
    pub fn set_etcd_bytes(&mut self, bytes: u64) {
        self.figures.etcd_bytes = bytes;
    }

    /// Sets how many objects of a resource (`events`, `policyreports.wgpolicyk8s.io`) the server counts beside those
    /// that are there.
    pub fn set_further_objects(&mut self, resource: &str, count: u64) {
        self.figures.further_objects.insert(resource.to_owned(), count);
    }

    /// Sets how many requests were answered with 429 for load.
    pub fn set_rejected_requests(&mut self, count: u64) {
        self.figures.rejected_requests = count;
    }

    /// Lets a part of `/readyz` fail, such as `etcd`, or work again.
    pub fn set_ready_check(&mut self, check: &str, is_failing: bool) {
        if is_failing {
            self.figures.failed_checks.insert(check.to_owned());
        } else {
            self.figures.failed_checks.remove(check);
        }
    }

    /// Serves a kind no more (`horizontalpodautoscalers`, or a path such as `/metrics`): 404 from now on.
    pub fn stop_serving(&mut self, plural: &str) {
        self.not_served.insert(plural.to_owned());
    }

    /// Serves it again.
    pub fn serve_again(&mut self, plural: &str) {
        self.not_served.remove(plural);
    }

    pub(crate) fn is_served(&self, plural: &str) -> bool {
        !self.not_served.contains(plural)
    }

    pub(crate) fn figures(&self) -> &Figures {
        &self.figures
    }

    /// The replica that answers the next look at the figures: they take turns.
    pub(crate) fn next_replica(&mut self) -> u64 {
        self.figures.scrapes += 1;
        self.figures.scrapes % REPLICAS
    }
}
