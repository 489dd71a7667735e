//! Why a request is refused at once, with Azure's status, code and words. Never changes anything.

mod hindered;

/// A refused request; the wire form is made in `azure_api`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub status: u16,
    pub code: String,
    pub subcode: Option<String>,
    pub message: String,
    /// The property at fault, where Azure names one.
    pub target: Option<String>,
}

impl Refusal {
    pub fn new(status: u16, code: &str, message: impl Into<String>) -> Self {
        Self {
            status,
            code: code.to_owned(),
            subcode: None,
            message: message.into(),
            target: None,
        }
    }

    fn at(mut self, target: &str) -> Self {
        self.target = Some(target.to_owned());
        self
    }

    /// Another operation holds the resource (AKS troubleshooting "OperationNotAllowed", 2025).
    pub(super) fn in_progress(what: &str) -> Self {
        Self::new(
            409,
            "OperationNotAllowed",
            format!(
                "Operation is not allowed: Another operation ({what}) is in progress, please wait for it to finish \
                 before starting a new operation. See https://aka.ms/aks-pending-operation for more details"
            ),
        )
    }

    pub(super) fn nothing_to_abort(state: &str) -> Self {
        Self::new(
            409,
            "OperationNotAllowed",
            format!("Cancel operation is not allowed when the ProvisioningState is {state}"),
        )
    }

    pub(super) fn stopped() -> Self {
        Self::new(
            400,
            "OperationNotAllowed",
            "Operation is not allowed: managed cluster is in (Stopped) Power State, please start it first.",
        )
    }

    pub(super) fn not_a_version(text: &str, is_pool: bool) -> Self {
        Self::new(
            400,
            if is_pool {
                "AgentPoolK8sVersionNotSupported"
            } else {
                "K8sVersionNotSupported"
            },
            format!(
                "Version {text} is not supported in this region. Please use [az aks get-versions] command to get the \
                 supported version list in this region. For more information, please check \
                 https://aka.ms/supported-version-list"
            ),
        )
    }

    pub(super) fn not_offered(from: &str, to: &str, offered: &[String]) -> Self {
        Self::new(
            400,
            "OperationNotAllowed",
            format!(
                "Upgrading Kubernetes version {from} to {to} is not allowed. Available upgrades: [{}]. \
                 For more information, see https://aka.ms/aks-supported-k8s-ver",
                offered.join(" ")
            ),
        )
    }

    pub(super) fn skew(pool: &str, control_plane: &str, is_pool_ahead: bool) -> Self {
        let why = if is_pool_ahead {
            "Node pool version cannot be newer than control plane's version."
        } else {
            "Minor version of node pool cannot be more than 3 versions less than control plane's version."
        };
        Self::new(
            400,
            "NodePoolMcVersionIncompatible",
            format!("Node pool version {pool} and control plane version {control_plane} are incompatible. {why}"),
        )
    }

    pub(super) fn mixed_pool_versions() -> Self {
        Self::new(
            400,
            "NotAllAgentPoolOrchestratorVersionSpecifiedAndUnchanged",
            "Using managed cluster api, all Agent pools' OrchestratorVersion must be all specified or all \
             unspecified. If all specified, they must be stay unchanged or the same with control plane.",
        )
    }

    pub(super) fn full_upgrade_only(version: &str) -> Self {
        Self::new(
            400,
            "OperationNotAllowed",
            format!(
                "The cluster is on version {version} which is not supported in this region. Control plane and node \
                 pools must be upgraded together."
            ),
        )
    }

    pub(super) fn bad_setting(field: &str, why: &str) -> Self {
        Self::new(400, "InvalidParameter", why).at(&format!("agentPoolProfile.upgradeSettings.{field}"))
    }

    /// The text has AKS's own spelling (AKS troubleshooting "UnsatisfiablePDB", 2025).
    pub(super) fn unsatisfiable_budgets(budgets: &[String]) -> Self {
        let lines: Vec<String> = budgets
            .iter()
            .map(|budget| format!("* PDB {budget} has maxunavailble == 0 can't proceed with put operation"))
            .collect();
        let (count, noun) = (lines.len(), if lines.len() == 1 { "error" } else { "errors" });
        let message = format!("{count} {noun} occurred:\n\t{}\n\n", lines.join("\n\t"));
        Self::new(400, "UnsatisfiablePDB", message)
    }

    pub(super) fn last_system_pool(name: &str) -> Self {
        Self::new(
            400,
            "OperationNotAllowed",
            format!("Agent pool {name} cannot be deleted: there has to be at least one system node pool."),
        )
    }

    pub(super) fn bad_pool_name(name: &str) -> Self {
        Self::new(
            400,
            "InvalidParameter",
            format!(
                "The value '{name}' of parameter agentPoolName is invalid: a pool's name starts with a lower-case \
                 letter and has at most 12 lower-case letters and digits."
            ),
        )
        .at("agentPool.name")
    }

    pub fn missing(property: &str) -> Self {
        Self::new(
            400,
            "InvalidParameter",
            format!("Required parameter {property} is missing."),
        )
        .at(property)
    }

    pub(super) fn rollback_of_auto_upgraded() -> Self {
        Self::new(
            400,
            "OperationNotAllowed",
            "Node pool rollback is not allowed while the cluster's upgradeChannel is not none.",
        )
    }

    pub(super) fn rollback_too_late(days: i64) -> Self {
        Self::new(
            400,
            "OperationNotAllowed",
            format!("Node pool rollback is not allowed: the pool was upgraded more than {days} days ago."),
        )
    }

    pub(super) fn rollback() -> Self {
        Self::new(
            400,
            "OperationNotAllowed",
            "Node pool rollback is not allowed: the version is not among the recently used versions of the pool.",
        )
    }
}
