//! Who changed a cluster or a pool: what is asked of the activity log, and what is made of its answer.

use aks_cockpit::azure::error::AzureErrorKind;
use aks_cockpit::clock::Clock;
use aks_cockpit::domain::ids::{ClusterId, NodePoolName};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::fake_azure::{CLUSTER, FakeAzure, client_with, error_body, reply, shop};

const LOG: &str = "/subscriptions/s1/providers/Microsoft.Insights/eventtypes/management/values";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn clock() -> Clock {
    Clock::stepped(at("2026-11-23T10:00:00Z"))
}

fn event(time: &str, operation: &str, status: &str, caller: &str, resource: &str) -> Value {
    json!({"eventTimestamp": format!("2026-11-23T{time}.1234567Z"), "status": {"value": status}, "caller": caller,
        "operationName": {"value": format!("Microsoft.ContainerService/managedClusters/{operation}")},
        "resourceId": resource.to_uppercase(), "operationId": format!("{caller}-{operation}")})
}

/// The filter of a request, as it was before it was escaped.
fn filter(query: &str) -> String {
    url::form_urlencoded::parse(query.as_bytes())
        .find(|(name, _)| name == "$filter")
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}

#[tokio::test]
async fn the_pools_own_change_comes_first() {
    let pool = format!("{CLUSTER}/agentPools/user");
    let of_pool = pool.clone();
    let azure = FakeAzure::start(move |seen, _| {
        let events = if filter(&seen.query).ends_with(&format!("resourceUri eq '{of_pool}'")) {
            vec![
                event("08:00:00", "agentPools/write", "Started", "ann@example.com", &of_pool),
                event("08:01:00", "agentPools/write", "Accepted", "ann@example.com", &of_pool),
            ]
        } else {
            vec![event("09:00:00", "write", "Started", "bob@example.com", CLUSTER)]
        };
        reply(200, json!({"value": events}))
    })
    .await;
    let client = client_with(&azure.url, clock());
    let since = at("2026-11-23T07:00:00.5Z");
    let found = client
        .last_change_by(&shop(), Some(&NodePoolName::new("user")), since)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(found.caller, "ann@example.com");
    assert_eq!(found.at, at("2026-11-23T08:00:00.1234567Z"));
    assert_eq!(
        found.operation,
        "Microsoft.ContainerService/managedClusters/agentPools/write"
    );
    let seen = azure.seen();
    assert_eq!((seen.len(), seen[0].path.as_str()), (1, LOG));
    assert!(
        seen[0].query.starts_with("api-version=2015-04-01&"),
        "{}",
        seen[0].query
    );
    assert_eq!(
        filter(&seen[0].query),
        format!(
            "eventTimestamp ge '2026-11-23T07:00:00Z' and eventTimestamp le '2026-11-23T10:00:00Z' and resourceUri eq \
             '{pool}'"
        )
    );
}

#[tokio::test]
async fn a_pool_without_a_change_of_its_own_was_changed_with_its_cluster() {
    let azure = FakeAzure::start(|seen, before| {
        let next = format!("http://{}{LOG}?next", seen.header("host").unwrap());
        match before {
            // A page may be empty although more follow.
            0 => reply(200, json!({"value": [], "nextLink": next})),
            1 => reply(200, json!({"value": []})),
            _ => reply(
                200,
                json!({"value": [
                    event("09:00:00", "listClusterUserCredential/action", "Started", "carl", CLUSTER),
                    event("08:30:00", "write", "Succeeded", "4d8f-robot\u{1b}[2J", CLUSTER),
                    event("08:00:00", "write", "Started", "bob@example.com", CLUSTER),
                ]}),
            ),
        }
    })
    .await;
    let client = client_with(&azure.url, clock());
    let long_ago = at("2020-01-01T00:00:00Z");
    let found = client
        .last_change_by(&shop(), Some(&NodePoolName::new("user")), long_ago)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(found.caller, "4d8f-robot[2J", "as it came, printable");
    let seen = azure.seen();
    assert_eq!(seen.len(), 3);
    assert!(
        filter(&seen[2].query).starts_with("eventTimestamp ge '2026-08-26T10:00:00Z'"),
        "the log is kept for 90 days: {}",
        seen[2].query
    );
}

#[tokio::test]
async fn an_empty_log_is_no_error_and_a_refused_one_names_its_right() {
    let azure = FakeAzure::start(|_, before| match before {
        0 => reply(200, json!({"value": []})),
        _ => reply(403, error_body("AuthorizationFailed", "no")),
    })
    .await;
    let client = client_with(&azure.url, clock());
    let since = at("2026-11-23T07:00:00Z");
    assert_eq!(client.last_change_by(&shop(), None, since).await.unwrap(), None);
    let error = client.last_change_by(&shop(), None, since).await.unwrap_err();
    assert_eq!(error.kind(), AzureErrorKind::Denied);
    assert_eq!(error.missing_right(), Some("Microsoft.Insights/eventtypes/values/read"));
    let unknown = client
        .last_change_by(&ClusterId::from_context("kind"), None, since)
        .await;
    assert_eq!(unknown.unwrap_err().kind(), AzureErrorKind::Settings);
    assert_eq!(azure.seen().len(), 2);
}
