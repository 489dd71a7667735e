//! What is set for clusters by a pattern of their names: protected, theme, smoke tests, contact, API version.
//! All patterns that fit a cluster count; of two that say different things, the later one in the file wins.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::domain::ids::ClusterId;

/// The tag in Azure that protects a cluster; any value but `false` and `no` does.
pub const PROTECTED_TAG: &str = "aks-cockpit-protected";

/// What one `[[cluster]]` of the file says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClusterPattern {
    /// Names, or `group/name`, with `*` and `?`; never empty.
    pub patterns: Vec<String>,
    pub protected: Option<bool>,
    pub theme: Option<String>,
    pub smoke_tests: Option<PathBuf>,
    /// Who is to be asked, in one line.
    pub contact: Option<String>,
    pub api_version: Option<String>,
    /// The line of the file.
    pub line: usize,
}

impl ClusterPattern {
    fn fits(&self, cluster: &Named<'_>) -> bool {
        self.patterns.iter().any(|pattern| cluster.fits(pattern))
    }
}

/// A cluster's name, and its resource group where that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Named<'a> {
    pub group: Option<&'a str>,
    pub name: &'a str,
}

impl<'a> Named<'a> {
    pub fn of(id: &'a ClusterId) -> Self {
        Self {
            group: id.parts().map(|parts| parts.resource_group),
            name: id.name(),
        }
    }

    /// A cluster as a person names it: `name`, `group/name`, or a full id.
    pub fn of_word(word: &'a str) -> Self {
        let mut parts = word.trim_matches('/').rsplit('/');
        let name = parts.next().unwrap_or(word);
        // In a full id the group stands before `providers/Microsoft.ContainerService/managedClusters`.
        let group = match word.split('/').count() {
            1 => None,
            2 => parts.next(),
            _ => parts.nth(3),
        };
        Self { group, name }
    }

    fn fits(&self, pattern: &str) -> bool {
        match (pattern.split_once('/'), self.group) {
            (Some((group, name)), Some(own)) => is_like(group, own) && is_like(name, self.name),
            (Some(_), None) => false,
            (None, _) => is_like(pattern, self.name),
        }
    }
}

/// Why a cluster asks for its name before it is changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Protection {
    /// Its tag in Azure says so.
    Tag,
    /// The settings file says so, in this line.
    Settings { line: usize },
}

impl Protection {
    /// One sentence for whoever is asked.
    pub fn why(&self) -> String {
        match self {
            Self::Tag => "This cluster is protected by its tag.".to_owned(),
            Self::Settings { line } => format!("This cluster is protected by your settings file, line {line}."),
        }
    }
}

/// All patterns, in the order of the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClusterRules {
    pub patterns: Vec<ClusterPattern>,
}

impl ClusterRules {
    /// The last thing said about a cluster.
    fn last<'r, T>(
        &'r self,
        cluster: &Named<'_>,
        pick: impl Fn(&'r ClusterPattern) -> Option<T>,
    ) -> Option<(T, &'r ClusterPattern)> {
        let mut fitting = self.patterns.iter().rev().filter(|pattern| pattern.fits(cluster));
        fitting.find_map(|pattern| Some((pick(pattern)?, pattern)))
    }

    /// The theme while the cluster is on the screen.
    pub fn theme(&self, cluster: &Named<'_>) -> Option<&str> {
        self.last(cluster, |pattern| pattern.theme.as_deref())
            .map(|(theme, _)| theme)
    }

    /// Who is to be asked about the cluster.
    pub fn contact(&self, cluster: &Named<'_>) -> Option<&str> {
        self.last(cluster, |pattern| pattern.contact.as_deref())
            .map(|(contact, _)| contact)
    }

    /// The file with the cluster's own smoke tests.
    pub fn smoke_tests(&self, cluster: &Named<'_>) -> Option<&PathBuf> {
        self.last(cluster, |pattern| pattern.smoke_tests.as_ref())
            .map(|(file, _)| file)
    }

    /// The Azure API version for requests about the cluster.
    pub fn api_version(&self, cluster: &Named<'_>) -> Option<&str> {
        self.last(cluster, |pattern| pattern.api_version.as_deref())
            .map(|(version, _)| version)
    }

    /// Why a cluster is protected; `None` where it is not. The settings can add to a tag and never lift it: whoever
    /// tagged the cluster meant everybody. A cluster that Azure has not told of yet has no tags to know.
    pub fn protection(&self, cluster: &Named<'_>, tags: Option<&BTreeMap<String, String>>) -> Option<Protection> {
        let mut values = tags
            .into_iter()
            .flatten()
            .filter(|(name, _)| name.eq_ignore_ascii_case(PROTECTED_TAG));
        if values.any(|(_, value)| !["false", "no"].contains(&value.to_lowercase().as_str())) {
            return Some(Protection::Tag);
        }
        match self.last(cluster, |pattern| pattern.protected) {
            Some((true, pattern)) => Some(Protection::Settings { line: pattern.line }),
            _ => None,
        }
    }
}

/// True where the text is like the pattern: `*` stands for any text, `?` for one character; case does not count.
fn is_like(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern.to_lowercase().chars().collect();
    let text: Vec<char> = text.to_lowercase().chars().collect();
    let (mut at, mut from) = (0, 0);
    // Where the last star was, and how much of the text it has taken so far.
    let mut star: Option<(usize, usize)> = None;
    while from < text.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, from));
                at += 1;
            }
            Some(letter) if *letter == '?' || *letter == text[from] => {
                at += 1;
                from += 1;
            }
            _ => match &mut star {
                Some((back, taken)) => {
                    *taken += 1;
                    at = *back + 1;
                    from = *taken;
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|letter| *letter == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_fit_names() {
        for (pattern, text, expected) in [
            ("prod-*", "prod-shop", true),
            ("prod-*", "PROD-", true),
            ("prod-*", "shop-prod", false),
            ("*prod*", "shop-prod-1", true),
            ("*-prod", "a-prod-prod", true),
            ("sh?p", "shop", true),
            ("sh?p", "shp", false),
            ("*", "", true),
            ("", "x", false),
            ("日*", "日本", true),
        ] {
            assert_eq!(is_like(pattern, text), expected, "{pattern} and {text}");
        }
    }

    fn rule(pattern: &str, line: usize) -> ClusterPattern {
        ClusterPattern {
            patterns: vec![pattern.to_owned()],
            line,
            ..ClusterPattern::default()
        }
    }

    #[test]
    fn the_later_pattern_wins_and_groups_count() {
        let id = ClusterId::from_parts("0000", "rg-shop", "shop-prod");
        let rules = ClusterRules {
            patterns: vec![
                ClusterPattern {
                    contact: Some("everybody".to_owned()),
                    theme: Some("dark".to_owned()),
                    ..rule("*", 1)
                },
                ClusterPattern {
                    contact: Some("team shop".to_owned()),
                    ..rule("rg-shop/*", 5)
                },
                ClusterPattern {
                    contact: Some("nobody".to_owned()),
                    ..rule("rg-pay/*", 9)
                },
            ],
        };
        let named = Named::of(&id);
        assert_eq!(rules.contact(&named), Some("team shop"));
        assert_eq!(rules.theme(&named), Some("dark"));
        assert_eq!(rules.smoke_tests(&named), None);
    }

    #[test]
    fn a_cluster_is_named_in_three_ways() {
        let id = ClusterId::from_parts("0000", "rg", "shop");
        assert_eq!(Named::of_word(id.as_str()), Named::of(&id));
        assert_eq!(Named::of_word("rg/shop"), Named::of(&id));
        assert_eq!(
            Named::of_word("shop"),
            Named {
                group: None,
                name: "shop"
            }
        );
    }

    #[test]
    fn settings_add_to_the_tag_and_never_lift_it() {
        let rules = |protected: bool| ClusterRules {
            patterns: vec![ClusterPattern {
                protected: Some(protected),
                ..rule("shop-*", 3)
            }],
        };
        let shop = Named::of_word("shop-prod");
        let tags = |value: &str| BTreeMap::from([("AKS-Cockpit-Protected".to_owned(), value.to_owned())]);
        assert_eq!(
            rules(true).protection(&shop, None),
            Some(Protection::Settings { line: 3 })
        );
        assert_eq!(rules(false).protection(&shop, Some(&tags(""))), Some(Protection::Tag));
        assert_eq!(rules(false).protection(&shop, Some(&tags("No"))), None);
        assert_eq!(
            rules(true).protection(&Named::of_word("pay-prod"), Some(&BTreeMap::new())),
            None
        );
    }
}
