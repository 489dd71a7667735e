//! PodDisruptionBudget arithmetic: may this pod be evicted now, and if not, why not.

use std::collections::BTreeMap;

use super::pod::Pod;

/// One `matchExpressions` entry of a label selector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirement {
    pub key: String,
    pub operator: Operator,
    pub values: Vec<String>,
}

/// How a requirement compares (Kubernetes API reference, LabelSelectorRequirement, v1.36).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operator {
    In,
    NotIn,
    Exists,
    DoesNotExist,
    /// A word this program does not know; it matches nothing.
    Other(String),
}

/// A label selector; an empty one matches every pod (policy/v1), a missing one none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LabelSelector {
    pub match_labels: BTreeMap<String, String>,
    pub match_expressions: Vec<Requirement>,
}

impl LabelSelector {
    /// True where every label and every requirement holds.
    pub fn matches(&self, labels: &BTreeMap<String, String>) -> bool {
        self.match_labels
            .iter()
            .all(|(key, value)| labels.get(key) == Some(value))
            && self.match_expressions.iter().all(|requirement| {
                let value = labels.get(&requirement.key);
                match &requirement.operator {
                    Operator::In => value.is_some_and(|value| requirement.values.contains(value)),
                    Operator::NotIn => value.is_none_or(|value| !requirement.values.contains(value)),
                    Operator::Exists => value.is_some(),
                    Operator::DoesNotExist => value.is_none(),
                    Operator::Other(_) => false,
                }
            })
    }
}

/// A PodDisruptionBudget with the numbers its controller keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DisruptionBudget {
    pub namespace: String,
    pub name: String,
    /// `None` selects no pod.
    pub selector: Option<LabelSelector>,
    /// As written: `2` or `50%`.
    pub min_available: Option<String>,
    /// As written: `1` or `25%`.
    pub max_unavailable: Option<String>,
    pub current_healthy: i32,
    pub desired_healthy: i32,
    pub expected_pods: i32,
    pub disruptions_allowed: i32,
    /// Not-ready pods may be evicted even where the budget is at zero.
    pub evicts_unhealthy_always: bool,
}

impl DisruptionBudget {
    /// True where the budget is about this pod.
    pub fn covers(&self, pod: &Pod) -> bool {
        self.namespace == pod.namespace
            && self
                .selector
                .as_ref()
                .is_some_and(|selector| selector.matches(&pod.labels))
    }

    /// Why no more pods may go, in the numbers of the budget; `None` while it allows one.
    pub fn why_at_zero(&self) -> Option<BudgetReason> {
        if self.disruptions_allowed > 0 {
            return None;
        }
        Some(if self.desired_healthy >= self.expected_pods {
            BudgetReason::NeverAllows
        } else if self.current_healthy < self.desired_healthy {
            BudgetReason::TooFewHealthy
        } else {
            BudgetReason::UsedUp
        })
    }
}

/// Why a budget allows no eviction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BudgetReason {
    /// It asks for as many healthy pods as there are: it can never allow one.
    NeverAllows,
    /// Pods are already unhealthy, and they use up the budget.
    TooFewHealthy,
    /// Others were evicted just now and are not back yet.
    UsedUp,
}

/// What keeps one pod on its node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    pub namespace: String,
    pub pod: String,
    pub owner: Option<super::pod::Owner>,
    pub cause: HoldCause,
}

/// The reason a pod is still there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HoldCause {
    /// One budget forbids its eviction.
    Budget {
        budget: DisruptionBudget,
        reason: BudgetReason,
    },
    /// More than one budget covers it, which the eviction API refuses (Kubernetes docs "API-initiated Eviction", 2026).
    SeveralBudgets { names: Vec<String> },
    /// It was told to stop and has not ended.
    Terminating { finalizers: Vec<String> },
}

/// Says what holds `pod`, or `None` where an eviction would be accepted now.
pub fn hold_of(pod: &Pod, budgets: &[DisruptionBudget]) -> Option<Hold> {
    let cause = if pod.deletion_at.is_some() {
        HoldCause::Terminating {
            finalizers: pod.finalizers.clone(),
        }
    } else {
        let covering: Vec<&DisruptionBudget> = budgets.iter().filter(|budget| budget.covers(pod)).collect();
        match covering.as_slice() {
            [] => return None,
            [budget] => HoldCause::Budget {
                reason: budget
                    .why_at_zero()
                    .filter(|_| pod.is_ready || !budget.evicts_unhealthy_always)?,
                budget: (*budget).clone(),
            },
            several => HoldCause::SeveralBudgets {
                names: several.iter().map(|budget| budget.name.clone()).collect(),
            },
        }
    };
    Some(Hold {
        namespace: pod.namespace.clone(),
        pod: pod.name.clone(),
        owner: pod.owner.clone(),
        cause,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pod() -> Pod {
        Pod {
            namespace: "shop".into(),
            name: "cart-0".into(),
            uid: "u".into(),
            node: None,
            phase: "Running".into(),
            is_ready: true,
            owner: None,
            labels: BTreeMap::from([("app".into(), "cart".into())]),
            deletion_at: None,
            finalizers: Vec::new(),
            is_mirror: false,
        }
    }

    fn budget(name: &str, allowed: i32, current: i32, desired: i32, expected: i32) -> DisruptionBudget {
        DisruptionBudget {
            namespace: "shop".into(),
            name: name.into(),
            selector: Some(LabelSelector {
                match_labels: BTreeMap::from([("app".into(), "cart".into())]),
                match_expressions: Vec::new(),
            }),
            min_available: None,
            max_unavailable: None,
            current_healthy: current,
            desired_healthy: desired,
            expected_pods: expected,
            disruptions_allowed: allowed,
            evicts_unhealthy_always: false,
        }
    }

    fn reason(budgets: &[DisruptionBudget]) -> Option<BudgetReason> {
        match hold_of(&pod(), budgets)?.cause {
            HoldCause::Budget { reason, .. } => Some(reason),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_budget_says_why_it_is_at_zero() {
        assert_eq!(reason(&[budget("b", 1, 3, 2, 3)]), None);
        assert_eq!(reason(&[budget("b", 0, 3, 3, 3)]), Some(BudgetReason::NeverAllows));
        assert_eq!(reason(&[budget("b", 0, 1, 2, 3)]), Some(BudgetReason::TooFewHealthy));
        assert_eq!(reason(&[budget("b", 0, 2, 2, 3)]), Some(BudgetReason::UsedUp));
    }

    #[test]
    fn two_budgets_on_one_pod_refuse_every_eviction() {
        let hold = hold_of(&pod(), &[budget("a", 1, 3, 2, 3), budget("b", 1, 3, 2, 3)]).unwrap();
        assert_eq!(
            hold.cause,
            HoldCause::SeveralBudgets {
                names: vec!["a".into(), "b".into()]
            }
        );
    }

    #[test]
    fn a_terminating_pod_holds_without_a_budget() {
        let mut leaving = pod();
        leaving.deletion_at = Some(jiff::Timestamp::UNIX_EPOCH);
        leaving.finalizers = vec!["example.com/wait".into()];
        assert!(
            matches!(hold_of(&leaving, &[]).unwrap().cause, HoldCause::Terminating { finalizers } if finalizers.len() == 1)
        );
    }

    #[test]
    fn an_unready_pod_may_go_where_the_policy_says_so() {
        let mut unready = pod();
        unready.is_ready = false;
        let mut open = budget("b", 0, 1, 2, 3);
        open.evicts_unhealthy_always = true;
        assert_eq!(hold_of(&unready, &[open]), None);
        assert!(hold_of(&unready, &[budget("b", 0, 1, 2, 3)]).is_some());
    }

    #[test]
    fn selectors_follow_the_api() {
        let labels = BTreeMap::from([("tier".to_owned(), "web".to_owned())]);
        let check = |operator: Operator, values: &[&str], expected: bool| {
            let selector = LabelSelector {
                match_labels: BTreeMap::new(),
                match_expressions: vec![Requirement {
                    key: "tier".into(),
                    operator,
                    values: values.iter().map(ToString::to_string).collect(),
                }],
            };
            assert_eq!(selector.matches(&labels), expected);
        };
        check(Operator::In, &["web", "api"], true);
        check(Operator::In, &["api"], false);
        check(Operator::NotIn, &["api"], true);
        check(Operator::Exists, &[], true);
        check(Operator::DoesNotExist, &[], false);
        check(Operator::Other("Near".into()), &["web"], false);
        assert!(LabelSelector::default().matches(&labels));
    }
}
