//! What a repair touches, as it was before it, and what differs from that after its undo: the cluster in Azure, the
//! objects of the repair, and locks, windows and links beside the cluster.

use aks_cockpit::remedy::merge::difference;
use aks_cockpit::remedy::repair::{Repair, RepairStep};
use serde_json::Value;

use super::super::estate::{Estate, own_part};

/// What a repair touches, as it was before.
pub(super) struct Kept {
    azure: Value,
    around: String,
    /// Kind, namespace, name and the object.
    objects: Vec<(String, String, String, Option<Value>)>,
}

impl Kept {
    pub(super) async fn of(estate: &Estate, repair: &Repair) -> Self {
        let mut objects = Vec::new();
        for step in &repair.steps {
            let object = match step {
                RepairStep::Kubernetes { change } => &change.object,
                RepairStep::KubernetesList { change } => &change.object,
                RepairStep::Azure { .. } => continue,
            };
            let namespace = object.namespace.clone().unwrap_or_default();
            let found = estate.object(&object.kind, &namespace, &object.name);
            objects.push((object.kind.clone(), namespace, object.name.clone(), found));
        }
        Self {
            azure: own_part_of_azure(estate.in_azure().await),
            around: around(estate),
            objects,
        }
    }

    /// What is not as it was, in words.
    pub(super) async fn compare(&self, estate: &Estate) -> Result<(), String> {
        let now = Self {
            azure: own_part_of_azure(estate.in_azure().await),
            around: around(estate),
            objects: Vec::new(),
        };
        if now.azure != self.azure {
            return Err(format!(
                "Azure is not as it was: {:#?}",
                difference(&self.azure, &now.azure)
            ));
        }
        if now.around != self.around {
            return Err(format!("around it is not as it was:\n{}\n{}", now.around, self.around));
        }
        for (kind, namespace, name, before) in &self.objects {
            let own = |object: &Option<Value>| object.as_ref().map(own_part);
            let now = estate.object(kind, namespace, name);
            if own(&now) != own(before) {
                return Err(format!(
                    "{kind} {namespace}/{name} is not as it was: {now:#?} {before:#?}"
                ));
            }
        }
        Ok(())
    }
}

/// Locks, windows and links.
fn around(estate: &Estate) -> String {
    estate.look(|cluster| {
        let landscape = &cluster.landscape;
        format!(
            "{:?} {:?} {:?}",
            landscape.locks, landscape.windows, landscape.dns_links
        )
    })
}

/// The cluster in Azure without what upgrades and servers write.
fn own_part_of_azure(mut body: Value) -> Value {
    const WRITTEN: [&str; 8] = [
        "kubernetesVersion",
        "currentKubernetesVersion",
        "orchestratorVersion",
        "currentOrchestratorVersion",
        "nodeImageVersion",
        "provisioningState",
        "status",
        "recentlyUsedVersions",
    ];
    let strip = |properties: &mut Value| {
        let properties = properties.as_object_mut().unwrap();
        properties.retain(|key, _| !WRITTEN.contains(&key.as_str()));
    };
    for pool in body["properties"]["agentPoolProfiles"].as_array_mut().unwrap() {
        strip(pool);
    }
    strip(&mut body["properties"]);
    body
}
