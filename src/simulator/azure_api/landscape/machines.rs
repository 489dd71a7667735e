//! Scale sets and their machines, with instance views (Compute REST reference "Virtual Machine Scale Set VMs", 2024).

use serde_json::{Value, json};

use super::group_id;
use crate::simulator::azure_api::reads::page;
use crate::simulator::azure_api::reply::{Call, Reply};
use crate::simulator::world::landscape::{FailedBootstrap, Failure};
use crate::simulator::world::{SimulatedCluster, SimulatedNode, SimulatedPool, World};

/// Answers `GET {group}/.../virtualMachineScaleSets`.
pub(super) fn scale_sets(world: &World, clusters: &[&SimulatedCluster], group: Option<&str>, call: &Call) -> Reply {
    let here = clusters.iter().filter(|cluster| {
        let nodes = cluster.profile.node_resource_group();
        group.is_some_and(|group| nodes.eq_ignore_ascii_case(group))
    });
    let items = here
        .flat_map(|cluster| cluster.pools.iter().map(move |pool| scale_set(cluster, pool)))
        .collect();
    page(world, call, items)
}

fn scale_set(cluster: &SimulatedCluster, pool: &SimulatedPool) -> Value {
    json!({
        "name": pool.scale_set,
        "id": scale_set_id(cluster, pool),
        "type": "Microsoft.Compute/virtualMachineScaleSets",
        "location": cluster.profile.location,
        "tags": {
            "aks-managed-orchestrator": format!("Kubernetes:{}", pool.claimed),
            "aks-managed-poolName": pool.name,
        },
        "sku": {"name": pool.vm_size, "tier": "Standard", "capacity": pool.nodes.len()},
        "properties": {"provisioningState": "Succeeded", "singlePlacementGroup": false},
    })
}

fn scale_set_id(cluster: &SimulatedCluster, pool: &SimulatedPool) -> String {
    let group = group_id(cluster, &cluster.profile.node_resource_group());
    format!(
        "{group}/providers/Microsoft.Compute/virtualMachineScaleSets/{}",
        pool.scale_set
    )
}

/// Answers `GET {scale set}/virtualMachines`, with instance views where `$expand` asks for them.
pub(super) fn of_scale_set(world: &World, clusters: &[&SimulatedCluster], name: &str, call: &Call) -> Reply {
    let found = clusters.iter().find_map(|cluster| {
        let pool = cluster
            .pools
            .iter()
            .find(|pool| pool.scale_set.eq_ignore_ascii_case(name))?;
        Some((*cluster, pool))
    });
    let Some((cluster, pool)) = found else {
        return Reply::not_found("Microsoft.Compute/virtualMachineScaleSets", name, "");
    };
    let has_view = call
        .parameter("$expand")
        .is_some_and(|expand| expand.eq_ignore_ascii_case("instanceView"));
    let items = pool
        .nodes
        .iter()
        .enumerate()
        .map(|(number, node)| machine(world, cluster, pool, (number, node), has_view))
        .collect();
    page(world, call, items)
}

/// Answers `GET {group}/.../virtualMachines`: no simulated pool is made of single machines.
pub(super) fn single() -> Reply {
    Reply::of_arm(200, &json!({"value": []}))
}

fn machine(
    world: &World,
    cluster: &SimulatedCluster,
    pool: &SimulatedPool,
    (number, node): (usize, &SimulatedNode),
    has_view: bool,
) -> Value {
    let landscape = &cluster.landscape;
    let bootstrap = landscape.failed_bootstraps.get(&node.name);
    let failure = landscape.failed_machines.get(&node.name);
    let is_failed = bootstrap.is_some() || failure.is_some();
    let mut properties = json!({
        "latestModelApplied": true,
        "provisioningState": if is_failed { "Failed" } else { "Succeeded" },
        "osProfile": {"computerName": node.name, "adminUsername": "azureuser"},
        "hardwareProfile": {},
    });
    if has_view {
        let time = world.now.strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string();
        properties["instanceView"] = match (failure, bootstrap) {
            (Some(failure), _) => view_of_failed(failure, &time),
            (None, Some(bootstrap)) => view_of_failed_bootstrap(bootstrap, &time),
            (None, None) => view(
                &time,
                Value::Null,
                "Enable succeeded: \n[stdout]\n{ \"ExitCode\": \"0\", \"Output\": \"\" }",
                0,
            ),
        };
    }
    let mut body = json!({
        "name": format!("{}_{number}", pool.scale_set),
        "id": format!("{}/virtualMachines/{number}", scale_set_id(cluster, pool)),
        "instanceId": number.to_string(),
        "type": "Microsoft.Compute/virtualMachineScaleSets/virtualMachines",
        "location": cluster.profile.location,
        "tags": {"aks-managed-poolName": pool.name},
        "sku": {"name": pool.vm_size, "tier": "Standard"},
        "properties": properties,
    });
    if let Some(zone) = &node.zone {
        body["zones"] = json!([zone]);
    }
    body
}

/// A running machine; `status` stands for the VM's own where it is not well.
fn view(time: &str, status: Value, bootstrap: &str, exit_code: i32) -> Value {
    let succeeded = |message: &str| {
        json!({"code": "ProvisioningState/succeeded", "level": "Info", "displayStatus": "Provisioning succeeded",
            "message": message, "time": time})
    };
    let of_bootstrap = if exit_code == 0 {
        succeeded(bootstrap)
    } else {
        json!({"code": format!("ProvisioningState/failed/{exit_code}"), "level": "Error",
            "displayStatus": "Provisioning failed", "message": bootstrap, "time": time})
    };
    let own = if status.is_null() {
        json!({"code": "ProvisioningState/succeeded", "level": "Info", "displayStatus": "Provisioning succeeded", "time": time})
    } else {
        status
    };
    json!({
        "vmAgent": {"vmAgentVersion": "2.14.0.1", "statuses": [
            {"code": "ProvisioningState/succeeded", "level": "Info", "displayStatus": "Ready",
                "message": "Guest Agent is running", "time": time}]},
        "statuses": [own, {"code": "PowerState/running", "level": "Info", "displayStatus": "VM running"}],
        "extensions": [
            {"name": "vmssCSE", "type": "Microsoft.Azure.Extensions.CustomScript", "typeHandlerVersion": "2.1.14",
                "statuses": [of_bootstrap]},
            {"name": "AKSLinuxExtension", "type": "Microsoft.AKS.Compute.AKS.Linux.AKSNode", "statuses": [succeeded("Enable succeeded")]},
        ],
    })
}

/// The words of Azure Compute and of the script runner (AKS troubleshooting "vmssCSE exit codes", 2026).
fn view_of_failed_bootstrap(bootstrap: &FailedBootstrap, time: &str) -> Value {
    let FailedBootstrap { exit_code, output } = bootstrap;
    let said = json!({"ExitCode": exit_code.to_string(), "Output": output, "Error": "", "ExecDuration": "300"});
    let words = format!(
        "Enable failed: failed to execute command: command terminated with exit status={exit_code}\n[stdout]\n{said}\n\n[stderr]\n"
    );
    let message = format!(
        "VM has reported a failure when processing extension 'vmssCSE' (publisher 'Microsoft.Azure.Extensions' and \
         type 'CustomScript'). Error message: '{words}'."
    );
    let status = json!({"code": "ProvisioningState/failed/VMExtensionProvisioningError", "level": "Error",
        "displayStatus": "Provisioning failed", "message": message, "time": time});
    view(time, status, &words, *exit_code)
}

/// A machine that never ran: no agent, no extension.
fn view_of_failed(failure: &Failure, time: &str) -> Value {
    json!({"statuses": [{"code": format!("ProvisioningState/failed/{}", failure.code), "level": "Error",
        "displayStatus": "Provisioning failed", "message": failure.message, "time": time}]})
}
