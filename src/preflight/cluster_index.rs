//! Pods, budgets and workloads of a survey, put in order once, so that checks stay quick at 20,000 pods.
//! What was not read is simply not in here: a check asks the survey first whether it was.

use std::collections::{BTreeMap, HashMap};

use crate::domain::disruption::LabelSelector;
use crate::domain::ids::{NodeName, NodePoolName};
use crate::domain::pod::Owner;
use crate::domain::survey::{BudgetFact, PodFact, Survey};

/// The pods of one namespace, and those that wear each label.
#[derive(Debug, Default)]
struct NamespacePods<'a> {
    pods: Vec<&'a PodFact>,
    /// Positions in `pods`, by label key and value.
    by_label: HashMap<(&'a str, &'a str), Vec<usize>>,
}

/// The budgets of one namespace by the first label they ask for.
#[derive(Debug, Default)]
struct NamespaceBudgets<'a> {
    by_label: HashMap<(&'a str, &'a str), Vec<&'a BudgetFact>>,
    /// Those that ask for no label, but maybe by expressions.
    others: Vec<&'a BudgetFact>,
}

impl<'a> NamespaceBudgets<'a> {
    fn add(&mut self, fact: &'a BudgetFact) {
        let Some(selector) = &fact.budget.selector else {
            return;
        };
        match selector.match_labels.first_key_value() {
            Some((key, value)) => self.by_label.entry((key, value)).or_default().push(fact),
            None => self.others.push(fact),
        }
    }
}

/// The order things are looked up in.
#[derive(Debug)]
pub(super) struct ClusterIndex<'a> {
    namespaces: HashMap<&'a str, NamespacePods<'a>>,
    pools: HashMap<&'a NodeName, &'a NodePoolName>,
    budgets: HashMap<&'a str, NamespaceBudgets<'a>>,
}

impl<'a> ClusterIndex<'a> {
    pub(super) fn of(survey: &'a Survey) -> Self {
        let kubernetes = &survey.kubernetes;
        let mut namespaces: HashMap<&str, NamespacePods<'_>> = HashMap::new();
        for pod in kubernetes.pods.iter().flatten() {
            let namespace = namespaces.entry(&pod.pod.namespace).or_default();
            for (key, value) in &pod.pod.labels {
                let wearers = namespace.by_label.entry((key, value)).or_default();
                wearers.push(namespace.pods.len());
            }
            namespace.pods.push(pod);
        }
        let mut budgets: HashMap<&str, NamespaceBudgets<'_>> = HashMap::new();
        for fact in kubernetes.budgets.iter().flatten() {
            budgets.entry(&fact.budget.namespace).or_default().add(fact);
        }
        let nodes = kubernetes.nodes.iter().flatten();
        Self {
            namespaces,
            pools: nodes
                .filter_map(|fact| Some((&fact.node.name, fact.node.pool.as_ref()?)))
                .collect(),
            budgets,
        }
    }

    /// Pods of a namespace that a selector matches, in the survey's order.
    pub(super) fn pods_of_selector(&self, namespace: &str, selector: &LabelSelector) -> Vec<&'a PodFact> {
        let Some(found) = self.namespaces.get(namespace) else {
            return Vec::new();
        };
        let is_matched = |pod: &&PodFact| selector.matches(&pod.pod.labels);
        let rarest = selector
            .match_labels
            .iter()
            .map(|(key, value)| {
                let wearers = found.by_label.get(&(key.as_str(), value.as_str()));
                wearers.map_or(&[][..], Vec::as_slice)
            })
            .min_by_key(|wearers| wearers.len());
        match rarest {
            Some(wearers) => wearers.iter().map(|at| found.pods[*at]).filter(is_matched).collect(),
            None => found.pods.iter().copied().filter(is_matched).collect(),
        }
    }

    /// The pool of a pod's node; `None` for a pod without a node, or where the node was not read.
    pub(super) fn pool_of(&self, pod: &PodFact) -> Option<&'a NodePoolName> {
        self.pools.get(pod.pod.node.as_ref()?).copied()
    }

    /// The budgets that cover pods with these labels, by name.
    pub(super) fn budgets_over(&self, namespace: &str, labels: &BTreeMap<String, String>) -> Vec<&'a BudgetFact> {
        let Some(found) = self.budgets.get(namespace) else {
            return Vec::new();
        };
        let mut budgets: Vec<&BudgetFact> = labels
            .iter()
            .filter_map(|(key, value)| found.by_label.get(&(key.as_str(), value.as_str())))
            .flatten()
            .chain(&found.others)
            .copied()
            .filter(|fact| fact.budget.selector.as_ref().is_some_and(|own| own.matches(labels)))
            .collect();
        budgets.sort_by(|one, other| one.budget.name.cmp(&other.budget.name));
        budgets
    }
}

/// What a person calls a pod's owner: a Deployment instead of its ReplicaSet, a CronJob's Job as it is.
pub(super) fn owner_in_words(pod: &PodFact) -> Option<Owner> {
    let owner = pod.pod.owner.as_ref()?;
    let of_deployment = pod
        .pod
        .labels
        .get("pod-template-hash")
        .and_then(|hash| owner.name.strip_suffix(hash.as_str())?.strip_suffix('-'))
        .filter(|_| owner.kind == "ReplicaSet");
    Some(match of_deployment {
        Some(name) => Owner {
            kind: "Deployment".to_owned(),
            name: name.to_owned(),
        },
        None => owner.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::disruption::{Operator, Requirement};
    use crate::preflight::samples::{budget, healthy, selector};

    #[test]
    fn pods_and_budgets_find_each_other() {
        let mut survey = healthy();
        let budgets = survey.kubernetes.budgets.as_mut().unwrap();
        let mut by_expression = budget("shop", "zz-expression", 1, 3);
        by_expression.budget.selector = Some(LabelSelector {
            match_labels: BTreeMap::new(),
            match_expressions: vec![Requirement {
                key: "app".into(),
                operator: Operator::In,
                values: vec!["cart".into(), "db".into()],
            }],
        });
        budgets.push(by_expression.clone());
        let index = ClusterIndex::of(&survey);
        assert_eq!(index.pods_of_selector("shop", &selector("web")).len(), 6);
        assert!(index.pods_of_selector("other", &selector("web")).is_empty());
        assert!(index.pods_of_selector("shop", &selector("nobody")).is_empty());
        let own = by_expression.budget.selector.unwrap();
        assert_eq!(index.pods_of_selector("shop", &own).len(), 6);
        let names = |app: &str| -> Vec<&str> {
            let labels = BTreeMap::from([("app".to_owned(), app.to_owned())]);
            let found = index.budgets_over("shop", &labels);
            found.into_iter().map(|fact| fact.budget.name.as_str()).collect()
        };
        assert_eq!(names("cart"), ["cart-pdb", "zz-expression-pdb"]);
        assert_eq!(names("web"), ["web-pdb"]);
        assert!(names("nobody").is_empty());
    }

    #[test]
    fn a_pod_knows_the_pool_of_its_node() {
        let survey = healthy();
        let index = ClusterIndex::of(&survey);
        let pods = survey.kubernetes.pods.as_ref().unwrap();
        let web = pods.iter().find(|pod| pod.pod.labels["app"] == "web").unwrap();
        assert_eq!(index.pool_of(web).map(NodePoolName::as_str), Some("apps"));
    }
}
