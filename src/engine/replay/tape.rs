//! The live picture over time, as a driver saw it. Pure: rows in, the picture of any moment out.
//!
//! Every node has its own track of changes, and so has what stands beside the nodes. The picture of a moment is the
//! last change on each track, found by halving: going anywhere costs the same, whichever way one came.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::form::{Difference, NodeForm, RestForm};
use super::recorder::VERSION;
use crate::domain::event::ClusterEvent;
use crate::domain::ids::{NodeName, NodePoolName};
use crate::progress::claim::Gap;
use crate::progress::picture::{LivePicture, NodePhase, NodeProgress};
use crate::remedy::merge::merged;

/// Changes of one thing, oldest first.
#[derive(Clone, Debug)]
struct Track<T>(Vec<(Timestamp, T)>);

impl<T> Default for Track<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Track<T> {
    fn put(&mut self, at: Timestamp, value: T) {
        self.0.push((at, value));
    }

    fn at(&self, at: Timestamp) -> Option<&T> {
        let after = self.0.partition_point(|(from, _)| *from <= at);
        after.checked_sub(1).map(|last| &self.0[last].1)
    }
}

/// A node with its gap; `None` while it was not there.
type Seen = Option<Arc<(NodeProgress, Option<Difference>)>>;

/// All that was seen in one execution.
#[derive(Clone, Debug, Default)]
pub struct Tape {
    nodes: BTreeMap<NodeName, Track<Seen>>,
    rest: Track<Arc<RestForm>>,
    /// Oldest first, each with when it was seen.
    events: Vec<(Timestamp, ClusterEvent)>,
    /// When something changed, oldest first, each time once.
    times: Vec<Timestamp>,
    /// Rows that this version cannot read.
    pub unreadable: usize,
}

#[derive(Deserialize)]
struct Row {
    v: u32,
    #[serde(default)]
    whole: bool,
    picture: Map<String, Value>,
}

/// Puts a tape together, row by row.
#[derive(Debug, Default)]
pub struct TapeBuilder {
    tape: Tape,
    /// Who wrote the last whole picture: what another one changed is no change of it.
    writer: String,
    nodes: BTreeMap<String, Value>,
    rest: Value,
    last: Option<Timestamp>,
}

impl TapeBuilder {
    /// Takes a row of a picture; `key` names its writer before the slash.
    pub fn picture(&mut self, at: Timestamp, key: &str, json: &str) {
        let writer = key.split('/').next().unwrap_or(key);
        let Some(row) = serde_json::from_str::<Row>(json).ok().filter(|row| row.v == VERSION) else {
            self.tape.unreadable += 1;
            return;
        };
        if !row.whole && (writer != self.writer || self.rest.is_null()) {
            return;
        }
        let at = self.tick(at);
        let mut picture = row.picture;
        let mut nodes = match picture.remove("nodes") {
            Some(Value::Object(nodes)) => nodes,
            _ => Map::new(),
        };
        if row.whole {
            writer.clone_into(&mut self.writer);
            self.rest = Value::Object(Map::new());
            for gone in std::mem::take(&mut self.nodes).into_keys() {
                nodes.entry(gone).or_insert(Value::Null);
            }
        }
        if !picture.is_empty() || row.whole {
            self.rest = merged(&self.rest, &Value::Object(picture));
            match RestForm::deserialize(&self.rest) {
                Ok(rest) => self.tape.rest.put(at, Arc::new(rest)),
                Err(_) => self.tape.unreadable += 1,
            }
        }
        for (name, change) in nodes {
            self.node(at, name, &change);
        }
    }

    fn node(&mut self, at: Timestamp, name: String, change: &Value) {
        let track = self.tape.nodes.entry(NodeName::new(&name)).or_default();
        if change.is_null() {
            self.nodes.remove(&name);
            track.put(at, None);
            return;
        }
        let known = self.nodes.get(&name).unwrap_or(&Value::Null);
        let written = merged(known, change);
        let seen = NodeForm::deserialize(&written).ok();
        match seen.and_then(|form| form.into_value(NodeName::new(&name))) {
            Some(node) => track.put(at, Some(Arc::new(node))),
            None => self.tape.unreadable += 1,
        }
        self.nodes.insert(name, written);
    }

    /// Takes an event, as it was kept.
    pub fn event(&mut self, at: Timestamp, event: ClusterEvent) {
        let at = self.tick(at);
        self.tape.events.push((at, event));
    }

    /// Two drivers' clocks may differ a little; the order of the rows is right.
    fn tick(&mut self, at: Timestamp) -> Timestamp {
        let at = self.last.map_or(at, |last| last.max(at));
        if self.last != Some(at) {
            self.tape.times.push(at);
        }
        self.last = Some(at);
        at
    }

    /// The tape, to be read.
    pub fn finish(self) -> Tape {
        self.tape
    }
}

impl Tape {
    /// True where no picture was kept.
    pub fn is_empty(&self) -> bool {
        self.rest.0.is_empty()
    }

    /// When something changed, oldest first, each time once.
    pub fn times(&self) -> &[Timestamp] {
        &self.times
    }

    /// The picture as it was then; `None` before the first one. Its memory is empty.
    pub fn picture(&self, at: Timestamp) -> Option<LivePicture> {
        let rest = self.rest.at(at)?;
        let mut picture = LivePicture::empty(at);
        let mut gaps: Vec<(&NodeProgress, &Difference)> = Vec::new();
        for (name, track) in &self.nodes {
            if let Some(Some(seen)) = track.at(at) {
                let (node, gap) = &**seen;
                gaps.extend(gap.as_ref().map(|gap| (node, gap)));
                picture.nodes.insert(name.clone(), node.clone());
            }
        }
        rest.put_into(&mut picture);
        picture.gaps = group(&picture, &gaps);
        picture.events = self.events_at(at);
        Some(picture)
    }

    /// Newest first; of an event that was counted on, only its last state.
    fn events_at(&self, at: Timestamp) -> Vec<ClusterEvent> {
        let after = self.events.partition_point(|(seen, _)| *seen <= at);
        let mut known: HashSet<&str> = HashSet::new();
        let newest = self.events[..after].iter().rev().map(|(_, event)| event);
        let mut events: Vec<&ClusterEvent> = newest
            .filter(|event| known.insert(event.uid.as_str()))
            .take(LivePicture::MAX_EVENTS)
            .collect();
        events.sort_by(|a, b| {
            let last = |event: &ClusterEvent| event.last_seen.or(event.first_seen);
            last(b).cmp(&last(a)).then_with(|| b.uid.cmp(&a.uid))
        });
        events.into_iter().cloned().collect()
    }

    /// All events with when they were seen, oldest first.
    pub fn events(&self) -> &[(Timestamp, ClusterEvent)] {
        &self.events
    }

    /// What began and what ceased to hold, oldest first: when, the whole sentence, and whether it began.
    pub(super) fn holds(&self) -> Vec<(Timestamp, String, bool)> {
        let mut turns = Vec::new();
        let mut before: BTreeMap<String, String> = BTreeMap::new();
        for (at, rest) in &self.rest.0 {
            let now: BTreeMap<String, String> = rest
                .holds()
                .map(|(key, what)| (key.to_owned(), what.to_owned()))
                .collect();
            let ended = before.iter().filter(|(key, _)| !now.contains_key(*key));
            turns.extend(ended.map(|(_, what)| (*at, what.clone(), false)));
            let begun = now.iter().filter(|(key, _)| !before.contains_key(*key));
            turns.extend(begun.map(|(_, what)| (*at, what.clone(), true)));
            before = now;
        }
        turns
    }

    /// Phases a node went through, oldest first: when each was seen first, and since when it was said to be so.
    pub fn phases(&self) -> Vec<(Timestamp, &NodeProgress)> {
        let mut all = Vec::new();
        for track in self.nodes.values() {
            let mut last = None;
            for (at, seen) in &track.0 {
                let node = seen.as_ref().map(|seen| &seen.0);
                let now = node.map(|node| (node.phase, node.since));
                if let Some(node) = node.filter(|_| now != last) {
                    all.push((*at, node));
                }
                last = now;
            }
        }
        all.sort_by_key(|(at, _)| *at);
        all
    }

    /// How long each node of a pool took from its first touch to done, for those done in this time; shortest first.
    pub(super) fn node_times(&self, pool: &NodePoolName, from: Timestamp, to: Timestamp) -> Vec<Duration> {
        let mut times: Vec<Duration> = self
            .nodes
            .values()
            .filter_map(|track| {
                let mut began = None;
                for (at, seen) in track.0.iter().filter(|(at, _)| *at >= from && *at <= to) {
                    let Some((node, _)) = seen.as_deref() else {
                        continue;
                    };
                    if node.is_surge || node.pool.as_ref() != Some(pool) {
                        return None;
                    }
                    if node.phase.is_in_flight() && began.is_none() {
                        began = Some(node.since.min(*at));
                    }
                    if let (NodePhase::Upgraded, Some(began)) = (node.phase, began) {
                        return Duration::try_from(node.since.min(*at).duration_since(began)).ok();
                    }
                }
                None
            })
            .collect();
        times.sort_unstable();
        times
    }
}

/// Gaps in the order of the pools, then by what is claimed and what is real.
fn group(picture: &LivePicture, nodes: &[(&NodeProgress, &Difference)]) -> Vec<Gap> {
    let place = |node: &NodeProgress| {
        let pools = picture.pools.iter();
        pools.clone().position(|pool| Some(&pool.name) == node.pool.as_ref())
    };
    let mut groups: BTreeMap<(usize, &Difference), Vec<NodeName>> = BTreeMap::new();
    for (node, gap) in nodes {
        if let Some(place) = place(node) {
            groups.entry((place, gap)).or_default().push(node.name.clone());
        }
    }
    groups
        .into_iter()
        .map(|((place, (claimed, real)), nodes)| Gap {
            pool: picture.pools[place].name.clone(),
            claimed: claimed.clone(),
            real: real.clone(),
            nodes,
        })
        .collect()
}
