//! The few annotations of a pod that matter to a drain. All others are passed over while they are read.

use std::fmt;

use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// On the copy of a static pod (Kubernetes docs "Well-Known Labels, Annotations and Taints", 2026).
const MIRROR: &str = "kubernetes.io/config.mirror";
/// Before Kubernetes 1.30 the way to ask for an AppArmor profile; followed by the container's name.
const APPARMOR: &str = "container.apparmor.security.beta.kubernetes.io/";
/// The cluster autoscaler (FAQ "What types of pods can prevent CA from removing a node?", 2026).
const SAFE_TO_EVICT: &str = "cluster-autoscaler.kubernetes.io/safe-to-evict";
/// Node auto-provisioning (Karpenter docs "Disruption", 2026).
const DO_NOT_DISRUPT: &str = "karpenter.sh/do-not-disrupt";

/// What the annotations say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct FactAnnotations {
    pub(super) is_mirror: bool,
    pub(super) says_never_evict: bool,
    pub(super) has_apparmor: bool,
}

impl<'de> Deserialize<'de> for FactAnnotations {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = FactAnnotations;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("annotations")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<FactAnnotations, M::Error> {
        let mut found = FactAnnotations::default();
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                SAFE_TO_EVICT => found.says_never_evict |= map.next_value::<String>()? == "false",
                DO_NOT_DISRUPT => found.says_never_evict |= map.next_value::<String>()? == "true",
                _ => {
                    map.next_value::<IgnoredAny>()?;
                    found.is_mirror |= key == MIRROR;
                    found.has_apparmor |= key.starts_with(APPARMOR);
                }
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_matters_is_kept() {
        let read = |text: &str| {
            let found: FactAnnotations = serde_json::from_str(text).unwrap();
            (found.is_mirror, found.says_never_evict, found.has_apparmor)
        };
        assert_eq!(read("{}"), (false, false, false));
        assert_eq!(
            read(r#"{"kubernetes.io/config.mirror":"x","other":"{}"}"#),
            (true, false, false)
        );
        assert_eq!(
            read(r#"{"cluster-autoscaler.kubernetes.io/safe-to-evict":"false"}"#),
            (false, true, false)
        );
        assert_eq!(
            read(r#"{"cluster-autoscaler.kubernetes.io/safe-to-evict":"true"}"#),
            (false, false, false)
        );
        assert_eq!(read(r#"{"karpenter.sh/do-not-disrupt":"true"}"#), (false, true, false));
        assert_eq!(
            read(r#"{"container.apparmor.security.beta.kubernetes.io/web":"runtime/default"}"#),
            (false, false, true)
        );
    }
}
