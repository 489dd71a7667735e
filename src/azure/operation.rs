//! Long-running operations: how an answer is read, and one poll by status URL, location or the resource's own state.
//! The readers are pure. Rules: Azure docs "Track asynchronous Azure operations", 2026, and AKS recordings 2022 to 2025.

use std::time::Duration;

use reqwest::Method;
use serde_json::Value;
use url::Url;
use uuid::Uuid;

use super::client::{AzureClient, OperationPoll};
use super::error::AzureError;
use super::http::{Answer, Call};
use super::paths;
use super::retry::{Repeat, is_passing};
use super::wire;
use crate::domain::change::OperationLink;
use crate::domain::provisioning::{AzureErrorDetail, OperationState, ProvisioningState};
use crate::domain::text::printable;

/// What one answer of a status URL says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reading {
    State(OperationState),
    /// The URL says nothing any more, or not to us: the resource has to be asked.
    AskResource,
}

/// Reads an answer of an `Azure-AsyncOperation` URL.
///
/// A gateway error in mid-poll is no end (AKS recordings, 2024), nor is a refusal: status URLs are scoped to the
/// subscription, and a caller may have rights on the resource alone.
pub fn read_status_answer(status: u16, body: &[u8]) -> Reading {
    if let Some(state) = passing_trouble(status, body) {
        return Reading::State(state);
    }
    match (status, serde_json::from_slice::<Value>(body)) {
        (200..=299, Ok(body)) if body.get("status").is_some_and(Value::is_string) => {
            Reading::State(read_status_body(&body))
        }
        (202, _) => Reading::State(running("Accepted")),
        _ => Reading::AskResource,
    }
}

/// Reads an answer of a `Location` URL: 202 while it runs, 200 or 204 when it is over.
pub fn read_location_answer(status: u16, body: &[u8]) -> Reading {
    if let Some(state) = passing_trouble(status, body) {
        return Reading::State(state);
    }
    let said = serde_json::from_slice::<Value>(body)
        .ok()
        .filter(|body| body.get("status").is_some_and(Value::is_string))
        .map(|body| read_status_body(&body));
    match status {
        202 => Reading::State(match said {
            Some(OperationState::Running { text, hint }) => OperationState::Running { text, hint },
            _ => running("Accepted"),
        }),
        200 | 201 | 204 => Reading::State(
            said.filter(OperationState::is_terminal)
                .unwrap_or(OperationState::Succeeded),
        ),
        _ => Reading::AskResource,
    }
}

/// Reads the body of an operation: only three words end it, and `error` is a hint unless one of them says otherwise.
///
/// `status` is free text, for instance `CreatingAgentPools: 0/3 nodes completed` (AKS recordings, 2025).
pub fn read_status_body(body: &Value) -> OperationState {
    let text = printable(body.get("status").and_then(Value::as_str).unwrap_or_default());
    let error = body
        .get("error")
        .filter(|error| error.is_object())
        .and_then(wire::error_detail);
    match ProvisioningState::from(text.trim()) {
        ProvisioningState::Succeeded => OperationState::Succeeded,
        ProvisioningState::Failed => OperationState::Failed {
            error: error.unwrap_or_else(|| no_reason("the operation")),
        },
        ProvisioningState::Canceled => OperationState::Canceled { error },
        _ => OperationState::Running { text, hint: error },
    }
}

/// Reads how an operation stands from the state of its resource; a state this program does not know means running.
pub fn read_resource_state(state: &ProvisioningState, error: Option<AzureErrorDetail>) -> OperationState {
    match state {
        ProvisioningState::Succeeded => OperationState::Succeeded,
        ProvisioningState::Failed => OperationState::Failed {
            error: error.unwrap_or_else(|| no_reason("the resource")),
        },
        ProvisioningState::Canceled => OperationState::Canceled { error },
        other => OperationState::Running {
            text: other.to_string(),
            hint: error,
        },
    }
}

const NO_REASON: &str = "NoReasonGiven";

fn no_reason(subject: &str) -> AzureErrorDetail {
    AzureErrorDetail {
        code: NO_REASON.to_owned(),
        message: format!("Azure says that {subject} failed, and not why"),
        ..AzureErrorDetail::default()
    }
}

fn running(text: &str) -> OperationState {
    OperationState::Running {
        text: text.to_owned(),
        hint: None,
    }
}

fn passing_trouble(status: u16, body: &[u8]) -> Option<OperationState> {
    is_passing(status).then(|| OperationState::Running {
        text: format!("no news: Azure answered {status} to the question"),
        hint: Some(wire::error_answer(status, body)),
    })
}

impl AzureClient {
    /// Asks once how an operation stands: by its status URL, its location, or the resource's own state.
    ///
    /// Asked by the resource's state alone, an abort that worked reads as `Canceled`: that is what it made of it.
    pub async fn poll(&self, link: &OperationLink) -> Result<OperationPoll, AzureError> {
        let urls = [
            (&link.async_operation, read_status_answer as fn(u16, &[u8]) -> Reading),
            (&link.location, read_location_answer),
        ];
        for (url, read) in urls {
            let Some(url) = url.as_deref().and_then(|url| self.trusted(url)) else {
                continue;
            };
            let answer = self.ask_operation(url, link).await?;
            if let Reading::State(state) = read(answer.status, &answer.body) {
                return Ok(OperationPoll {
                    state: self.with_reason(state, link).await,
                    retry_after: answer.retry_after,
                });
            }
        }
        self.poll_resource(link).await
    }

    /// A URL out of an answer or the journal, where our token may be sent to it.
    pub(super) fn trusted(&self, url: &str) -> Option<Url> {
        Url::parse(url)
            .ok()
            .filter(|url| paths::is_trusted(self.endpoint(), url))
    }

    async fn ask_operation(&self, url: Url, link: &OperationLink) -> Result<Answer, AzureError> {
        let call = Call {
            what: format!("ask how the operation on {} stands", subject(link)),
            method: Method::GET,
            url,
            logged_as: "(status of the operation)".to_owned(),
            body: None,
            if_match: None,
            request_id: Uuid::new_v4(),
            repeat: Repeat::Never,
            needs: None,
            is_secret: false,
        };
        self.exchange(&call).await
    }

    async fn poll_resource(&self, link: &OperationLink) -> Result<OperationPoll, AzureError> {
        let (state, retry_after) = self.resource_state(link).await?;
        Ok(OperationPoll { state, retry_after })
    }

    async fn resource_state(&self, link: &OperationLink) -> Result<(OperationState, Option<Duration>), AzureError> {
        let (path, what) = match &link.pool {
            Some(pool) => (
                paths::node_pool(&link.cluster, pool)?,
                format!("read node pool {}", subject(link)),
            ),
            None => (
                paths::cluster(&link.cluster)?,
                format!("read cluster {}", subject(link)),
            ),
        };
        let call = Call {
            repeat: Repeat::Never,
            ..self.get(what, &path)?
        };
        let answer = self.exchange(&call).await?;
        if let Some(state) = passing_trouble(answer.status, &answer.body) {
            return Ok((state, answer.retry_after));
        }
        let retry_after = answer.retry_after;
        let body = answer.json(&call)?;
        let state =
            wire::provisioning_state(&body).unwrap_or_else(|| ProvisioningState::Unknown("(not reported)".into()));
        let error = body
            .pointer("/properties/status/provisioningError")
            .and_then(wire::error_detail);
        Ok((read_resource_state(&state, error), retry_after))
    }

    /// A failure without a reason: the resource often knows it (`status.provisioningError`).
    async fn with_reason(&self, state: OperationState, link: &OperationLink) -> OperationState {
        match &state {
            OperationState::Failed { error } if error.code == NO_REASON => match self.resource_state(link).await {
                Ok((OperationState::Failed { error }, _)) if error.code != NO_REASON => {
                    OperationState::Failed { error }
                }
                _ => state,
            },
            _ => state,
        }
    }
}

/// `pool of cluster`, or the cluster's name.
fn subject(link: &OperationLink) -> String {
    match &link.pool {
        Some(pool) => format!("{pool} of {}", link.cluster.name()),
        None => link.cluster.name().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn status(http: u16, body: &Value) -> Reading {
        read_status_answer(http, body.to_string().as_bytes())
    }

    fn text_of(reading: &Reading) -> Option<&str> {
        match reading {
            Reading::State(OperationState::Running { text, .. }) => Some(text),
            _ => None,
        }
    }

    #[test]
    fn only_three_words_end_an_operation() {
        for text in [
            "InProgress",
            "Upgrading",
            "CreatingAgentPools: 0/3 nodes completed",
            "",
            "succeeded?",
        ] {
            let reading = status(200, &json!({"status": text, "endTime": "2026-08-01T10:00:00.1234567Z"}));
            assert_eq!(text_of(&reading), Some(text));
        }
        let succeeded = status(
            200,
            &json!({"status": "succeeded", "error": {"code": "NotLatestOperation"}}),
        );
        assert_eq!(
            succeeded,
            Reading::State(OperationState::Succeeded),
            "an error beside it is no failure"
        );
        for word in ["Canceled", "cancelled"] {
            let canceled = status(200, &json!({"status": word}));
            assert_eq!(canceled, Reading::State(OperationState::Canceled { error: None }));
        }
    }

    #[test]
    fn an_error_is_a_hint_while_it_runs_and_the_reason_when_it_failed() {
        let error = json!({"code": "QuotaExceeded", "message": "no cores"});
        let detail = wire::error_detail(&error).unwrap();
        assert_eq!(
            read_status_body(&json!({"status": "InProgress", "error": error})),
            OperationState::Running {
                text: "InProgress".into(),
                hint: Some(detail.clone())
            }
        );
        assert_eq!(
            read_status_body(&json!({"status": "Failed", "error": error})),
            OperationState::Failed { error: detail }
        );
        let OperationState::Failed { error } = read_status_body(&json!({"status": "Failed", "error": null})) else {
            panic!("failed without a reason is still failed");
        };
        assert_eq!(error.code, NO_REASON);
    }

    #[test]
    fn trouble_in_mid_poll_is_no_end() {
        let gateway = json!({"error": {"code": "BadGatewayConnection", "message": "m"}});
        for http in [408, 429, 500, 502, 503, 504] {
            let reading = status(http, &gateway);
            assert!(
                text_of(&reading).is_some_and(|text| text.contains(&http.to_string())),
                "{reading:?}"
            );
            assert!(text_of(&read_location_answer(http, b"<html>")).is_some());
        }
    }

    #[test]
    fn a_lost_link_sends_to_the_resource() {
        for http in [400, 401, 403, 404, 410] {
            assert_eq!(status(http, &json!({"error": {"code": "x"}})), Reading::AskResource);
            assert_eq!(read_location_answer(http, b""), Reading::AskResource);
        }
        for body in ["", "not json", "[]", r#"{"status": 7}"#] {
            assert_eq!(read_status_answer(200, body.as_bytes()), Reading::AskResource, "{body}");
        }
        assert_eq!(read_status_answer(202, b""), Reading::State(running("Accepted")));
    }

    #[test]
    fn a_location_ends_with_200_or_204() {
        assert_eq!(read_location_answer(202, b""), Reading::State(running("Accepted")));
        assert_eq!(
            read_location_answer(202, br#"{"status":"InProgress"}"#),
            Reading::State(running("InProgress"))
        );
        for http in [200, 204] {
            assert_eq!(
                read_location_answer(http, b""),
                Reading::State(OperationState::Succeeded)
            );
        }
        let failed = read_location_answer(200, br#"{"status":"Failed","error":{"code":"c","message":"m"}}"#);
        assert!(matches!(failed, Reading::State(OperationState::Failed { .. })));
    }

    #[test]
    fn a_resources_state_stands_in_for_the_operation() {
        let read = |word: &str| read_resource_state(&word.into(), None);
        assert_eq!(read("Succeeded"), OperationState::Succeeded);
        assert_eq!(read("Cancelled"), OperationState::Canceled { error: None });
        assert!(matches!(read("Failed"), OperationState::Failed { .. }));
        for word in ["Upgrading", "Canceling", "Migrating"] {
            assert_eq!(read(word), running(word));
        }
    }
}
