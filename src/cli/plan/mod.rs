//! `plan`: makes plans, or reads saved ones, and shows everything that can be said about them. Changes nothing in Azure.

pub(super) mod file;
mod request;
mod table;
mod view;
mod wish;

use std::path::Path;
use std::time::Duration;

use super::args::{GlobalArguments, PlanArguments};
use super::finding::{self, Focus};
use super::output;
use super::session::Session;
use crate::domain::ids::PlanId;
use crate::inventory::snapshot::ClusterSnapshot;
use crate::plan::builder::{self, Facts};
use crate::plan::diff::{self, Difference};
use crate::plan::estimate::{PlanEstimate, estimate};
use crate::plan::overview::{PlanOverview, overview};
use crate::plan::step::Plan;
use crate::plan::validate::{PlanFinding, Severity, validate};
use crate::problem::{Exit, Problem};
use request::Prepared;
pub(super) use wish::Wish;

/// A plan with everything a person should know before saying yes.
pub(super) struct Looked {
    pub(super) plan: Plan,
    estimate: PlanEstimate,
    /// The same in words.
    overview: PlanOverview,
    /// One for each step.
    requests: Vec<Prepared>,
    findings: Vec<PlanFinding>,
    /// From the plan it is compared with; `None` where it is compared with none.
    differences: Option<Vec<Difference>>,
}

impl Looked {
    /// The plan as a person reads it.
    pub(super) fn describe(&self) -> String {
        table::describe(self)
    }

    /// The least and the most time its steps take.
    pub(super) fn takes(&self) -> (Duration, Duration) {
        (self.estimate.low, self.estimate.high)
    }

    /// Why the plan cannot work; `None` where it can.
    pub(super) fn obstacle(&self) -> Option<Problem> {
        let errors: Vec<&PlanFinding> = self
            .findings
            .iter()
            .filter(|finding| finding.severity == Severity::Error)
            .collect();
        if errors.is_empty() {
            return None;
        }
        let what = format!("the plan for {} cannot work", self.plan.cluster_name);
        Some(
            errors
                .iter()
                .fold(Problem::new(Exit::PreflightBlockers, what), |problem, finding| {
                    problem
                        .because(format!("{}: {}", finding.what, finding.why))
                        .try_this(&finding.todo)
                }),
        )
    }
}

/// Runs the command.
pub(super) async fn run(
    session: &Session,
    arguments: &PlanArguments,
    global: &GlobalArguments,
) -> Result<Exit, Problem> {
    let plans = if let Some(path) = &arguments.load {
        file::read(path)?
    } else {
        let tests = global.smoke_tests_for(&arguments.clusters)?;
        let wish = Wish::of(&arguments.choices, tests.as_deref())?;
        make(session, &arguments.clusters, &wish).await?
    };
    let compared = arguments.compare.as_deref().map(file::read).transpose()?;
    let mut looked = Vec::new();
    for plan in plans {
        let mut one = look(session, plan).await?;
        if let (Some(others), Some(path)) = (&compared, &arguments.compare) {
            one.differences = Some(diff::compare(counterpart(others, &one.plan, path)?, &one.plan));
        }
        looked.push(one);
    }
    if let Some(path) = &arguments.save {
        let plans: Vec<Plan> = looked.iter().map(|one| one.plan.clone()).collect();
        file::write(path, &plans, global.yes)?;
    }
    output::print(global.output, &view::document(&looked), |_| {
        looked.iter().map(Looked::describe).collect::<Vec<_>>().join("\n")
    })?;
    if let Some(path) = &arguments.save {
        output::say(&format!(
            "Saved. To run it: aks-cockpit start --plan {}",
            path.display()
        ));
    }
    match looked.iter().find_map(Looked::obstacle) {
        Some(problem) if arguments.validate => Err(problem),
        _ => Ok(Exit::Done),
    }
}

/// Builds one plan for each of the clusters.
pub(super) async fn make(session: &Session, clusters: &[String], wish: &Wish) -> Result<Vec<Plan>, Problem> {
    let mut plans: Vec<Plan> = Vec::new();
    for wanted in clusters {
        let found = finding::cluster(session, wanted).await?;
        if plans.iter().any(|plan| plan.cluster == found.id) {
            return Err(Problem::new(Exit::Usage, format!("{} is named twice", found.id.name()))
                .try_this("name each cluster once"));
        }
        let focus = Focus::on(session, &found.id);
        let snapshot = focus
            .wait(|cluster| cluster.upgrades.state.is_settled() && cluster.region.state.is_settled())
            .await?;
        let id = PlanId::new(uuid::Uuid::new_v4().simple().to_string());
        let facts = facts(&snapshot)?;
        plans
            .push(builder::build(id, &facts, &wish.intent, &wish.options, session.clock.now()).map_err(Problem::from)?);
    }
    Ok(plans)
}

/// Reads the cluster as it is now, and says what the plan takes, what is wrong with it, and what it will send.
pub(super) async fn look(session: &Session, plan: Plan) -> Result<Looked, Problem> {
    let found = finding::cluster(session, plan.cluster.as_str()).await?;
    let focus = Focus::on(session, &found.id);
    let snapshot = focus
        .wait(|cluster| cluster.upgrades.state.is_settled() && cluster.region.state.is_settled())
        .await?;
    let facts = facts(&snapshot)?;
    let requests = request::prepare(&session.engine, &plan).await;
    Ok(Looked {
        estimate: estimate(&plan, facts.cluster),
        overview: overview(&plan, facts.cluster),
        findings: validate(&plan, &facts),
        requests,
        differences: None,
        plan,
    })
}

/// What is known of the cluster.
fn facts(snapshot: &ClusterSnapshot) -> Result<Facts<'_>, Problem> {
    let unread = |what: &str, why: Option<String>| {
        Problem::new(
            Exit::Unexpected,
            format!("{what} of {} cannot be read", snapshot.id.name()),
        )
        .because(why.unwrap_or_else(|| "there was no answer in time".to_owned()))
        .try_this("run the command again, or look at `aks-cockpit clusters`")
    };
    let cluster = snapshot.cluster.value.as_deref();
    let upgrades = snapshot.upgrades.value.as_deref();
    Ok(Facts {
        cluster: cluster.ok_or_else(|| unread("the state", snapshot.cluster.state.why()))?,
        upgrades: upgrades.ok_or_else(|| unread("the offers", snapshot.upgrades.state.why()))?,
        region: snapshot.region.value.as_deref(),
    })
}

/// The plan of the same cluster among those of a file.
fn counterpart<'a>(others: &'a [Plan], plan: &Plan, path: &Path) -> Result<&'a Plan, Problem> {
    others
        .iter()
        .find(|other| other.cluster == plan.cluster)
        .ok_or_else(|| {
            let names: Vec<&str> = others.iter().map(|other| other.cluster_name.as_str()).collect();
            Problem::new(
                Exit::NotFound,
                format!("{} has no plan for {}", path.display(), plan.cluster_name),
            )
            .because(format!("its plans are for {}", names.join(", ")))
            .try_this("compare plans of the same cluster")
        })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jiff::Timestamp;

    use super::*;
    use crate::domain::change::{Change, FieldChange, RequestPreview};
    use crate::domain::ids::ClusterId;
    use crate::plan::estimate::{StepEstimate, Undo};
    use crate::plan::overview::StepLine;
    use crate::plan::step::{Step, StepKind};

    fn estimated(nodes: u32, undo: Undo) -> StepEstimate {
        StepEstimate {
            nodes,
            width: 2.min(nodes),
            extra_nodes: 2.min(nodes),
            extra_vcpus: None,
            extra_addresses: Some(33),
            low: Duration::from_mins(u64::from(nodes)),
            high: Duration::from_mins(3 * u64::from(nodes)),
            undo,
        }
    }

    fn line(number: usize, id: &str, title: &str, facts: &[&str]) -> StepLine {
        StepLine {
            number,
            title: title.to_owned(),
            id: id.into(),
            kind: "verify",
            facts: facts.iter().map(|fact| (*fact).to_owned()).collect(),
            pause_after: false,
            guards: Vec::new(),
        }
    }

    /// A plan of three steps with one of everything that can be said about it.
    pub(super) fn looked() -> Looked {
        let cluster = ClusterId::from_parts("s", "rg", "shop");
        let to = "1.34.2".parse().unwrap();
        let mut web = Step::new(
            "pool-web",
            StepKind::NodePoolUpgrade {
                pool: "web".into(),
                from: None,
                to,
            },
        );
        web.pause_after = true;
        web.guards = vec!["cart".into()];
        let request = RequestPreview {
            change: Change::UpgradeControlPlane {
                cluster: cluster.clone(),
                to,
            },
            method: "PUT".to_owned(),
            path: "/managedClusters/shop?api-version=1".to_owned(),
            if_match: Some("\"7\"".to_owned()),
            fields: vec![FieldChange {
                field: "properties.kubernetesVersion".to_owned(),
                from: None,
                to: Some("1.34.2".to_owned()),
            }],
            body: None,
        };
        let week = Duration::from_hours(7 * 24);
        Looked {
            plan: Plan {
                id: "p".into(),
                cluster,
                cluster_name: "shop".to_owned(),
                created_at: Timestamp::UNIX_EPOCH,
                steps: vec![
                    Step::new("control-plane", StepKind::ControlPlaneUpgrade { from: None, to }),
                    web,
                    Step::new("verify", StepKind::Verify),
                ],
                smoke_tests: Vec::new(),
            },
            estimate: PlanEstimate {
                steps: vec![
                    estimated(0, Undo::Never),
                    estimated(8, Undo::RollBack { within: week }),
                    estimated(0, Undo::Nothing),
                ],
                extra_nodes: 2,
                extra_vcpus: None,
                extra_addresses: Some(33),
                low: Duration::from_mins(8),
                high: Duration::from_mins(24),
                waits_for_people: true,
            },
            overview: PlanOverview {
                steps: vec![
                    line(1, "control-plane", "control plane to 1.34.2", &["cannot be taken back"]),
                    StepLine {
                        pause_after: true,
                        guards: vec!["cart".into()],
                        ..line(
                            2,
                            "pool-web",
                            "node pool web to 1.34.2",
                            &["8 nodes, 2 at a time", "8 to 24 min"],
                        )
                    },
                    line(3, "verify", "verify versions and nodes", &[]),
                ],
                totals: vec!["3 steps".to_owned(), "8 nodes to move".to_owned()],
            },
            requests: vec![
                Prepared::Exact(Box::new(request)),
                Prepared::Unknown("it is prepared when its turn comes".to_owned()),
                Prepared::None,
            ],
            findings: vec![PlanFinding {
                severity: Severity::Error,
                step: Some("pool-web".into()),
                what: "web goes too far".to_owned(),
                why: "a pool is never ahead of its control plane".to_owned(),
                todo: "move the control plane first".to_owned(),
            }],
            differences: Some(vec![Difference::Moved {
                title: "verify".to_owned(),
                from: 1,
                to: 3,
            }]),
        }
    }

    #[test]
    fn errors_stop_a_plan_and_warnings_do_not() {
        let mut looked = looked();
        let problem = looked.obstacle().unwrap();
        assert_eq!(problem.exit, Exit::PreflightBlockers);
        assert_eq!(problem.todo, ["move the control plane first"]);
        looked.findings[0].severity = Severity::Warning;
        assert_eq!(looked.obstacle(), None);
    }
}
