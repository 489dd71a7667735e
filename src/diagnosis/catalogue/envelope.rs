//! How AKS wraps an error into the text of another (`assets/error-envelope.json`): takes the layers apart, inner first.

use std::sync::LazyLock;

use regex::Regex;
use serde::Deserialize;

use crate::domain::provisioning::AzureErrorDetail;

/// Nested deeper than this, a text repeats itself.
const DEEPEST: usize = 8;

/// One layer of an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::diagnosis) struct Layer {
    pub(in crate::diagnosis) code: String,
    pub(in crate::diagnosis) subcode: Option<String>,
    /// With quotes as the writer meant them: what was escaped on the way is plain again.
    pub(in crate::diagnosis) message: String,
    /// 0 is the outermost.
    pub(in crate::diagnosis) depth: usize,
}

#[derive(Deserialize)]
struct Written {
    regex: String,
}

static ENVELOPE: LazyLock<Regex> = LazyLock::new(|| {
    let written: Written = serde_json::from_str(include_str!("../../../assets/error-envelope.json"))
        .expect("the shipped envelope is sound: a test reads it");
    Regex::new(&written.regex).expect("the shipped envelope compiles: a test reads it")
});

/// All layers of an error: its details, and what is wrapped inside its texts; the innermost come first.
pub(in crate::diagnosis) fn layers(error: &AzureErrorDetail) -> Vec<Layer> {
    let mut layers = Vec::new();
    collect(error, 0, &mut layers);
    layers.sort_by_key(|layer| std::cmp::Reverse(layer.depth));
    layers.dedup_by(|a, b| a.message == b.message && a.code == b.code);
    layers
}

fn collect(error: &AzureErrorDetail, depth: usize, layers: &mut Vec<Layer>) {
    if depth > DEEPEST {
        return;
    }
    let message = unescaped(&error.message);
    if let Some(inner) = unwrapped(&message) {
        collect(&inner, depth + 1, layers);
    }
    layers.push(Layer {
        code: error.code.clone(),
        subcode: error.subcode.clone(),
        message,
        depth,
    });
    for detail in &error.details {
        collect(detail, depth + 1, layers);
    }
}

/// The error inside a text, where it wears the envelope.
fn unwrapped(message: &str) -> Option<AzureErrorDetail> {
    let captures = ENVELOPE.captures(message)?;
    let field = |name: &str| captures.name(name).map(|field| field.as_str().to_owned());
    let inner = field("message").filter(|inner| !inner.is_empty() && inner.len() < message.len())?;
    Some(AzureErrorDetail {
        code: field("code").unwrap_or_default(),
        message: inner,
        subcode: field("subcode"),
        ..AzureErrorDetail::default()
    })
}

/// Takes back what JSON inside a text escaped.
fn unescaped(text: &str) -> String {
    text.replace("\\\"", "\"").replace("\\n", " ").replace("\\t", " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(code: &str, message: &str) -> AzureErrorDetail {
        AzureErrorDetail {
            code: code.to_owned(),
            message: message.to_owned(),
            ..AzureErrorDetail::default()
        }
    }

    #[test]
    fn the_innermost_layer_comes_first() {
        let mut outer = error(
            "UpgradeFailed",
            "Failed to reconcile agent pool np1: err: VMSSAgentPoolReconciler retry failed: Category: ClientError; \
             SubCode: SubnetIsFull; Dependency: Microsoft.Network/virtualNetworks; OrginalError: Code=\"SubnetIsFull\" \
             Message=\"Subnet a is full\"; AKSTeam: Networking, Retriable: false",
        );
        outer.details.push(error("Detail", "more"));
        let read: Vec<(String, usize)> = layers(&outer)
            .into_iter()
            .map(|layer| (layer.code, layer.depth))
            .collect();
        assert_eq!(
            read,
            [
                ("SubnetIsFull".into(), 1),
                ("Detail".into(), 1),
                ("UpgradeFailed".into(), 0)
            ]
        );
        assert_eq!(layers(&outer)[0].message, "Subnet a is full");
    }

    #[test]
    fn quotes_inside_json_are_plain_again() {
        let read = layers(&error("X", r#"failed calling webhook \"a.b\": no"#));
        assert_eq!(read[0].message, r#"failed calling webhook "a.b": no"#);
    }

    #[test]
    fn a_text_that_wraps_itself_ends() {
        let message = "XReconciler retry failed: Code='A' Message='".repeat(40);
        assert!(layers(&error("X", &message)).len() < 20);
    }
}
