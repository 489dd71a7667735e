//! The client of Azure Resource Manager: where it points, what it shares, and what it tells about its requests.
//! The calls themselves are in `listing.rs`, `clusters.rs`, `node_pools.rs`, `changes.rs`, `operation.rs` and
//! `activity_log.rs`.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use url::Url;

use super::credentials::Credential;
use super::error::AzureError;
use super::http;
use super::paths;
use super::request_log::{Budget, Meter};
use crate::clock::Clock;
use crate::domain::change::OperationLink;
use crate::domain::cluster::Cluster;
use crate::domain::provisioning::{OperationState, ProvisioningState};
use crate::requests::entry::Entry;
use crate::requests::log::RequestLog;

/// The stable AKS API this program speaks.
pub const API_VERSION: &str = "2026-08-01";

/// Where and how to reach Azure.
#[derive(Clone, Debug)]
pub struct AzureSettings {
    /// For instance `https://management.azure.com`; plain http only for a loopback address.
    pub endpoint: Url,
    pub credential: Credential,
    /// `API_VERSION` unless the settings say otherwise.
    pub api_version: String,
    pub clock: Clock,
}

/// The API versions of single clusters, by resource group and name; `None` for one that has the general version.
#[derive(Clone, Default)]
pub struct OwnApiVersions(Option<Arc<VersionOf>>);

type VersionOf = dyn Fn(&str, &str) -> Option<String> + Send + Sync;

impl OwnApiVersions {
    /// The versions that the function names.
    pub fn new(version_of: impl Fn(&str, &str) -> Option<String> + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(version_of)))
    }

    /// The version for a path below the endpoint; `None` where it is about no cluster, or about one without its own.
    fn of(&self, path: &str) -> Option<String> {
        let version_of = self.0.as_ref()?;
        let after = |word: &str| {
            let mut segments = path
                .split('/')
                .skip_while(|segment| !segment.eq_ignore_ascii_case(word));
            segments.nth(1)
        };
        version_of(after("resourceGroups")?, after("managedClusters")?)
    }
}

impl fmt::Debug for OwnApiVersions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(if self.0.is_some() { "some" } else { "none" })
    }
}

/// The clusters that could be listed, and what could not be read.
#[derive(Clone, Debug, Default)]
pub struct ClusterListing {
    pub clusters: Vec<Cluster>,
    /// One sentence for each subscription or page that failed.
    pub findings: Vec<String>,
}

/// How an operation answered one poll.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperationPoll {
    pub state: OperationState,
    /// Azure's wish for the next poll.
    pub retry_after: Option<Duration>,
}

/// Azure took a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    pub operation: OperationLink,
    pub retry_after: Option<Duration>,
    /// The resource's state in the reply, where there was a body; not yet progress.
    pub state: Option<ProvisioningState>,
    /// True where Azure answered that there is nothing to wait for (204 to an abort).
    pub is_done: bool,
}

/// A clonable client; clones share connections, token cache and request log.
#[derive(Clone, Debug)]
pub struct AzureClient {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    settings: AzureSettings,
    own_api_versions: OwnApiVersions,
    http: reqwest::Client,
    meter: Meter,
    log: RequestLog,
}

impl AzureClient {
    /// Builds a client; sends nothing.
    ///
    /// # Errors
    /// When the endpoint may not be used: plain http to another machine, or no URL of a server.
    pub fn try_new(settings: AzureSettings) -> Result<Self, AzureError> {
        Self::try_with_versions(settings, OwnApiVersions::default())
    }

    /// The same, where some clusters have API versions of their own.
    ///
    /// # Errors
    /// As [`Self::try_new`].
    pub fn try_with_versions(settings: AzureSettings, own: OwnApiVersions) -> Result<Self, AzureError> {
        paths::check_endpoint(&settings.endpoint)?;
        let is_version = |text: &str| {
            !text.is_empty()
                && text
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'))
        };
        if !is_version(&settings.api_version) {
            return Err(AzureError::Settings {
                why: format!("'{}' is no API version like {API_VERSION}", settings.api_version),
            });
        }
        Ok(Self {
            inner: Arc::new(Inner {
                http: http::build_client(&settings.endpoint)?,
                meter: Meter::default(),
                log: RequestLog::new(settings.clock.clone()),
                settings,
                own_api_versions: own,
            }),
        })
    }

    /// How much of Azure's and our own request budget is left.
    pub fn budget(&self) -> Budget {
        self.meter().budget(self.clock().now())
    }

    /// The log of all requests; the clients of API servers write into it too.
    pub fn requests(&self) -> &RequestLog {
        &self.inner.log
    }

    /// The last requests to Azure, oldest first.
    pub fn recent_requests(&self) -> Vec<Entry> {
        let of_azure = |entry: &Arc<Entry>| entry.request.kind.is_azure().then(|| Entry::clone(entry));
        self.requests()
            .picture()
            .entries
            .iter()
            .rev()
            .filter_map(of_azure)
            .collect()
    }

    pub(super) fn endpoint(&self) -> &Url {
        &self.inner.settings.endpoint
    }

    pub(super) fn credential(&self) -> &Credential {
        &self.inner.settings.credential
    }

    pub(super) fn clock(&self) -> &Clock {
        &self.inner.settings.clock
    }

    pub(super) fn http(&self) -> &reqwest::Client {
        &self.inner.http
    }

    pub(super) fn meter(&self) -> &Meter {
        &self.inner.meter
    }

    pub(super) fn with_api_version(&self, path: &str) -> String {
        let own = self.inner.own_api_versions.of(path);
        format!(
            "{path}?api-version={}",
            own.as_ref().unwrap_or(&self.inner.settings.api_version)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(endpoint: &str, api_version: &str) -> Result<AzureClient, AzureError> {
        AzureClient::try_new(AzureSettings {
            endpoint: endpoint.parse().unwrap(),
            credential: Credential::given("secret-token").unwrap(),
            api_version: api_version.to_owned(),
            clock: Clock::stepped(jiff::Timestamp::UNIX_EPOCH),
        })
    }

    #[test]
    fn a_cluster_can_have_its_own_api_version() {
        let own = OwnApiVersions::new(|group, name| (group == "rg" && name == "shop").then(|| "2025-01-01".to_owned()));
        for (path, expected) in [
            (
                "/subscriptions/1/resourceGroups/rg/providers/Microsoft.ContainerService/managedClusters/shop",
                true,
            ),
            (
                "/subscriptions/1/resourcegroups/rg/providers/p/managedclusters/shop/agentPools/web",
                true,
            ),
            (
                "/subscriptions/1/resourceGroups/rg/providers/p/managedClusters/pay",
                false,
            ),
            (
                "/subscriptions/1/providers/Microsoft.ContainerService/managedClusters",
                false,
            ),
        ] {
            assert_eq!(own.of(path).is_some(), expected, "{path}");
        }
        assert_eq!(OwnApiVersions::default().of("/x"), None);
    }

    #[test]
    fn a_client_is_built_without_a_tls_provider_installed_and_keeps_its_secret() {
        let client = client("https://management.azure.com", API_VERSION).unwrap();
        assert!(!format!("{client:?}").contains("secret-token"));
        assert_eq!(client.budget(), Budget::default());
    }

    #[test]
    fn bad_settings_are_refused() {
        for (endpoint, api_version) in [
            ("http://management.azure.com", API_VERSION),
            ("https://management.azure.com", ""),
            ("https://management.azure.com", "2026-08-01&x=1"),
        ] {
            let error = client(endpoint, api_version).unwrap_err();
            assert!(matches!(error, AzureError::Settings { .. }), "{endpoint} {api_version}");
        }
    }
}
