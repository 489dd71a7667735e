//! What changes nothing: subscriptions, lists with their pages, and how an operation stands.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::bodies;
use super::reply::{Call, Reply};
use super::signature::{Link, is_signed, operation_url};
use crate::simulator::world::{Operation, OperationStatus, Refusal, SimulatedCluster, World};

/// Answers `GET /subscriptions`.
pub(super) fn subscriptions(world: &World) -> Reply {
    let value: Vec<Value> = world
        .subscriptions
        .iter()
        .map(|subscription| {
            json!({
                "id": format!("/subscriptions/{}", subscription.id),
                "subscriptionId": subscription.id,
                "tenantId": super::TENANT,
                "displayName": subscription.name,
                "state": "Enabled",
            })
        })
        .collect();
    Reply::of_arm(
        200,
        &json!({"value": value, "count": {"type": "Total", "value": value.len()}}),
    )
}

/// Answers a LIST of clusters, of a subscription or of one resource group.
pub(super) fn clusters(world: &World, subscription: &str, resource_group: Option<&str>, call: &Call) -> Reply {
    let items = world
        .clusters
        .values()
        .filter(|cluster| {
            cluster.profile.subscription.eq_ignore_ascii_case(subscription)
                && resource_group.is_none_or(|group| cluster.profile.resource_group.eq_ignore_ascii_case(group))
        })
        .map(bodies::cluster)
        .collect();
    page(world, call, items)
}

/// Answers a LIST of a cluster's pools.
pub(super) fn pools(world: &World, cluster: &SimulatedCluster, call: &Call) -> Reply {
    let items = cluster.pools.iter().map(|pool| bodies::pool(cluster, pool)).collect();
    page(world, call, items)
}

/// Answers a LIST of a cluster's maintenance configurations.
pub(super) fn maintenance_configurations(world: &World, cluster: &SimulatedCluster, call: &Call) -> Reply {
    let windows = cluster.landscape.windows.iter();
    let items = windows
        .map(|(name, properties)| {
            json!({
                "id": format!("{}/maintenanceConfigurations/{name}", bodies::cluster_id(cluster)),
                "name": name,
                "properties": properties,
            })
        })
        .collect();
    page(world, call, items)
}

/// One page of a list; the next one is named by a full URL.
pub(super) fn page(world: &World, call: &Call, items: Vec<Value>) -> Reply {
    let start: usize = call
        .parameter("skipToken")
        .and_then(|token| token.parse().ok())
        .unwrap_or(0);
    let total = items.len();
    let value: Vec<Value> = items
        .into_iter()
        .skip(start)
        .take(world.manners.page_size.max(1))
        .collect();
    let end = start + value.len();
    let mut body = json!({"value": value});
    let has_more = end < total || (world.manners.has_empty_last_page && start < total);
    if has_more {
        let mut query = url::form_urlencoded::Serializer::new(format!("%24skipToken={end}"));
        let sent = url::form_urlencoded::parse(call.query.as_bytes());
        query.extend_pairs(sent.filter(|(name, _)| !name.to_ascii_lowercase().ends_with("skiptoken")));
        query.append_pair("skipToken", &end.to_string());
        body["nextLink"] = json!(format!("{}{}?{}", call.endpoint, call.path, query.finish()));
    }
    Reply::of_aks(200, &body)
}

/// Answers a poll of an operation's status or result.
pub(super) fn operation(world: &World, subscription: &str, id: &str, link: Link, call: &Call) -> Reply {
    let found = world.find_operation(id).filter(|(cluster, operation)| {
        cluster.profile.subscription.eq_ignore_ascii_case(subscription)
            && is_signed(call, &operation.id, link, world.seed, operation.started)
    });
    let Some((cluster, operation)) = found else {
        return lost();
    };
    match link {
        Link::Status => with_retry_after(world, operation, Reply::of_aks(200, &status_body(operation))),
        Link::Result => result(world, cluster, operation, call),
    }
}

/// What ARM says of an operation it does not know, or whose URL was changed.
pub(super) fn lost() -> Reply {
    Reply::arm_error(404, "NotFound", "The entity was not found in this Azure location.")
}

fn status_body(operation: &Operation) -> Value {
    let mut body = json!({
        "name": operation.id,
        "status": operation.status.as_str(),
        "startTime": time(operation.started),
    });
    if let Some(ended) = operation.ended {
        body["endTime"] = json!(time(ended));
    }
    if let Some(error) = &operation.error {
        body["error"] = json!({"code": error.code, "message": error.message});
    }
    body
}

fn result(world: &World, cluster: &SimulatedCluster, operation: &Operation, call: &Call) -> Reply {
    let reply = match (operation.status, &operation.error) {
        (OperationStatus::InProgress, _) => Reply::of_aks(202, &json!({"status": "InProgress"})),
        (OperationStatus::Failed, Some(error)) => {
            return Reply::aks_error(&Refusal::new(400, &error.code, error.message.clone()));
        }
        _ => Reply::empty(204),
    };
    let url = operation_url(
        &call.endpoint,
        &cluster.profile.subscription,
        &cluster.profile.location,
        &operation.id,
        Link::Result,
        world.seed,
        operation.started,
    );
    with_retry_after(world, operation, reply.with("location", url))
}

fn with_retry_after(world: &World, operation: &Operation, reply: Reply) -> Reply {
    match world.manners.retry_after_seconds {
        Some(seconds) if operation.status == OperationStatus::InProgress => {
            reply.with("retry-after", seconds.to_string())
        }
        _ => reply,
    }
}

/// A time as AKS writes it: up to seven digits of a second, trailing zeros left out.
fn time(at: Timestamp) -> String {
    let tenth_microseconds = at.subsec_nanosecond().rem_euclid(1_000_000_000) / 100;
    let whole = at.strftime("%Y-%m-%dT%H:%M:%S");
    let fraction = format!("{tenth_microseconds:07}");
    match fraction.trim_end_matches('0') {
        "" => format!("{whole}Z"),
        digits => format!("{whole}.{digits}Z"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_up_to_seven_digits() {
        let check = |text: &str, expected: &str| assert_eq!(time(text.parse().unwrap()), expected);
        check("2025-05-16T03:27:04.0328676Z", "2025-05-16T03:27:04.0328676Z");
        check("2024-01-16T02:04:56.875272Z", "2024-01-16T02:04:56.875272Z");
        check("2024-01-16T02:04:56Z", "2024-01-16T02:04:56Z");
    }
}
