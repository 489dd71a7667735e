//! Requests and answers as plain values, and Azure's two error shapes.

use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};

use crate::simulator::world::{Author, Refusal};

/// One request to ARM, taken apart.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) method: String,
    /// Decoded path segments, empty ones left out.
    pub(super) segments: Vec<String>,
    pub(super) path: String,
    /// The query string as it came.
    pub(super) query: String,
    /// `http://127.0.0.1:PORT`, as the caller named it.
    pub(super) endpoint: String,
    pub(super) if_match: Option<String>,
    pub(super) if_none_match: Option<String>,
    pub(super) authorization: Option<String>,
    /// Who asks, and under which ids.
    pub(super) author: Author,
    pub(super) body: Vec<u8>,
}

impl Call {
    /// A query parameter, by its name without regard to case.
    pub(super) fn parameter(&self, name: &str) -> Option<String> {
        url::form_urlencoded::parse(self.query.as_bytes())
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.into_owned())
    }

    /// The `n`-th path segment, or nothing at all.
    pub(super) fn segment(&self, n: usize) -> &str {
        self.segments.get(n).map_or("", String::as_str)
    }

    /// The body as a JSON object, or ARM's refusal.
    pub(super) fn json(&self) -> Result<Value, Reply> {
        match serde_json::from_slice::<Value>(&self.body) {
            Ok(value) if value.is_object() => Ok(value),
            _ => Err(Reply::arm_error(
                400,
                "InvalidRequestContent",
                "The request content was invalid and could not be deserialized.",
            )),
        }
    }
}

/// One answer of ARM.
#[derive(Clone, Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Vec<u8>,
    pub(super) delay: Duration,
}

impl Reply {
    /// A body of AKS: pretty-printed with one space.
    pub(super) fn of_aks(status: u16, body: &Value) -> Self {
        Self::json(status, "application/json", body)
    }

    /// A body of ARM itself.
    pub(super) fn of_arm(status: u16, body: &Value) -> Self {
        Self {
            body: body.to_string().into_bytes(),
            ..Self::json(status, "application/json; charset=utf-8", body)
        }
    }

    pub(super) fn empty(status: u16) -> Self {
        Self {
            status,
            headers: vec![("content-type", "application/json".to_owned())],
            body: Vec::new(),
            delay: Duration::ZERO,
        }
    }

    fn json(status: u16, content_type: &str, body: &Value) -> Self {
        let mut bytes = Vec::new();
        let formatter = serde_json::ser::PrettyFormatter::with_indent(b" ");
        let mut serializer = serde_json::Serializer::with_formatter(&mut bytes, formatter);
        body.serialize(&mut serializer)
            .expect("a JSON value always has a JSON text");
        Self {
            status,
            headers: vec![("content-type", content_type.to_owned())],
            body: bytes,
            delay: Duration::ZERO,
        }
    }

    /// An error of ARM or its gateway: wrapped in `error`.
    pub(super) fn arm_error(status: u16, code: &str, message: &str) -> Self {
        Self::of_arm(status, &json!({"error": {"code": code, "message": message}}))
    }

    /// An error of AKS itself: flat.
    pub(super) fn aks_error(refusal: &Refusal) -> Self {
        let mut body = json!({
            "code": refusal.code,
            "details": null,
            "message": refusal.message,
            "subcode": refusal.subcode.as_deref().unwrap_or_default(),
        });
        if let Some(target) = &refusal.target {
            body["target"] = json!(target);
        }
        Self::of_aks(refusal.status, &body)
    }

    pub(super) fn not_found(kind: &str, name: &str, resource_group: &str) -> Self {
        Self::arm_error(
            404,
            "ResourceNotFound",
            &format!(
                "The Resource '{kind}/{name}' under resource group '{resource_group}' was not found. For more details \
                 please go to https://aka.ms/ARMResourceNotFoundFix"
            ),
        )
        .with("x-ms-failure-cause", "gateway")
    }

    pub(super) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(reply: &Reply) -> &str {
        std::str::from_utf8(&reply.body).unwrap()
    }

    #[test]
    fn errors_have_two_shapes() {
        let arm = Reply::arm_error(404, "ResourceNotFound", "gone");
        assert_eq!(text(&arm), r#"{"error":{"code":"ResourceNotFound","message":"gone"}}"#);
        let aks = Reply::aks_error(&Refusal::new(409, "OperationNotAllowed", "busy"));
        let body: Value = serde_json::from_slice(&aks.body).unwrap();
        assert_eq!(
            body,
            json!({"code": "OperationNotAllowed", "details": null, "message": "busy", "subcode": ""})
        );
        assert!(text(&aks).starts_with("{\n \"code\""));
    }
}
