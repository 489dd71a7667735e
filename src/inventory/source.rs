//! From a failed read to the state of its source: what was denied, what is only old, what never came.

use super::snapshot::{LOGIN, SourceState, Sourced};
use crate::azure::error::AzureError;
use crate::domain::text::printable;
use crate::kubernetes::error::KubernetesError;

use std::sync::Arc;

use jiff::Timestamp;

/// The right `clusters` need.
pub(super) const READ_CLUSTERS: &str = "Microsoft.ContainerService/managedClusters/read";
/// The right the upgrade profiles need.
pub(super) const READ_UPGRADES: &str = "Microsoft.ContainerService/managedClusters/upgradeProfiles/read";
/// The right a region's versions need.
pub(super) const READ_REGION: &str = "Microsoft.ContainerService/locations/kubernetesVersions/read";
/// The right the kubeconfig needs.
pub(super) const READ_KUBECONFIG: &str = "Microsoft.ContainerService/managedClusters/listClusterUserCredential/action";
/// The right the activity log needs.
pub(super) const READ_ACTIVITY_LOG: &str = "Microsoft.Insights/eventtypes/values/read";

/// The right the maintenance configurations need.
pub(super) const READ_WINDOWS: &str = "Microsoft.ContainerService/managedClusters/maintenanceConfigurations/read";

/// Why a read gave nothing; printable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ReadProblem {
    NotLoggedIn { why: String },
    Denied { why: String },
    NotFound { why: String },
    Failed { why: String },
}

impl ReadProblem {
    pub(super) fn why(&self) -> &str {
        match self {
            Self::NotLoggedIn { why } | Self::Denied { why } | Self::NotFound { why } | Self::Failed { why } => why,
        }
    }

    /// The state of a source after this problem; an old value makes it stale rather than failed.
    pub(super) fn state(self, right: &str, has_value: bool) -> SourceState {
        match self {
            Self::NotLoggedIn { why } => SourceState::Denied {
                right: LOGIN.to_owned(),
                why,
            },
            Self::Denied { why } => SourceState::Denied {
                right: right.to_owned(),
                why,
            },
            Self::NotFound { why } | Self::Failed { why } if has_value => SourceState::Stale { why },
            Self::NotFound { why } | Self::Failed { why } => SourceState::Failed { why },
        }
    }
}

impl From<AzureError> for ReadProblem {
    fn from(error: AzureError) -> Self {
        let why = with_causes(&error);
        match error {
            AzureError::Refused { status, error, .. } => {
                let why = printable(&format!("{why}: {error}"));
                match status {
                    401 | 403 => Self::Denied { why },
                    404 => Self::NotFound { why },
                    _ => Self::Failed { why },
                }
            }
            AzureError::NotLoggedIn { tried } => {
                let tried = tried
                    .iter()
                    .map(|tried| format!("; {}: {} ({})", tried.name, tried.why, tried.todo));
                Self::NotLoggedIn {
                    why: printable(&(why + &tried.collect::<String>())),
                }
            }
            _ => Self::Failed { why },
        }
    }
}

impl From<KubernetesError> for ReadProblem {
    fn from(error: KubernetesError) -> Self {
        let causes = with_causes(&error);
        match error {
            KubernetesError::Denied { why, .. } => Self::Denied {
                why: printable(&format!("{causes}: {why}")),
            },
            KubernetesError::Refused { why, .. } => Self::Failed {
                why: printable(&format!("{causes}: {why}")),
            },
            KubernetesError::Kubeconfig { contexts, .. } if !contexts.is_empty() => Self::Failed {
                why: printable(&format!("{causes} (contexts: {})", contexts.join(", "))),
            },
            _ => Self::Failed { why: causes },
        }
    }
}

/// An error and its causes on one line.
fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    printable(&text)
}

impl<T> Sourced<T> {
    /// Nothing read, for a known reason.
    pub(super) fn unavailable(why: &str) -> Self {
        Self {
            state: SourceState::Unavailable { why: why.to_owned() },
            ..Self::default()
        }
    }

    /// Takes a result in: a new value, or the old one with a worse state.
    pub(super) fn take(&mut self, result: Result<T, ReadProblem>, right: &str, now: Timestamp) {
        match result {
            Ok(value) => {
                *self = Self {
                    value: Some(Arc::new(value)),
                    as_of: Some(now),
                    state: SourceState::Fresh,
                }
            }
            Err(problem) => self.state = problem.state(right, self.value.is_some()),
        }
    }

    /// Marks that it is being read for the first time.
    pub(super) fn begin(&mut self) {
        if self.state == SourceState::NotAsked {
            self.state = SourceState::Loading;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::provisioning::AzureErrorDetail;

    fn refused(status: u16) -> ReadProblem {
        AzureError::Refused {
            what: "reading shop".into(),
            status,
            error: Box::new(AzureErrorDetail {
                code: "Code".into(),
                message: "text\u{1b}[2J".into(),
                ..AzureErrorDetail::default()
            }),
            request_id: None,
            right: None,
        }
        .into()
    }

    #[test]
    fn refusals_are_told_apart_and_made_printable() {
        let why = "reading shop: Azure answered 403: Code: text[2J".to_owned();
        assert_eq!(refused(403), ReadProblem::Denied { why });
        assert!(matches!(refused(404), ReadProblem::NotFound { .. }));
        assert!(matches!(refused(500), ReadProblem::Failed { .. }));
    }

    #[test]
    fn a_failed_read_keeps_the_old_value() {
        let mut source: Sourced<u8> = Sourced::default();
        source.begin();
        assert_eq!(source.state, SourceState::Loading);
        source.take(Err(refused(500)), READ_CLUSTERS, Timestamp::UNIX_EPOCH);
        assert!(matches!(source.state, SourceState::Failed { .. }));
        source.take(Ok(7), READ_CLUSTERS, Timestamp::UNIX_EPOCH);
        source.take(Err(refused(500)), READ_CLUSTERS, Timestamp::MAX);
        assert!(matches!(source.state, SourceState::Stale { .. }));
        assert_eq!(
            (source.value.as_deref(), source.as_of),
            (Some(&7), Some(Timestamp::UNIX_EPOCH))
        );
        source.take(Err(refused(403)), READ_CLUSTERS, Timestamp::MAX);
        assert!(matches!(&source.state, SourceState::Denied { right, .. } if right == READ_CLUSTERS));
        assert!(source.value.is_some());
    }
}
