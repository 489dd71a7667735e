//! What makes an obstacle go away by what somebody does: a setting that is written, a link, an object that is deleted.

use serde::Deserialize;

use super::{Hindrance, Hindrances};
use crate::simulator::kubernetes::objects::ObjectStore;
use crate::simulator::world::cluster::SimulatedCluster;
use crate::simulator::world::landscape::Landscape;
use crate::simulator::world::pool::SimulatedPool;

/// What AKS puts in front of an API server it must save (AKS docs "Troubleshoot API server and etcd", 2025).
const GUARD: &str = "aks-managed-apiserver-guard";

/// One way an obstacle ends.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Relief {
    /// This range is among those that may reach the API server.
    Authorized(String),
    /// The cluster's own private DNS zone is linked to a network.
    LinkedZone,
    /// The pool has another OS SKU, or its image was upgraded by itself.
    NewImage,
    /// The cluster is not in tier Free.
    PaidTier,
    /// Kind, namespace and name of an object that is gone.
    Gone(String, String, String),
    /// The machine it was met on was replaced.
    MachineReplaced,
    /// The cluster's certificates were rotated.
    NewCertificates,
}

impl Hindrances {
    /// Takes away what is about this pool, or about none, and ends with this.
    pub(in crate::simulator::world) fn relieve(&mut self, pool: Option<&str>, by: &Relief) {
        self.0.retain(|hindrance| {
            let is_meant = pool.is_none() || hindrance.pool.is_none() || hindrance.pool.as_deref() == pool;
            !(is_meant && hindrance.until.contains(by))
        });
    }
}

impl SimulatedCluster {
    /// Takes away every obstacle whose end has come.
    pub(in crate::simulator::world) fn look_for_relief(&mut self) {
        if self.hindrances.0.is_empty() {
            return;
        }
        let was_overloaded = self.hindrances.overloaded().is_some();
        let (landscape, objects, pools) = (&self.landscape, &self.objects, &self.pools);
        let is_paid = !self.profile.tier.eq_ignore_ascii_case("Free");
        self.hindrances.0.retain(|hindrance| {
            let is_over = |relief| is_over(relief, hindrance, landscape, objects, pools, is_paid);
            !hindrance.until.iter().any(is_over)
        });
        if is_paid && was_overloaded && self.hindrances.overloaded().is_none() {
            // With more room AKS takes its guard down.
            for kind in ["FlowSchema", "PriorityLevelConfiguration"] {
                self.objects.remove_object(kind, "", GUARD, self.now);
            }
        }
    }
}

fn is_over(
    relief: &Relief,
    hindrance: &Hindrance,
    landscape: &Landscape,
    objects: &ObjectStore,
    pools: &[SimulatedPool],
    is_paid: bool,
) -> bool {
    let properties = &landscape.cluster_properties;
    match relief {
        Relief::Authorized(range) => {
            let ranges = properties["apiServerAccessProfile"]["authorizedIPRanges"].as_array();
            ranges.is_some_and(|ranges| ranges.iter().any(|one| one == range.as_str()))
        }
        Relief::LinkedZone => properties["apiServerAccessProfile"]["privateDNSZone"]
            .as_str()
            .map(str::to_ascii_lowercase)
            .is_some_and(|zone| landscape.dns_links.keys().any(|link| link.starts_with(&zone))),
        Relief::PaidTier => is_paid,
        Relief::Gone(kind, namespace, name) => objects.object(kind, namespace, name).is_none(),
        Relief::MachineReplaced => hindrance.met_on.as_ref().is_some_and(|machine| {
            let mut nodes = pools.iter().flat_map(|pool| &pool.nodes);
            nodes.all(|node| node.name != *machine)
        }),
        // They are told when they happen.
        Relief::NewImage | Relief::NewCertificates => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::simulator::world::fixture::{NAME, world};
    use crate::simulator::world::hindrance::Obstacle;

    fn ends(until: Relief, change: impl FnOnce(&mut SimulatedCluster)) -> bool {
        let mut world = world();
        let (cluster, _) = world.cluster_mut(NAME).unwrap();
        cluster.hindrances.push(Hindrance {
            pool: Some("apps".to_owned()),
            what: Obstacle::NeverJoins,
            times: None,
            until: vec![until],
            met_on: None,
        });
        cluster.look_for_relief();
        assert!(!cluster.hindrances.0.is_empty(), "it ends at once");
        change(cluster);
        cluster.look_for_relief();
        cluster.hindrances.0.is_empty()
    }

    fn properties(cluster: &mut SimulatedCluster, value: Value) {
        cluster.landscape.cluster_properties = value;
    }

    #[test]
    fn each_obstacle_ends_with_what_ends_it() {
        assert!(ends(Relief::Authorized("20.1.2.3/32".to_owned()), |cluster| {
            let access = json!({"authorizedIPRanges": ["10.0.0.0/8", "20.1.2.3/32"]});
            properties(cluster, json!({"apiServerAccessProfile": access}));
        }));
        assert!(ends(Relief::LinkedZone, |cluster| {
            let zone = "/subscriptions/s/resourceGroups/dns/providers/Microsoft.Network/privateDnsZones/z";
            properties(cluster, json!({"apiServerAccessProfile": {"privateDNSZone": zone}}));
            let link = format!("{}/virtualnetworklinks/a", zone.to_ascii_lowercase());
            cluster.landscape.dns_links.insert(link, Value::Null);
        }));
        assert!(ends(Relief::NewImage, |cluster| {
            cluster.hindrances.relieve(Some("apps"), &Relief::NewImage);
        }));
        assert!(!ends(Relief::NewImage, |cluster| {
            cluster.hindrances.relieve(Some("system"), &Relief::NewImage);
        }));
        assert!(!ends(Relief::MachineReplaced, |_| ()), "no machine has met it");
    }
}
