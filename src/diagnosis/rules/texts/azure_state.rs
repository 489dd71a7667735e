//! What Azure's side of the survey says about a cause that a text names.

use super::verdict::{Verdict, field, number};
use crate::diagnosis::catalogue::Captures;
use crate::diagnosis::scene::{Scene, Text};
use crate::domain::node_pool::NodePool;
use crate::domain::provisioning::ProvisioningState;
use crate::domain::subject::Subject;
use crate::domain::surge::batch_of;
use crate::domain::survey::UsageFact;
use crate::domain::version::KubernetesVersion;

/// Ports an outbound address gives (AKS docs "Use a public standard load balancer", 2026).
const PORTS_OF_AN_ADDRESS: u64 = 64_000;
/// A control plane may be this many minors ahead of its nodes (Kubernetes docs "Version skew policy", 1.28 and later).
const MOST_SKEW: i32 = 3;

fn azure(kind: &str, name: &str) -> Subject {
    Subject::Azure {
        kind: kind.to_owned(),
        name: name.to_owned(),
        id: None,
    }
}

pub(super) fn busy(scene: &Scene<'_>) -> Verdict {
    let Some(cluster) = scene.cluster() else {
        return Verdict::Unknown;
    };
    let states = std::iter::once((Subject::Cluster, &cluster.provisioning_state)).chain(
        cluster
            .pools
            .iter()
            .map(|pool| (Subject::pool(&pool.name), &pool.provisioning_state)),
    );
    let busy = states.filter(|(_, state)| !state.is_terminal());
    Verdict::shown_or_gone(
        busy.map(|(subject, state)| scene.claimed(subject, format!("provisioningState {state}")))
            .collect(),
    )
}

/// The operation that took over has ended well: nothing is left to explain.
pub(super) fn preempted(scene: &Scene<'_>) -> Verdict {
    let is_well = |state: &ProvisioningState| *state == ProvisioningState::Succeeded;
    match scene.cluster() {
        Some(cluster)
            if is_well(&cluster.provisioning_state)
                && cluster.pools.iter().all(|pool| is_well(&pool.provisioning_state)) =>
        {
            Verdict::Gone
        }
        _ => Verdict::Unknown,
    }
}

/// AKS takes back the surge nodes it could make when it gives up: what the whole surge needs counts, not the last request.
pub(super) fn quota(scene: &Scene<'_>, text: &Text, captures: &Captures) -> Verdict {
    let (Ok(usages), Some(need)) = (
        &scene.symptoms.survey.azure.compute_usage,
        number(captures, &["need", "req"]),
    ) else {
        return Verdict::Unknown;
    };
    let family = field(captures, &["family", "family2", "fam"]).unwrap_or("cores");
    let plain = |text: &str| text.to_ascii_lowercase().replace([' ', '_'], "");
    let is_named = |usage: &&UsageFact| plain(&usage.name) == plain(family);
    let Some(usage) = usages.iter().find(is_named).or_else(|| {
        let is_total = |usage: &&UsageFact| usage.name.eq_ignore_ascii_case("cores");
        usages.iter().find(is_total).filter(|_| family == "cores")
    }) else {
        return Verdict::Unknown;
    };
    let need = need.max(surge_of(scene, text, |pool| {
        u64::from(crate::domain::vm_size::vcpus(&pool.vm_size).unwrap_or(0))
    }));
    let is_short = usage.limit.saturating_sub(usage.used) < need;
    let words = format!("{} of {} used, {need} needed", usage.used, usage.limit);
    let shown = is_short.then(|| scene.claimed(azure("vCPU limit", &usage.name), words));
    Verdict::shown_or_gone(shown.into_iter().collect())
}

/// What the whole surge of the text's pool takes; 0 where the text is not about a pool.
fn surge_of(scene: &Scene<'_>, text: &Text, each: impl Fn(&NodePool) -> u64) -> u64 {
    let Subject::NodePool { name } = &text.subject else {
        return 0;
    };
    scene.pool(name).map_or(0, |pool| {
        let surge = batch_of(&pool.upgrade_settings, pool.count, scene.goal(pool)).surge;
        u64::from(surge) * each(pool)
    })
}

pub(super) fn public_ips(scene: &Scene<'_>) -> Verdict {
    let Ok(usages) = &scene.symptoms.survey.azure.network_usage else {
        return Verdict::Unknown;
    };
    let Some(usage) = usages
        .iter()
        .find(|usage| usage.name.to_ascii_lowercase().contains("publicipaddresses"))
    else {
        return Verdict::Unknown;
    };
    let words = format!("{} of {} used", usage.used, usage.limit);
    let shown = (usage.used >= usage.limit).then(|| scene.claimed(azure("public IP limit", &usage.name), words));
    Verdict::shown_or_gone(shown.into_iter().collect())
}

pub(super) fn subnet(scene: &Scene<'_>, text: &Text, captures: &Captures) -> Verdict {
    let (Some(name), need) = (field(captures, &["subnet"]), number(captures, &["need"]).unwrap_or(1)) else {
        return Verdict::Unknown;
    };
    let subnets = scene.symptoms.survey.azure.subnets.values();
    let known = subnets.flatten().find(|subnet| {
        subnet
            .id
            .rsplit('/')
            .next()
            .is_some_and(|last| last.eq_ignore_ascii_case(name))
    });
    let Some(subnet) = known else { return Verdict::Unknown };
    let network = scene.cluster().and_then(|cluster| cluster.network);
    let need = need.max(surge_of(scene, text, |pool| match network {
        Some(network) if pool.pod_subnet.is_none() => u64::from(network.addresses_of_a_node(pool)),
        _ => 1,
    }));
    let is_short = subnet.limit.saturating_sub(subnet.used) < need;
    let words = format!("{} of {} addresses used, {need} needed", subnet.used, subnet.limit);
    let subject = Subject::Azure {
        kind: "subnet".to_owned(),
        name: name.to_owned(),
        id: Some(subnet.id.clone()),
    };
    Verdict::shown_or_gone(is_short.then(|| scene.claimed(subject, words)).into_iter().collect())
}

pub(super) fn restricted_size(scene: &Scene<'_>) -> Verdict {
    let sizes = scene.symptoms.survey.azure.vm_sizes.iter().flatten();
    let is_used = |name: &str| scene.pools().iter().any(|pool| pool.vm_size.eq_ignore_ascii_case(name));
    let restricted = sizes.filter(|size| !size.restricted_in.is_empty() && is_used(&size.name));
    Verdict::shown_or_unknown(
        restricted
            .map(|size| {
                scene.claimed(
                    azure("VM size", &size.name),
                    format!("restricted in {}", size.restricted_in.join(", ")),
                )
            })
            .collect(),
    )
}

pub(super) fn lock(scene: &Scene<'_>, captures: &Captures) -> Verdict {
    let Ok(locks) = &scene.symptoms.survey.azure.locks else {
        return Verdict::Unknown;
    };
    let scope = field(captures, &["scope"]).unwrap_or_default().to_ascii_lowercase();
    let is_named = |lock: &&crate::domain::survey::LockFact| {
        let locked = lock.scope.to_ascii_lowercase();
        scope.is_empty() || scope.starts_with(&locked) || locked.starts_with(&scope)
    };
    let shown = locks.iter().filter(is_named).map(|lock| {
        let subject = Subject::Azure {
            kind: "lock".to_owned(),
            name: lock.name.clone(),
            id: Some(lock.id.clone()),
        };
        scene.claimed(subject, format!("{:?} on {}", lock.level, lock.scope))
    });
    Verdict::shown_or_gone(shown.collect())
}

pub(super) fn policy(scene: &Scene<'_>, captures: &Captures) -> Verdict {
    let policies = scene.symptoms.survey.azure.policies.iter().flatten();
    let name = field(captures, &["assignment"]);
    let named = policies.filter(|policy| name.is_some_and(|name| policy.assignment.contains(name)));
    Verdict::shown_or_unknown(
        named
            .map(|policy| {
                let words = format!("effect {} on {}", policy.effect, policy.resource_type);
                scene.claimed(azure("policy assignment", &policy.assignment), words)
            })
            .collect(),
    )
}

pub(super) fn network(scene: &Scene<'_>, captures: &Captures) -> Verdict {
    let networks = &scene.symptoms.survey.azure.networks;
    let name = field(captures, &["vnet"]).and_then(|id| id.rsplit('/').next());
    let mut read = networks
        .values()
        .flatten()
        .filter(|network| name.is_none_or(|name| network.id.to_ascii_lowercase().ends_with(&name.to_ascii_lowercase())))
        .peekable();
    if read.peek().is_none() {
        return Verdict::Unknown;
    }
    let bad = read.filter(|network| network.provisioning_state != ProvisioningState::Succeeded);
    let shown = bad.map(|network| {
        let name = network.id.rsplit('/').next().unwrap_or(&network.id);
        scene.claimed(
            azure("virtual network", name),
            format!("provisioningState {}", network.provisioning_state),
        )
    });
    Verdict::shown_or_gone(shown.collect())
}

/// A resource the text names and the cluster is linked to: is it still missing?
pub(super) fn linked(scene: &Scene<'_>, text: &Text) -> Verdict {
    let words = text.words().to_ascii_lowercase();
    let named = scene
        .symptoms
        .survey
        .azure
        .linked
        .iter()
        .find(|resource| words.contains(&resource.id.to_ascii_lowercase()) || is_workspace(&resource.what, &words));
    match named.map(|resource| (resource, &resource.exists)) {
        Some((resource, Ok(false))) => {
            let subject = Subject::Azure {
                kind: resource.what.clone(),
                name: resource.id.rsplit('/').next().unwrap_or(&resource.id).to_owned(),
                id: Some(resource.id.clone()),
            };
            Verdict::Shown(vec![scene.claimed(subject, "does not exist")])
        }
        Some((_, Ok(true))) => Verdict::Gone,
        _ => Verdict::Unknown,
    }
}

fn is_workspace(what: &str, words: &str) -> bool {
    words.contains("log analytics workspace") && what.eq_ignore_ascii_case("Log Analytics workspace")
}

pub(super) fn version_path(scene: &Scene<'_>, captures: &Captures) -> Verdict {
    let wanted = field(captures, &["to"]).and_then(|text| text.parse::<KubernetesVersion>().ok());
    let (Ok(upgrades), Some(wanted)) = (&scene.symptoms.survey.azure.upgrades, wanted) else {
        return Verdict::Unknown;
    };
    let offers = upgrades
        .control_plane
        .iter()
        .chain(upgrades.pools.values().flat_map(|pool| &pool.offers));
    let offered: Vec<KubernetesVersion> = offers.map(|offer| offer.version).collect();
    if offered.contains(&wanted) {
        return Verdict::Gone;
    }
    let list: Vec<String> = offered.iter().map(ToString::to_string).collect();
    let list = if list.is_empty() {
        "nothing".to_owned()
    } else {
        list.join(", ")
    };
    Verdict::Shown(vec![
        scene.claimed(Subject::Cluster, format!("offered: {list}; not {wanted}")),
    ])
}

pub(super) fn version_skew(scene: &Scene<'_>, captures: &Captures) -> Verdict {
    let pool_version = field(captures, &["pool_ver"]).and_then(|text| text.parse::<KubernetesVersion>().ok());
    let (Some(cluster), Some(old)) = (scene.cluster(), pool_version) else {
        return Verdict::Unknown;
    };
    let Some(control_plane) = cluster.version else {
        return Verdict::Unknown;
    };
    let lagging = cluster.pools.iter().filter_map(|pool| Some((pool, pool.version?)));
    let shown: Vec<_> = lagging
        .filter(|(_, version)| *version == old || control_plane.minors_ahead_of(*version) > MOST_SKEW)
        .map(|(pool, version)| {
            scene.claimed(
                Subject::pool(&pool.name),
                format!("runs {version}, the control plane {control_plane}"),
            )
        })
        .collect();
    Verdict::shown_or_gone(shown)
}

/// Ports for every node with its surge nodes, against what the outbound addresses give.
pub(super) fn outbound_ports(scene: &Scene<'_>) -> Verdict {
    let Ok(details) = &scene.symptoms.survey.azure.details else {
        return Verdict::Unknown;
    };
    let ports = details
        .load_balancer
        .allocated_outbound_ports
        .filter(|ports| *ports > 0);
    let (Some(ports), false, false) = (ports, details.load_balancer.outbound_ips == 0, scene.pools().is_empty()) else {
        return Verdict::Unknown;
    };
    let nodes: u64 = scene
        .pools()
        .iter()
        .map(|pool| u64::from(pool.count) + u64::from(batch_of(&pool.upgrade_settings, pool.count, pool.version).surge))
        .sum();
    let need = u64::from(ports) * nodes;
    let have = PORTS_OF_AN_ADDRESS * u64::from(details.load_balancer.outbound_ips);
    let words = format!("{ports} ports for each of {nodes} nodes need {need}, the addresses give {have}");
    let shown = (need > have).then(|| scene.claimed(azure("load balancer", "outbound ports"), words));
    Verdict::shown_or_unknown(shown.into_iter().collect())
}
