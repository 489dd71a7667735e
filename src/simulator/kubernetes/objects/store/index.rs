//! Which objects belong together, so that nobody has to look at all pods to find those of one node or one owner.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::Key;
use crate::simulator::kubernetes::objects::fields;
use crate::simulator::kubernetes::objects::kinds::Kind;

/// Keys of objects by what they hang on.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// By the uid of the controller.
    owned: BTreeMap<Kind, BTreeMap<String, BTreeSet<Key>>>,
    /// Pods by node; those without one under an empty name.
    placed: BTreeMap<String, BTreeSet<Key>>,
}

impl Index {
    pub(super) fn owned_by(&self, kind: Kind, owner: &str) -> impl Iterator<Item = &Key> {
        self.owned
            .get(&kind)
            .and_then(|owned| owned.get(owner))
            .into_iter()
            .flatten()
    }

    pub(super) fn placed_on(&self, node: &str) -> impl Iterator<Item = &Key> {
        self.placed.get(node).into_iter().flatten()
    }

    pub(super) fn add(&mut self, kind: Kind, key: &Key, object: &Value) {
        if let Some(owner) = fields::owner_uid(object) {
            let owned = self.owned.entry(kind).or_default();
            owned.entry(owner.to_owned()).or_default().insert(key.clone());
        }
        if kind == Kind::Pod {
            let node = fields::node_of(object).unwrap_or_default();
            self.placed.entry(node.to_owned()).or_default().insert(key.clone());
        }
    }

    pub(super) fn take(&mut self, kind: Kind, key: &Key, object: &Value) {
        if let (Some(owner), Some(owned)) = (fields::owner_uid(object), self.owned.get_mut(&kind)) {
            take_from(owned, owner, key);
        }
        if kind == Kind::Pod {
            take_from(&mut self.placed, fields::node_of(object).unwrap_or_default(), key);
        }
    }
}

fn take_from(sets: &mut BTreeMap<String, BTreeSet<Key>>, name: &str, key: &Key) {
    if let Some(set) = sets.get_mut(name) {
        set.remove(key);
        if set.is_empty() {
            sets.remove(name);
        }
    }
}
