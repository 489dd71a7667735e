//! Which clusters ask for their own name before they are changed: those whose tag in Azure says so.

use crate::domain::cluster::Cluster;

/// The tag that protects a cluster; any value but `false` and `no` does.
const TAG: &str = "aks-cockpit-protected";

/// True for a protected cluster. One that Azure has not told of yet has no tags to know.
pub(crate) fn is_protected(cluster: Option<&Cluster>) -> bool {
    let tags = cluster.into_iter().flat_map(|cluster| &cluster.tags);
    let mut values = tags.filter(|(name, _)| name.eq_ignore_ascii_case(TAG));
    values.any(|(_, value)| !["false", "no"].contains(&value.to_lowercase().as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::fixtures;

    #[test]
    fn the_tag_protects() {
        let with = |name: &str, value: &str| {
            let mut cluster = fixtures::cluster("shop-prod", "1.33.5");
            cluster.tags.insert(name.to_owned(), value.to_owned());
            is_protected(Some(&cluster))
        };
        assert!(with("aks-cockpit-protected", "yes") && with("AKS-Cockpit-Protected", ""));
        assert!(!with("aks-cockpit-protected", "False") && !with("team", "yes") && !is_protected(None));
    }
}
