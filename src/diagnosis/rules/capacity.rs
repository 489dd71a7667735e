//! No surge node appears: is there a limit, an address, a size, or a place in the scale set left for one?

use crate::diagnosis::cause::{Evidence, Found, Impact};
use crate::diagnosis::scene::{Origin, Scene};
use crate::domain::ids::NodeName;
use crate::domain::node_pool::NodePool;
use crate::domain::subject::Subject;
use crate::domain::surge::batch_of;
use crate::domain::survey::{SubnetFact, UsageFact, VmSizeFact};
use crate::progress::picture::NodeProgress;

/// A surge node is usually created within a minute or two of the beginning.
const PATIENCE_MINUTES: i64 = 4;
/// Nodes of one scale set (AKS docs "Quotas, SKUs and regions", 2026).
const SCALE_SET_LIMIT: u32 = 1000;

pub(super) fn look(scene: &Scene<'_>) -> Vec<Found> {
    scene
        .pools()
        .iter()
        .filter_map(|pool| Some((pool, needed(scene, pool)?)))
        .flat_map(|(pool, need)| {
            let is_asked = |words: &[&str]| is_stuck_at_start(scene, pool, need) || is_spoken_of(scene, words);
            let mut found = Vec::new();
            if is_asked(&["quota", "core", "vcpu"]) {
                found.extend(quota(scene, pool, need));
            }
            if is_asked(&["subnet", "address", " ip"]) {
                found.extend(subnet(scene, pool, need));
            }
            if is_asked(&["capacity", "sku", "vm size", "allocat"]) {
                found.extend(sku(scene, pool));
            }
            if is_asked(&["1000", "scale set"]) {
                found.extend(scale_set(scene, pool, need));
            }
            found
        })
        .collect()
}

/// What a pool's upgrade adds for a while.
#[derive(Clone, Copy)]
struct Need {
    nodes: u32,
    is_blue_green: bool,
}

fn needed(scene: &Scene<'_>, pool: &NodePool) -> Option<Need> {
    let details = scene.symptoms.survey.azure.details.as_ref().ok();
    let strategy = details.and_then(|details| details.pools.get(&pool.name)?.upgrade_strategy.clone());
    let is_blue_green = strategy.is_some_and(|strategy| strategy.eq_ignore_ascii_case("BlueGreen"));
    let surge = batch_of(&pool.upgrade_settings, pool.count, scene.goal(pool)).surge;
    let nodes = if is_blue_green { pool.count } else { surge };
    (nodes > 0 && !pool.is_spot).then_some(Need { nodes, is_blue_green })
}

/// True where the pool should have begun, and no node of it was touched.
fn is_stuck_at_start(scene: &Scene<'_>, pool: &NodePool, need: Need) -> bool {
    let is_late = scene.is_older(scene.situation.since, PATIENCE_MINUTES) || has_no_new_machine(scene, pool);
    if !pool.provisioning_state.is_upgrading() || !is_late || !scene.are_nodes_read() {
        return false;
    }
    let of_pool = |name: &NodeName| {
        scene.node(name).and_then(|fact| fact.node.pool.as_ref()) == Some(&pool.name)
            || scene.progress(name).and_then(|progress| progress.pool.as_ref()) == Some(&pool.name)
    };
    // Blue nodes are cordoned early; only a green one shows that capacity came.
    let is_touched = scene.nodes().any(|fact| {
        let is_cordoned = fact.node.is_cordoned && !need.is_blue_green;
        of_pool(&fact.node.name) && (scene.is_new(&fact.node.name) || is_cordoned)
    });
    let is_told = scene
        .events()
        .any(|(_, event)| event.reason == "Surge" && event.message.contains(pool.name.as_str()));
    let is_seen = scene.picture().is_some_and(|picture| {
        let is_at_work = |node: &NodeProgress| node.is_surge || node.phase.is_in_flight() && !need.is_blue_green;
        picture
            .nodes
            .values()
            .any(|node| of_pool(&node.name) && is_at_work(node))
    });
    !is_touched && !is_told && !is_seen
}

/// The scale set was read and has no machine more than the pool was asked to have: nothing is on its way.
fn has_no_new_machine(scene: &Scene<'_>, pool: &NodePool) -> bool {
    let machines = scene
        .machines()
        .iter()
        .filter(|machine| machine.pool.as_ref() == Some(&pool.name));
    u32::try_from(machines.count()).is_ok_and(|count| (1..=pool.count).contains(&count))
}

/// After a failure only what Azure's own words point at is looked up: another limit that is tight is another story.
fn is_spoken_of(scene: &Scene<'_>, words: &[&str]) -> bool {
    let mut texts = scene.texts.iter().filter(|text| text.origin != Origin::Activity);
    texts.any(|text| {
        let lower = text.words().to_ascii_lowercase();
        words.iter().any(|word| lower.contains(word))
    })
}

fn azure(kind: &str, name: &str, id: Option<&str>) -> Subject {
    Subject::Azure {
        kind: kind.to_owned(),
        name: name.to_owned(),
        id: id.map(ToOwned::to_owned),
    }
}

/// `bg-capacity` where a whole second pool is missing, else the limit itself.
fn code(need: Need, code: &'static str) -> &'static str {
    if need.is_blue_green { "bg-capacity" } else { code }
}

fn quota(scene: &Scene<'_>, pool: &NodePool, need: Need) -> Option<Found> {
    let size = size_of(scene, pool);
    let vcpus = size
        .map(|size| size.vcpus)
        .or_else(|| crate::domain::vm_size::vcpus(&pool.vm_size))?;
    let wanted = u64::from(vcpus) * u64::from(need.nodes);
    let usages = scene.symptoms.survey.azure.compute_usage.as_ref().ok()?;
    let is_limit = |usage: &&UsageFact| {
        usage.name.eq_ignore_ascii_case("cores")
            || size.is_some_and(|size| usage.name.eq_ignore_ascii_case(&size.family))
    };
    let short: Vec<&UsageFact> = usages
        .iter()
        .filter(is_limit)
        .filter(|usage| usage.limit.saturating_sub(usage.used) < wanted)
        .collect();
    let first = short
        .iter()
        .find(|usage| !usage.name.eq_ignore_ascii_case("cores"))
        .or(short.first())?;
    let headline = format!(
        "vCPU limit {}: {} of {} used, pool {} needs {wanted} more for {} surge nodes of {}",
        first.name, first.used, first.limit, pool.name, need.nodes, pool.vm_size
    );
    let evidence: Vec<Evidence> = short
        .iter()
        .map(|usage| {
            scene.claimed(
                azure("vCPU limit", &usage.name, None),
                format!("{} of {} used", usage.used, usage.limit),
            )
        })
        .collect();
    let is_one_possible = short
        .iter()
        .all(|usage| usage.limit.saturating_sub(usage.used) >= u64::from(vcpus));
    Some(
        Found::confirmed(code(need, "quota-vcpu"), Impact::Stalled, headline)
            .about([azure("vCPU limit", &first.name, None), Subject::pool(&pool.name)])
            .since(scene.situation.since)
            .shown_by(evidence)
            .cured_by(match (need.is_blue_green, is_one_possible) {
                (true, _) => &["request-quota"],
                (false, true) => &["lower-surge", "in-place"],
                (false, false) => &["in-place", "free-cores"],
            }),
    )
}

fn size_of<'a>(scene: &Scene<'a>, pool: &NodePool) -> Option<&'a VmSizeFact> {
    let sizes = scene.symptoms.survey.azure.vm_sizes.as_ref().ok()?;
    sizes.iter().find(|size| size.name.eq_ignore_ascii_case(&pool.vm_size))
}

fn subnet(scene: &Scene<'_>, pool: &NodePool, need: Need) -> Option<Found> {
    let fact = subnet_of(scene, pool)?;
    let each = scene.cluster()?.network.map_or(1, |network| {
        if pool.pod_subnet.is_some() {
            1
        } else {
            network.addresses_of_a_node(pool)
        }
    });
    let wanted = u64::from(each) * u64::from(need.nodes);
    let free = fact.limit.saturating_sub(fact.used);
    if free >= wanted {
        return None;
    }
    let name = fact.id.rsplit('/').next().unwrap_or(&fact.id);
    let subject = azure("subnet", name, Some(&fact.id));
    let headline = format!(
        "Subnet {name} ({}) has {free} free addresses, pool {} needs {wanted} for {} surge nodes",
        fact.prefix, pool.name, need.nodes
    );
    Some(
        Found::confirmed(code(need, "subnet-full"), Impact::Stalled, headline)
            .about([subject.clone(), Subject::pool(&pool.name)])
            .since(scene.situation.since)
            .shown_by([scene.claimed(subject, format!("{} of {} addresses used", fact.used, fact.limit))])
            .cured_by(match (need.is_blue_green, free >= u64::from(each)) {
                (true, _) => &["bluegreen-rollback"],
                (false, true) => &["lower-surge", "in-place"],
                (false, false) => &["in-place", "scale-down-for-ips"],
            }),
    )
}

fn subnet_of<'a>(scene: &Scene<'a>, pool: &NodePool) -> Option<&'a SubnetFact> {
    let id = pool.vnet_subnet.as_ref()?.to_ascii_lowercase();
    scene.symptoms.survey.azure.subnets.get(&id)?.as_ref().ok()
}

/// The subscription may not use the size here.
fn sku(scene: &Scene<'_>, pool: &NodePool) -> Option<Found> {
    let size = size_of(scene, pool)?;
    let details = scene.symptoms.survey.azure.details.as_ref().ok();
    let zones = details
        .and_then(|details| Some(details.pools.get(&pool.name)?.zones.clone()))
        .unwrap_or_default();
    let is_shut = |zone: &String| {
        size.restricted_in
            .iter()
            .any(|shut| shut == zone || zone.ends_with(&format!("-{shut}")))
    };
    let is_restricted = size.restricted_in.iter().any(|zone| zone == "*") || zones.iter().any(is_shut);
    if !is_restricted {
        return None;
    }
    let subject = azure("VM size", &size.name, None);
    let places = size.restricted_in.join(", ").replace('*', "the whole region");
    let headline = format!("VM size {} of pool {} is restricted in {places}", size.name, pool.name);
    Some(
        Found::confirmed("sku-capacity", Impact::Stalled, headline)
            .about([subject.clone(), Subject::pool(&pool.name)])
            .since(scene.situation.since)
            .shown_by([scene.claimed(subject, format!("restricted in {places}"))])
            .cured_by(&["in-place", "new-pool-other-sku"]),
    )
}

fn scale_set(scene: &Scene<'_>, pool: &NodePool, need: Need) -> Option<Found> {
    let sum = pool.count.saturating_add(need.nodes);
    if sum <= SCALE_SET_LIMIT {
        return None;
    }
    let subject = Subject::pool(&pool.name);
    let headline = format!(
        "Pool {} with {} nodes and {} surge nodes exceeds {SCALE_SET_LIMIT}",
        pool.name, pool.count, need.nodes
    );
    Some(
        Found::confirmed("vmss-limit", Impact::Stalled, headline)
            .about([subject.clone()])
            .shown_by([scene.claimed(subject, format!("count {}, surge {}", pool.count, need.nodes))]),
    )
}
