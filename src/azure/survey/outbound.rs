//! The addresses a cluster's nodes go out by. Asked for only where the API server is open to named ranges alone.

use futures::future;
use serde_json::Value;

use super::Place;
use super::networks::last;
use super::reader::{Reader, reading};
use crate::azure::error::AzureError;
use crate::azure::paths;
use crate::azure::wire::WrongShape;
use crate::domain::survey::Reading;
use crate::domain::text::printable;

const API_VERSION: &str = "2026-03-01";

/// The addresses of the cluster's own load balancer; empty where nodes go out by something else, which Azure does not
/// name. One that cannot be read leaves all of them unread.
pub(super) async fn of(reader: &Reader<'_>, place: &Place<'_>) -> Reading<Vec<String>> {
    let details = place.details.as_ref().map_err(Clone::clone)?;
    if details.authorized_ip_ranges.is_empty() {
        return Ok(Vec::new());
    }
    let ids = &details.load_balancer.address_ids;
    let asked = future::join_all(ids.iter().map(|id| address(reader, id))).await;
    let found: Result<Vec<Option<String>>, AzureError> = asked.into_iter().collect();
    reading(found.map(|found| found.into_iter().flatten().collect()))
}

async fn address(reader: &Reader<'_>, id: &str) -> Result<Option<String>, AzureError> {
    let path = format!("{}?api-version={API_VERSION}", paths::of_resource(id)?);
    let what = format!("read public address {}", last(id));
    reader.one(&what, &path, ip_address).await
}

/// `None` for an address that has not been given out.
#[expect(clippy::unnecessary_wraps, reason = "it stands where a parser stands")]
fn ip_address(body: &Value) -> Result<Option<String>, WrongShape> {
    let address = body.pointer("/properties/ipAddress").and_then(Value::as_str);
    Ok(address.map(printable))
}
