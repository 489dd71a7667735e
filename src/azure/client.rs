//! The client of Azure Resource Manager: where it points, what it shares, and what it tells about its requests.
//! The calls themselves are in `listing.rs`, `clusters.rs`, `node_pools.rs`, `changes.rs`, `operation.rs` and
//! `activity_log.rs`.

use std::sync::Arc;
use std::time::Duration;

use url::Url;

use super::credentials::Credential;
use super::error::AzureError;
use super::http;
use super::paths;
use super::request_log::{Budget, RequestLog, RequestRecord};
use crate::clock::Clock;
use crate::domain::change::OperationLink;
use crate::domain::cluster::Cluster;
use crate::domain::provisioning::{OperationState, ProvisioningState};

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
    http: reqwest::Client,
    log: RequestLog,
}

impl AzureClient {
    /// Builds a client; sends nothing.
    ///
    /// # Errors
    /// When the endpoint may not be used: plain http to another machine, or no URL of a server.
    pub fn try_new(settings: AzureSettings) -> Result<Self, AzureError> {
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
                log: RequestLog::new(),
                settings,
            }),
        })
    }

    /// How much of Azure's and our own request budget is left.
    pub fn budget(&self) -> Budget {
        self.log().budget(self.clock().now())
    }

    /// The last requests of this session, oldest first, at most 500.
    pub fn recent_requests(&self) -> Vec<RequestRecord> {
        self.log().recent()
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

    pub(super) fn log(&self) -> &RequestLog {
        &self.inner.log
    }

    pub(super) fn with_api_version(&self, path: &str) -> String {
        format!("{path}?api-version={}", self.inner.settings.api_version)
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
