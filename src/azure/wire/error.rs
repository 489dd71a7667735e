//! Errors in Azure's words: both wire shapes, bodies that are no error at all, and the right a refusal is about.

use serde_json::Value;

use crate::domain::provisioning::AzureErrorDetail;
use crate::domain::text::printable;

/// Characters kept of a body that is not JSON.
const EXCERPT: usize = 300;
/// Levels of `details` that are read; deeper ones say nothing new.
const DEPTH: usize = 8;

/// Reads the body of an answer of status 400 and above. Never fails: a body without an error says so itself.
pub fn error_answer(status: u16, body: &[u8]) -> AzureErrorDetail {
    let parsed = serde_json::from_slice(body).ok();
    parsed
        .as_ref()
        .and_then(error_detail)
        .unwrap_or_else(|| AzureErrorDetail {
            code: format!("HTTP {status}"),
            message: match excerpt(body) {
                text if text.is_empty() => "the answer has no body".to_owned(),
                text => text,
            },
            ..AzureErrorDetail::default()
        })
}

/// Reads an error, wrapped (`{"error": {..}}`, from the gateway) or flat (from AKS itself).
///
/// `None` where there is neither a code nor a message.
pub fn error_detail(value: &Value) -> Option<AzureErrorDetail> {
    read(value, DEPTH)
}

fn read(value: &Value, depth: usize) -> Option<AzureErrorDetail> {
    let value = value.get("error").filter(|error| error.is_object()).unwrap_or(value);
    let code = text(value, "code").unwrap_or_default();
    let message = text(value, "message")
        .or_else(|| text(value, "Message"))
        .unwrap_or_default();
    if code.is_empty() && message.is_empty() {
        return None;
    }
    let details = match value.get("details") {
        Some(Value::Array(details)) if depth > 0 => {
            details.iter().filter_map(|detail| read(detail, depth - 1)).collect()
        }
        _ => Vec::new(),
    };
    Some(AzureErrorDetail {
        code,
        message,
        subcode: text(value, "subcode"),
        target: text(value, "target"),
        details,
    })
}

/// A text or number field; an empty text counts as absent (AKS sends `"subcode": ""`).
fn text(value: &Value, field: &str) -> Option<String> {
    match value.get(field)? {
        Value::String(text) => Some(printable(text.trim())),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
    .filter(|text| !text.is_empty())
}

/// The first characters of a body, printable.
pub(in crate::azure) fn excerpt(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body.get(..4 * EXCERPT).unwrap_or(body));
    printable(text.trim()).chars().take(EXCERPT).collect()
}

/// The right Azure names in a refusal: `... does not have authorization to perform action 'X' over scope ...`.
pub fn missing_right(message: &str) -> Option<String> {
    let (_, rest) = message.split_once("perform action '")?;
    let (action, _) = rest.split_once('\'')?;
    (action.contains('/') && !action.contains(' ')).then(|| action.to_owned())
}

/// The right a call needs, by ARM's rule for action names: provider, resource types, then `read`, `write` or
/// the called action with `/action` (Azure docs "Azure resource provider operations", 2026).
pub fn right_for(method: &str, path: &str) -> Option<String> {
    let path = path.split('?').next().unwrap_or(path);
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    let Some(provider) = segments.iter().rposition(|word| word.eq_ignore_ascii_case("providers")) else {
        return match segments.as_slice() {
            [word] if word.eq_ignore_ascii_case("subscriptions") => {
                Some("Microsoft.Resources/subscriptions/read".into())
            }
            _ => None,
        };
    };
    let namespace = segments.get(provider + 1)?;
    let below = segments.get(provider + 2..)?;
    let mut words = vec![*namespace];
    words.extend(below.iter().step_by(2).copied());
    let ends_in_a_name = below.len().is_multiple_of(2);
    // Resource Graph is asked by POST, and is a read.
    let is_query = namespace.eq_ignore_ascii_case("Microsoft.ResourceGraph");
    words.push(match method {
        "PUT" | "PATCH" => "write",
        "DELETE" => "delete",
        "POST" if !ends_in_a_name && !is_query => "action",
        _ => "read",
    });
    (words.len() > 2).then(|| words.join("/"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn both_shapes_read_alike() {
        let flat =
            json!({"code": "OperationNotAllowed", "message": "busy", "details": null, "subcode": "", "target": ""});
        let wrapped = json!({"error": {"code": "OperationNotAllowed", "message": "busy", "details": []}});
        let expected = AzureErrorDetail {
            code: "OperationNotAllowed".into(),
            message: "busy".into(),
            ..AzureErrorDetail::default()
        };
        assert_eq!(error_detail(&flat), Some(expected.clone()));
        assert_eq!(error_detail(&wrapped), Some(expected));
    }

    #[test]
    fn details_subcode_and_target_are_kept() {
        let error = error_detail(&json!({
            "code": 409, "message": "no\u{7}\nmore", "subcode": "Blocked", "target": "pool",
            "details": [null, {"code": "Unspecified", "message": "etag"}, {}]
        }))
        .unwrap();
        assert_eq!((error.code.as_str(), error.message.as_str()), ("409", "no more"));
        assert_eq!(
            (error.subcode.as_deref(), error.target.as_deref()),
            (Some("Blocked"), Some("pool"))
        );
        assert_eq!(error.details.len(), 1);
    }

    #[test]
    fn a_body_without_an_error_says_so_itself() {
        assert_eq!(
            error_answer(502, b"<html>bad\x1b gateway</html>").to_string(),
            "HTTP 502: <html>bad gateway</html>"
        );
        assert_eq!(error_answer(500, b"").message, "the answer has no body");
        assert_eq!(error_answer(500, b"{}").code, "HTTP 500");
        assert_eq!(error_answer(500, b"[\xff]").code, "HTTP 500");
        assert_eq!(error_detail(&json!({"error": null})), None);
        assert_eq!(
            error_answer(502, "é".repeat(5000).as_bytes()).message.chars().count(),
            EXCERPT
        );
    }

    #[test]
    fn the_missing_right_comes_from_the_message_or_the_call() {
        let message = "The client 'a' with object id 'b' does not have authorization to perform action \
                       'Microsoft.ContainerService/managedClusters/write' over scope '/x'.";
        assert_eq!(
            missing_right(message).as_deref(),
            Some("Microsoft.ContainerService/managedClusters/write")
        );
        assert_eq!(missing_right("no"), None);
        let cluster = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerService/managedClusters/c";
        let check = |method: &str, path: String, right: Option<&str>| {
            assert_eq!(right_for(method, &path).as_deref(), right, "{method} {path}");
        };
        let aks = |rest: &str| format!("Microsoft.ContainerService/managedClusters/{rest}");
        check("GET", cluster.to_owned(), Some(&aks("read")));
        check("PUT", format!("{cluster}?api-version=1"), Some(&aks("write")));
        check("POST", format!("{cluster}/abort"), Some(&aks("abort/action")));
        check(
            "GET",
            format!("{cluster}/upgradeProfiles/default"),
            Some(&aks("upgradeProfiles/read")),
        );
        check("PUT", format!("{cluster}/agentPools/p"), Some(&aks("agentPools/write")));
        check(
            "POST",
            format!("{cluster}/agentPools/p/upgradeNodeImageVersion"),
            Some(&aks("agentPools/upgradeNodeImageVersion/action")),
        );
        check(
            "GET",
            "/subscriptions/s/providers/Microsoft.ContainerService/managedClusters".into(),
            Some(&aks("read")),
        );
        check(
            "GET",
            "/subscriptions/s/providers/Microsoft.ContainerService/locations/l/kubernetesVersions".into(),
            Some("Microsoft.ContainerService/locations/kubernetesVersions/read"),
        );
        check(
            "POST",
            "/providers/Microsoft.ResourceGraph/resources".into(),
            Some("Microsoft.ResourceGraph/resources/read"),
        );
        check(
            "GET",
            "/subscriptions".into(),
            Some("Microsoft.Resources/subscriptions/read"),
        );
        check("GET", "/".into(), None);
        check("GET", "/providers".into(), None);
    }
}
