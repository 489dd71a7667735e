//! What a person said yes to, and whether that takes a typed word more. Sends nothing.

use super::super::protection::protection;
use super::order::Order;
use crate::config::cluster::ClusterRules;
use crate::domain::cluster::Cluster;
use crate::domain::ids::ClusterId;
use crate::engine::repair::RepairPreview;
use crate::remedy::library::Risk;

/// What was said yes to.
#[derive(Clone, Debug)]
pub(crate) enum Approval {
    Order(Order),
    Repair(Box<RepairPreview>),
    /// A repair is taken back by these requests.
    Undo {
        id: String,
        preview: Box<RepairPreview>,
    },
}

/// A word that has to be typed, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Word {
    pub(crate) word: String,
    pub(crate) why: String,
}

/// Typed before a change that may do harm.
const SURE: &str = "repair";

impl Approval {
    pub(crate) fn cluster(&self) -> &ClusterId {
        match self {
            Self::Order(order) => order.cluster(),
            Self::Repair(preview) | Self::Undo { preview, .. } => &preview.repair.cluster,
        }
    }

    /// What is asked for, in a few words.
    pub(crate) fn what(&self) -> String {
        match self {
            Self::Order(order) => order.what(),
            Self::Repair(_) => format!("Repair of {}", self.cluster().name()),
            Self::Undo { id, .. } => format!("Undo of {id} on {}", self.cluster().name()),
        }
    }

    fn changes_the_cluster(&self) -> bool {
        match self {
            Self::Order(Order::Start { .. }) | Self::Repair(_) | Self::Undo { .. } => true,
            Self::Order(order) => order.change().is_some(),
        }
    }

    /// What has to be typed; `None` where the yes is enough. A protected cluster's name counts more than the risk.
    pub(crate) fn word(&self, rules: &ClusterRules, cluster: Option<&Cluster>) -> Option<Word> {
        if self.changes_the_cluster()
            && let Some(protection) = protection(rules, self.cluster(), cluster)
        {
            return Some(Word {
                word: self.cluster().name().to_owned(),
                why: protection.why(),
            });
        }
        match self {
            Self::Repair(preview) if preview.repair.risk == Risk::High => Some(Word {
                word: SURE.to_owned(),
                why: "The risk of this repair is high.".to_owned(),
            }),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::cluster::ClusterPattern;
    use crate::ui::fixtures;

    #[test]
    fn protected_clusters_ask_for_their_name_and_high_risk_for_a_word() {
        let mut cluster = fixtures::cluster("shop-prod", "1.33.5");
        let word = |risk: Risk, cluster: &Cluster| {
            let mut preview = fixtures::repair_preview("shop-prod");
            preview.repair.risk = risk;
            Approval::Repair(Box::new(preview))
                .word(&ClusterRules::default(), Some(cluster))
                .map(|word| word.word)
        };
        assert_eq!(word(Risk::Low, &cluster), None);
        assert_eq!(word(Risk::High, &cluster).as_deref(), Some("repair"));
        cluster
            .tags
            .insert("aks-cockpit-protected".to_owned(), "true".to_owned());
        assert_eq!(word(Risk::Low, &cluster).as_deref(), Some("shop-prod"));
        assert_eq!(word(Risk::High, &cluster).as_deref(), Some("shop-prod"));
        let rules = ClusterRules {
            patterns: vec![ClusterPattern {
                patterns: vec!["shop-*".to_owned()],
                protected: Some(true),
                line: 7,
                ..ClusterPattern::default()
            }],
        };
        cluster.tags.clear();
        let preview = fixtures::repair_preview("shop-prod");
        let asked = Approval::Repair(Box::new(preview))
            .word(&rules, Some(&cluster))
            .unwrap();
        assert_eq!(asked.word, "shop-prod");
        assert!(asked.why.ends_with("by your settings file, line 7."), "{}", asked.why);
        let asking = Approval::Order(Order::AskForLease {
            cluster: cluster.id.clone(),
            holder: fixtures::person(),
        });
        assert_eq!(
            asking.word(&ClusterRules::default(), Some(&cluster)),
            None,
            "it changes nothing in Azure"
        );
    }
}
