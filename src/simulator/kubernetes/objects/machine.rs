//! The Node object that the machine of an AKS pool brings with it: labels, sizes, operating system.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::NodeSpec;
use super::fields;

/// What a machine gets when it joins.
pub(super) struct Place<'text> {
    pub(super) subscription: &'text str,
    pub(super) address: &'text str,
    pub(super) number: u32,
    /// New at each start of the machine.
    pub(super) boot_id: &'text str,
}

/// A node that has just joined and is ready.
pub(super) fn describe(node: &NodeSpec, place: &Place<'_>, now: Timestamp) -> Value {
    let Place {
        address,
        number,
        boot_id,
        ..
    } = place;
    let size = Size::of(&node.vm_size);
    let pod_range = format!("10.244.{}.0/24", number % 250);
    let machine_id = boot_id.replace('-', "");
    json!({
        "metadata": {
            "name": node.name,
            "labels": labels(node, &size),
            "annotations": {
                "node.alpha.kubernetes.io/ttl": "0",
                "volumes.kubernetes.io/controller-managed-attach-detach": "true",
            },
        },
        "spec": {
            "podCIDR": pod_range,
            "podCIDRs": [pod_range],
            "providerID": provider_id(node, place.subscription),
        },
        "status": {
            "addresses": [
                { "type": "InternalIP", "address": address },
                { "type": "Hostname", "address": node.name },
            ],
            "capacity": size.capacity(),
            "allocatable": size.allocatable(),
            "conditions": conditions(now),
            "daemonEndpoints": { "kubeletEndpoint": { "Port": 10250 } },
            "nodeInfo": {
                "architecture": "amd64",
                "bootID": boot_id,
                "containerRuntimeVersion": "containerd://1.7.27-1",
                "kernelVersion": operating_system(&node.node_image).kernel,
                "kubeProxyVersion": "",
                "kubeletVersion": format!("v{}", node.version),
                "machineID": machine_id,
                "operatingSystem": if is_windows(&node.node_image) { "windows" } else { "linux" },
                "osImage": operating_system(&node.node_image).image,
                "systemUUID": boot_id,
            },
        },
    })
}

fn labels(node: &NodeSpec, size: &Size) -> Value {
    let system = if is_windows(&node.node_image) {
        "windows"
    } else {
        "linux"
    };
    let mut labels = json!({
        "agentpool": node.pool,
        "beta.kubernetes.io/arch": "amd64",
        "beta.kubernetes.io/instance-type": node.vm_size,
        "beta.kubernetes.io/os": system,
        "kubernetes.azure.com/agentpool": node.pool,
        "kubernetes.azure.com/cluster": node.node_resource_group,
        "kubernetes.azure.com/mode": node.mode.to_lowercase(),
        "kubernetes.azure.com/node-image-version": node.node_image,
        "kubernetes.azure.com/nodepool-type": "VirtualMachineScaleSets",
        "kubernetes.azure.com/os-sku": operating_system(&node.node_image).sku,
        "kubernetes.azure.com/os-sku-effective": operating_system(&node.node_image).sku_effective,
        "kubernetes.azure.com/role": "agent",
        "kubernetes.azure.com/sku-cpu": size.processors.to_string(),
        "kubernetes.azure.com/sku-memory": (size.memory_gib * 1024).to_string(),
        "kubernetes.io/arch": "amd64",
        "kubernetes.io/hostname": node.name,
        "kubernetes.io/os": system,
        "node.kubernetes.io/instance-type": node.vm_size,
    });
    if let Some(zone) = &node.zone {
        let region: String = zone
            .rsplit_once('-')
            .map_or_else(String::new, |(region, _)| region.to_owned());
        for label in ["topology.kubernetes.io/zone", "topology.disk.csi.azure.com/zone"] {
            fields::put(&mut labels, &[label], zone.as_str());
        }
        fields::put(&mut labels, &["topology.kubernetes.io/region"], region);
    }
    labels
}

fn conditions(now: Timestamp) -> Value {
    let calm = [
        (
            "MemoryPressure",
            "KubeletHasSufficientMemory",
            "kubelet has sufficient memory available",
        ),
        (
            "DiskPressure",
            "KubeletHasNoDiskPressure",
            "kubelet has no disk pressure",
        ),
        (
            "PIDPressure",
            "KubeletHasSufficientPID",
            "kubelet has sufficient PID available",
        ),
    ];
    let one = |kind: &str, status: &str, reason: &str, message: &str| {
        json!({
            "type": kind,
            "status": status,
            "reason": reason,
            "message": message,
            "lastHeartbeatTime": fields::stamp(now),
            "lastTransitionTime": fields::stamp(now),
        })
    };
    calm.into_iter()
        .map(|(kind, reason, message)| one(kind, "False", reason, message))
        .chain([one("Ready", "True", "KubeletReady", "kubelet is posting ready status")])
        .collect()
}

/// The virtual machine behind a node: `aks-system-12345678-vmss00000a` is instance 10 of its scale set.
fn provider_id(node: &NodeSpec, subscription: &str) -> String {
    let group = format!(
        "azure:///subscriptions/{subscription}/resourceGroups/{}/providers/Microsoft.Compute",
        node.node_resource_group.to_lowercase()
    );
    match node.name.rsplit_once("vmss") {
        Some((scale_set, instance)) => {
            let instance = u64::from_str_radix(instance, 36).unwrap_or(0);
            format!("{group}/virtualMachineScaleSets/{scale_set}vmss/virtualMachines/{instance}")
        }
        None => format!("{group}/virtualMachines/{}", node.name),
    }
}

struct OperatingSystem {
    image: &'static str,
    kernel: &'static str,
    sku: &'static str,
    sku_effective: &'static str,
}

fn is_windows(node_image: &str) -> bool {
    node_image.contains("Windows")
}

fn operating_system(node_image: &str) -> OperatingSystem {
    let (image, kernel, sku, sku_effective) = if is_windows(node_image) {
        (
            "Windows Server 2022 Datacenter",
            "10.0.20348.3932",
            "Windows2022",
            "Windows2022",
        )
    } else if node_image.contains("AzureLinux") {
        (
            "Microsoft Azure Linux 3.0",
            "6.6.104.2-4.azl3",
            "AzureLinux",
            "AzureLinux3",
        )
    } else if node_image.contains("2404") {
        ("Ubuntu 24.04.3 LTS", "6.8.0-1034-azure", "Ubuntu", "Ubuntu2404")
    } else {
        ("Ubuntu 22.04.5 LTS", "5.15.0-1096-azure", "Ubuntu", "Ubuntu2204")
    };
    OperatingSystem {
        image,
        kernel,
        sku,
        sku_effective,
    }
}

/// What a virtual machine size holds, as its name tells.
struct Size {
    processors: u64,
    memory_gib: u64,
}

impl Size {
    /// `Standard_D4s_v5`: the family letter gives memory per processor, the first number the processors.
    fn of(name: &str) -> Self {
        let short = name.strip_prefix("Standard_").unwrap_or(name);
        let processors = short
            .chars()
            .skip_while(|character| !character.is_ascii_digit())
            .take_while(char::is_ascii_digit)
            .collect::<String>()
            .parse()
            .unwrap_or(4)
            .clamp(1, 416);
        let per_processor = match short.chars().next() {
            Some('E' | 'M') => 8,
            Some('F') => 2,
            _ => 4,
        };
        Self {
            processors,
            memory_gib: processors * per_processor,
        }
    }

    fn capacity(&self) -> Value {
        quantities(&self.processors.to_string(), self.memory_gib * 1024 * 1024 - 350_000)
    }

    fn allocatable(&self) -> Value {
        let millis = self.processors * 1000 - 140;
        quantities(&format!("{millis}m"), self.memory_gib * 1024 * 1024 - 1_700_000)
    }
}

fn quantities(processors: &str, memory_kib: u64) -> Value {
    json!({
        "cpu": processors,
        "ephemeral-storage": "129886128Ki",
        "hugepages-1Gi": "0",
        "hugepages-2Mi": "0",
        "memory": format!("{memory_kib}Ki"),
        "pods": "110",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_from_their_names() {
        let check = |name: &str, processors: u64, memory: u64| {
            let size = Size::of(name);
            assert_eq!((size.processors, size.memory_gib), (processors, memory), "{name}");
        };
        check("Standard_D4s_v5", 4, 16);
        check("Standard_E16ds_v5", 16, 128);
        check("Standard_F8s_v2", 8, 16);
        check("", 4, 16);
        check("Standard_D99999999999999999999999", 4, 16);
    }
}
