//! Which namespaces AKS fills by itself: what runs there is not the user's to change, so habits are not judged there.

/// Namespaces of AKS's own components and add-ons (AKS docs "Add-ons, extensions and other integrations", 2026).
const NAMESPACES: &[&str] = &[
    "aks-command",
    "aks-istio-egress",
    "aks-istio-ingress",
    "aks-istio-system",
    "app-routing-system",
    "azure-arc",
    "azure-arc-release",
    "azure-extensions-usage-system",
    "calico-apiserver",
    "calico-system",
    "dapr-system",
    "dataprotection-microsoft",
    "fleet-system",
    "gatekeeper-system",
    "kube-node-lease",
    "kube-public",
    "kube-system",
    "osm-system",
    "sc-system",
    "tigera-operator",
];

/// True for a namespace that AKS fills.
pub(super) fn is_system_namespace(namespace: &str) -> bool {
    NAMESPACES.contains(&namespace)
}

/// True for a webhook configuration of AKS's own: its guards, Azure Policy and its Gatekeeper.
pub(super) fn is_system_webhook(configuration: &str) -> bool {
    ["aks-", "azure-policy", "azure-wi-webhook", "gatekeeper", "istio-"]
        .iter()
        .any(|prefix| configuration.starts_with(prefix) && (*prefix != "istio-" || configuration.contains("-asm-")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_aks_runs_is_its_own() {
        assert!(is_system_namespace("kube-system") && is_system_namespace("gatekeeper-system"));
        assert!(!is_system_namespace("shop") && !is_system_namespace("kube-systems"));
        for (name, system) in [
            ("aks-node-validating-webhook", true),
            ("gatekeeper-validating-webhook-configuration", true),
            ("istio-sidecar-injector-asm-1-25-aks-istio-system", true),
            ("istio-sidecar-injector", false),
            ("kyverno-resource-validating-webhook-cfg", false),
        ] {
            assert_eq!(is_system_webhook(name), system, "{name}");
        }
    }
}
