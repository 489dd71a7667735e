//! Everything about a cluster, a pool or a node, for `d`.

use jiff::Timestamp;

use super::super::components::drain_panel;
use super::super::components::prose::Passage;
use super::super::theme::Role;
use super::super::wording;
use super::panels::{auto_upgrade, cluster_errors, error_passages};
use crate::domain::cluster::SupportPlan;
use crate::domain::node_pool::NodePool;
use crate::inventory::snapshot::ClusterSnapshot;
use crate::progress::picture::NodeProgress;

fn fact(name: &str, value: impl Into<String>) -> Passage {
    Passage::new(Role::Muted, format!("{name:<18}"))
        .and(Role::Text, value)
        .hanging(18)
}

/// Everything about a cluster, for `d`.
pub(crate) fn whole_cluster(snapshot: &ClusterSnapshot) -> Vec<Passage> {
    let mut out = vec![fact("id", snapshot.id.to_string())];
    let Some(cluster) = snapshot.cluster.value.as_deref() else {
        out.extend(
            super::source_passages(&snapshot.cluster.state, "what Azure knows of this cluster").unwrap_or_default(),
        );
        return out;
    };
    let support = match &cluster.support_plan {
        SupportPlan::KubernetesOfficial => "Kubernetes official".to_owned(),
        SupportPlan::LongTermSupport => "long-term support".to_owned(),
        SupportPlan::Other(word) => word.clone(),
    };
    let or_unknown = |text: &Option<String>| text.clone().unwrap_or_else(|| "not known".to_owned());
    out.extend([
        fact("subscription", cluster.subscription_id.as_str()),
        fact("resource group", &cluster.resource_group),
        fact("node group", or_unknown(&cluster.node_resource_group)),
        fact("location", &cluster.location),
        fact(
            "version",
            or_unknown(&cluster.version.map(|version| version.to_string())),
        ),
        fact("asked for", or_unknown(&cluster.requested_version)),
        fact("Azure state", cluster.provisioning_state.as_str()),
        fact("power", cluster.power_state.as_str()),
        fact("tier", or_unknown(&cluster.tier)),
        fact("support plan", support),
        fact("upgrades itself", auto_upgrade(cluster)),
        fact(
            "API server",
            or_unknown(&cluster.private_fqdn.clone().or_else(|| cluster.fqdn.clone())),
        ),
        fact("etag", or_unknown(&cluster.etag)),
    ]);
    if cluster.private_fqdn.is_some() {
        out.push(fact("", "the API server has a private address only"));
    }
    if let Some(until) = cluster.force_upgrade_until {
        out.push(fact(
            "forced upgrade",
            format!("Azure's checks are overridden until {until}"),
        ));
    }
    for (key, value) in &cluster.tags {
        out.push(fact("tag", format!("{key} = {value}")));
    }
    out.extend(cluster_errors(cluster));
    out
}

/// Everything about a pool, for `d`.
pub(crate) fn whole_pool(pool: &NodePool) -> Vec<Passage> {
    let settings = &pool.upgrade_settings;
    let or_default = |text: Option<String>| text.unwrap_or_else(|| "default of AKS".to_owned());
    let mut out = vec![
        fact("mode", pool.mode.to_string()),
        fact(
            "nodes",
            format!("{}{}", pool.count, if pool.is_autoscaled { ", autoscaled" } else { "" }),
        ),
        fact(
            "size",
            format!(
                "{}, {}{}",
                pool.vm_size,
                pool.os_type,
                if pool.is_spot { ", spot" } else { "" }
            ),
        ),
        fact(
            "version",
            pool.version
                .map_or_else(|| "not known".to_owned(), |version| version.to_string()),
        ),
        fact(
            "image",
            pool.node_image
                .as_ref()
                .map_or_else(|| "not known".to_owned(), ToString::to_string),
        ),
        fact("Azure state", pool.provisioning_state.as_str()),
        fact(
            "max surge",
            or_default(settings.max_surge.map(|share| share.to_string())),
        ),
        fact(
            "max unavailable",
            or_default(settings.max_unavailable.map(|share| share.to_string())),
        ),
        fact("drain timeout", wording::duration(settings.drain_timeout())),
        fact("node soak", wording::duration(settings.node_soak())),
    ];
    if let Some(error) = &pool.error {
        out.push(Passage::blank());
        out.extend(error_passages(error, 0));
    }
    out
}

/// The last thing an event said about a node.
pub(crate) fn last_event(node: &NodeProgress) -> Option<Passage> {
    let event = node.last_event.as_ref()?;
    Some(Passage::new(Role::Muted, "last event: ").and(Role::Text, event))
}

/// Everything about a node, for `d`.
pub(crate) fn whole_node(node: &NodeProgress, now: Timestamp) -> Vec<Passage> {
    let mut out = drain_panel::passages(node, now);
    out.extend(last_event(node));
    out.push(Passage::blank());
    out.push(fact("pool", node.pool.as_ref().map_or("none", |pool| pool.as_str())));
    out.push(fact("kubelet", &node.version_text));
    out.push(fact(
        "image",
        node.node_image
            .as_ref()
            .map_or_else(|| "not known".to_owned(), ToString::to_string),
    ));
    out.push(fact("in this phase since", node.since.to_string()));
    out
}
