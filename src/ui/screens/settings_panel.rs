//! How a cluster is set up, as far as an upgrade is concerned: channels, support, network, pools' own settings, contact.

use super::super::components::prose::Passage;
use super::super::theme::{DOT, Mark, Role};
use super::super::wording;
use crate::domain::cluster::{Cluster, SupportPlan};
use crate::domain::node_pool::NodePool;
use crate::domain::survey::{ClusterDetails, PoolDetails};
use crate::inventory::snapshot::ClusterSnapshot;

/// Tags in which teams name themselves.
const CONTACT_TAGS: [&str; 6] = ["contact", "owner", "team", "email", "oncall", "support"];

/// The panel's text.
pub(super) fn passages(snapshot: &ClusterSnapshot) -> Vec<Passage> {
    let Some(cluster) = snapshot.cluster.value.as_deref() else {
        return super::source_passages(&snapshot.cluster.state, "the settings").unwrap_or_default();
    };
    let mut out = of_cluster(cluster);
    match snapshot.details.as_deref() {
        Some(details) => out.extend(network(details)),
        None => out.push(Passage::new(
            Role::Muted,
            format!("{} reading the network and the pools' settings", Mark::Loading.symbol()),
        )),
    }
    for pool in &cluster.pools {
        let details = snapshot.details.as_deref().and_then(|all| all.pools.get(&pool.name));
        out.push(Passage::blank());
        out.extend(of_pool(pool, details));
    }
    out
}

fn fact(name: &str, value: impl Into<String>) -> Passage {
    Passage::new(Role::Muted, format!("{name:<18}"))
        .and(Role::Text, value)
        .hanging(18)
}

fn or_unknown(text: Option<&str>) -> String {
    text.unwrap_or("not known").to_owned()
}

fn of_cluster(cluster: &Cluster) -> Vec<Passage> {
    let channel = |word: &Option<String>| word.clone().unwrap_or_else(|| "off".to_owned());
    let support = match &cluster.support_plan {
        SupportPlan::KubernetesOfficial => "standard, as Kubernetes".to_owned(),
        SupportPlan::LongTermSupport => "long-term (LTS)".to_owned(),
        SupportPlan::Other(word) => word.clone(),
    };
    let mut out = vec![
        fact("auto-upgrade", channel(&cluster.auto_upgrade.kubernetes_channel)),
        fact("node OS upgrade", channel(&cluster.auto_upgrade.node_os_channel)),
        fact("tier", or_unknown(cluster.tier.as_deref())),
        fact("support plan", support),
    ];
    let contacts: Vec<String> = cluster
        .tags
        .iter()
        .filter(|(key, _)| CONTACT_TAGS.iter().any(|known| key.eq_ignore_ascii_case(known)))
        .map(|(key, value)| format!("{key} {value}"))
        .collect();
    let contact = if contacts.is_empty() {
        "no tag names one".to_owned()
    } else {
        contacts.join(DOT)
    };
    out.push(fact("contact", contact));
    if let Some(until) = cluster.force_upgrade_until {
        out.push(Passage::new(
            Role::Attention,
            format!("! Azure's upgrade checks are overridden until {until}"),
        ));
    }
    out
}

fn network(details: &ClusterDetails) -> Vec<Passage> {
    let parts = [
        details.network_plugin.clone(),
        details.network_plugin_mode.clone(),
        details.network_dataplane.clone(),
        details.network_policy.as_ref().map(|policy| format!("policy {policy}")),
    ];
    let plugin = parts.into_iter().flatten().collect::<Vec<_>>().join(DOT);
    let reach = if details.is_private {
        "private".to_owned()
    } else if details.authorized_ip_ranges.is_empty() {
        "public".to_owned()
    } else {
        format!(
            "public for {}",
            wording::count(details.authorized_ip_ranges.len(), "range")
        )
    };
    let mut out = vec![
        fact(
            "network",
            if plugin.is_empty() {
                "not known".to_owned()
            } else {
                plugin
            },
        ),
        fact("pods in", or_unknown(details.pod_cidr.as_deref())),
        fact("egress by", or_unknown(details.outbound_type.as_deref())),
        fact("API server", reach),
    ];
    if let Some(mesh) = &details.mesh {
        out.push(fact("mesh", mesh.revisions.join(DOT)));
    }
    if let Some(policy) = &details.node_disruption_policy {
        out.push(fact("node disruption", policy));
    }
    out
}

fn of_pool(pool: &NodePool, details: Option<&PoolDetails>) -> Vec<Passage> {
    let settings = &pool.upgrade_settings;
    let share = |text: Option<String>| text.unwrap_or_else(|| "default".to_owned());
    let behaviour = settings
        .undrainable_node_behavior
        .as_ref()
        .map_or_else(|| "Schedule (default)".to_owned(), ToString::to_string);
    let nodes = match details.and_then(|details| details.min_count.zip(details.max_count)) {
        Some((least, most)) if pool.is_autoscaled => format!("{}, autoscaled {least} to {most}", pool.count),
        _ => pool.count.to_string(),
    };
    let mut out = vec![
        Passage::new(Role::Strong, pool.name.as_str()).and(
            Role::Muted,
            format!("{DOT}{}{DOT}{nodes} nodes{DOT}{}", pool.mode, pool.vm_size),
        ),
        fact(
            "surge",
            format!(
                "{}{DOT}unavailable {}",
                share(settings.max_surge.map(|share| share.to_string())),
                share(settings.max_unavailable.map(|share| share.to_string())),
            ),
        ),
        fact(
            "drain",
            format!(
                "timeout {}{DOT}soak {}{DOT}undrainable nodes: {behaviour}",
                wording::duration(settings.drain_timeout()),
                wording::duration(settings.node_soak()),
            ),
        ),
    ];
    if let Some(details) = details {
        let zones = if details.zones.is_empty() {
            "no zones".to_owned()
        } else {
            format!("zones {}", details.zones.join(", "))
        };
        let system = details.os_sku.as_deref().unwrap_or(&pool.os_type);
        let strategy = details
            .upgrade_strategy
            .as_ref()
            .map_or_else(String::new, |strategy| format!("{DOT}{strategy}"));
        out.push(fact("machines", format!("{system}{DOT}{zones}{strategy}")));
    }
    out
}
