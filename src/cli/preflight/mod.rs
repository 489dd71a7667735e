//! `preflight`: everything that would go wrong with an upgrade, worst first. Changes nothing; exit code 3 on blockers.

mod report_file;
mod table;
mod view;

use super::args::{GlobalArguments, PreflightArguments};
use super::finding::{self, Focus};
use super::output;
use super::plan::{self, Looked, Wish};
use super::session::Session;
use crate::domain::survey::{Survey, SurveyDepth};
use crate::domain::version::VersionWish;
use crate::inventory::snapshot::ClusterSnapshot;
use crate::plan::builder::{Intent, PoolChoice};
use crate::preflight::baseline::{self, Difference, compare};
use crate::preflight::finding::{Outcome, Report};
use crate::preflight::question::{Planned, Question};
use crate::problem::{Exit, Problem};

/// One cluster's report.
pub(super) struct Checked {
    cluster: String,
    name: String,
    target: Option<String>,
    pub(super) report: Report,
    /// From the report it is compared with.
    difference: Option<Difference>,
}

/// Runs the command.
pub(super) async fn run(
    session: &Session,
    arguments: &PreflightArguments,
    global: &GlobalArguments,
) -> Result<Exit, Problem> {
    let tests = global.smoke_tests_for(std::slice::from_ref(&arguments.cluster))?;
    let wish = Wish::of(&arguments.choices, tests.as_deref())?;
    let before = match &arguments.compare {
        Some(wanted) => Some(report_file::before(session, wanted).await?),
        None => None,
    };
    let found = finding::cluster(session, &arguments.cluster).await?;
    let focus = Focus::on(session, &found.id);
    let snapshot = focus
        .wait(|cluster| cluster.upgrades.state.is_settled() && cluster.region.state.is_settled())
        .await?;
    let planned = match plan::make(session, std::slice::from_ref(&arguments.cluster), &wish).await {
        Ok(plans) => match plans.into_iter().next() {
            Some(plan) => planned(&plan::look(session, plan).await?),
            None => Planned::default(),
        },
        // A way that no plan can take is a finding, not the end of the look.
        Err(problem) => without_plan(&wish.intent, &snapshot).ok_or(problem)?,
    };
    let survey = session.inventory.survey(&found.id, SurveyDepth::Preflight).await;
    let mut checked = check(&survey, &planned, found.id.name());
    checked.difference = before.map(|before| compare(&before, &checked.report));
    if let Some(path) = &arguments.save {
        report_file::write(path, &checked.report, global.yes)?;
    }
    output::print(global.output, &view::document(&checked), |_| {
        table::describe(&checked, arguments.all)
    })?;
    Ok(match checked.report.worst() {
        Outcome::Blocker => Exit::PreflightBlockers,
        _ => Exit::Done,
    })
}

/// Checks a plan before it is started.
pub(super) async fn of_plan(session: &Session, looked: &Looked) -> Checked {
    let survey = session
        .inventory
        .survey(&looked.plan.cluster, SurveyDepth::Preflight)
        .await;
    check(&survey, &planned(looked), &looked.plan.cluster_name)
}

fn check(survey: &Survey, planned: &Planned, name: &str) -> Checked {
    Checked {
        cluster: survey.cluster.as_str().to_owned(),
        name: name.to_owned(),
        target: planned.target().map(|version| version.to_string()),
        report: crate::preflight::run(&Question::new(survey, planned)),
        difference: None,
    }
}

impl Checked {
    /// The report for a person, without what passed.
    pub(super) fn describe(&self) -> String {
        table::describe(self, false)
    }

    /// The report as it is kept in the journal and in files.
    pub(super) fn kept(&self) -> String {
        baseline::to_text(&self.report)
    }

    /// Why the upgrade should not be started; `None` where no check names a blocker.
    pub(super) fn obstacle(&self) -> Option<Problem> {
        let blockers = self
            .report
            .findings
            .iter()
            .filter(|finding| finding.outcome == Outcome::Blocker);
        let what = format!("the checks name blockers for {}", self.name);
        let problem = blockers.fold(Problem::new(Exit::PreflightBlockers, what), |problem, finding| {
            problem.because(format!("{}: {}", finding.code, finding.headline))
        });
        (!problem.why.is_empty()).then(|| {
            problem
                .try_this(format!(
                    "see them with `aks-cockpit preflight {}`, and remove them",
                    self.name
                ))
                .try_this("or start anyway with --despite and a reason, which is recorded")
        })
    }
}

fn planned(looked: &Looked) -> Planned {
    let aims = looked.plan.aims();
    Planned {
        control_plane: aims.control_plane.last().copied(),
        pools: aims.pools,
        begins_at: None,
        takes: Some(looked.takes()),
    }
}

/// What was asked for, in one step, where no plan leads there.
fn without_plan(intent: &Intent, snapshot: &ClusterSnapshot) -> Option<Planned> {
    let cluster = snapshot.cluster.value.as_deref()?;
    let Intent::Upgrade { to, pools } = intent else {
        return None;
    };
    let to = match to {
        VersionWish::Exact(version) => *version,
        wish @ VersionWish::NewestOf(_) => {
            let region = snapshot.region.value.iter().flat_map(|region| &region.minors);
            wish.choose(region.flat_map(|minor| minor.patches.keys().copied()))?
        }
    };
    let mut planned = Planned::whole(cluster, to);
    planned.pools.retain(|name, _| match pools {
        PoolChoice::All => true,
        PoolChoice::None => false,
        PoolChoice::These(names) => names.contains(name),
    });
    Some(planned)
}
