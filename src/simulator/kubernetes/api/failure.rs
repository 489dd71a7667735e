//! Errors as Kubernetes' `Status` objects, in the API server's words (apimachinery `errors`, v1.33).

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde_json::{Value, json};

use super::route::Target;
use crate::simulator::kubernetes::objects::admission::Rejection;
use crate::simulator::kubernetes::objects::fields;
use crate::simulator::kubernetes::objects::kinds::Kind;

/// The name the simulator knows every caller by.
const USER: &str = "simulator-user";

/// A Status that is no success.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Failure {
    pub(super) code: u16,
    reason: &'static str,
    pub(super) message: String,
    details: Value,
    retry_after: Option<u64>,
}

impl Failure {
    fn new(code: u16, reason: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            reason,
            message: message.into(),
            details: Value::Null,
            retry_after: None,
        }
    }

    fn about(mut self, kind: Kind, name: &str) -> Self {
        let described = kind.describe();
        let mut details = json!({ "name": name, "kind": described.plural });
        if !described.group.is_empty() {
            fields::put(&mut details, &["group"], described.group);
        }
        self.details = details;
        self
    }

    fn because(mut self, reason: &str, message: &str, field: &str) -> Self {
        let mut cause = json!({ "reason": reason, "message": message });
        if !field.is_empty() {
            fields::put(&mut cause, &["field"], field);
        }
        fields::put(&mut self.details, &["causes"], vec![cause]);
        self
    }

    pub(super) fn unauthorized() -> Self {
        Self::new(401, "Unauthorized", "Unauthorized")
    }

    pub(super) fn forbidden(target: &Target, verb: &str) -> Self {
        let named = target
            .name
            .as_deref()
            .map_or_else(String::new, |name| format!(" \"{name}\""));
        let place = match &target.namespace {
            Some(namespace) => format!("in the namespace \"{namespace}\""),
            None => "at the cluster scope".to_owned(),
        };
        let group = target.kind.describe().group;
        let message = format!(
            "{}{named} is forbidden: User \"{USER}\" cannot {verb} resource \"{}\" in API group \"{group}\" {place}",
            target.kind.qualified(),
            target.resource(),
        );
        Self::new(403, "Forbidden", message).about(target.kind, target.name.as_deref().unwrap_or_default())
    }

    /// The caller may not read a path that is about no object.
    pub(super) fn forbidden_path(path: &str) -> Self {
        Self::new(
            403,
            "Forbidden",
            format!("forbidden: User \"{USER}\" cannot get path \"{path}\""),
        )
    }

    /// An admission webhook refused the request or could not be asked.
    pub(super) fn rejected(rejection: &Rejection) -> Self {
        match rejection {
            Rejection::Denied { message } => Self::new(403, "Forbidden", message),
            Rejection::Failed { message } => Self::internal(message),
        }
    }

    /// No such path.
    pub(super) fn unknown_path() -> Self {
        Self::new(404, "NotFound", "the server could not find the requested resource")
    }

    pub(super) fn not_found(kind: Kind, name: &str) -> Self {
        Self::new(404, "NotFound", format!("{} \"{name}\" not found", kind.qualified())).about(kind, name)
    }

    pub(super) fn method_not_allowed() -> Self {
        Self::new(
            405,
            "MethodNotAllowed",
            "the server does not allow this method on the requested resource",
        )
    }

    pub(super) fn not_acceptable() -> Self {
        Self::new(
            406,
            "NotAcceptable",
            "only the following media types are accepted: application/json",
        )
    }

    pub(super) fn already_exists(kind: Kind, name: &str) -> Self {
        Self::new(
            409,
            "AlreadyExists",
            format!("{} \"{name}\" already exists", kind.qualified()),
        )
        .about(kind, name)
    }

    pub(super) fn conflict(kind: Kind, name: &str, why: &str) -> Self {
        Self::new(
            409,
            "Conflict",
            format!(
                "Operation cannot be fulfilled on {} \"{name}\": {why}",
                kind.qualified()
            ),
        )
        .about(kind, name)
    }

    /// The object is not what the writer had read.
    pub(super) fn outdated(kind: Kind, name: &str) -> Self {
        Self::conflict(
            kind,
            name,
            "the object has been modified; please apply your changes to the latest version and try again",
        )
    }

    pub(super) fn expired(message: impl Into<String>) -> Self {
        Self::new(410, "Expired", message)
    }

    pub(super) fn too_large() -> Self {
        Self::new(
            413,
            "RequestEntityTooLarge",
            "Request entity too large: limit is 3145728",
        )
    }

    pub(super) fn unsupported_media_type(kind: &str) -> Self {
        Self::new(
            415,
            "UnsupportedMediaType",
            format!(
                "the body of the request was in an unknown format ({kind}) - accepted media types include: application/json, application/json-patch+json, application/merge-patch+json, application/strategic-merge-patch+json"
            ),
        )
    }

    /// One field holds what it may not.
    pub(super) fn invalid(kind: Kind, name: &str, field: &str, why: &str) -> Self {
        let described = kind.describe();
        let word = if described.group.is_empty() {
            described.word.to_owned()
        } else {
            format!("{}.{}", described.word, described.group)
        };
        Self::new(422, "Invalid", format!("{word} \"{name}\" is invalid: {field}: {why}"))
            .about(kind, name)
            .because("FieldValueInvalid", why, field)
    }

    /// The options of a list or watch contradict each other.
    pub(super) fn invalid_options(field: &str, why: &str) -> Self {
        Self::new(
            422,
            "Invalid",
            format!("ListOptions.meta.k8s.io \"\" is invalid: {field}: Forbidden: {why}"),
        )
        .because("FieldValueForbidden", &format!("Forbidden: {why}"), field)
    }

    /// A budget forbids the eviction; the cause names it.
    pub(super) fn disruption(message: &str, cause: &str) -> Self {
        Self::new(429, "TooManyRequests", message).because("DisruptionBudget", cause, "")
    }

    pub(super) fn internal(message: impl Into<String>) -> Self {
        Self::new(500, "InternalError", message)
    }

    /// The client has seen a version this server has not.
    pub(super) fn from_the_future(asked: u64, current: u64) -> Self {
        let mut failure = Self::new(
            504,
            "Timeout",
            format!("Too large resource version: {asked}, current: {current}"),
        )
        .because("ResourceVersionTooLarge", "Too large resource version", "");
        fields::put(&mut failure.details, &["retryAfterSeconds"], 1);
        failure.retry_after = Some(1);
        failure
    }

    pub(super) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(400, "BadRequest", message)
    }

    /// The Status object itself, as bodies and watches carry it.
    pub(super) fn status(&self) -> Value {
        let mut status = json!({
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
            "reason": self.reason,
            "code": self.code,
        });
        if !self.details.is_null() {
            fields::put(&mut status, &["details"], self.details.clone());
        }
        status
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let code = StatusCode::from_u16(self.code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (code, axum::Json(self.status())).into_response();
        if let Some(seconds) = self.retry_after {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_those_of_the_api_server() {
        assert_eq!(Failure::not_found(Kind::Node, "n1").message, "nodes \"n1\" not found");
        let outdated = Failure::outdated(Kind::Lease, "aks-cockpit");
        assert!(
            outdated
                .message
                .starts_with("Operation cannot be fulfilled on leases.coordination.k8s.io \"aks-cockpit\": the object")
        );
        assert_eq!(outdated.status()["details"]["group"], "coordination.k8s.io");
        let target = Target {
            kind: Kind::Pod,
            namespace: None,
            name: None,
            subresource: None,
        };
        assert_eq!(
            Failure::forbidden(&target, "list").message,
            "pods is forbidden: User \"simulator-user\" cannot list resource \"pods\" in API group \"\" at the cluster scope"
        );
    }

    #[test]
    fn a_blocked_eviction_names_its_cause() {
        let status = Failure::disruption("no", "The disruption budget b needs 2").status();
        assert_eq!(status["code"], 429);
        assert_eq!(status["details"]["causes"][0]["reason"], "DisruptionBudget");
    }
}
