//! The bare store: objects by kind and name, one counter of versions, and a bounded log of changes for watches.
//! Knows nothing of what the objects mean.

mod index;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use serde_json::Value;

use index::Index;

use super::fields;
use super::kinds::Kind;

/// Changes kept for watches; older ones are answered with 410, as a compacted etcd does.
const LOG_LENGTH: usize = 10_000;

/// Where an empty store starts counting; a real cluster never shows small versions either.
const FIRST_VERSION: u64 = 1_000;

/// Names one object of a kind; ordered as lists are.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    /// Empty for what has no namespace.
    pub(crate) namespace: String,
    pub(crate) name: String,
}

impl Key {
    pub(crate) fn new(namespace: &str, name: &str) -> Self {
        Self {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        }
    }

    pub(crate) fn of(object: &Value) -> Self {
        Self::new(fields::namespace(object), fields::name(object))
    }
}

/// One change of one object.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub(crate) version: u64,
    pub(crate) kind: Kind,
    /// What it was; `None` when it is new.
    pub(crate) before: Option<Arc<Value>>,
    /// What it is; for a removed object its last state, under the version of the removal.
    pub(crate) after: Arc<Value>,
    pub(crate) is_removal: bool,
}

/// The wanted version is older than the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooOld {
    /// The oldest version that can still be continued from.
    pub(crate) oldest: u64,
}

/// All objects of one cluster.
#[derive(Debug)]
pub(crate) struct Store {
    objects: BTreeMap<Kind, BTreeMap<Key, Arc<Value>>>,
    index: Index,
    version: u64,
    log: VecDeque<Change>,
    /// Version of the newest change that is no longer in the log.
    forgotten: u64,
}

impl Store {
    pub(crate) fn new() -> Self {
        Self {
            objects: BTreeMap::new(),
            index: Index::default(),
            version: FIRST_VERSION,
            log: VecDeque::new(),
            forgotten: FIRST_VERSION,
        }
    }

    pub(crate) fn version(&self) -> u64 {
        self.version
    }

    pub(crate) fn get(&self, kind: Kind, key: &Key) -> Option<&Arc<Value>> {
        self.objects.get(&kind)?.get(key)
    }

    pub(crate) fn contains(&self, kind: Kind, key: &Key) -> bool {
        self.get(kind, key).is_some()
    }

    /// All objects of a kind, ordered by namespace and name.
    pub(crate) fn iter(&self, kind: Kind) -> impl Iterator<Item = &Arc<Value>> {
        self.objects.get(&kind).into_iter().flat_map(BTreeMap::values)
    }

    /// Objects of a kind in one namespace, ordered by name.
    pub(crate) fn in_namespace<'store>(
        &'store self,
        kind: Kind,
        namespace: &'store str,
    ) -> impl Iterator<Item = &'store Arc<Value>> {
        let start = Key::new(namespace, "");
        let objects = self.objects.get(&kind).into_iter();
        objects
            .flat_map(move |objects| objects.range(&start..))
            .take_while(move |(key, _)| key.namespace == namespace)
            .map(|(_, object)| object)
    }

    /// Objects of a kind whose controller has this uid, ordered by namespace and name.
    pub(crate) fn owned_by(&self, kind: Kind, owner: &str) -> impl Iterator<Item = &Arc<Value>> {
        self.index
            .owned_by(kind, owner)
            .filter_map(move |key| self.get(kind, key))
    }

    /// Pods of one node, ordered by namespace and name; of no node for an empty name.
    pub(crate) fn pods_on(&self, node: &str) -> impl Iterator<Item = &Arc<Value>> {
        self.index.placed_on(node).filter_map(|key| self.get(Kind::Pod, key))
    }

    /// The same, held on to, so that the store may change meanwhile.
    pub(crate) fn all(&self, kind: Kind) -> Vec<Arc<Value>> {
        self.iter(kind).cloned().collect()
    }

    /// Puts the object in place of the one of its name, under the next version.
    pub(crate) fn write(&mut self, kind: Kind, mut object: Value) -> Arc<Value> {
        self.version += 1;
        fields::put(&mut object, &["metadata", "resourceVersion"], self.version.to_string());
        let after = Arc::new(object);
        let key = Key::of(&after);
        let objects = self.objects.entry(kind).or_default();
        let before = objects.insert(key.clone(), Arc::clone(&after));
        if let Some(before) = &before {
            self.index.take(kind, &key, before);
        }
        self.index.add(kind, &key, &after);
        self.record(Change {
            version: self.version,
            kind,
            before,
            after: Arc::clone(&after),
            is_removal: false,
        });
        after
    }

    /// Changes an object in place; nothing is recorded where the edit changes nothing.
    /// `metadata.generation` grows when `spec` changed and the kind counts it.
    pub(crate) fn edit(&mut self, kind: Kind, key: &Key, edit: impl FnOnce(&mut Value)) -> Option<Arc<Value>> {
        let before = Arc::clone(self.get(kind, key)?);
        let mut object = Value::clone(&before);
        edit(&mut object);
        if object == *before {
            return Some(before);
        }
        if kind.describe().has_generation && object["spec"] != before["spec"] {
            let generation = before["metadata"]["generation"].as_u64().unwrap_or(0) + 1;
            fields::put(&mut object, &["metadata", "generation"], generation);
        }
        Some(self.write(kind, object))
    }

    /// Removes an object; its last state is recorded under the version of the removal.
    pub(crate) fn remove(&mut self, kind: Kind, key: &Key) -> Option<Arc<Value>> {
        let before = self.objects.get_mut(&kind)?.remove(key)?;
        self.index.take(kind, key, &before);
        self.version += 1;
        let mut last = Value::clone(&before);
        fields::put(&mut last, &["metadata", "resourceVersion"], self.version.to_string());
        let after = Arc::new(last);
        self.record(Change {
            version: self.version,
            kind,
            before: Some(before),
            after: Arc::clone(&after),
            is_removal: true,
        });
        Some(after)
    }

    /// The changes after `version`, oldest first.
    pub(crate) fn changes_after(&self, version: u64) -> Result<impl Iterator<Item = &Change>, TooOld> {
        if version < self.forgotten {
            return Err(TooOld { oldest: self.forgotten });
        }
        let start = self.log.partition_point(|change| change.version <= version);
        Ok(self.log.range(start..))
    }

    /// All objects of a kind as they were at `version`, ordered by namespace and name.
    pub(crate) fn all_at(&self, kind: Kind, version: u64) -> Result<Vec<Arc<Value>>, TooOld> {
        let later: Vec<&Change> = self
            .changes_after(version)?
            .filter(|change| change.kind == kind)
            .collect();
        if later.is_empty() {
            return Ok(self.all(kind));
        }
        let mut then = self.objects.get(&kind).cloned().unwrap_or_default();
        for change in later.into_iter().rev() {
            let key = Key::of(&change.after);
            match &change.before {
                Some(before) => then.insert(key, Arc::clone(before)),
                None => then.remove(&key),
            };
        }
        Ok(then.into_values().collect())
    }

    fn record(&mut self, change: Change) {
        if self.log.len() == LOG_LENGTH
            && let Some(oldest) = self.log.pop_front()
        {
            self.forgotten = oldest.version;
        }
        self.log.push_back(change);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn map(name: &str, data: u64) -> Value {
        json!({ "metadata": { "name": name, "namespace": "n" }, "data": { "x": data.to_string() } })
    }

    fn names(objects: &[Arc<Value>]) -> Vec<&str> {
        objects.iter().map(|object| fields::name(object)).collect()
    }

    #[test]
    fn every_change_has_its_own_version_and_can_be_read_back() {
        let mut store = Store::new();
        let start = store.version();
        store.write(Kind::ConfigMap, map("b", 1));
        store.write(Kind::ConfigMap, map("a", 1));
        let between = store.version();
        store.edit(Kind::ConfigMap, &Key::new("n", "a"), |object| {
            fields::put(object, &["data", "x"], "2");
        });
        store.edit(Kind::ConfigMap, &Key::new("n", "a"), |_| {});
        store.remove(Kind::ConfigMap, &Key::new("n", "b"));
        assert_eq!(store.version(), start + 4);
        let kinds: Vec<(bool, bool)> = store
            .changes_after(start)
            .unwrap()
            .map(|change| (change.before.is_some(), change.is_removal))
            .collect();
        assert_eq!(kinds, [(false, false), (false, false), (true, false), (true, true)]);
        assert_eq!(names(&store.all(Kind::ConfigMap)), ["a"]);
        let then = store.all_at(Kind::ConfigMap, between).unwrap();
        assert_eq!(names(&then), ["a", "b"]);
        assert_eq!(then[0]["data"]["x"], "1");
    }

    #[test]
    fn the_log_is_bounded_and_says_so() {
        let mut store = Store::new();
        let start = store.version();
        for round in 0..=LOG_LENGTH {
            store.write(Kind::ConfigMap, map("a", round as u64));
        }
        assert_eq!(store.changes_after(start).err(), Some(TooOld { oldest: start + 1 }));
        assert_eq!(store.changes_after(start + 1).unwrap().count(), LOG_LENGTH);
        assert_eq!(store.changes_after(store.version()).unwrap().count(), 0);
    }

    #[test]
    fn the_generation_follows_the_spec_only() {
        let mut store = Store::new();
        let key = Key::new("n", "a");
        store.write(
            Kind::Deployment,
            json!({ "metadata": { "name": "a", "namespace": "n", "generation": 1 }, "spec": { "replicas": 1 } }),
        );
        store.edit(Kind::Deployment, &key, |object| {
            fields::put(object, &["status", "x"], 1);
        });
        assert_eq!(store.get(Kind::Deployment, &key).unwrap()["metadata"]["generation"], 1);
        store.edit(Kind::Deployment, &key, |object| {
            fields::put(object, &["spec", "replicas"], 2);
        });
        assert_eq!(store.get(Kind::Deployment, &key).unwrap()["metadata"]["generation"], 2);
    }
}
