//! What live state says about a cause that a text names: shown now, gone, or not to be seen from here.

use super::{azure_state, cluster_state};
use crate::diagnosis::catalogue::Captures;
use crate::diagnosis::cause::{Evidence, Found};
use crate::diagnosis::rules::budgets::named_budget;
use crate::diagnosis::scene::{Scene, Text};

pub(super) enum Verdict {
    /// Live state shows it, with what it shows.
    Shown(Vec<Evidence>),
    /// Live state shows something that says it better.
    Is(Box<Found>),
    /// Live state contradicts it: it was so, and is not any more.
    Gone,
    /// Nothing that was read says either.
    Unknown,
}

impl Verdict {
    /// Shown where the evidence is there, else gone.
    pub(super) fn shown_or_gone(shown: Vec<Evidence>) -> Self {
        if shown.is_empty() {
            Self::Gone
        } else {
            Self::Shown(shown)
        }
    }

    /// Shown where the evidence is there, else not known.
    pub(super) fn shown_or_unknown(shown: Vec<Evidence>) -> Self {
        if shown.is_empty() {
            Self::Unknown
        } else {
            Self::Shown(shown)
        }
    }
}

/// The first of these fields that a text has.
pub(super) fn field<'a>(captures: &'a Captures, names: &[&str]) -> Option<&'a str> {
    names.iter().find_map(|name| captures.get(*name)).map(String::as_str)
}

/// A number among the fields.
pub(super) fn number(captures: &Captures, names: &[&str]) -> Option<u64> {
    field(captures, names)?.parse().ok()
}

pub(super) fn judge(scene: &Scene<'_>, text: &Text, code: &str, captures: &Captures) -> Verdict {
    match code {
        "drain-blocked-by-pdb" | "drain-blocked-by-unready-pods" => of_budget(scene, captures),
        "pdb-unsatisfiable" => cluster_state::unsatisfiable(scene, captures),
        "pdb-more-than-one" => cluster_state::several_budgets(scene),
        "surge-exhausted-by-blocked-nodes" | "node-quarantined" => cluster_state::quarantined(scene),
        "eviction-denied-by-webhook" => cluster_state::denying_webhook(scene, captures),
        "webhook-fails-closed" => cluster_state::failing_webhook(scene, captures),
        "addons-not-ready" => cluster_state::addons(scene),
        "konnectivity-down" => cluster_state::tunnel(scene),
        "pending-no-room" | "pending-zonal-volume" | "pending-constraint" => cluster_state::pending(scene),
        "volume-multiattach" => cluster_state::attached(scene, captures),
        "image-pull-new-node" => cluster_state::image_pull(scene),
        "etcd-full" => cluster_state::etcd(scene),
        "apiserver-call-failed" => cluster_state::api_server(scene),
        "surge-node-notready" => cluster_state::nodes_not_ready(scene),
        "drain-slow-grace" | "reimage-failed" | "node-delete-failed" => cluster_state::touched_node(scene, captures),
        "cert-expired" => cluster_state::certificate(scene),
        "op-in-progress" => azure_state::busy(scene),
        "quota-vcpu" => azure_state::quota(scene, text, captures),
        "public-ip-limit" => azure_state::public_ips(scene),
        "subnet-full" => azure_state::subnet(scene, text, captures),
        "sku-capacity" => azure_state::restricted_size(scene),
        "scope-locked" => azure_state::lock(scene, captures),
        "policy-deny" => azure_state::policy(scene, captures),
        "vnet-busy" => azure_state::network(scene, captures),
        "resource-missing" | "workspace-gone" => azure_state::linked(scene, text),
        "version-path" => azure_state::version_path(scene, captures),
        "version-skew" => azure_state::version_skew(scene, captures),
        "lb-outbound-ports" => azure_state::outbound_ports(scene),
        "deprecated-api-gate" => cluster_state::deprecated_use(scene, text, captures),
        "preempted" => azure_state::preempted(scene),
        _ if is_bootstrap(scene, code) => cluster_state::bootstrap(scene, text, captures, code),
        _ => Verdict::Unknown,
    }
}

fn is_bootstrap(scene: &Scene<'_>, code: &str) -> bool {
    scene
        .catalogue
        .entry(code)
        .is_some_and(|entry| entry.phase == "node bootstrap")
}

fn of_budget(scene: &Scene<'_>, captures: &Captures) -> Verdict {
    let (Some(namespace), Some(name)) = (field(captures, &["ns"]), field(captures, &["pdb"])) else {
        return Verdict::Unknown;
    };
    match named_budget(scene, namespace, name) {
        Err(()) => Verdict::Unknown,
        Ok(None) => Verdict::Gone,
        Ok(Some(found)) => Verdict::Is(Box::new(found)),
    }
}
