//! Kubernetes and node image versions: how they are read, ordered and compared.
//! Never guesses: a text that is no version is `None`, and is shown as it came.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// A full Kubernetes version, ordered by release.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KubernetesVersion {
    pub major: u16,
    pub minor: u16,
    pub patch: u16,
}

/// The text is not `MAJOR.MINOR.PATCH`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not a Kubernetes version like 1.33.5")]
pub struct NotAVersion(pub String);

impl KubernetesVersion {
    /// Builds a version from its three numbers.
    pub const fn new(major: u16, minor: u16, patch: u16) -> Self {
        Self { major, minor, patch }
    }

    /// The release line this patch belongs to.
    pub fn minor_line(self) -> MinorVersion {
        MinorVersion {
            major: self.major,
            minor: self.minor,
        }
    }

    /// Minors this version is ahead of `other`; negative when it is behind.
    pub fn minors_ahead_of(self, other: Self) -> i32 {
        i32::from(self.minor) - i32::from(other.minor)
    }
}

impl FromStr for KubernetesVersion {
    type Err = NotAVersion;

    /// Reads `1.33.5`, `v1.33.5` and `v1.33.5-suffix+build`, as kubelets of any build report it.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bare = text.trim().trim_start_matches('v');
        semver::Version::parse(bare)
            .ok()
            .and_then(|version| {
                Some(Self {
                    major: version.major.try_into().ok()?,
                    minor: version.minor.try_into().ok()?,
                    patch: version.patch.try_into().ok()?,
                })
            })
            .ok_or_else(|| NotAVersion(text.to_owned()))
    }
}

impl fmt::Display for KubernetesVersion {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&format!("{}.{}.{}", self.major, self.minor, self.patch))
    }
}

impl Serialize for KubernetesVersion {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for KubernetesVersion {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

/// A release line such as 1.33.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MinorVersion {
    pub major: u16,
    pub minor: u16,
}

impl FromStr for MinorVersion {
    type Err = NotAVersion;

    /// Reads `1.33`; a full version is not a release line.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || NotAVersion(text.to_owned());
        let (major, minor) = text.trim().trim_start_matches('v').split_once('.').ok_or_else(error)?;
        Ok(Self {
            major: major.parse().map_err(|_| error())?,
            minor: minor.parse().map_err(|_| error())?,
        })
    }
}

impl fmt::Display for MinorVersion {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&format!("{}.{}", self.major, self.minor))
    }
}

/// What a person asks for: a full version, or a release line whose newest offered patch is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VersionWish {
    Exact(KubernetesVersion),
    NewestOf(MinorVersion),
}

impl VersionWish {
    /// Picks the newest offered version that fulfils the wish; `None` when nothing offered does.
    pub fn choose(self, offered: impl IntoIterator<Item = KubernetesVersion>) -> Option<KubernetesVersion> {
        offered
            .into_iter()
            .filter(|version| match self {
                Self::Exact(wanted) => *version == wanted,
                Self::NewestOf(line) => version.minor_line() == line,
            })
            .max()
    }
}

impl FromStr for VersionWish {
    type Err = NotAVersion;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse()
            .map(Self::Exact)
            .or_else(|_| text.parse().map(Self::NewestOf))
            .map_err(|_: NotAVersion| NotAVersion(text.to_owned()))
    }
}

impl fmt::Display for VersionWish {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(version) => version.fmt(formatter),
            Self::NewestOf(line) => line.fmt(formatter),
        }
    }
}

/// A node image such as `AKSUbuntu-2204gen2containerd-202607.01.0`.
///
/// On nodes the label may carry a security patch date behind it
/// (`...-202410.27.0-2024.12.01`, AKS docs "Use labels in an AKS cluster", 2026).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NodeImageVersion(String);

impl NodeImageVersion {
    /// Wraps the text as Azure or the node label gave it.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The whole text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The image's release, for instance `202607.01.0`; the whole text where it has no such part.
    pub fn release(&self) -> &str {
        self.0
            .split('-')
            .find(|part| {
                part.len() >= 6 && part.contains('.') && part.starts_with(|first: char| first.is_ascii_digit())
            })
            .unwrap_or(&self.0)
    }

    /// The day of the image's release, which its number begins with: `202607.01.0` is 1 July 2026
    /// (AKS docs "Node image upgrades", 2026).
    pub fn released_on(&self) -> Option<Date> {
        let (month, rest) = self.release().split_once('.')?;
        let day = rest.split('.').next()?;
        let year = month.get(..4)?.parse().ok()?;
        Date::new(year, month.get(4..)?.parse().ok()?, day.parse().ok()?).ok()
    }

    /// True where both name the same image, a security patch date aside.
    pub fn is_same_image(&self, other: &Self) -> bool {
        let bare = |image: &Self| match image.0.find(image.release()) {
            Some(start) => image.0[..start + image.release().len()].to_owned(),
            None => image.0.clone(),
        };
        bare(self).eq_ignore_ascii_case(&bare(other))
    }
}

impl fmt::Display for NodeImageVersion {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_kubelets_write_them() {
        let expected = Some(KubernetesVersion::new(1, 33, 5));
        for text in ["1.33.5", "v1.33.5", " v1.33.5+build", "1.33.5-rc.1"] {
            assert_eq!(text.parse().ok(), expected, "{text}");
        }
        assert_eq!("v0.0.0-master+$Format:%H$".parse::<KubernetesVersion>().ok(), None);
        for text in ["", "1", "1.33", "one.two.three", "1.33.5.6", "99999999.1.1"] {
            assert_eq!(text.parse::<KubernetesVersion>().ok(), None, "{text}");
        }
    }

    #[test]
    fn a_node_image_tells_the_day_of_its_release() {
        let day = |text: &str| NodeImageVersion::new(text).released_on().map(|day| day.to_string());
        assert_eq!(
            day("AKSUbuntu-2204gen2containerd-202607.01.0").as_deref(),
            Some("2026-07-01")
        );
        assert_eq!(day("AKSWindows-2022-containerd-20348.2582.240716"), None);
        assert_eq!(day("AKSUbuntu-2204-202699.01.0"), None);
        assert_eq!(day(""), None);
    }

    #[test]
    fn a_wish_picks_the_newest_offer() {
        let offers = [
            KubernetesVersion::new(1, 34, 2),
            KubernetesVersion::new(1, 33, 4),
            KubernetesVersion::new(1, 33, 10),
        ];
        let choose = |wish: &str| wish.parse::<VersionWish>().unwrap().choose(offers);
        assert_eq!(choose("1.33"), Some(KubernetesVersion::new(1, 33, 10)));
        assert_eq!(choose("1.33.4"), Some(KubernetesVersion::new(1, 33, 4)));
        assert_eq!(choose("1.35"), None);
        assert!("latest".parse::<VersionWish>().is_err());
    }

    #[test]
    fn node_images_compare_without_the_security_patch_date() {
        let image = NodeImageVersion::new("AKSUbuntu-2204gen2containerd-202410.27.0");
        let patched = NodeImageVersion::new("AKSUbuntu-2204gen2containerd-202410.27.0-2024.12.01");
        let other = NodeImageVersion::new("AKSUbuntu-2204gen2containerd-202411.03.0");
        assert_eq!(image.release(), "202410.27.0");
        assert!(image.is_same_image(&patched));
        assert!(!image.is_same_image(&other));
        assert_eq!(
            NodeImageVersion::new("AKSUbuntu:1604:2020.03.11").release(),
            "AKSUbuntu:1604:2020.03.11"
        );
    }
}
