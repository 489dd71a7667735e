//! What a person who arrives is told: the inventory watches, a survey is taken, the diagnosis names the causes.
//! All of it over HTTP, as the cockpit does it.

use std::time::Duration;

use aks_cockpit::diagnosis::catalogue::Catalogue;
use aks_cockpit::diagnosis::cause::{Cause, Diagnosis};
use aks_cockpit::diagnosis::diagnose;
use aks_cockpit::diagnosis::symptoms::{ErrorSymptom, Symptoms, UsualTimes};
use aks_cockpit::domain::survey::{Survey, SurveyDepth};
use aks_cockpit::inventory::handle::{self, InventorySettings, RefreshIntervals};
use aks_cockpit::inventory::snapshot::{ClusterSnapshot, SourceState};
use aks_cockpit::inventory::survey::{SurveySource, take};
use aks_cockpit::progress::picture::LivePicture;
use aks_cockpit::requests::log::RequestLog;
use tokio::time::timeout;

use super::super::estate::Estate;

/// How long the watches may take to settle, in wall time; far more than they do.
const PATIENCE: Duration = Duration::from_mins(1);

/// A survey, and the causes found in it.
pub(super) struct Look {
    pub(super) survey: Survey,
    pub(super) diagnosis: Diagnosis,
    /// Codes that are found without watching too.
    pub(super) at_a_glance: Vec<String>,
}

impl Look {
    /// The cause of this code.
    pub(super) fn cause(&self, code: &str) -> Option<&Cause> {
        self.diagnosis.causes.iter().find(|cause| cause.code == code)
    }

    /// The causes with what they name, for a message.
    pub(super) fn told(&self) -> String {
        let causes = &self.diagnosis.causes;
        let lines: Vec<String> = causes
            .iter()
            .map(|cause| format!("{} {:?} {:?}", cause.code, cause.subjects, cause.remedies))
            .collect();
        format!("told: {}", lines.join("\n      "))
    }
}

/// Looks at the estate from a cold start; a request that was just refused is known.
pub(super) async fn look(estate: &Estate, refusal: Option<ErrorSymptom>) -> Look {
    let source = source(estate);
    let inventory = handle::start(InventorySettings {
        azure: source.azure.clone(),
        kubeconfig: None,
        subscriptions: Vec::new(),
        clock: source.clock.clone(),
        refresh: RefreshIntervals::default(),
        requests: source.requests.clone(),
    });
    let mut snapshots = inventory.subscribe();
    let live = inventory.live(&estate.cluster);
    let settled = snapshots.wait_for(|snapshot| {
        snapshot
            .cluster(&estate.cluster)
            .is_some_and(|cluster| is_settled(cluster))
    });
    timeout(PATIENCE, settled).await.unwrap().unwrap();
    let survey = take(&source, &estate.cluster, SurveyDepth::Diagnosis).await;
    let picture = live.borrow().clone();
    diagnosed(estate, survey, Some(&picture), refusal)
}

/// The same without watching: what stands in a survey alone.
pub(super) async fn glance(estate: &Estate) -> Look {
    let survey = take(&source(estate), &estate.cluster, SurveyDepth::Diagnosis).await;
    diagnosed(estate, survey, None, None)
}

fn source(estate: &Estate) -> SurveySource {
    SurveySource {
        azure: Some(estate.azure.clone()),
        kubeconfig: None,
        clock: estate.clock.clone(),
        requests: RequestLog::new(estate.clock.clone()),
    }
}

fn diagnosed(estate: &Estate, survey: Survey, picture: Option<&LivePicture>, refusal: Option<ErrorSymptom>) -> Look {
    let errors: Vec<ErrorSymptom> = refusal.into_iter().collect();
    let usual = UsualTimes::default();
    let symptoms = Symptoms {
        survey: &survey,
        picture,
        errors: &errors,
        usual: &usual,
        now: estate.clock.now(),
    };
    let diagnosis = diagnose(&symptoms, Catalogue::shipped());
    let glanced = diagnose(
        &Symptoms {
            picture: None,
            ..symptoms
        },
        Catalogue::shipped(),
    );
    Look {
        at_a_glance: glanced.causes.into_iter().map(|cause| cause.code).collect(),
        survey,
        diagnosis,
    }
}

/// Everything was read, or cannot be.
fn is_settled(cluster: &ClusterSnapshot) -> bool {
    let cannot = matches!(
        cluster.kubernetes,
        SourceState::Denied { .. }
            | SourceState::Failed { .. }
            | SourceState::Unavailable { .. }
            | SourceState::Stale { .. }
    );
    (cluster.are_watches_settled || cannot) && cluster.live.is_some()
}
