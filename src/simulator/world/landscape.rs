//! What lies around a cluster in Azure and no upgrade changes by itself: subnets, locks, limits, windows, rights, and
//! what machines and logs say. The default is a healthy estate; a scenario states only what differs.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

/// The facts around one cluster. Names and ids are compared without regard to case.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Landscape {
    /// Merged into the cluster's `properties` (RFC 7396), for instance `{"networkProfile": {"outboundType": "userDefinedRouting"}}`.
    pub cluster_properties: Value,
    /// The same for a pool's properties, by pool name.
    pub pool_properties: BTreeMap<String, Value>,
    /// Subnets of the user's own; without any, the cluster lives in a network that AKS manages.
    pub subnets: Vec<Subnet>,
    /// What virtual networks are like that are not as usual, by name.
    pub networks: BTreeMap<String, VirtualNetwork>,
    pub locks: Vec<Lock>,
    /// Limits of the region, besides those the estate's quotas give.
    pub usages: Vec<Usage>,
    /// Resource ids that the cluster names and that do not exist any more.
    pub missing: Vec<String>,
    /// Maintenance configurations: name to `properties`, as on the wire.
    pub windows: BTreeMap<String, Value>,
    pub policies: Vec<DenyPolicy>,
    pub restricted_sizes: Vec<RestrictedSize>,
    pub permissions: Permissions,
    /// Parts of paths that this cloud does not serve: 404 `InvalidResourceType`, for instance `/detectors`.
    pub unserved: Vec<String>,
    /// Node bootstraps that ended badly, by the machine's name.
    pub failed_bootstraps: BTreeMap<String, FailedBootstrap>,
    /// Machines that Azure could not make or start, by name.
    pub failed_machines: BTreeMap<String, Failure>,
    /// Failed entries of the activity log besides those of the cluster's own operations.
    pub activity_errors: Vec<ActivityError>,
    pub extensions: Vec<Extension>,
    pub backups: Vec<Backup>,
    /// Log categories that are sent somewhere, for instance `kube-audit-admin`.
    pub diagnostic_settings: Vec<String>,
    /// What AKS's detectors found; those not named found nothing.
    pub detector_findings: Vec<DetectorFinding>,
    /// `detectedIssues` of AKS's upgrade insights, as on the wire.
    pub upgrade_issues: Vec<Value>,
    /// Links of private DNS zones by id in lower case, as on the wire.
    pub dns_links: BTreeMap<String, Value>,
    /// Addresses of public IP addresses, by the resource's name.
    pub public_addresses: BTreeMap<String, String>,
    /// Minors that each Istio revision on offer fits, as `asm-1-27` to `1.33`, `1.34`.
    pub mesh_revisions: BTreeMap<String, Vec<String>>,
}

impl Landscape {
    /// The OS SKU of a pool, in Azure's words.
    pub(in crate::simulator) fn os_sku(&self, pool: &str) -> &str {
        let named = self.pool_properties.iter();
        let mut own = named.filter(|(name, _)| name.eq_ignore_ascii_case(pool));
        own.find_map(|(_, properties)| properties["osSKU"].as_str())
            .unwrap_or("Ubuntu")
    }

    /// False where somebody turned the monitoring add-on off.
    pub(super) fn has_monitoring(&self) -> bool {
        self.cluster_properties["addonProfiles"]["omsagent"]["enabled"] != Value::Bool(false)
    }

    pub(in crate::simulator) fn has_long_term_support(&self) -> bool {
        self.cluster_properties["supportPlan"] == "AKSLongTermSupport"
    }
}

/// A subnet with its addresses.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subnet {
    pub name: String,
    /// The virtual network's name.
    pub network: String,
    /// The group of the virtual network; the cluster's own where it is not given.
    #[serde(default)]
    pub resource_group: Option<String>,
    pub prefix: String,
    pub used: u64,
    /// Usable addresses; Azure's five are left out.
    pub limit: u64,
    /// Pools whose nodes live here; `*` is all.
    #[serde(default)]
    pub nodes_of: Vec<String>,
    /// Pools whose pods live here; `*` is all.
    #[serde(default)]
    pub pods_of: Vec<String>,
    /// `Succeeded` where it is not given.
    #[serde(default)]
    pub provisioning_state: Option<String>,
    #[serde(default)]
    pub route_table: Option<String>,
    #[serde(default)]
    pub security_group: Option<String>,
    #[serde(default)]
    pub nat_gateway: Option<String>,
    #[serde(default)]
    pub delegations: Vec<String>,
}

/// What differs in a virtual network.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct VirtualNetwork {
    pub provisioning_state: Option<String>,
    pub dns_servers: Vec<String>,
    pub address_space: Vec<String>,
}

/// A management lock.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lock {
    pub name: String,
    /// `ReadOnly` or `CanNotDelete`.
    pub level: String,
    pub on: LockScope,
}

/// What a lock locks.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LockScope {
    Subscription,
    ClusterGroup,
    Cluster,
    NodeGroup,
    /// Any other group of the subscription, by name.
    Group(String),
    /// Any resource, by id.
    Resource(String),
}

/// A limit of a region.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Usage {
    #[serde(default)]
    pub provider: UsageProvider,
    /// For instance `cores`, `standardDSv5Family`, `PublicIPAddresses`.
    pub name: String,
    pub used: u64,
    pub limit: u64,
}

/// Who keeps a limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UsageProvider {
    #[default]
    Compute,
    Network,
}

/// A policy assignment that turns something away that an upgrade creates.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DenyPolicy {
    /// Name of the assignment.
    pub assignment: String,
    /// `Deny` where it is not given.
    #[serde(default)]
    pub effect: Option<String>,
    /// For instance `Microsoft.Compute/virtualMachineScaleSets`.
    pub resource_type: String,
    /// The field it is about, for instance `tags.costCenter`.
    #[serde(default)]
    pub field: Option<String>,
}

/// A VM size this subscription may not use.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RestrictedSize {
    pub size: String,
    /// Empty means the whole region.
    #[serde(default)]
    pub zones: Vec<String>,
}

/// What the caller may do, as one role would say it; wildcards as in Azure.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Permissions {
    pub actions: Vec<String>,
    pub not_actions: Vec<String>,
}

impl Default for Permissions {
    fn default() -> Self {
        Self {
            actions: vec!["*".to_owned()],
            not_actions: Vec::new(),
        }
    }
}

impl Permissions {
    /// True where an action such as `Microsoft.Authorization/locks/read` is allowed.
    pub fn allow(&self, action: &str) -> bool {
        let any = |patterns: &[String]| patterns.iter().any(|pattern| fits(pattern, action));
        any(&self.actions) && !any(&self.not_actions)
    }
}

/// `*` stands for any text, also for several segments.
fn fits(pattern: &str, action: &str) -> bool {
    let (pattern, action) = (pattern.to_ascii_lowercase(), action.to_ascii_lowercase());
    let Some((first, rest)) = pattern.split_once('*') else {
        return pattern == action;
    };
    let Some(mut left) = action.strip_prefix(first) else {
        return false;
    };
    let parts: Vec<&str> = rest.split('*').collect();
    let (last, between) = parts.split_last().expect("splitting gives at least one part");
    for part in between {
        let Some(at) = left.find(part) else { return false };
        left = &left[at + part.len()..];
    }
    left.ends_with(last)
}

/// How the bootstrap script of a machine ended (`vmssCSE`).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FailedBootstrap {
    /// For instance 50: no way out.
    pub exit_code: i32,
    /// The script's own words.
    #[serde(default)]
    pub output: String,
}

/// An error in Azure's words.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Failure {
    pub code: String,
    pub message: String,
}

/// A failed entry of an activity log.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActivityError {
    /// One minute before it is asked for, where it is not given.
    #[serde(default)]
    pub at: Option<Timestamp>,
    /// For instance `Microsoft.Compute/virtualMachineScaleSets/write`.
    pub operation: String,
    pub code: String,
    pub message: String,
    /// `Conflict`, `Forbidden`, ...; `Conflict` where it is not given.
    #[serde(default)]
    pub status_code: Option<String>,
    /// True: in the node resource group; else on the cluster.
    #[serde(default)]
    pub in_node_group: bool,
}

/// A cluster extension.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Extension {
    pub name: String,
    /// For instance `microsoft.flux`.
    pub kind: String,
    #[serde(default)]
    pub version: Option<String>,
    /// `Succeeded` where it is not given.
    #[serde(default)]
    pub provisioning_state: Option<String>,
}

/// A backup instance.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Backup {
    pub name: String,
    /// Hours since the last good restore point; `None` where there is none.
    #[serde(default)]
    pub hours_ago: Option<u64>,
    #[serde(default)]
    pub is_failing: bool,
}

/// A row of a detector that is not green.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DetectorFinding {
    /// For instance `cluster-subnet`.
    pub detector: String,
    /// `Info`, `Warning` or `Critical`.
    pub status: String,
    pub message: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_fit_as_in_azure_roles() {
        for (pattern, action, expected) in [
            ("*", "Microsoft.Compute/skus/read", true),
            ("*/read", "Microsoft.Compute/skus/read", true),
            ("*/read", "Microsoft.Compute/skus/write", false),
            ("microsoft.compute/*/READ", "Microsoft.Compute/a/b/read", true),
            ("Microsoft.Compute/skus/read", "Microsoft.Compute/skus/read", true),
            ("Microsoft.Compute/skus", "Microsoft.Compute/skus/read", false),
        ] {
            assert_eq!(fits(pattern, action), expected, "{pattern} {action}");
        }
        let reader = Permissions {
            actions: vec!["*".to_owned()],
            not_actions: vec!["Microsoft.Authorization/*".to_owned()],
        };
        assert!(reader.allow("Microsoft.Compute/skus/read"));
        assert!(!reader.allow("Microsoft.Authorization/locks/read"));
    }

    #[test]
    fn a_scenario_says_only_what_differs() {
        let text = r#"
            missing = ["/subscriptions/s/resourceGroups/logs/providers/Microsoft.OperationalInsights/workspaces/w"]
            unserved = ["/detectors"]
            locks = [{ name = "keep", level = "ReadOnly", on = "node_group" }, { name = "net", level = "CanNotDelete", on = { group = "rg-net" } }]
            [[subnets]]
            name = "nodes"
            network = "vnet"
            prefix = "10.1.0.0/24"
            used = 240
            limit = 251
            nodes_of = ["*"]
            [windows.default.maintenanceWindow]
            durationHours = 4
            [permissions]
            not_actions = ["*/locks/read"]
        "#;
        let landscape: Landscape = toml::from_str(text).unwrap();
        assert_eq!((landscape.subnets[0].used, landscape.locks.len()), (240, 2));
        assert_eq!(landscape.locks[1].on, LockScope::Group("rg-net".to_owned()));
        assert_eq!(landscape.windows["default"]["maintenanceWindow"]["durationHours"], 4);
        assert!(!landscape.permissions.allow("Microsoft.Authorization/locks/read"));
        assert!(Landscape::default().permissions.allow("anything"));
        assert!(toml::from_str::<Landscape>("locked = true").is_err());
    }
}
