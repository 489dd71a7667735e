//! The machines behind the nodes, with what their instance views say. A machine is here even where it never became a
//! node.

use futures::future;

use super::Place;
use super::reader::{Reader, reading};
use crate::azure::error::{AzureError, AzureErrorKind};
use crate::azure::paths;
use crate::azure::wire::survey::{self as wire, ScaleSet};
use crate::domain::survey::{Reading, ScaleSetMachine};

const API_VERSION: &str = "2024-07-01";

/// One list of scale sets, then one of machines for each that belongs to a pool; single machines have one more list,
/// without instance views, where a pool is made of them. In the order of their names.
pub(super) async fn of(reader: &Reader<'_>, place: &Place<'_>) -> Reading<Vec<ScaleSetMachine>> {
    let rest = format!(
        "resourceGroups/{}/providers/Microsoft.Compute",
        reading(paths::segment(&place.node_group()?))?
    );
    let compute = reading(paths::in_subscription(&place.subscription(), &rest))?;
    let has_single = place.details.as_ref().is_ok_and(|details| {
        let kinds = details.pools.values().filter_map(|pool| pool.pool_type.as_deref());
        kinds
            .into_iter()
            .any(|kind| !kind.eq_ignore_ascii_case("VirtualMachineScaleSets"))
    });
    let path = format!("{compute}/virtualMachineScaleSets?api-version={API_VERSION}");
    let sets = reading(reader.list("list the scale sets", &path, wire::scale_set_page).await)?;
    let of_pools = sets.iter().filter(|set| set.pool.is_some());
    let lists = future::join_all(of_pools.map(|set| of_set(reader, &compute, set))).await;
    let mut machines = Vec::new();
    for list in lists {
        machines.extend(reading(list)?);
    }
    if has_single {
        let path = format!("{compute}/virtualMachines?api-version={API_VERSION}");
        machines.extend(reading(
            reader.list("list the machines", &path, wire::machine_page).await,
        )?);
    }
    machines.sort_by(|one, other| one.computer_name.cmp(&other.computer_name));
    Ok(machines)
}

/// A scale set that went away meanwhile has no machines.
async fn of_set(reader: &Reader<'_>, compute: &str, set: &ScaleSet) -> Result<Vec<ScaleSetMachine>, AzureError> {
    let path = format!(
        "{compute}/virtualMachineScaleSets/{}/virtualMachines?api-version={API_VERSION}&$expand=instanceView",
        paths::segment(&set.name)?
    );
    let what = format!("list the machines of {}", set.name);
    match reader.list(&what, &path, wire::machine_page).await {
        Ok(machines) => Ok(machines
            .into_iter()
            .map(|machine| ScaleSetMachine {
                pool: set.pool.clone(),
                ..machine
            })
            .collect()),
        Err(error) if error.kind() == AzureErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}
