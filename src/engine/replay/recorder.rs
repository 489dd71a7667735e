//! What changed from one live picture to the next, as small as it can be written. Pure: pictures in, JSON out.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::form::{Difference, NodeForm, RestForm};
use crate::domain::ids::NodeName;
use crate::progress::picture::LivePicture;
use crate::remedy::merge::difference;

/// The version of what is written.
pub(super) const VERSION: u32 = 1;

/// The row that makes `now` of `before`; `None` where nothing to be seen has changed.
///
/// Without a picture before, the row is whole. The time left counts down by itself, so it is only written together
/// with something else. Cost: linear in nodes, small for nodes that are as they were.
pub fn row(before: Option<&LivePicture>, now: &LivePicture) -> Option<Value> {
    let Some(before) = before else {
        return Some(json!({ "v": VERSION, "whole": true, "picture": whole(now) }));
    };
    let mut patch = rest(before, now).unwrap_or_default();
    let is_only_time = patch.keys().all(|key| key == "eta");
    let nodes = nodes(before, now);
    if is_only_time && nodes.is_empty() {
        return None;
    }
    if !nodes.is_empty() {
        patch.insert("nodes".to_owned(), Value::Object(nodes));
    }
    Some(json!({ "v": VERSION, "picture": patch }))
}

fn whole(picture: &LivePicture) -> Value {
    let gaps = gaps(picture);
    let nodes: Map<String, Value> = picture
        .nodes
        .iter()
        .map(|(name, node)| (name.to_string(), form(&NodeForm::of(node, gaps.get(name)))))
        .collect();
    let mut all = form(&RestForm::of(picture));
    all["nodes"] = Value::Object(nodes);
    all
}

fn rest(before: &LivePicture, now: &LivePicture) -> Option<Map<String, Value>> {
    let patch = difference(&form(&RestForm::of(before)), &form(&RestForm::of(now)))?;
    match patch {
        Value::Object(patch) => Some(patch),
        _ => None,
    }
}

fn nodes(before: &LivePicture, now: &LivePicture) -> Map<String, Value> {
    let (old_gaps, new_gaps) = (gaps(before), gaps(now));
    let gone = before.nodes.keys().filter(|name| !now.nodes.contains_key(*name));
    let mut patch: Map<String, Value> = gone.map(|name| (name.to_string(), Value::Null)).collect();
    for (name, node) in &now.nodes {
        let (old, new) = (old_gaps.get(name), new_gaps.get(name));
        let known = before.nodes.get(name);
        if known == Some(node) && old == new {
            continue;
        }
        let written = form(&NodeForm::of(node, new));
        let change = match known {
            Some(known) => difference(&form(&NodeForm::of(known, old)), &written),
            None => Some(written),
        };
        patch.extend(change.map(|change| (name.to_string(), change)));
    }
    patch
}

/// Where Azure's claim and a node differ.
fn gaps(picture: &LivePicture) -> BTreeMap<&NodeName, Difference> {
    let mut all = BTreeMap::new();
    for gap in &picture.gaps {
        for node in &gap.nodes {
            all.insert(node, (gap.claimed.clone(), gap.real.clone()));
        }
    }
    all
}

fn form(value: &impl serde::Serialize) -> Value {
    serde_json::to_value(value).expect("a form has text for its keys")
}

/// A pool, for tests of those who keep pictures.
#[cfg(test)]
pub(in crate::engine) fn sample_pool() -> crate::progress::picture::PoolProgress {
    crate::progress::picture::PoolProgress {
        name: "web".into(),
        state: None,
        target: None,
        done: 0,
        total: 2,
        surge: 0,
        in_flight: 0,
        ready: 2,
    }
}
