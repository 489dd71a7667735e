//! A plan while it is being made: what it is made from, what may be wished, and what comes back. Pure; every answer
//! is a whole assessment of one plan, so that steps, costs and findings on the screen always belong together.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;

use crate::domain::cluster::{Cluster, ClusterUpgrades, RegionVersions};
use crate::domain::ids::PlanId;
use crate::domain::smoke_test::SmokeTest;
use crate::domain::version::KubernetesVersion;
use crate::inventory::snapshot::ClusterSnapshot;
use crate::plan::builder::{self, Facts, Intent, Options};
use crate::plan::diff::{self, Difference};
use crate::plan::edit::{self, Edit};
use crate::plan::estimate::{self, PlanEstimate};
use crate::plan::step::{Plan, StepKind};
use crate::plan::validate::{self, PlanFinding, Severity};
use crate::problem::{Exit, Problem};

/// What is known of a cluster when its plan is made.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PlanFacts {
    pub(crate) cluster: Arc<Cluster>,
    pub(crate) upgrades: Arc<ClusterUpgrades>,
    pub(crate) region: Option<Arc<RegionVersions>>,
}

impl PlanFacts {
    /// `None` before the cluster and what Azure offers were read.
    pub(crate) fn of(snapshot: &ClusterSnapshot) -> Option<Self> {
        Some(Self {
            cluster: Arc::clone(snapshot.cluster.value.as_ref()?),
            upgrades: Arc::clone(snapshot.upgrades.value.as_ref()?),
            region: snapshot.region.value.clone(),
        })
    }

    fn borrowed(&self) -> Facts<'_> {
        Facts {
            cluster: &self.cluster,
            upgrades: &self.upgrades,
            region: self.region.as_deref(),
        }
    }

    /// Versions that can be asked for in one go, the one to go to first: no preview, newest first.
    pub(crate) fn targets(&self) -> Vec<KubernetesVersion> {
        let mut offers = self.upgrades.control_plane.clone();
        offers.sort_by_key(|offer| (offer.is_preview, std::cmp::Reverse(offer.version)));
        let mut targets: Vec<KubernetesVersion> = offers.iter().map(|offer| offer.version).collect();
        let runs = self.cluster.version;
        let is_behind = |version: KubernetesVersion| {
            let mut pools = self.cluster.pools.iter();
            pools.any(|pool| pool.version.is_some_and(|pool| pool < version))
        };
        targets.extend(runs.filter(|version| is_behind(*version)));
        targets
    }

    /// The plan of an intent.
    ///
    /// # Errors
    /// When it cannot be planned.
    pub(crate) fn build(&self, id: PlanId, intent: &Intent, now: Timestamp) -> Result<Plan, Problem> {
        builder::build(id, &self.borrowed(), intent, &Options::default(), now).map_err(Problem::from)
    }
}

/// What is wanted of a plan.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Wish {
    Build(Intent),
    /// Look at a plan that is there already.
    Assess(Box<Plan>),
    Change {
        plan: Box<Plan>,
        edit: Edit,
    },
}

impl Wish {
    /// Puts the test that a change names into the plan, where the plan does not have it and it is among these.
    pub(crate) fn offering(mut self, tests: &[SmokeTest]) -> Self {
        if let Self::Change { plan, edit } = &mut self {
            let named = match edit {
                Edit::Insert {
                    kind: StepKind::SmokeTest { test },
                    ..
                }
                | Edit::Guard { test, on: true, .. } => Some(&*test),
                _ => None,
            };
            let missing = named.filter(|name| plan.smoke_test(name).is_none());
            let offered = missing.and_then(|name| tests.iter().find(|test| test.name == *name));
            plan.smoke_tests.extend(offered.cloned());
        }
        self
    }
}

/// A plan with all a person wants to know before starting it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Draft {
    pub(crate) plan: Plan,
    pub(crate) estimate: PlanEstimate,
    /// Errors first.
    pub(crate) findings: Vec<PlanFinding>,
    /// Against the plan as it was made, loaded or saved last.
    pub(crate) differences: Vec<Difference>,
}

impl Draft {
    /// Findings that Azure would refuse the plan for.
    pub(crate) fn errors(&self) -> impl Iterator<Item = &PlanFinding> {
        self.findings
            .iter()
            .filter(|finding| finding.severity == Severity::Error)
    }
}

/// Makes or changes a plan and assesses it; `base` is what it is compared with.
///
/// # Errors
/// When it cannot be planned, or cannot be changed so.
pub(crate) fn draft(
    id: PlanId,
    wish: Wish,
    base: Option<&Plan>,
    facts: &PlanFacts,
    now: Timestamp,
) -> Result<Draft, Problem> {
    let plan = match wish {
        Wish::Build(intent) => facts.build(id, &intent, now)?,
        Wish::Assess(plan) => *plan,
        Wish::Change { plan, edit } => {
            edit::edit(&plan, &edit).map_err(|error| Problem::new(Exit::Refused, error.to_string()))?
        }
    };
    Ok(Draft {
        estimate: estimate::estimate(&plan, &facts.cluster),
        findings: validate::validate(&plan, &facts.borrowed()),
        differences: base.map_or_else(Vec::new, |base| diff::compare(base, &plan)),
        plan,
    })
}

/// A file name as a person types it: `~/` stands for the home directory.
///
/// # Errors
/// When nothing was typed.
pub(crate) fn path_of(text: &str, home: Option<PathBuf>) -> Result<PathBuf, &'static str> {
    let text = text.trim();
    match (text.strip_prefix("~/"), home) {
        _ if text.is_empty() => Err("a file name is needed"),
        (Some(rest), Some(home)) => Ok(home.join(rest)),
        _ => Ok(PathBuf::from(text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::fixtures;

    #[test]
    fn a_test_comes_into_the_plan_with_the_change_that_names_it() {
        let tests = fixtures::long_plan("shop-prod").smoke_tests;
        let plan = Box::new(fixtures::plan("shop-prod"));
        let guard = |test: &str, on| Edit::Guard {
            step: "pool-user".into(),
            test: test.into(),
            on,
        };
        let names = |edit: Edit, plan: &Plan| {
            let plan = Box::new(plan.clone());
            match (Wish::Change { plan, edit }).offering(&tests) {
                Wish::Change { plan, .. } => plan.smoke_tests.iter().map(|test| test.name.to_string()).collect(),
                _ => Vec::new(),
            }
        };
        assert_eq!(names(guard("checkout", true), &plan), ["checkout"]);
        let insert = Edit::Insert {
            after: None,
            kind: StepKind::SmokeTest {
                test: "checkout".into(),
            },
        };
        assert_eq!(names(insert, &plan), ["checkout"]);
        assert_eq!(names(guard("checkout", false), &plan), [""; 0]);
        assert_eq!(names(guard("unheard-of", true), &plan), [""; 0]);
        let has_it = Plan {
            smoke_tests: tests[..1].to_vec(),
            ..*plan.clone()
        };
        assert_eq!(names(guard("checkout", true), &has_it), ["checkout"], "once");
    }

    #[test]
    fn a_path_may_begin_at_home() {
        let home = || Some(PathBuf::from("/home/anna"));
        assert_eq!(path_of(" ~/a.toml ", home()), Ok(PathBuf::from("/home/anna/a.toml")));
        assert_eq!(path_of("~/a.toml", None), Ok(PathBuf::from("~/a.toml")));
        assert_eq!(path_of("b.toml", home()), Ok(PathBuf::from("b.toml")));
        assert!(path_of("  ", home()).is_err());
    }
}
