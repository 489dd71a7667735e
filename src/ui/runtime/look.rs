//! Takes surveys, and has the checks and the diagnosis made from them off the cockpit's own task. Decides nothing.

use std::sync::Arc;

use super::super::checking::Goal;
use super::super::command::Look;
use super::super::inquiry::{Checked, Diagnosed, Surveyed};
use super::super::symptoms::KnownErrors;
use super::outside::broken;
use crate::clock::Clock;
use crate::diagnosis::catalogue::Catalogue;
use crate::diagnosis::symptoms::{ErrorSymptom, Symptoms, UsualTimes};
use crate::diagnosis::{diagnose, reconcile};
use crate::domain::ids::ClusterId;
use crate::domain::survey::{Survey, SurveyDepth};
use crate::engine::handle::EngineHandle;
use crate::inventory::handle::InventoryHandle;
use crate::preflight::baseline;
use crate::preflight::finding::Report;
use crate::preflight::question::{Planned, Question};
use crate::problem::{Exit, Problem};
use crate::progress::picture::LivePicture;

/// The rooms that are asked.
#[derive(Clone, Debug)]
pub(super) struct Sources {
    pub(super) inventory: InventoryHandle,
    pub(super) engine: EngineHandle,
    pub(super) clock: Clock,
}

impl Sources {
    /// Makes the checks, and compares them with those before the upgrade where that is what is asked.
    pub(super) async fn check(
        self,
        cluster: ClusterId,
        goal: Goal,
        planned: Planned,
        survey: Option<Surveyed>,
    ) -> Result<Checked, Problem> {
        let survey = match survey {
            Some(survey) => survey,
            None => Surveyed(Arc::new(self.inventory.survey(&cluster, SurveyDepth::Preflight).await)),
        };
        let before = match &goal {
            Goal::After { execution, .. } => self.engine.baseline(execution).await?,
            _ => None,
        };
        let before = before.map(|json| kept(&json)).transpose()?;
        let facts = Arc::clone(&survey.0);
        let report = tokio::task::spawn_blocking(move || crate::preflight::run(&Question::new(&facts, &planned)));
        let report = report.await.map_err(|error| broken(&error))?;
        Ok(Checked {
            difference: before.map(|before| baseline::compare(&before, &report)),
            goal,
            report,
            survey,
        })
    }

    /// Finds the causes.
    pub(super) async fn diagnose(
        self,
        cluster: ClusterId,
        picture: Option<Arc<LivePicture>>,
        errors: KnownErrors,
        look: Look,
    ) -> Result<Diagnosed, Problem> {
        let is_surveyed = look != Look::PictureOnly;
        // What cannot be read of earlier upgrades only makes the patience with a phase a general one.
        let usual = UsualTimes::from(self.engine.usual_pace(&cluster).await.unwrap_or_default());
        let survey = match look {
            Look::Survey => Surveyed(Arc::new(self.inventory.survey(&cluster, SurveyDepth::Diagnosis).await)),
            Look::Again(survey) => survey,
            Look::PictureOnly => Surveyed(Arc::new(Survey::empty(cluster, self.clock.now()))),
        };
        let (facts, seen, now) = (Arc::clone(&survey.0), picture.clone(), self.clock.now());
        let found = tokio::task::spawn_blocking(move || {
            let errors = all_errors(errors, &facts);
            let symptoms = Symptoms {
                survey: &facts,
                picture: seen.as_deref(),
                errors: &errors,
                usual: &usual,
                now,
            };
            let claims = is_surveyed.then(|| reconcile(&facts, seen.as_deref()));
            (diagnose(&symptoms, Catalogue::shipped()), claims)
        });
        let (diagnosis, reconciliation) = found.await.map_err(|error| broken(&error))?;
        Ok(Diagnosed {
            diagnosis,
            survey,
            reconciliation,
            is_surveyed,
            picture,
        })
    }
}

/// Our execution's errors first. Those Azure keeps are in the survey where it was read, and tell more there.
fn all_errors(known: KnownErrors, survey: &Survey) -> Vec<ErrorSymptom> {
    let kept = match survey.azure.cluster {
        Ok(_) => Vec::new(),
        Err(_) => known.of_azure,
    };
    known.of_execution.into_iter().chain(kept).collect()
}

/// The report that was kept with an execution.
fn kept(json: &str) -> Result<Report, Problem> {
    baseline::from_text(json).map_err(|error| {
        Problem::new(
            Exit::Unexpected,
            "The checks kept from before the upgrade cannot be read",
        )
        .because(error.to_string())
        .try_this("look at all checks instead: h and l choose what they are made for")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kept_report_is_read_back_or_says_what_to_do() {
        let report = crate::ui::fixtures::report();
        let json = baseline::to_text(&report);
        assert_eq!(kept(&json), Ok(report));
        assert!(kept("{").is_err_and(|problem| !problem.todo.is_empty()));
    }
}
