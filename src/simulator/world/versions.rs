//! What a region offers: Kubernetes versions, the upgrades between them, and node images.
//! Knows nothing of any cluster; support dates follow the AKS release calendar of August 2026.

use crate::domain::version::{KubernetesVersion, MinorVersion};

/// Who may run a release line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Support {
    Official,
    /// Only with the long-term support plan; out of support for everyone else.
    LongTermOnly,
    Preview,
}

/// One release line of the region.
#[derive(Clone, Debug)]
pub struct Minor {
    pub line: MinorVersion,
    /// Oldest first, never empty.
    pub patches: Vec<KubernetesVersion>,
    pub support: Support,
    pub is_default: bool,
}

/// A version a cluster may go to now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offer {
    pub version: KubernetesVersion,
    pub is_preview: bool,
}

/// The versions and the newest node image of a region.
#[derive(Clone, Debug)]
pub struct Catalogue {
    /// Oldest first.
    pub minors: Vec<Minor>,
    /// For instance `202611.16.0`.
    pub image_release: String,
}

/// Minors a pool may be behind its control plane (AKS docs "Upgrade the AKS control plane", 2026).
const MAX_POOL_SKEW: i32 = 3;

impl Catalogue {
    /// The catalogue of late November 2026.
    pub fn november_2026() -> Self {
        let minor = |minor: u16, patches: &[u16], support| Minor {
            line: MinorVersion { major: 1, minor },
            patches: patches
                .iter()
                .map(|patch| KubernetesVersion::new(1, minor, *patch))
                .collect(),
            support,
            is_default: minor == 35,
        };
        Self {
            minors: vec![
                minor(31, &[12, 13], Support::LongTermOnly),
                minor(32, &[9, 11], Support::LongTermOnly),
                minor(33, &[6, 8], Support::LongTermOnly),
                minor(34, &[4, 6], Support::Official),
                minor(35, &[2, 5], Support::Official),
                minor(36, &[1, 3], Support::Official),
                minor(37, &[0], Support::Preview),
            ],
            image_release: "202611.16.0".to_owned(),
        }
    }

    /// Supports every release line from this one on without the long-term plan, as the region did some months ago.
    pub fn support_from(&mut self, oldest: MinorVersion) {
        for minor in &mut self.minors {
            if minor.line >= oldest && minor.support == Support::LongTermOnly {
                minor.support = Support::Official;
            }
        }
    }

    fn minor(&self, line: MinorVersion) -> Option<&Minor> {
        self.minors.iter().find(|minor| minor.line == line)
    }

    /// True where the region has this very patch.
    pub fn has(&self, version: KubernetesVersion) -> bool {
        self.minor(version.minor_line())
            .is_some_and(|minor| minor.patches.contains(&version))
    }

    /// True while the release line gets fixes without the long-term plan.
    pub fn is_supported(&self, version: KubernetesVersion) -> bool {
        self.minor(version.minor_line())
            .is_some_and(|minor| minor.support != Support::LongTermOnly)
    }

    /// Reads a full version, or a release line as its newest patch that is not a preview.
    pub fn resolve(&self, text: &str) -> Option<KubernetesVersion> {
        if let Ok(version) = text.parse() {
            return Some(version);
        }
        let line = text.parse().ok()?;
        self.minor(line)
            .filter(|minor| minor.support != Support::Preview)
            .and_then(|minor| minor.patches.last().copied())
    }

    /// Where a control plane may go from here, newest first.
    ///
    /// One minor at a time; from a line out of support to the oldest supported one, and with long-term support also
    /// inside such lines (AKS docs "Supported Kubernetes versions" and "Long-term support", 2026).
    pub fn offers_for_cluster(&self, current: KubernetesVersion, has_long_term_support: bool) -> Vec<Offer> {
        let next = MinorVersion {
            minor: current.minor.saturating_add(1),
            ..current.minor_line()
        };
        let rescue = (!self.is_supported(current))
            .then(|| self.minors.iter().find(|minor| minor.support == Support::Official))
            .flatten()
            .map(|minor| minor.line);
        let mut offers: Vec<Offer> = self
            .minors
            .iter()
            .filter(|minor| has_long_term_support || minor.support != Support::LongTermOnly)
            .filter(|minor| [Some(current.minor_line()), Some(next), rescue].contains(&Some(minor.line)))
            .flat_map(|minor| {
                minor.patches.iter().map(|version| Offer {
                    version: *version,
                    is_preview: minor.support == Support::Preview,
                })
            })
            .filter(|offer| offer.version > current)
            .collect();
        offers.sort_by_key(|offer| std::cmp::Reverse(offer.version));
        offers
    }

    /// Where a node pool may go below its control plane, newest first; empty when it is level with it.
    pub fn offers_for_pool(&self, pool: KubernetesVersion, control_plane: KubernetesVersion) -> Vec<KubernetesVersion> {
        let mut offers: Vec<KubernetesVersion> = self
            .minors
            .iter()
            .filter(|minor| minor.support != Support::LongTermOnly)
            .flat_map(|minor| minor.patches.iter().copied())
            .chain([control_plane])
            .filter(|version| *version > pool && *version <= control_plane)
            .collect();
        offers.sort_unstable_by(|a, b| b.cmp(a));
        offers.dedup();
        offers
    }

    /// The edges of the region's upgrade graph out of one version, as `kubernetesVersions` lists them.
    pub fn upgrades_from(&self, version: KubernetesVersion) -> Vec<KubernetesVersion> {
        let mut upgrades: Vec<KubernetesVersion> = self
            .minors
            .iter()
            .filter(|minor| minor.line.minor == version.minor || minor.line.minor == version.minor.saturating_add(1))
            .flat_map(|minor| minor.patches.iter().copied())
            .chain(
                self.offers_for_cluster(version, false)
                    .into_iter()
                    .map(|offer| offer.version),
            )
            .filter(|target| *target > version)
            .collect();
        upgrades.sort_unstable();
        upgrades.dedup();
        upgrades
    }

    /// True where nodes of `pool` may serve a control plane of `control_plane`.
    pub fn is_within_skew(pool: KubernetesVersion, control_plane: KubernetesVersion) -> bool {
        pool <= control_plane && control_plane.minors_ahead_of(pool) <= MAX_POOL_SKEW
    }

    /// The full name of the newest node image for a version and an OS SKU.
    pub fn image_for(&self, version: KubernetesVersion, os_sku: &str) -> String {
        image_name(version, os_sku, &self.image_release)
    }
}

/// The image of a release: what the OS SKU names; else Ubuntu 24.04 from Kubernetes 1.35 on, 22.04 before
/// (AKS docs "Upgrade the OS version", 2026).
pub fn image_name(version: KubernetesVersion, os_sku: &str, release: &str) -> String {
    let ubuntu = match os_sku {
        "Ubuntu2204" => "2204",
        "Ubuntu2404" => "2404",
        _ if version >= KubernetesVersion::new(1, 35, 0) => "2404",
        _ => "2204",
    };
    format!("AKSUbuntu-{ubuntu}gen2containerd-{release}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offers(from: &str) -> Vec<String> {
        Catalogue::november_2026()
            .offers_for_cluster(from.parse().unwrap(), false)
            .iter()
            .map(|offer| format!("{}{}", offer.version, if offer.is_preview { " preview" } else { "" }))
            .collect()
    }

    #[test]
    fn clusters_go_one_minor_at_a_time_and_newest_first() {
        assert_eq!(offers("1.34.4"), ["1.35.5", "1.35.2", "1.34.6"]);
        assert_eq!(offers("1.35.5"), ["1.36.3", "1.36.1"]);
        assert_eq!(offers("1.36.3"), ["1.37.0 preview"]);
    }

    #[test]
    fn a_cluster_out_of_support_is_offered_the_oldest_supported_line() {
        assert_eq!(offers("1.31.13"), ["1.34.6", "1.34.4"]);
        assert_eq!(offers("1.29.2"), ["1.34.6", "1.34.4"]);
        assert_eq!(offers("1.33.8"), ["1.34.6", "1.34.4"]);
    }

    #[test]
    fn a_region_of_some_months_ago_has_a_way_of_three_hops() {
        let mut catalogue = Catalogue::november_2026();
        catalogue.support_from("1.31".parse().unwrap());
        let mut at = KubernetesVersion::new(1, 31, 13);
        let mut hops = Vec::new();
        while at < KubernetesVersion::new(1, 34, 0) {
            at = catalogue.offers_for_cluster(at, false)[0].version;
            hops.push(at.to_string());
        }
        assert_eq!(hops, ["1.32.11", "1.33.8", "1.34.6"]);
        let lowest = KubernetesVersion::new(1, 31, 13);
        assert!(Catalogue::is_within_skew(lowest, at));
        assert!(!Catalogue::is_within_skew(lowest, KubernetesVersion::new(1, 35, 2)));
    }

    #[test]
    fn pools_go_no_further_than_their_control_plane() {
        let catalogue = Catalogue::november_2026();
        let pool = |pool: &str, control_plane: &str| {
            catalogue.offers_for_pool(pool.parse().unwrap(), control_plane.parse().unwrap())
        };
        assert_eq!(
            pool("1.34.4", "1.35.2"),
            ["1.35.2", "1.34.6"].map(|text| text.parse().unwrap())
        );
        assert!(pool("1.35.2", "1.35.2").is_empty());
    }

    #[test]
    fn a_release_line_means_its_newest_patch_unless_it_is_a_preview() {
        let catalogue = Catalogue::november_2026();
        assert_eq!(catalogue.resolve("1.35"), "1.35.5".parse().ok());
        assert_eq!(catalogue.resolve("1.37"), None);
        assert_eq!(catalogue.resolve("1.99"), None);
        assert_eq!(catalogue.resolve("latest"), None);
        assert_eq!(catalogue.resolve("1.37.0"), "1.37.0".parse().ok());
    }

    #[test]
    fn the_image_follows_the_operating_system_of_the_version() {
        assert_eq!(
            image_name(KubernetesVersion::new(1, 34, 6), "Ubuntu", "202611.16.0"),
            "AKSUbuntu-2204gen2containerd-202611.16.0"
        );
        assert_eq!(
            image_name(KubernetesVersion::new(1, 35, 0), "Ubuntu", "202611.16.0"),
            "AKSUbuntu-2404gen2containerd-202611.16.0"
        );
    }
}
