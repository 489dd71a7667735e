//! May a pod live on a node, by selector, node affinity, taints and the zone of its volumes? Never asks for room.

use std::collections::BTreeMap;

use crate::domain::survey::{NodeFact, PodFact, PodVolume, VolumeFact};

/// Label that names one machine.
pub(crate) const HOSTNAME: &str = "kubernetes.io/hostname";

/// True where selector, required affinity and taints let the pod on the node.
///
/// Affinity is judged as far as its words say `KEY in (..)` or `KEY not in (..)`; other words forbid nothing.
pub(crate) fn may_use(pod: &PodFact, node: &NodeFact) -> bool {
    let has_labels = pod
        .node_selector
        .iter()
        .all(|(key, value)| node.labels.get(key) == Some(value));
    has_labels && pod.required_affinity.iter().all(|words| allows(words, node)) && tolerates(pod, node)
}

fn allows(words: &str, node: &NodeFact) -> bool {
    let Some(requirement) = SetRequirement::parse(words) else {
        return true;
    };
    let is_named = node
        .labels
        .get(requirement.key)
        .is_some_and(|value| requirement.values.contains(&value.as_str()));
    is_named != requirement.is_negated
}

fn tolerates(pod: &PodFact, node: &NodeFact) -> bool {
    node.taints
        .iter()
        .filter(|taint| taint.effect != "PreferNoSchedule" && !taint.key.starts_with("node.kubernetes.io/"))
        .all(|taint| pod.tolerations.iter().any(|key| key == "*" || *key == taint.key))
}

/// `KEY in (A, B)` or `KEY not in (A, B)`, taken apart.
pub(crate) struct SetRequirement<'a> {
    pub(crate) key: &'a str,
    pub(crate) values: Vec<&'a str>,
    pub(crate) is_negated: bool,
}

impl<'a> SetRequirement<'a> {
    /// Reads one requirement; `None` for several in one text, or other words.
    pub(crate) fn parse(words: &'a str) -> Option<Self> {
        let lower = words.to_ascii_lowercase();
        if lower.contains(" or ") || lower.matches('(').count() != 1 {
            return None;
        }
        let (operator, is_negated) = [(" not in (", true), (" notin (", true), (" in (", false)]
            .into_iter()
            .find(|(operator, _)| lower.contains(operator))?;
        let start = lower.find(operator)?;
        let rest = words.get(start + operator.len()..)?;
        let values = rest.split(')').next()?;
        Some(Self {
            key: words.get(..start)?.trim(),
            values: values.split(',').map(str::trim).collect(),
            is_negated,
        })
    }
}

/// Volumes by their claim, as `namespace/name`.
pub(crate) struct VolumesByClaim<'a>(BTreeMap<&'a str, &'a VolumeFact>);

impl<'a> VolumesByClaim<'a> {
    /// Sorts the volumes that are claimed.
    pub(crate) fn new(volumes: &'a [VolumeFact]) -> Self {
        Self(
            volumes
                .iter()
                .filter_map(|volume| Some((volume.claim.as_deref()?, volume)))
                .collect(),
        )
    }

    /// The volumes a pod claims.
    pub(crate) fn of(&self, pod: &PodFact) -> Vec<&'a VolumeFact> {
        pod.volumes
            .iter()
            .filter_map(|volume| match volume {
                PodVolume::Claim { name } => {
                    let claim = format!("{}/{name}", pod.pod.namespace);
                    self.0.get(claim.as_str()).copied()
                }
                _ => None,
            })
            .collect()
    }
}

/// True where all these volumes can be attached to the node; zones of machines outside any zone are no zones.
pub(crate) fn reaches(volumes: &[&VolumeFact], node: &NodeFact) -> bool {
    volumes.iter().all(|volume| {
        let in_zone = !has_zones(volume) || node.node.zone.as_ref().is_some_and(|zone| volume.zones.contains(zone));
        let on_node = volume.nodes.is_empty() || volume.nodes.contains(&node.node.name);
        in_zone && on_node
    })
}

/// True where the volume lives in some zones only.
pub(crate) fn has_zones(volume: &VolumeFact) -> bool {
    volume.zones.iter().any(|zone| !zone.is_empty() && zone != "0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn set_requirements_are_read() {
        for (words, expected) in [
            ("zone in (a)", Some(("zone", vec!["a"], false))),
            (
                "topology.kubernetes.io/zone In (a, b)",
                Some(("topology.kubernetes.io/zone", vec!["a", "b"], false)),
            ),
            ("gpu not in (yes)", Some(("gpu", vec!["yes"], true))),
            ("gpu NotIn (yes)", Some(("gpu", vec!["yes"], true))),
            ("gpu exists", None),
            ("a in (b) or c in (d)", None),
            ("a in (b), c in (d)", None),
            ("", None),
        ] {
            let read = SetRequirement::parse(words).map(|one| (one.key, one.values, one.is_negated));
            assert_eq!(read, expected, "{words}");
        }
    }
}
