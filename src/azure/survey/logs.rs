//! What failed of late, from the activity logs of the cluster and of its node resource group. The log is minutes behind.

use futures::join;
use jiff::{SignedDuration, Timestamp};
use reqwest::Method;

use super::Place;
use super::reader::{Reader, reading};
use crate::azure::error::AzureError;
use crate::azure::paths;
use crate::azure::retry::Repeat;
use crate::azure::wire::survey as wire;
use crate::domain::provisioning::AzureErrorDetail;
use crate::domain::survey::{Reading, RunningOperation};

const API_VERSION: &str = "2015-04-01";
/// Longer than any single operation on a pool of usual size.
const SPAN: SignedDuration = SignedDuration::from_hours(24);
/// Different errors that are kept; a tenth would be enough to judge by.
const KEPT: usize = 100;
/// What is needed of an entry: they are long.
const FIELDS: &str = "eventTimestamp,operationName,status,subStatus,resourceId,properties";

/// Failed entries of the last day, newest first; one that was repeated is kept once.
pub(super) async fn failed(reader: &Reader<'_>, place: &Place<'_>) -> Reading<Vec<AzureErrorDetail>> {
    let group = place.node_group()?;
    let quoted = |text: &str| text.replace('\'', "''");
    let of_cluster = format!("resourceUri eq '{}'", quoted(place.id.as_str()));
    let of_nodes = format!("resourceGroupName eq '{}'", quoted(&group));
    let (of_cluster, of_nodes) = join!(entries(reader, place, &of_cluster), entries(reader, place, &of_nodes));
    let mut errors = reading(of_cluster)?;
    errors.extend(reading(of_nodes)?);
    Ok(once_each(errors))
}

/// What Azure is at work on, as the log names it; not asked for where nothing runs. `None` while the log is behind.
pub(super) async fn running(reader: &Reader<'_>, place: &Place<'_>) -> Reading<Option<RunningOperation>> {
    let cluster = place.cluster()?;
    if cluster.active_state().is_none() {
        return Ok(None);
    }
    let busy = cluster.pools.iter().find(|pool| !pool.provisioning_state.is_terminal());
    // While the control plane moves the pools say so as well, and the change was one of the cluster.
    let pool = busy
        .filter(|_| cluster.provisioning_state.is_terminal())
        .map(|pool| &pool.name);
    let now = reader.client.clock().now();
    let since = now.checked_sub(SPAN).unwrap_or(Timestamp::MIN);
    let change = reading(reader.alone(reader.client.last_change_by(place.id, pool, since)).await)?;
    Ok(change.map(|change| RunningOperation {
        started_at: change.at,
        name: change.operation,
    }))
}

async fn entries(
    reader: &Reader<'_>,
    place: &Place<'_>,
    of: &str,
) -> Result<Vec<(Timestamp, AzureErrorDetail)>, AzureError> {
    let now = reader.client.clock().now();
    let seconds = |time: Timestamp| Timestamp::from_second(time.as_second()).unwrap_or(time);
    let since = now.checked_sub(SPAN).unwrap_or(Timestamp::MIN);
    let filter = format!(
        "eventTimestamp ge '{}' and eventTimestamp le '{}' and {of}",
        seconds(since),
        seconds(now)
    );
    let values = paths::in_subscription(
        &place.subscription(),
        "providers/Microsoft.Insights/eventtypes/management/values",
    )?;
    let path = format!(
        "{values}?api-version={API_VERSION}&$filter={}&$select={FIELDS}",
        paths::escaped(&filter)
    );
    let what = format!("ask the activity log what failed around {}", place.id.name());
    let first = reader.client.call(what, Method::GET, &path, Repeat::BriefRead)?;
    let (page, broken) = reader
        .alone(reader.client.pages(first, wire::failed_activity_page))
        .await;
    match broken {
        Some(error) => Err(error),
        None => Ok(page.items),
    }
}

fn once_each(mut errors: Vec<(Timestamp, AzureErrorDetail)>) -> Vec<AzureErrorDetail> {
    errors.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    let mut kept: Vec<AzureErrorDetail> = Vec::new();
    for (_, error) in errors {
        if kept.len() < KEPT && !kept.contains(&error) {
            kept.push(error);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_comes_first_and_repetitions_once() {
        let entry = |second: i64, code: &str| {
            let error = AzureErrorDetail {
                code: code.to_owned(),
                ..AzureErrorDetail::default()
            };
            (Timestamp::from_second(second).unwrap(), error)
        };
        let errors = once_each(vec![entry(1, "a"), entry(3, "b"), entry(2, "a"), entry(4, "b")]);
        let codes: Vec<&str> = errors.iter().map(|error| error.code.as_str()).collect();
        assert_eq!(codes, ["b", "a"]);
    }
}
