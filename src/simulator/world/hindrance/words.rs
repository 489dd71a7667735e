//! How Azure words an operation that failed: the error of the resource below, inside AKS's own envelope
//! (AKS troubleshooting "VMExtensionProvisioningTimeout", 2025: category, subcode, dependency, original error).

use crate::simulator::world::operation::OperationError;

/// Who is at fault, as AKS sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::simulator::world) enum Category {
    Client,
    Internal,
}

/// An error of a resource provider, as AKS passes it on about a pool.
pub(in crate::simulator::world) fn enveloped(
    pool: &str,
    category: Category,
    dependency: &str,
    inner: &OperationError,
) -> OperationError {
    let (word, is_retriable) = match category {
        Category::Client => ("ClientError", false),
        Category::Internal => ("InternalError", true),
    };
    let OperationError { code, message } = inner;
    OperationError::new(
        "ReconcileVMSSAgentPoolFailed",
        format!(
            "Failed to reconcile agent pool {pool}: err: VMSSAgentPoolReconciler retry failed: Category: {word}; \
             SubCode: {code}; Dependency: {dependency}; OrginalError: Code=\"{code}\" Message=\"{message}\"; \
             AKSTeam: NodeProvisioning, Retriable: {is_retriable}."
        ),
    )
}

/// AKS gives up without saying why (AKS troubleshooting "Cluster in failed state", 2025).
pub(super) fn internal(operation: &str) -> OperationError {
    OperationError::new(
        "InternalOperationError",
        format!(
            "AKS encountered an internal error while attempting the requested Upgrading operation. AKS will \
             continuously retry the requested operation until successful or a retry timeout is hit. Check back to see \
             if the operation requires resubmission. Operation ID: {operation}."
        ),
    )
}

/// A machine could not be rebuilt on the new image.
pub(in crate::simulator::world) fn reimage_failed(pool: &str, node: &str, why: &str) -> OperationError {
    let inner = OperationError::new("ReimageFailed", format!("Failed to reimage node {node}: {why}"));
    enveloped(
        pool,
        Category::Internal,
        "Microsoft.Compute/VirtualMachineScaleSet",
        &inner,
    )
}

/// The API server turned the upgrader away for too long (Kubernetes docs "API Priority and Fairness", v1.36).
pub(in crate::simulator::world) fn overloaded() -> OperationError {
    OperationError::new(
        "UpgradeFailed",
        "Failed to list pods: the server has received too many requests and has asked us to try again later",
    )
}

/// A Node object stays although it was deleted.
pub(in crate::simulator::world) fn node_not_deleted(node: &str) -> OperationError {
    OperationError::new("UpgradeFailed", format!("Unable to delete node {node} from API server"))
}

/// AKS waits for its own pods after the control plane's step.
pub(in crate::simulator::world) fn addons_not_ready(pods: &[String]) -> OperationError {
    OperationError::new(
        "ControlPlaneAddOnsNotReady",
        format!("Pods not in Running status: {}", pods.join(", ")),
    )
}
