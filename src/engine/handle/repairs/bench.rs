//! Prepares one step of a repair, or the way back of one: reads what is there, and makes the exact request of it.

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::super::repair::RepairRequest;
use super::super::super::repair::inverse::{self, Back};
use super::super::super::repair::note::Sent;
use super::super::super::repair::shown;
use super::super::super::repair::story::Step;
use super::super::{EngineError, EngineHandle};
use crate::azure::changes::Prepared as PreparedByAzure;
use crate::azure::error::AzureError;
use crate::domain::azure_edit::PastField;
use crate::domain::change::{Change, FieldChange, RequestPreview};
use crate::domain::ids::ClusterId;
use crate::domain::object_change::{Edit, ObjectChange};
use crate::domain::subject::ObjectRef;
use crate::domain::text::printable;
use crate::remedy::merge::{difference, merged, with_list_change};
use crate::remedy::repair::{ListChange, RepairStep};

/// One thing of a turn.
#[derive(Clone, Debug)]
pub(super) enum Task {
    Step(RepairStep),
    /// Takes a step back that was made.
    Back(Box<Step>),
}

/// A task with its exact request.
#[derive(Clone, Debug)]
pub(super) struct Ready {
    pub(super) sent: Sent,
    pub(super) before: Option<Value>,
    pub(super) request: RepairRequest,
    pub(super) fields: Vec<FieldChange>,
    /// Of a change in Azure.
    pub(super) azure: Option<RequestPreview>,
}

#[derive(Clone, Debug)]
pub(super) enum Prepared {
    Ready(Box<Ready>),
    /// Nothing has to be sent, and why.
    Nothing(String),
}

/// Objects as they will be after the requests that were prepared before: one object may be changed more than once.
#[derive(Debug, Default)]
pub(super) struct Overlay(BTreeMap<ObjectRef, Value>);

impl Overlay {
    pub(super) fn take(&mut self, ready: &Ready) {
        if let (Sent::Kubernetes { change }, Some(before)) = (&ready.sent, &ready.before)
            && let Edit::MergePatch { patch } = &change.edit
        {
            self.0.insert(change.object.clone(), merged(before, patch));
        }
    }
}

impl EngineHandle {
    /// The exact request of a task, from what is there now.
    pub(super) async fn prepare_task(
        &self,
        cluster: &ClusterId,
        task: &Task,
        overlay: Option<&Overlay>,
    ) -> Result<Prepared, EngineError> {
        match task {
            Task::Step(RepairStep::Kubernetes { change }) => {
                let before = self.object(cluster, &change.object, overlay).await?;
                if before.is_none() && matches!(change.edit, Edit::Delete { .. }) {
                    return Ok(Prepared::Nothing(format!("{} is gone already", change.object)));
                }
                self.ready_object(cluster, exact(change, before.as_ref())?, before)
                    .await
            }
            Task::Step(RepairStep::KubernetesList { change }) => {
                let before = self.object(cluster, &change.object, overlay).await?;
                match exact_list(change, before.as_ref())? {
                    None => Ok(Prepared::Nothing(format!("{} is so already", change.object))),
                    Some(change) => self.ready_object(cluster, change, before).await,
                }
            }
            Task::Step(RepairStep::Azure { change }) => {
                let prepared = self.azure()?.prepare_keeping(change).await?;
                Ok(Prepared::Ready(Box::new(ready_azure(prepared))))
            }
            Task::Back(step) => self.prepare_back(cluster, step).await,
        }
    }

    async fn prepare_back(&self, cluster: &ClusterId, step: &Step) -> Result<Prepared, EngineError> {
        match &step.sent {
            Sent::Kubernetes { change } => {
                let now = self.object(cluster, &change.object, None).await?;
                match inverse::of_object(change, step.before.as_ref(), now.as_ref()) {
                    Back::Nothing(why) => Ok(Prepared::Nothing(why)),
                    Back::Object(change) => self.ready_object(cluster, change, now).await,
                }
            }
            sent @ Sent::Azure { change, .. } => match inverse::of_resource(sent, step.before.as_ref()) {
                None => Ok(Prepared::Nothing(format!("nothing of the {change} can be put back"))),
                Some(back) => match self.azure()?.prepare_keeping(&back).await {
                    Ok(prepared) => Ok(Prepared::Ready(Box::new(ready_azure(prepared)))),
                    // Nothing of it is left there.
                    Err(AzureError::Settings { why }) => Ok(Prepared::Nothing(why)),
                    Err(error) => Err(error.into()),
                },
            },
        }
    }

    pub(super) fn azure(&self) -> Result<&crate::azure::client::AzureClient, EngineError> {
        self.0.settings.azure.as_ref().ok_or(EngineError::NoAzure)
    }

    /// An object as it is, or will be after what was prepared before.
    pub(super) async fn object(
        &self,
        cluster: &ClusterId,
        object: &ObjectRef,
        overlay: Option<&Overlay>,
    ) -> Result<Option<Value>, EngineError> {
        if let Some(known) = overlay.and_then(|overlay| overlay.0.get(object)) {
            return Ok(Some(known.clone()));
        }
        let api = self.api_server(cluster);
        api.get_object(object).await.map_err(|error| not_asked(cluster, error))
    }

    async fn ready_object(
        &self,
        cluster: &ClusterId,
        change: ObjectChange,
        before: Option<Value>,
    ) -> Result<Prepared, EngineError> {
        let is_so = match (&change.edit, &before) {
            (Edit::MergePatch { patch }, Some(before)) => merged(before, patch) == *before,
            _ => false,
        };
        if is_so {
            return Ok(Prepared::Nothing(format!("{} is so already", change.object)));
        }
        let asked = self.api_server(cluster).request_of(&change).await;
        let (server, sent) = asked.map_err(|error| not_asked(cluster, error))?;
        Ok(Prepared::Ready(Box::new(Ready {
            fields: shown::fields_of(&change, before.as_ref()),
            before,
            request: RepairRequest {
                server,
                method: sent.method,
                path: printable(&sent.path),
                body: Some(shown::pretty(&sent.body)),
            },
            sent: Sent::Kubernetes { change },
            azure: None,
        })))
    }
}

/// The API server did not answer a question.
pub(super) fn not_asked(
    cluster: &ClusterId,
    error: super::super::super::driver::api_server::ApiServerError,
) -> EngineError {
    use super::super::super::driver::api_server::ApiServerError;
    match error {
        ApiServerError::Kubernetes(error) => EngineError::Kubernetes(error),
        other => EngineError::RepairNotPossible {
            why: format!("{}: {}", cluster.name(), other.sentence()),
        },
    }
}

/// The change of the very object that is there: another one of the same name is not touched.
fn exact(change: &ObjectChange, before: Option<&Value>) -> Result<ObjectChange, EngineError> {
    if matches!(change.edit, Edit::Create { .. }) {
        return Ok(change.clone());
    }
    let uid = uid_of(&change.object, change.uid.as_deref(), before)?;
    Ok(ObjectChange { uid, ..change.clone() })
}

/// The merge patch of a change inside a list, for the version of the object that was read.
fn exact_list(change: &ListChange, before: Option<&Value>) -> Result<Option<ObjectChange>, EngineError> {
    let uid = uid_of(&change.object, change.uid.as_deref(), before)?;
    let before = before.unwrap_or(&Value::Null);
    let after =
        with_list_change(before, change).map_err(|why| EngineError::RepairNotPossible { why: why.to_string() })?;
    Ok(difference(before, &after).map(|patch| ObjectChange {
        object: change.object.clone(),
        uid,
        resource_version: text(before, "/metadata/resourceVersion"),
        edit: Edit::MergePatch { patch },
    }))
}

fn uid_of(object: &ObjectRef, wanted: Option<&str>, before: Option<&Value>) -> Result<Option<String>, EngineError> {
    let gone = |why: &str| EngineError::RepairNotPossible {
        why: format!("{object} {why}"),
    };
    let before = before.ok_or_else(|| gone("is not there any more"))?;
    let uid = text(before, "/metadata/uid");
    match wanted {
        Some(wanted) if uid.as_deref() != Some(wanted) => Err(gone("is another one by now")),
        _ => Ok(uid),
    }
}

fn text(value: &Value, pointer: &str) -> Option<String> {
    value.pointer(pointer).and_then(Value::as_str).map(str::to_owned)
}

fn ready_azure(prepared: PreparedByAzure) -> Ready {
    let PreparedByAzure { request, before } = prepared;
    let past = past_of(&request, before.as_ref());
    Ready {
        sent: Sent::Azure {
            change: request.change.clone(),
            past,
        },
        before,
        fields: request.fields.clone(),
        request: shown::of_azure(&request),
        azure: Some(request),
    }
}

/// The fields an edit writes, with what was there; empty for what is not put back field by field.
fn past_of(request: &RequestPreview, before: Option<&Value>) -> Vec<PastField> {
    let is_edit = matches!(
        request.change,
        Change::SetPoolSettings { .. }
            | Change::EditNodePool { .. }
            | Change::EditCluster { .. }
            | Change::SetWindow { .. }
    );
    let (Some(before), Some(body)) = (before.filter(|_| is_edit), &request.body) else {
        return Vec::new();
    };
    let at = |value: &Value, path: &str| {
        let found = path.split('.').try_fold(value, |value, key| value.get(key))?;
        (!found.is_null()).then(|| found.clone())
    };
    request
        .fields
        .iter()
        .filter(|field| !field.field.contains('['))
        .map(|field| PastField {
            field: field.field.clone(),
            was: at(before, &field.field),
            is: at(body, &field.field),
        })
        .collect()
}
