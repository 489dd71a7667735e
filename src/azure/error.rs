//! What can go wrong between this program and Azure, by the operation that failed.

use std::time::Duration;

use super::wire;
use crate::domain::provisioning::AzureErrorDetail;

/// One credential that was tried and did not work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TriedCredential {
    /// For instance `Azure CLI`.
    pub name: &'static str,
    /// Its own words, on one line.
    pub why: String,
    /// What would make it work, for instance `run: az login`.
    pub todo: &'static str,
}

/// An Azure request that did not do what it was for. `what` names request and subject in a few words.
#[derive(Debug, thiserror::Error)]
pub enum AzureError {
    #[error("no Azure login works")]
    NotLoggedIn { tried: Vec<TriedCredential> },
    /// Nothing was sent, or it was a read whose answer did not come.
    #[error("{what}: {endpoint} cannot be reached")]
    Unreachable {
        what: String,
        endpoint: String,
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// It was sent, and whether it took effect is not known: the resource has to be read.
    #[error("{what}: the answer was lost ({why})")]
    Uncertain { what: String, why: String },
    #[error("{what}: Azure answered {status}")]
    Refused {
        what: String,
        status: u16,
        error: Box<AzureErrorDetail>,
        request_id: Option<String>,
        /// The right that is missing, for instance `Microsoft.ContainerService/managedClusters/read`;
        /// always named for 403.
        right: Option<String>,
    },
    #[error("{what}: Azure is throttling")]
    Throttled {
        what: String,
        retry_after: Option<Duration>,
        error: Box<AzureErrorDetail>,
    },
    #[error("{what}: the answer cannot be read ({why})")]
    UnexpectedBody { what: String, why: String, excerpt: String },
    #[error("the Azure settings do not work: {why}")]
    Settings { why: String },
}

/// The kinds callers tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AzureErrorKind {
    NotLoggedIn,
    /// 401 or 403.
    Denied,
    NotFound,
    /// 409: another operation runs, or ended first.
    Conflict,
    /// 412, or 409 `EtagMismatch`: the resource has changed since it was read.
    Changed,
    Throttled,
    Unreachable,
    Uncertain,
    /// Any other refusal, for instance 400 with a validation error.
    Refused,
    Unreadable,
    Settings,
}

impl AzureError {
    /// The kind a caller acts on.
    pub fn kind(&self) -> AzureErrorKind {
        match self {
            Self::NotLoggedIn { .. } => AzureErrorKind::NotLoggedIn,
            Self::Unreachable { .. } => AzureErrorKind::Unreachable,
            Self::Uncertain { .. } => AzureErrorKind::Uncertain,
            Self::Throttled { .. } => AzureErrorKind::Throttled,
            Self::UnexpectedBody { .. } => AzureErrorKind::Unreadable,
            Self::Settings { .. } => AzureErrorKind::Settings,
            Self::Refused { status, error, .. } => match status {
                401 | 403 => AzureErrorKind::Denied,
                404 => AzureErrorKind::NotFound,
                412 => AzureErrorKind::Changed,
                409 if error.code.eq_ignore_ascii_case("EtagMismatch") => AzureErrorKind::Changed,
                409 => AzureErrorKind::Conflict,
                _ => AzureErrorKind::Refused,
            },
        }
    }

    /// The right that is missing, where Azure denied the call.
    pub fn missing_right(&self) -> Option<&str> {
        match self {
            Self::Refused { right, .. } => right.as_deref(),
            _ => None,
        }
    }

    /// Azure's own words, where it answered with an error.
    pub fn detail(&self) -> Option<&AzureErrorDetail> {
        match self {
            Self::Refused { error, .. } | Self::Throttled { error, .. } => Some(error),
            _ => None,
        }
    }

    /// The refusal of a call, with the right it needed where it was denied.
    pub(super) fn refused(
        what: &str,
        status: u16,
        error: AzureErrorDetail,
        request_id: Option<String>,
        call_needs: Option<String>,
    ) -> Self {
        let named = wire::missing_right(&error.message);
        let right = match status {
            403 => named.or(call_needs),
            // The token itself is refused: no right would help, unless Azure says so.
            401 => named,
            _ => None,
        };
        Self::Refused {
            what: what.to_owned(),
            status,
            error: Box::new(error),
            request_id,
            right,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(status: u16, code: &str, message: &str) -> AzureError {
        let error = AzureErrorDetail {
            code: code.to_owned(),
            message: message.to_owned(),
            ..AzureErrorDetail::default()
        };
        AzureError::refused("read", status, error, None, Some("a/b/read".to_owned()))
    }

    #[test]
    fn refusals_are_told_apart() {
        for (status, code, kind) in [
            (400, "ValidationError", AzureErrorKind::Refused),
            (401, "", AzureErrorKind::Denied),
            (403, "AuthorizationFailed", AzureErrorKind::Denied),
            (404, "ResourceNotFound", AzureErrorKind::NotFound),
            (409, "OperationNotAllowed", AzureErrorKind::Conflict),
            (409, "etagMismatch", AzureErrorKind::Changed),
            (412, "PreconditionFailed", AzureErrorKind::Changed),
            (500, "InternalOperationError", AzureErrorKind::Refused),
        ] {
            assert_eq!(refused(status, code, "").kind(), kind, "{status} {code}");
        }
    }

    #[test]
    fn a_denial_names_the_right_and_prefers_azures_word() {
        assert_eq!(refused(403, "", "no").missing_right(), Some("a/b/read"));
        let named = refused(
            403,
            "",
            "x does not have authorization to perform action 'c/d/write' over",
        );
        assert_eq!(named.missing_right(), Some("c/d/write"));
        for status in [401, 404] {
            assert_eq!(refused(status, "", "").missing_right(), None);
        }
    }
}
