//! Which versions a cluster can reach, and through which hops.
//! Works on the region's own graph; never invents a step Azure does not offer.

use std::collections::{BTreeMap, VecDeque};

use super::cluster::RegionVersions;
use super::version::KubernetesVersion;

/// Minors a pool may be behind a control plane at `control_plane`: three from 1.28, two before
/// (AKS docs "Upgrade an AKS cluster control plane", 2026).
pub fn allowed_skew(control_plane: KubernetesVersion) -> i32 {
    if control_plane < KubernetesVersion::new(1, 28, 0) {
        2
    } else {
        3
    }
}

/// True where a pool at `pool` is too old for a control plane at `control_plane`, or newer than it.
pub fn breaks_skew(control_plane: KubernetesVersion, pool: KubernetesVersion) -> bool {
    pool > control_plane || control_plane.minors_ahead_of(pool) > allowed_skew(control_plane)
}

/// The shortest way from one version to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpgradePath {
    /// Versions passed on the way, the target last. Never empty.
    pub hops: Vec<KubernetesVersion>,
}

/// Finds the path with the fewest hops for every version that can be reached, newest target first.
///
/// Among paths of the same length the one through the newest patches wins.
/// Empty where the region does not know `from`.
pub fn reachable(from: KubernetesVersion, region: &RegionVersions) -> Vec<UpgradePath> {
    let steps: BTreeMap<KubernetesVersion, Vec<KubernetesVersion>> = region
        .minors
        .iter()
        .flat_map(|minor| minor.patches.iter().map(|(patch, next)| (*patch, next.clone())))
        .collect();
    let mut came_from: BTreeMap<KubernetesVersion, KubernetesVersion> = BTreeMap::new();
    let mut queue = VecDeque::from([from]);
    while let Some(version) = queue.pop_front() {
        let mut next = steps.get(&version).cloned().unwrap_or_default();
        next.sort_unstable_by(|a, b| b.cmp(a));
        for target in next {
            if target > from && !came_from.contains_key(&target) {
                came_from.insert(target, version);
                queue.push_back(target);
            }
        }
    }
    came_from
        .keys()
        .rev()
        .map(|target| {
            let mut hops = vec![*target];
            let mut at = *target;
            while let Some(previous) = came_from.get(&at).filter(|previous| **previous != from) {
                hops.push(*previous);
                at = *previous;
            }
            hops.reverse();
            UpgradePath { hops }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::cluster::RegionMinor;

    fn version(text: &str) -> KubernetesVersion {
        text.parse().unwrap()
    }

    fn region(steps: &[(&str, &[&str])]) -> RegionVersions {
        let mut minors: Vec<RegionMinor> = Vec::new();
        for (from, to) in steps {
            let from = version(from);
            let line = from.minor_line();
            let patches = BTreeMap::from([(from, to.iter().map(|text| version(text)).collect())]);
            match minors.iter_mut().find(|minor| minor.line == line) {
                Some(minor) => minor.patches.extend(patches),
                None => minors.push(RegionMinor {
                    line,
                    is_default: false,
                    is_preview: false,
                    is_lts_only: false,
                    patches,
                }),
            }
        }
        RegionVersions { minors }
    }

    fn hops(from: &str, region: &RegionVersions) -> Vec<String> {
        reachable(version(from), region)
            .iter()
            .map(|path| {
                path.hops
                    .iter()
                    .map(ToString::to_string)
                    .collect::<Vec<_>>()
                    .join(" > ")
            })
            .collect()
    }

    #[test]
    fn paths_go_minor_by_minor_through_the_newest_patch() {
        let region = region(&[
            ("1.31.4", &["1.31.9", "1.32.4", "1.32.7"]),
            ("1.31.9", &["1.32.4", "1.32.7"]),
            ("1.32.4", &["1.32.7", "1.33.1"]),
            ("1.32.7", &["1.33.1"]),
            ("1.33.1", &[]),
        ]);
        assert_eq!(
            hops("1.31.4", &region),
            ["1.32.7 > 1.33.1", "1.32.7", "1.32.4", "1.31.9"]
        );
    }

    #[test]
    fn pools_may_be_three_minors_behind_from_1_28() {
        for (control_plane, pool, breaks) in [
            ("1.27.9", "1.25.0", false),
            ("1.27.9", "1.24.9", true),
            ("1.28.0", "1.25.0", false),
            ("1.34.2", "1.31.1", false),
            ("1.34.2", "1.30.9", true),
            ("1.34.2", "1.34.2", false),
            ("1.34.2", "1.34.3", true),
        ] {
            assert_eq!(
                breaks_skew(version(control_plane), version(pool)),
                breaks,
                "{pool} below {control_plane}"
            );
        }
    }

    #[test]
    fn an_unknown_version_reaches_nothing() {
        assert!(hops("1.20.0", &region(&[("1.31.4", &["1.31.9"])])).is_empty());
    }

    #[test]
    fn a_circle_in_the_graph_ends() {
        assert_eq!(
            hops(
                "1.31.4",
                &region(&[("1.31.4", &["1.31.9"]), ("1.31.9", &["1.31.4", "1.31.9"])])
            ),
            ["1.31.9"]
        );
    }
}
