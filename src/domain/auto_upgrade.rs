//! What AKS would do by itself in its next maintenance window, by the cluster's channels. Arithmetic only; asks nobody.

use super::cluster::RegionVersions;
use super::version::KubernetesVersion;

/// The maintenance configuration that bounds upgrades of the version (AKS docs "Planned maintenance", 2026).
pub const VERSIONS_WINDOW: &str = "aksManagedAutoUpgradeSchedule";
/// The one that bounds upgrades of the node image.
pub const NODE_IMAGES_WINDOW: &str = "aksManagedNodeOSUpgradeSchedule";

/// What would happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NextAct {
    /// The channel is off.
    Off,
    /// The channel is on, and there is nothing newer for it.
    Nothing,
    /// It would bring the cluster to this version, by as many hops as that takes.
    Version(KubernetesVersion),
    /// It would give the nodes their newest image or security patches.
    NodeImages,
    /// It is on; what it would do is not known: an unknown channel, or versions that were not read.
    Unknown,
}

/// What the channel of the Kubernetes version would do: `patch` goes to the newest patch of the cluster's minor,
/// `stable` to that of the minor before the newest, `rapid` to that of the newest, `node-image` changes nodes only
/// (AKS docs "Automatically upgrade an AKS cluster", 2026).
pub fn of_versions(channel: Option<&str>, runs: Option<KubernetesVersion>, region: Option<&RegionVersions>) -> NextAct {
    let Some(channel) = switched_on(channel) else {
        return NextAct::Off;
    };
    if channel.eq_ignore_ascii_case("node-image") {
        return NextAct::NodeImages;
    }
    let Some((runs, region)) = runs.zip(region) else {
        return NextAct::Unknown;
    };
    let mut lines: Vec<_> = region
        .minors
        .iter()
        .filter(|minor| !minor.is_preview && !minor.is_lts_only)
        .collect();
    lines.sort_by_key(|minor| std::cmp::Reverse(minor.line));
    let line = match channel.to_ascii_lowercase().as_str() {
        "patch" => region.minors.iter().find(|minor| minor.line == runs.minor_line()),
        "stable" => lines.get(1).copied(),
        "rapid" => lines.first().copied(),
        _ => return NextAct::Unknown,
    };
    match line.and_then(|line| line.patches.keys().max()) {
        Some(newest) if *newest > runs => NextAct::Version(*newest),
        Some(_) => NextAct::Nothing,
        None => NextAct::Unknown,
    }
}

/// What the node OS channel would do; `Unmanaged` is the nodes' own business
/// (AKS docs "Autoupgrade node OS images", 2026).
pub fn of_node_images(channel: Option<&str>) -> NextAct {
    match switched_on(channel) {
        None => NextAct::Off,
        Some(channel) if channel.eq_ignore_ascii_case("Unmanaged") => NextAct::Off,
        Some(channel)
            if ["NodeImage", "SecurityPatch"]
                .iter()
                .any(|known| known.eq_ignore_ascii_case(channel)) =>
        {
            NextAct::NodeImages
        }
        Some(_) => NextAct::Unknown,
    }
}

fn switched_on(channel: Option<&str>) -> Option<&str> {
    channel.filter(|word| !word.is_empty() && !word.eq_ignore_ascii_case("none"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::cluster::RegionMinor;

    fn version(text: &str) -> KubernetesVersion {
        text.parse().unwrap()
    }

    fn region() -> RegionVersions {
        let minor = |line: &str, is_preview: bool, patches: &[&str]| RegionMinor {
            line: line.parse().unwrap(),
            is_default: false,
            is_preview,
            is_lts_only: false,
            patches: patches.iter().map(|patch| (version(patch), Vec::new())).collect(),
        };
        RegionVersions {
            minors: vec![
                minor("1.33", false, &["1.33.5", "1.33.7"]),
                minor("1.34", false, &["1.34.2", "1.34.4"]),
                minor("1.35", false, &["1.35.1"]),
                minor("1.36", true, &["1.36.0"]),
            ],
        }
    }

    #[test]
    fn each_channel_goes_where_it_goes() {
        let check = |channel: &str, runs: &str, expected: NextAct| {
            let found = of_versions(Some(channel), runs.parse().ok(), Some(&region()));
            assert_eq!(found, expected, "{channel} from {runs}");
        };
        check("none", "1.33.5", NextAct::Off);
        check("patch", "1.33.5", NextAct::Version(version("1.33.7")));
        check("patch", "1.33.7", NextAct::Nothing);
        check("stable", "1.33.5", NextAct::Version(version("1.34.4")));
        check("stable", "1.35.1", NextAct::Nothing);
        check("rapid", "1.34.4", NextAct::Version(version("1.35.1")));
        check("node-image", "1.33.5", NextAct::NodeImages);
        check("turbo", "1.33.5", NextAct::Unknown);
        check("patch", "1.20.1", NextAct::Unknown);
        assert_eq!(of_versions(None, None, None), NextAct::Off);
        assert_eq!(of_versions(Some("patch"), None, Some(&region())), NextAct::Unknown);
    }

    #[test]
    fn the_node_os_channel_has_its_own_word() {
        for (channel, expected) in [
            (None, NextAct::Off),
            (Some("None"), NextAct::Off),
            (Some("Unmanaged"), NextAct::Off),
            (Some("nodeimage"), NextAct::NodeImages),
            (Some("SecurityPatch"), NextAct::NodeImages),
            (Some("Odd"), NextAct::Unknown),
        ] {
            assert_eq!(of_node_images(channel), expected, "{channel:?}");
        }
    }
}
