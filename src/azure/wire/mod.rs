//! Azure's payloads, read leniently into domain values: unknown fields, nulls, odd types and odd case are no error.
//! An entry of a list that cannot be read becomes a finding. Never sends or decides anything.

mod activity_log;
mod cluster;
mod error;
mod lenient;
mod list;
mod node_pool;
pub mod survey;
mod upgrades;

use base64::Engine as _;
use serde_json::Value;

pub use activity_log::{LogEvent, LogStatus, activity_log_page};
pub use cluster::cluster;
pub(super) use error::excerpt;
pub use error::{error_answer, error_detail, missing_right, right_for};
pub use list::{Page, cluster_page, graph_page, node_pool_page, subscription_page};
pub use node_pool::node_pool;
pub use upgrades::{cluster_upgrades, pool_upgrades, region_versions};

/// A body that is JSON, but not of the shape this program knows. Says what is wrong, never quotes the body.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct WrongShape(pub String);

impl WrongShape {
    fn new(why: impl Into<String>) -> Self {
        Self(why.into())
    }
}

/// Reads `provisioningState` out of a cluster or pool body; `None` where the body carries none.
pub fn provisioning_state(body: &Value) -> Option<crate::domain::provisioning::ProvisioningState> {
    let text = body.pointer("/properties/provisioningState")?.as_str()?;
    Some(crate::domain::text::printable(text).as_str().into())
}

/// Reads the first kubeconfig of a `listClusterUserCredential` answer. The result is a secret; errors never quote it.
pub fn kubeconfig(body: &Value) -> Result<String, WrongShape> {
    let encoded = body
        .pointer("/kubeconfigs/0/value")
        .and_then(Value::as_str)
        .ok_or_else(|| WrongShape::new("it holds no kubeconfig"))?;
    let compact: String = encoded.split_whitespace().collect();
    let bytes = base64::engine::general_purpose::STANDARD
        .decode(compact)
        .map_err(|_| WrongShape::new("the kubeconfig is not base64"))?;
    String::from_utf8(bytes).map_err(|_| WrongShape::new("the kubeconfig is not text"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_kubeconfig_is_decoded_and_never_quoted() {
        let answer = |value: &str| kubeconfig(&json!({"kubeconfigs": [{"name": "clusterUser", "value": value}]}));
        assert_eq!(answer("YXBpVmVyc2lv\nbjogdjEK").unwrap(), "apiVersion: v1\n");
        assert!(!answer("hunter2!").unwrap_err().to_string().contains("hunter2"));
        assert!(answer("/w==").is_err());
        assert!(kubeconfig(&json!({"kubeconfigs": null})).is_err());
    }
}
