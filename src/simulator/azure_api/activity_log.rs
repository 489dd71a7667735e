//! The activity log of a subscription: who asked for what, and how it ended, newest first
//! (Azure Monitor REST reference "Activity Logs - List", API 2015-04-01).

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::bodies::{cluster_id, stable_guid};
use super::reads::page;
use super::reply::{Call, Reply};
use crate::simulator::world::{Operation, OperationStatus, SimulatedCluster, Target, World};

/// Answers `GET .../providers/Microsoft.Insights/eventtypes/management/values`.
pub(super) fn answer(world: &World, subscription: &str, call: &Call) -> Reply {
    let Some(filter) = call.parameter("$filter").as_deref().and_then(Filter::parse) else {
        return Reply::arm_error(
            400,
            "BadRequest",
            "The $filter query parameter must have a start time, such as eventTimestamp ge '2026-11-23T00:00:00Z'.",
        );
    };
    let selected: Option<Vec<String>> = call
        .parameter("$select")
        .map(|text| text.split(',').map(|name| name.trim().to_owned()).collect());
    let mut events: Vec<Event<'_>> = world
        .clusters
        .values()
        .chain(&world.gone)
        .filter(|cluster| cluster.profile.subscription.eq_ignore_ascii_case(subscription))
        .flat_map(|cluster| {
            let operations = cluster.operations.iter();
            operations.flat_map(move |operation| events_of(cluster, operation))
        })
        .filter(|event| filter.passes(event))
        .collect();
    events.sort_by_key(|event| std::cmp::Reverse(event.at));
    let items = events
        .iter()
        .map(|event| select(event.body(), selected.as_deref()))
        .collect();
    page(world, call, items)
}

/// One line of the log.
struct Event<'a> {
    cluster: &'a SimulatedCluster,
    operation: &'a Operation,
    at: Timestamp,
    status: &'static str,
    /// The pool's or the cluster's.
    resource: String,
}

/// The beginning of an operation, and its end where it has come.
fn events_of<'a>(cluster: &'a SimulatedCluster, operation: &'a Operation) -> Vec<Event<'a>> {
    let resource = match &operation.target {
        Target::Cluster => cluster_id(cluster),
        Target::Pool(name) => format!("{}/agentPools/{name}", cluster_id(cluster)),
    };
    let event = |at, status| Event {
        cluster,
        operation,
        at,
        status,
        resource: resource.clone(),
    };
    let end = match operation.status {
        OperationStatus::InProgress => None,
        OperationStatus::Succeeded => Some("Succeeded"),
        // The log has no word for an operation that was canceled.
        OperationStatus::Failed | OperationStatus::Canceled => Some("Failed"),
    };
    let mut events = vec![event(operation.started, "Started")];
    events.extend(operation.ended.zip(end).map(|(at, status)| event(at, status)));
    events
}

impl Event<'_> {
    fn body(&self) -> Value {
        let Self {
            operation, at, status, ..
        } = self;
        let profile = &self.cluster.profile;
        let action = operation.action.name();
        let provider = json!({"value": "Microsoft.ContainerService", "localizedValue": "Microsoft.ContainerService"});
        let mut properties = json!({"eventCategory": "Administrative", "entity": self.resource, "message": action});
        let sub_status = match (*status, &operation.error) {
            ("Started", _) => "",
            ("Succeeded", _) => "OK",
            (_, Some(error)) => {
                properties["statusCode"] = json!("Conflict");
                properties["statusMessage"] =
                    json!(json!({"error": {"code": error.code, "message": error.message}}).to_string());
                "Conflict"
            }
            _ => "Canceled",
        };
        let text = |value: &str| json!({"value": value, "localizedValue": value});
        let mut body = json!({
            "id": format!("{}/events/{}/ticks/{}", self.resource, operation.id, at.as_nanosecond() / 100),
            "eventDataId": stable_guid(&operation.id, status.len() as u64),
            "eventTimestamp": at.to_string(),
            "submissionTimestamp": at.to_string(),
            "caller": operation.author.caller,
            "correlationId": operation.author.correlation,
            "operationId": operation.author.correlation,
            "operationName": text(action),
            "status": text(status),
            "subStatus": text(sub_status),
            "level": if *status == "Failed" { "Error" } else { "Informational" },
            "category": text("Administrative"),
            "eventName": text(if *status == "Started" { "BeginRequest" } else { "EndRequest" }),
            "resourceId": self.resource,
            "resourceGroupName": profile.resource_group,
            "resourceProviderName": provider,
            "resourceType": text(match operation.target {
                Target::Cluster => "Microsoft.ContainerService/managedClusters",
                Target::Pool(_) => "Microsoft.ContainerService/managedClusters/agentPools",
            }),
            "subscriptionId": profile.subscription,
            "tenantId": super::TENANT,
            "properties": properties,
        });
        if let Some(id) = &operation.author.client_request {
            body["httpRequest"] = json!({"clientRequestId": id, "clientIpAddress": "127.0.0.1"});
        }
        body
    }
}

fn select(body: Value, names: Option<&[String]>) -> Value {
    let (Some(names), Value::Object(fields)) = (names, &body) else {
        return body;
    };
    let chosen: Map<String, Value> = fields
        .iter()
        .filter(|(field, _)| names.iter().any(|name| name.eq_ignore_ascii_case(field)))
        .map(|(field, value)| (field.clone(), value.clone()))
        .collect();
    Value::Object(chosen)
}

/// What the caller wants to see.
#[derive(Debug, PartialEq, Eq)]
struct Filter {
    from: Timestamp,
    until: Option<Timestamp>,
    /// In lower case; what lies below it counts too.
    resource: Option<String>,
    resource_group: Option<String>,
    correlation: Option<String>,
}

impl Filter {
    /// Reads terms joined by `and`; `None` where a term is unknown or no start time is given.
    fn parse(text: &str) -> Option<Self> {
        let mut from = None;
        let (mut until, mut resource, mut resource_group, mut correlation) = (None, None, None, None);
        for term in text.split(" and ") {
            let mut words = term.trim().splitn(3, ' ');
            let (field, operator, value) = (words.next()?, words.next()?, words.next()?);
            let value = value.trim().strip_prefix('\'')?.strip_suffix('\'')?;
            match (field.to_ascii_lowercase().as_str(), operator) {
                ("eventtimestamp", "ge") => from = Some(value.parse().ok()?),
                ("eventtimestamp", "le") => until = Some(value.parse().ok()?),
                ("resourceuri" | "resourceid", "eq") => resource = Some(value.to_ascii_lowercase()),
                ("resourcegroupname", "eq") => resource_group = Some(value.to_ascii_lowercase()),
                ("correlationid", "eq") => correlation = Some(value.to_owned()),
                ("resourceprovider" | "eventchannels", "eq") => {}
                _ => return None,
            }
        }
        Some(Self {
            from: from?,
            until,
            resource,
            resource_group,
            correlation,
        })
    }

    fn passes(&self, event: &Event<'_>) -> bool {
        let resource = event.resource.to_ascii_lowercase();
        let is_below = |wanted: &String| {
            let rest = resource.strip_prefix(wanted.trim_end_matches('/'));
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let group = &event.cluster.profile.resource_group;
        self.from <= event.at
            && self.until.is_none_or(|until| event.at <= until)
            && self.resource.as_ref().is_none_or(is_below)
            && self
                .resource_group
                .as_ref()
                .is_none_or(|wanted| group.eq_ignore_ascii_case(wanted))
            && self
                .correlation
                .as_ref()
                .is_none_or(|wanted| *wanted == event.operation.author.correlation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_need_a_start_time_and_known_terms() {
        let full = "eventTimestamp ge '2026-11-23T09:00:00Z' and eventTimestamp le '2026-11-23T10:00:00Z' and \
                    resourceUri eq '/subscriptions/S/resourceGroups/rg'";
        let filter = Filter::parse(full).unwrap();
        assert_eq!(filter.until.unwrap().duration_since(filter.from).as_hours(), 1);
        assert_eq!(filter.resource.unwrap(), "/subscriptions/s/resourcegroups/rg");
        for text in [
            "",
            "resourceUri eq '/subscriptions/s'",
            "eventTimestamp ge 'yesterday'",
            "eventTimestamp ge '2026-11-23T09:00:00Z' and level eq 'Error'",
            "eventTimestamp ge 2026-11-23T09:00:00Z",
        ] {
            assert_eq!(Filter::parse(text), None, "{text}");
        }
    }
}
