//! The numbers the checks judge by, all in one place, so that settings can change them.

/// Where one result ends and the next begins. The defaults are those of the catalogue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thresholds {
    /// Support of the target that ends in fewer days is told.
    pub support_end_days: i32,
    /// A node image older than this is told.
    pub old_node_image_days: i32,
    /// A node image older than this is a warning.
    pub very_old_node_image_days: i32,
    /// Share of the drain timeout, in percent, that a pod's grace period may take.
    pub grace_percent_of_drain_timeout: u64,
    /// Share of the drain timeout, in percent, that evictions behind one budget may take by estimate.
    pub budget_percent_of_drain_timeout: u64,
    /// How long a new pod is taken to need until it is ready, in seconds, where estimates need it.
    pub pod_start_seconds: u64,
    /// A webhook that may take longer is told.
    pub webhook_timeout_seconds: u32,
    /// An object that is being deleted for longer is stuck.
    pub stuck_deletion_minutes: i64,
    /// A pod without a node for longer is pending, not new.
    pub pending_minutes: i64,
    /// A backup older than this is old.
    pub backup_hours: i64,
    /// A certificate or secret that ends in fewer days is a warning.
    pub credential_end_days: i64,
    /// Size of etcd in bytes from which it is told, is a warning, is a blocker.
    pub etcd_bytes: [u64; 3],
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            support_end_days: 90,
            old_node_image_days: 60,
            very_old_node_image_days: 180,
            grace_percent_of_drain_timeout: 80,
            budget_percent_of_drain_timeout: 30,
            pod_start_seconds: 120,
            webhook_timeout_seconds: 10,
            stuck_deletion_minutes: 10,
            pending_minutes: 5,
            backup_hours: 24,
            credential_end_days: 30,
            etcd_bytes: [2_000_000_000, 6_000_000_000, 7_500_000_000],
        }
    }
}
