//! Which clusters ask for their own name before they are changed: by their tag in Azure, or by the settings.

use crate::config::cluster::{ClusterRules, Named, Protection};
use crate::domain::cluster::Cluster;
use crate::domain::ids::ClusterId;

/// Why a cluster is protected; `None` where it is not. One that Azure has not told of yet has no tags to know.
pub(crate) fn protection(rules: &ClusterRules, id: &ClusterId, cluster: Option<&Cluster>) -> Option<Protection> {
    rules.protection(&Named::of(id), cluster.map(|cluster| &cluster.tags))
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
            protection(&ClusterRules::default(), &cluster.id, Some(&cluster))
        };
        assert_eq!(with("aks-cockpit-protected", "yes"), Some(Protection::Tag));
        assert_eq!(with("AKS-Cockpit-Protected", ""), Some(Protection::Tag));
        assert_eq!(with("aks-cockpit-protected", "False"), None);
        assert_eq!(with("team", "yes"), None);
    }
}
