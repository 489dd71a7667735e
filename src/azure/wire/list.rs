//! Lists: pages of resources, the answers of Resource Graph, and the caller's subscriptions.

use serde::Deserialize;
use serde_json::Value;

use super::cluster::cluster;
use super::lenient::{Lenient, Text, object};
use super::node_pool::node_pool;
use super::{WrongShape, error};
use crate::domain::cluster::Cluster;
use crate::domain::ids::SubscriptionId;
use crate::domain::node_pool::NodePool;

/// One page of a list. May be empty although more follow.
#[derive(Clone, Debug)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// The next page: a whole URL, or Resource Graph's skip token. Opaque, so it is not made printable.
    pub next: Option<String>,
    /// One sentence for each entry that could not be read, and for a list that was cut.
    pub findings: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Listed {
    value: Lenient<Vec<Value>>,
    next_link: Lenient<String>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct GraphAnswer {
    data: Lenient<Vec<Value>>,
    #[serde(rename = "$skipToken")]
    skip_token: Lenient<String>,
    result_truncated: Lenient<Value>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Subscription {
    subscription_id: Lenient<Text>,
    state: Lenient<Text>,
}

/// Reads a page of clusters.
pub fn cluster_page(body: &Value) -> Result<Page<Cluster>, WrongShape> {
    listed(body, cluster)
}

/// Reads a page of node pools.
pub fn node_pool_page(body: &Value) -> Result<Page<NodePool>, WrongShape> {
    listed(body, node_pool)
}

/// Reads a page of subscriptions; deleted ones are left out.
pub fn subscription_page(body: &Value) -> Result<Page<SubscriptionId>, WrongShape> {
    let page = listed(body, |value| {
        let subscription: Subscription = object(value)?;
        let id = subscription
            .subscription_id
            .text()
            .ok_or_else(|| WrongShape::new("a subscription has no id"))?;
        let is_gone = subscription
            .state
            .text()
            .is_some_and(|state| state.eq_ignore_ascii_case("Deleted"));
        Ok((!is_gone).then(|| SubscriptionId::new(id.to_ascii_lowercase())))
    })?;
    Ok(Page {
        items: page.items.into_iter().flatten().collect(),
        next: page.next,
        findings: page.findings,
    })
}

/// Reads an answer of Resource Graph to the cockpit's query.
pub fn graph_page(body: &Value) -> Result<Page<Cluster>, WrongShape> {
    let answer: GraphAnswer = object(body)?;
    let rows = answer
        .data
        .0
        .ok_or_else(|| WrongShape::new("a Resource Graph answer has no 'data' list"))?;
    let next = answer.skip_token.0.filter(|token| !token.is_empty());
    let (items, mut findings) = read_each(&rows, cluster);
    let is_cut = match answer.result_truncated.0 {
        Some(Value::String(word)) => word.eq_ignore_ascii_case("true"),
        Some(Value::Bool(is_cut)) => is_cut,
        _ => false,
    };
    if is_cut && next.is_none() {
        findings.push("Resource Graph cut its answer: clusters may be missing from the list".to_owned());
    }
    Ok(Page { items, next, findings })
}

/// Reads a page of the usual shape.
pub(super) fn listed<T>(body: &Value, read: impl Fn(&Value) -> Result<T, WrongShape>) -> Result<Page<T>, WrongShape> {
    let listed: Listed = object(body)?;
    let values = listed.value.0.ok_or_else(|| WrongShape::new("a list has no 'value'"))?;
    let (items, findings) = read_each(&values, read);
    Ok(Page {
        items,
        next: listed.next_link.0.filter(|link| !link.is_empty()),
        findings,
    })
}

fn read_each<T>(values: &[Value], read: impl Fn(&Value) -> Result<T, WrongShape>) -> (Vec<T>, Vec<String>) {
    let mut items = Vec::with_capacity(values.len());
    let mut findings = Vec::new();
    for value in values {
        match read(value) {
            Ok(item) => items.push(item),
            Err(why) => {
                let subject = ["id", "name"]
                    .iter()
                    .find_map(|field| value.get(field)?.as_str())
                    .map_or_else(|| "an entry of the list".to_owned(), |id| error::excerpt(id.as_bytes()));
                findings.push(format!("{subject} cannot be read: {why}"));
            }
        }
    }
    (items, findings)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ID: &str = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerService/managedClusters/c";

    #[test]
    fn a_bad_entry_is_a_finding_and_the_rest_is_read() {
        let page = cluster_page(&json!({"value": [{"id": ID}, {"id": "/odd"}, 7, null], "nextLink": ""})).unwrap();
        assert_eq!((page.items.len(), page.findings.len(), page.next), (1, 3, None));
        assert!(
            page.findings[0].starts_with("/odd cannot be read"),
            "{:?}",
            page.findings
        );
        let empty = cluster_page(&json!({"value": [], "nextLink": "https://x/next"})).unwrap();
        assert_eq!((empty.items.len(), empty.next.as_deref()), (0, Some("https://x/next")));
    }

    #[test]
    fn a_list_without_its_list_is_of_the_wrong_shape() {
        for body in [json!({}), json!({"value": null}), json!({"value": {}}), json!([])] {
            assert!(cluster_page(&body).is_err(), "{body}");
            assert!(graph_page(&body).is_err(), "{body}");
        }
    }

    #[test]
    fn resource_graph_pages_by_token_and_says_when_it_cuts() {
        let page = graph_page(&json!({"data": [{"id": ID}], "resultTruncated": "false", "$skipToken": "t"})).unwrap();
        assert_eq!(
            (page.items.len(), page.next.as_deref(), page.findings.len()),
            (1, Some("t"), 0)
        );
        for cut in [json!("true"), json!(true)] {
            assert_eq!(
                graph_page(&json!({"data": [], "resultTruncated": cut}))
                    .unwrap()
                    .findings
                    .len(),
                1
            );
        }
    }

    #[test]
    fn deleted_subscriptions_are_left_out() {
        let page = subscription_page(&json!({"value": [
            {"subscriptionId": "AB", "state": "Enabled"}, {"subscriptionId": "cd", "state": "deleted"}, {"state": "x"}]}))
        .unwrap();
        assert_eq!(page.items, [SubscriptionId::new("ab")]);
        assert_eq!(page.findings.len(), 1);
    }
}
