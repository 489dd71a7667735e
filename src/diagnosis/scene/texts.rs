//! Every text of Azure that may name a cause: operation and resource errors, bootstrap words, failed activities.

use jiff::Timestamp;

use super::Scene;
use crate::diagnosis::catalogue::{Layer, layers};
use crate::domain::ids::NodeName;
use crate::domain::provisioning::AzureErrorDetail;
use crate::domain::subject::Subject;

/// Who wrote a text; decides how much it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::diagnosis) enum Origin {
    /// The running or last operation, or a resource.
    Error,
    /// A request that was refused before anything began.
    Refusal,
    /// A failed entry of an activity log: true once, maybe of something else.
    Activity,
}

/// One text with all its layers, innermost first.
#[derive(Clone, Debug)]
pub(in crate::diagnosis) struct Text {
    pub(in crate::diagnosis) origin: Origin,
    pub(in crate::diagnosis) subject: Subject,
    pub(in crate::diagnosis) error: AzureErrorDetail,
    pub(in crate::diagnosis) layers: Vec<Layer>,
    pub(in crate::diagnosis) at: Option<Timestamp>,
}

pub(super) fn collect(scene: &Scene<'_>) -> Vec<Text> {
    let mut texts: Vec<Text> = Vec::new();
    let began = scene.situation.since;
    for symptom in scene.symptoms.errors {
        let is_of_another_run =
            matches!((began, symptom.at), (Some(began), Some(at)) if at < began && !symptom.is_refusal);
        if !is_of_another_run {
            let origin = if symptom.is_refusal {
                Origin::Refusal
            } else {
                Origin::Error
            };
            add(&mut texts, origin, symptom.subject.clone(), &symptom.error, symptom.at);
        }
    }
    add_resources(scene, &mut texts);
    if scene.situation.is_running || scene.situation.is_failed {
        for activity in scene.symptoms.survey.azure.failed_activities.iter().flatten() {
            add(&mut texts, Origin::Activity, Subject::Cluster, activity, None);
        }
    }
    texts
}

/// Errors that Azure keeps on the cluster and on its pools.
fn add_resources(scene: &Scene<'_>, texts: &mut Vec<Text>) {
    let Some(cluster) = scene.cluster() else { return };
    if let Some(error) = &cluster.error {
        add(texts, Origin::Error, Subject::Cluster, error, None);
    }
    for pool in &cluster.pools {
        let is_over = pool.provisioning_state.is_terminal() && pool.provisioning_state.as_str() != "Succeeded";
        if let Some(error) = pool.error.as_ref().filter(|_| is_over) {
            add(texts, Origin::Error, Subject::pool(&pool.name), error, None);
        }
    }
}

fn add(texts: &mut Vec<Text>, origin: Origin, subject: Subject, error: &AzureErrorDetail, at: Option<Timestamp>) {
    if texts.iter().any(|known| known.error == *error) {
        return;
    }
    texts.push(Text {
        origin,
        subject,
        layers: layers(error),
        error: error.clone(),
        at,
    });
}

impl Text {
    /// As Azure wrote it.
    pub(in crate::diagnosis) fn words(&self) -> String {
        let mut words = self.error.to_string();
        for detail in &self.error.details {
            words.push_str(" | ");
            words.push_str(&detail.to_string());
        }
        words
    }

    /// The node a field of the text names, where it has a node's shape.
    pub(in crate::diagnosis) fn node_of(field: &str) -> Option<NodeName> {
        let name = field.replace(' ', "");
        (name.len() > 3 && name.starts_with("aks")).then(|| NodeName::new(name))
    }
}
