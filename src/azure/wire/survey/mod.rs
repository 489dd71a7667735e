//! Payloads a survey reads besides clusters and pools: limits, networks, rights, windows, machines, logs, protection.
//! One file for each provider's part; each reads leniently, text made printable.

mod details;
mod detectors;
mod failed_activities;
mod links;
mod machines;
mod networks;
mod protection;
mod rights;
mod sizes;
mod usages;
mod windows;

pub use details::{cluster_details, mesh_compatibility};
pub use detectors::{detector_findings, detector_page, upgrade_insight_page};
pub use failed_activities::failed_activity_page;
pub use links::{ClusterLink, cluster_links};
pub use machines::{ScaleSet, machine_page, scale_set_page};
pub use networks::{subnet, virtual_network};
pub use protection::{BackupInstance, RestorePoint, backup_page, diagnostic_page, extension_page, restore_point_page};
pub use rights::{Permission, denied_by_policy, lock_page, permission_page};
pub use sizes::vm_sizes;
pub use usages::{network_usage_page, usage_page};
pub use windows::{StoredWindow, window_page};
