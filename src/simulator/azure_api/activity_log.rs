//! The activity log of a subscription: who asked for what, and how it ended, newest first
//! (Azure Monitor REST reference "Activity Logs - List", API 2015-04-01).

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::bodies::{cluster_id, stable_guid};
use super::reads::page;
use super::reply::{Call, Reply};
use crate::simulator::world::landscape::ActivityError;
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
            let errors = cluster.landscape.activity_errors.iter();
            operations
                .flat_map(move |operation| events_of(cluster, operation))
                .chain(errors.map(|error| event_of(world, cluster, error)))
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
    cause: Cause<'a>,
    at: Timestamp,
    status: &'static str,
    /// What it is about, by its id.
    resource: String,
    resource_group: String,
}

/// What wrote a line.
#[derive(Clone, Copy)]
enum Cause<'a> {
    Operation(&'a Operation),
    /// Something that happened below AKS.
    Error(&'a ActivityError),
}

/// A failed step of AKS below the cluster.
fn event_of<'a>(world: &World, cluster: &'a SimulatedCluster, error: &'a ActivityError) -> Event<'a> {
    let profile = &cluster.profile;
    let (resource, resource_group) = if error.in_node_group {
        let group = profile.node_resource_group();
        let kind = error
            .operation
            .rsplit_once('/')
            .map_or(error.operation.as_str(), |(kind, _)| kind);
        let name = cluster.pools.last().map_or("resource", |pool| pool.scale_set.as_str());
        let id = format!(
            "/subscriptions/{}/resourceGroups/{group}/providers/{kind}/{name}",
            profile.subscription
        );
        (id, group)
    } else {
        (cluster_id(cluster), profile.resource_group.clone())
    };
    Event {
        cluster,
        cause: Cause::Error(error),
        at: error.at.unwrap_or(world.now - SignedDuration::from_mins(1)),
        status: "Failed",
        resource,
        resource_group,
    }
}

/// The beginning of an operation, and its end where it has come.
fn events_of<'a>(cluster: &'a SimulatedCluster, operation: &'a Operation) -> Vec<Event<'a>> {
    let resource = match &operation.target {
        Target::Cluster => cluster_id(cluster),
        Target::Pool(name) => format!("{}/agentPools/{name}", cluster_id(cluster)),
    };
    let event = |at, status| Event {
        cluster,
        cause: Cause::Operation(operation),
        at,
        status,
        resource: resource.clone(),
        resource_group: cluster.profile.resource_group.clone(),
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
        let Self { at, status, .. } = self;
        let profile = &self.cluster.profile;
        let action = self.action();
        let provider = action.split('/').next().unwrap_or_default();
        let mut properties = json!({"eventCategory": "Administrative", "entity": self.resource, "message": action});
        let sub_status = self.sub_status();
        if let Some((code, message)) = self.error().filter(|_| *status == "Failed") {
            properties["statusCode"] = json!(sub_status);
            properties["statusMessage"] = json!(json!({"error": {"code": code, "message": message}}).to_string());
        }
        let text = |value: &str| json!({"value": value, "localizedValue": value});
        let (caller, correlation, client_request) = self.author();
        let mut body = json!({
            "id": format!("{}/events/{}/ticks/{}", self.resource, self.event_id(), at.as_nanosecond() / 100),
            "eventDataId": stable_guid(&self.event_id(), status.len() as u64),
            "eventTimestamp": at.to_string(),
            "submissionTimestamp": at.to_string(),
            "caller": caller,
            "correlationId": correlation,
            "operationId": correlation,
            "operationName": text(action),
            "status": text(status),
            "subStatus": text(sub_status),
            "level": if *status == "Failed" { "Error" } else { "Informational" },
            "category": text("Administrative"),
            "eventName": text(if *status == "Started" { "BeginRequest" } else { "EndRequest" }),
            "resourceId": self.resource,
            "resourceGroupName": self.resource_group,
            "resourceProviderName": text(provider),
            "resourceType": text(self.resource_type()),
            "subscriptionId": profile.subscription,
            "tenantId": super::TENANT,
            "properties": properties,
        });
        if let Some(id) = client_request {
            body["httpRequest"] = json!({"clientRequestId": id, "clientIpAddress": "127.0.0.1"});
        }
        body
    }

    fn action(&self) -> &str {
        match self.cause {
            Cause::Operation(operation) => operation.action.name(),
            Cause::Error(error) => &error.operation,
        }
    }

    fn resource_type(&self) -> &str {
        match self.cause {
            Cause::Operation(operation) => match operation.target {
                Target::Cluster => "Microsoft.ContainerService/managedClusters",
                Target::Pool(_) => "Microsoft.ContainerService/managedClusters/agentPools",
            },
            Cause::Error(error) => error
                .operation
                .rsplit_once('/')
                .map_or(&error.operation, |(kind, _)| kind),
        }
    }

    fn sub_status(&self) -> &str {
        match (self.cause, self.status) {
            (Cause::Error(error), _) => error.status_code.as_deref().unwrap_or("Conflict"),
            (Cause::Operation(_), "Started") => "",
            (Cause::Operation(_), "Succeeded") => "OK",
            (Cause::Operation(operation), _) if operation.error.is_some() => "Conflict",
            (Cause::Operation(_), _) => "Canceled",
        }
    }

    /// Code and message.
    fn error(&self) -> Option<(&str, &str)> {
        match self.cause {
            Cause::Operation(operation) => {
                let error = operation.error.as_ref()?;
                Some((&error.code, &error.message))
            }
            Cause::Error(error) => Some((&error.code, &error.message)),
        }
    }

    fn event_id(&self) -> String {
        match self.cause {
            Cause::Operation(operation) => operation.id.clone(),
            Cause::Error(error) => stable_guid(&self.cluster.uid, error.message.len() as u64),
        }
    }

    /// Caller, correlation id, and the client's own id of the request. AKS acts below a cluster by itself.
    fn author(&self) -> (String, String, Option<&str>) {
        match self.cause {
            Cause::Operation(operation) => (
                operation.author.caller.clone(),
                operation.author.correlation.clone(),
                operation.author.client_request.as_deref(),
            ),
            Cause::Error(_) => (stable_guid(&self.cluster.uid, 1), self.event_id(), None),
        }
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
        self.from <= event.at
            && self.until.is_none_or(|until| event.at <= until)
            && self.resource.as_ref().is_none_or(is_below)
            && self
                .resource_group
                .as_ref()
                .is_none_or(|wanted| event.resource_group.eq_ignore_ascii_case(wanted))
            && self
                .correlation
                .as_ref()
                .is_none_or(|wanted| *wanted == event.author().1)
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
