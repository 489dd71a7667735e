//! What ties a pod to nodes through its volumes: the node affinity of the PersistentVolumes behind its claims.

use serde_json::Value;

use super::kinds::Kind;
use super::store::Key;
use super::{ObjectStore, fields, selectors};

/// Node selector terms of one volume; a node must fit one of them.
type Terms = Vec<Value>;

impl ObjectStore {
    /// The terms of every bound volume of the pod that has any.
    pub(super) fn volume_terms(&self, pod: &Value) -> Vec<Terms> {
        let volumes = pod["spec"]["volumes"].as_array().into_iter().flatten();
        volumes
            .filter_map(|volume| {
                let claim = volume["persistentVolumeClaim"]["claimName"].as_str()?;
                let claim = Key::new(fields::namespace(pod), claim);
                let claim = self.store.get(Kind::PersistentVolumeClaim, &claim)?;
                let name = claim["spec"]["volumeName"].as_str()?;
                let bound = self.store.get(Kind::PersistentVolume, &Key::new("", name))?;
                bound["spec"]["nodeAffinity"]["required"]["nodeSelectorTerms"]
                    .as_array()
                    .cloned()
            })
            .collect()
    }
}

/// True where the node lies where every volume is.
pub(super) fn can_attach(volumes: &[Terms], node: &Value) -> bool {
    let labels = fields::labels(node);
    let fits = |term: &Value| {
        let mut expressions = term["matchExpressions"].as_array().into_iter().flatten();
        expressions.all(|expression| {
            selectors::read_expression(expression).is_some_and(|requirement| requirement.matches(labels))
        })
    };
    volumes.iter().all(|terms| terms.iter().any(fits))
}
