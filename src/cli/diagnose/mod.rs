//! `diagnose`: why a cluster's upgrade is stuck or failed, with evidence and remedies. Changes nothing.

mod table;
mod view;

use std::path::Path;

use super::args::{DiagnoseArguments, OutputFormat};
use super::files;
use super::finding::{self, Focus};
use super::output;
use super::session::Session;
use crate::diagnosis::catalogue::Catalogue;
use crate::diagnosis::cause::Diagnosis;
use crate::diagnosis::diagnose;
use crate::diagnosis::symptoms::{ErrorSymptom, Symptoms, UsualTimes};
use crate::domain::ids::ClusterId;
use crate::domain::survey::{Survey, SurveyDepth};
use crate::inventory::snapshot::ClusterSnapshot;
use crate::problem::{Exit, Problem};

/// A cluster with its causes and what they were found in.
pub(super) struct Looked {
    pub(super) survey: Survey,
    pub(super) diagnosis: Diagnosis,
}

/// Runs the command.
pub(super) async fn run(session: &Session, arguments: &DiagnoseArguments, format: OutputFormat) -> Result<(), Problem> {
    let catalogue = match &arguments.catalogue {
        Some(path) => Some(own_catalogue(path)?),
        None => None,
    };
    let cluster = finding::cluster_or_only(session, arguments.cluster.as_deref()).await?;
    let looked = look(session, &cluster.id, catalogue.as_ref().unwrap_or(Catalogue::shipped())).await?;
    output::print(format, &view::document(&looked), |_| table::describe(&looked))
}

/// Looks at everything and finds the causes.
pub(super) async fn look(session: &Session, id: &ClusterId, catalogue: &Catalogue) -> Result<Looked, Problem> {
    let focus = Focus::on(session, id);
    focus
        .wait_briefly(|cluster| cluster.cluster.state.is_settled() && cluster.live.is_some())
        .await?;
    let (survey, snapshot) = tokio::join!(
        session.inventory.survey(id, SurveyDepth::Diagnosis),
        focus.wait_briefly(ClusterSnapshot::is_picture_complete)
    );
    let snapshot = snapshot?;
    let errors = errors_of_execution(session, id);
    let diagnosis = diagnose(
        &Symptoms {
            survey: &survey,
            picture: snapshot.live.as_deref(),
            errors: &errors,
            usual: &UsualTimes::from(session.engine.usual_pace(id).await.map_err(Problem::from)?),
            now: session.clock.now(),
        },
        catalogue,
    );
    Ok(Looked { survey, diagnosis })
}

fn own_catalogue(path: &Path) -> Result<Catalogue, Problem> {
    Catalogue::with_file(&files::read(path, "catalogue")?).map_err(|error| {
        Problem::new(Exit::Usage, format!("the catalogue {} cannot be used", path.display()))
            .because(error.to_string())
            .try_this("mend the file; docs/formats.md describes it")
    })
}

/// What our own execution on the cluster ran into.
fn errors_of_execution(session: &Session, id: &ClusterId) -> Vec<ErrorSymptom> {
    let views = session.engine.subscribe();
    let views = views.borrow();
    let mine = views
        .iter()
        .filter(|view| view.plan.cluster == *id && !view.state.is_final());
    mine.flat_map(|view| view.errors())
        .map(|(pool, error, at)| ErrorSymptom::of_step(pool, error, at))
        .collect()
}
