//! The survey's way to ask: few requests at once, and errors turned into the reasons why something is unread.

use reqwest::Method;
use serde_json::Value;
use tokio::sync::Semaphore;

use crate::azure::client::AzureClient;
use crate::azure::error::{AzureError, AzureErrorKind};
use crate::azure::retry::Repeat;
use crate::azure::wire::{Page, WrongShape};
use crate::domain::survey::{Reading, Unread};
use crate::domain::text::printable;

/// Requests under way at the same time: a subscription's buckets are shared with everybody else's tools
/// (Azure docs "Throttling Resource Manager requests", 2026).
const AT_ONCE: usize = 4;

/// Says that a thing that was asked for is not there, and not that nobody serves such things.
const NO_SUCH_RESOURCE: [&str; 5] = [
    "ResourceNotFound",
    "ResourceGroupNotFound",
    "ParentResourceNotFound",
    "SubscriptionNotFound",
    "NotFound",
];

/// Codes of a provider, a type or an API version that is not there, whatever the status.
const NOT_SERVED: [&str; 8] = [
    "InvalidResourceType",
    "InvalidResourceNamespace",
    "InvalidApiVersionParameter",
    "NoRegisteredProviderFound",
    "MissingSubscriptionRegistration",
    "SubscriptionNotRegistered",
    "ResourceProviderNotRegistered",
    "UnsupportedApiVersion",
];

/// Asks on behalf of all parts of one survey.
pub(super) struct Reader<'a> {
    pub(super) client: &'a AzureClient,
    permits: Semaphore,
}

impl<'a> Reader<'a> {
    pub(super) fn new(client: &'a AzureClient) -> Self {
        Self {
            client,
            permits: Semaphore::new(AT_ONCE),
        }
    }

    /// Waits for a place, and runs one request or one list page by page.
    pub(super) async fn alone<T>(&self, asking: impl Future<Output = T>) -> T {
        let _permit = self.permits.acquire().await.expect("nobody closes the semaphore");
        asking.await
    }

    /// Reads one answer. `path` is with its query.
    pub(super) async fn one<T>(
        &self,
        what: &str,
        path: &str,
        parse: fn(&Value) -> Result<T, WrongShape>,
    ) -> Result<T, AzureError> {
        let call = self.client.call(what, Method::GET, path, Repeat::Read)?;
        self.alone(self.client.read(&call, parse)).await
    }

    /// Reads a list to its end. An entry that cannot be read is left out: for lists in which one more says nothing.
    pub(super) async fn list<T>(
        &self,
        what: &str,
        path: &str,
        parse: fn(&Value) -> Result<Page<T>, WrongShape>,
    ) -> Result<Vec<T>, AzureError> {
        let (items, _) = self.pages(what, path, parse).await?;
        Ok(items)
    }

    /// Reads a list to its end. An entry that cannot be read fails the list: for lists in which a missing entry would
    /// pass for none.
    pub(super) async fn whole_list<T>(
        &self,
        what: &str,
        path: &str,
        parse: fn(&Value) -> Result<Page<T>, WrongShape>,
    ) -> Result<Vec<T>, AzureError> {
        let (items, findings) = self.pages(what, path, parse).await?;
        match findings.into_iter().next() {
            None => Ok(items),
            Some(why) => Err(AzureError::UnexpectedBody {
                what: what.to_owned(),
                why,
                excerpt: String::new(),
            }),
        }
    }

    async fn pages<T>(
        &self,
        what: &str,
        path: &str,
        parse: fn(&Value) -> Result<Page<T>, WrongShape>,
    ) -> Result<(Vec<T>, Vec<String>), AzureError> {
        let first = self.client.call(what, Method::GET, path, Repeat::Read)?;
        let (page, broken) = self.alone(self.client.pages(first, parse)).await;
        match broken {
            Some(error) => Err(error),
            None => Ok((page.items, page.findings)),
        }
    }
}

/// A result as a reading.
pub(super) fn reading<T>(result: Result<T, AzureError>) -> Reading<T> {
    result.map_err(|error| unread(&error))
}

/// Whether a resource exists, from the answer to a read of it.
pub(super) fn existence<T>(result: Result<T, AzureError>) -> Reading<bool> {
    match result {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == AzureErrorKind::NotFound && says(&error, &NO_SUCH_RESOURCE) => Ok(false),
        Err(error) => Err(unread(&error)),
    }
}

/// Something that was asked for, and the answer was none.
pub(super) fn failed(why: &str) -> Unread {
    Unread::Failed { why: printable(why) }
}

/// Why it was not read.
pub(super) fn unread(error: &AzureError) -> Unread {
    let why = printable(&match error.detail() {
        Some(detail) => format!("{error}: {detail}"),
        None => error.to_string(),
    });
    match error.kind() {
        _ if says(error, &NOT_SERVED) => Unread::NotServed { why },
        AzureErrorKind::NotLoggedIn => Unread::Denied {
            right: "an Azure login".to_owned(),
            why,
        },
        AzureErrorKind::Denied => Unread::Denied {
            right: printable(error.missing_right().unwrap_or("(not named)")),
            why,
        },
        AzureErrorKind::NotFound if !says(error, &NO_SUCH_RESOURCE) => Unread::NotServed { why },
        _ => Unread::Failed { why },
    }
}

fn says(error: &AzureError, codes: &[&str]) -> bool {
    error
        .detail()
        .is_some_and(|detail| codes.iter().any(|code| detail.code.eq_ignore_ascii_case(code)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::provisioning::AzureErrorDetail;

    fn refused(status: u16, code: &str) -> AzureError {
        let detail = AzureErrorDetail {
            code: code.to_owned(),
            message: "m\u{1b}[2J".to_owned(),
            ..AzureErrorDetail::default()
        };
        AzureError::refused("read it", status, detail, None, Some("a/b/read".to_owned()))
    }

    #[test]
    fn a_missing_right_a_missing_api_and_a_failure_are_three_things() {
        let why = "read it: Azure answered 403: c: m[2J".to_owned();
        let denied = Unread::Denied {
            right: "a/b/read".to_owned(),
            why,
        };
        assert_eq!(unread(&refused(403, "c")), denied);
        for (status, code) in [
            (404, "InvalidResourceType"),
            (409, "MissingSubscriptionRegistration"),
            (404, "Odd"),
        ] {
            assert!(
                matches!(unread(&refused(status, code)), Unread::NotServed { .. }),
                "{code}"
            );
        }
        for (status, code) in [(404, "ResourceNotFound"), (409, "Conflict"), (500, "x")] {
            assert!(
                matches!(unread(&refused(status, code)), Unread::Failed { .. }),
                "{code}"
            );
        }
    }

    #[test]
    fn only_azures_word_for_it_says_that_a_resource_is_gone() {
        assert_eq!(existence(Ok(())), Ok(true));
        assert_eq!(existence::<()>(Err(refused(404, "ResourceGroupNotFound"))), Ok(false));
        assert!(existence::<()>(Err(refused(404, "InvalidResourceType"))).is_err());
        assert!(existence::<()>(Err(refused(403, "ResourceNotFound"))).is_err());
    }
}
