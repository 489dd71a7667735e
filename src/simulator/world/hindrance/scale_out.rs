//! May a pool get more machines: addresses, public addresses, capacity, rights, policies, locks and links of its scale
//! set. What is taken is counted where it can be read.

use jiff::Timestamp;
use serde_json::Value;

use super::words::{Category, enveloped};
use super::{Hindrances, Obstacle, is_workspace};
use crate::simulator::world::landscape::{ActivityError, Landscape, Lock, LockScope, Usage, UsageProvider};
use crate::simulator::world::node_work::Site;
use crate::simulator::world::operation::OperationError;
use crate::simulator::world::pool::SimulatedPool;

const SCALE_SETS: &str = "Microsoft.Compute/VirtualMachineScaleSet";
const NETWORKS: &str = "Microsoft.Network/virtualNetworks";

/// An error of a resource provider, and which one.
type Refused = (Category, &'static str, OperationError);

impl Site<'_> {
    /// Takes what `machines` new machines need besides vCPUs, all or nothing.
    ///
    /// # Errors
    /// In Azure's words, inside the envelope of AKS; the activity log of the node group has the bare one.
    pub(in crate::simulator::world) fn claim_machines(
        &mut self,
        machines: u32,
        is_new_version: bool,
    ) -> Result<(), OperationError> {
        if machines == 0 {
            return Ok(());
        }
        let refused = self
            .refuse_links(is_new_version)
            .or_else(|| capacity_refusal(self.hindrances, self.pool, machines))
            .or_else(|| public_address_refusal(self.landscape, &self.pool.name, machines))
            .or_else(|| take_addresses(self.landscape, &self.pool.name, machines).err());
        let Some((category, dependency, inner)) = refused else {
            take_public_addresses(self.landscape, &self.pool.name, machines);
            return Ok(());
        };
        note_activity(
            self.landscape,
            self.now,
            "Microsoft.Compute/virtualMachineScaleSets/write",
            &inner,
        );
        Err(enveloped(&self.pool.name, category, dependency, &inner))
    }

    /// Gives back what one machine had.
    pub(in crate::simulator::world) fn give_back_machine(&mut self) {
        let each = addresses_of_a_machine(self.landscape, &self.pool.name);
        if let Some(subnet) = subnet_of(self.landscape, &self.pool.name) {
            let subnet = &mut self.landscape.subnets[subnet];
            subnet.used = subnet.used.saturating_sub(each);
        }
        if has_public_addresses(self.landscape, &self.pool.name)
            && let Some(usage) = public_addresses(self.landscape)
        {
            usage.used = usage.used.saturating_sub(1);
        }
    }

    /// What keeps machines of the pool from being deleted: a lock.
    pub(in crate::simulator::world) fn refuse_deletion(&mut self) -> Option<OperationError> {
        let is_locked = self.landscape.locks.iter().any(|lock| lock.on == LockScope::NodeGroup);
        let inner = is_locked.then(|| self.locked("delete"))?;
        note_activity(
            self.landscape,
            self.now,
            "Microsoft.Compute/virtualMachineScaleSets/delete",
            &inner,
        );
        Some(enveloped(&self.pool.name, Category::Client, SCALE_SETS, &inner))
    }

    fn refuse_links(&self, is_new_version: bool) -> Option<Refused> {
        let landscape = &*self.landscape;
        let scale_set = &self.pool.scale_set;
        let is_read_only = |lock: &Lock| lock.on == LockScope::NodeGroup && lock.level == "ReadOnly";
        if landscape.locks.iter().any(is_read_only) {
            return Some((Category::Client, SCALE_SETS, self.locked("write")));
        }
        let is_denied = |resource: &str| resource.eq_ignore_ascii_case("Microsoft.Compute/virtualMachineScaleSets");
        if let Some(policy) = landscape.policies.iter().find(|policy| {
            is_denied(&policy.resource_type)
                && policy
                    .effect
                    .as_deref()
                    .is_none_or(|effect| effect.eq_ignore_ascii_case("deny"))
        }) {
            let assignment = format!(
                "/subscriptions/{}/providers/Microsoft.Authorization/policyAssignments/{}",
                self.subscription, policy.assignment
            );
            let message = format!(
                "Resource '{scale_set}' was disallowed by policy. Policy identifiers: \
                 '[{{'policyAssignment':{{'name':'{}','id':'{assignment}'}}}}]'.",
                policy.assignment
            );
            let inner = OperationError::new("RequestDisallowedByPolicy", message);
            return Some((Category::Client, SCALE_SETS, inner));
        }
        if let Some(missing) = landscape.missing.iter().find(|id| !is_workspace(id)) {
            let message = format!(
                "Resource {missing} referenced by resource {}/virtualMachineScaleSets/{scale_set} was not found. Please \
                 make sure that the referenced resource exists, and that both resources are in the same region.",
                self.group_id("Microsoft.Compute")
            );
            return Some((
                Category::Client,
                SCALE_SETS,
                OperationError::new("InvalidResourceReference", message),
            ));
        }
        self.refuse_identity(is_new_version)
    }

    fn refuse_identity(&self, is_new_version: bool) -> Option<Refused> {
        let (pool, scale_set) = (Some(self.pool.name.as_str()), &self.pool.scale_set);
        let image = &self.pool.claimed_image;
        self.hindrances.find(pool, |what| match what {
            Obstacle::MissingRight { action, scope } => {
                let message = format!(
                    "The client '3f0d2f5e-6f0a-4a6e-9c55-0f4c6f0f7a11' with object id \
                     '3f0d2f5e-6f0a-4a6e-9c55-0f4c6f0f7a11' has permission to perform action \
                     'Microsoft.Compute/virtualMachineScaleSets/write' on scope '{}/virtualMachineScaleSets/{scale_set}'; \
                     however, it does not have permission to perform action '{action}' on the linked scope(s) '{scope}' \
                     or the linked scope(s) are invalid.",
                    self.group_id("Microsoft.Compute")
                );
                let inner = OperationError::new("LinkedAuthorizationFailed", message);
                Some((Category::Client, SCALE_SETS, inner))
            }
            Obstacle::ServicePrincipalExpired { app } => {
                let message = format!("AADSTS7000222: The provided client secret keys for app '{app}' are expired.");
                let inner = OperationError::new("ServicePrincipalValidationClientError", message);
                Some((Category::Client, "Microsoft.Entra", inner))
            }
            Obstacle::ImageWithdrawn if is_new_version => {
                let message = format!(
                    "The platform image '{image}' is not available. Verify that all fields in the storage profile are \
                     correct."
                );
                let inner = OperationError::new("PlatformImageNotFound", message);
                Some((Category::Client, SCALE_SETS, inner))
            }
            Obstacle::ScaleSetEdited => {
                let message = "Changing property 'imageReference' is not allowed.";
                let inner = OperationError::new("PropertyChangeNotAllowed", message);
                Some((Category::Client, SCALE_SETS, inner))
            }
            _ => None,
        })
    }

    fn group_id(&self, provider: &str) -> String {
        format!(
            "/subscriptions/{}/resourceGroups/{}/providers/{provider}",
            self.subscription, self.pool.node_resource_group
        )
    }

    /// ARM's words (AKS docs "Upgrade options", 2026: a lock on the node resource group).
    fn locked(&self, verb: &str) -> OperationError {
        let group = format!(
            "/subscriptions/{}/resourceGroups/{}",
            self.subscription, self.pool.node_resource_group
        );
        OperationError::new(
            "ScopeLocked",
            format!(
                "The scope '{group}/providers/Microsoft.Compute/virtualMachineScaleSets/{}' cannot perform {verb} \
                 operation because following scope(s) are locked: '{group}'. Please remove the lock and try again.",
                self.pool.scale_set
            ),
        )
    }
}

/// Counts the addresses of machines that came to a pool, or left it, by a change of its size.
pub(in crate::simulator::world) fn count_addresses(landscape: &mut Landscape, pool: &str, before: usize, after: usize) {
    let each = addresses_of_a_machine(landscape, pool);
    let of = |machines: usize| each * u64::try_from(machines).unwrap_or(u64::MAX);
    if let Some(subnet) = subnet_of(landscape, pool) {
        let subnet = &mut landscape.subnets[subnet];
        subnet.used = (subnet.used + of(after)).saturating_sub(of(before));
    }
}

fn capacity_refusal(hindrances: &Hindrances, pool: &SimulatedPool, machines: u32) -> Option<Refused> {
    let left = hindrances.find(Some(&pool.name), |what| match what {
        Obstacle::NoCapacity { machines } => Some(*machines),
        _ => None,
    })?;
    let size = &pool.vm_size;
    let (code, place) = if pool.zones.is_empty() {
        ("AllocationFailed", "region")
    } else {
        ("ZonalAllocationFailed", "zone")
    };
    let message = format!(
        "Allocation failed. We do not have sufficient capacity for the requested VM size {size} in this {place}. Read \
         more about improving likelihood of allocation success at https://aka.ms/allocation-guidance"
    );
    (machines > left).then(|| (Category::Client, SCALE_SETS, OperationError::new(code, message)))
}

/// The subnet the pool's nodes live in.
fn subnet_of(landscape: &Landscape, pool: &str) -> Option<usize> {
    landscape
        .subnets
        .iter()
        .position(|subnet| subnet.nodes_of.iter().any(|name| name == "*" || name == pool))
}

/// A machine takes one address, and with Azure CNI in the node subnet one more for each pod it may run
/// (AKS docs "Plan IP addressing", 2026).
fn addresses_of_a_machine(landscape: &Landscape, pool: &str) -> u64 {
    let network = &landscape.cluster_properties["networkProfile"];
    let is_overlay = network.get("networkPluginMode").is_none_or(|mode| !mode.is_null());
    let has_pod_subnet = landscape
        .subnets
        .iter()
        .any(|subnet| subnet.pods_of.iter().any(|name| name == "*" || name == pool));
    if is_overlay || has_pod_subnet {
        return 1;
    }
    let most = landscape
        .pool_properties
        .get(pool)
        .and_then(|it| it["maxPods"].as_u64());
    1 + most.unwrap_or(30)
}

fn take_addresses(landscape: &mut Landscape, pool: &str, machines: u32) -> Result<(), Refused> {
    let needed = addresses_of_a_machine(landscape, pool) * u64::from(machines);
    let Some(index) = subnet_of(landscape, pool) else {
        return Ok(());
    };
    let subnet = &mut landscape.subnets[index];
    if subnet.used + needed > subnet.limit {
        let message = format!(
            "Subnet {} with address prefix {} does not have enough capacity for {needed} IP addresses.",
            subnet.name, subnet.prefix
        );
        return Err((Category::Client, NETWORKS, OperationError::new("SubnetIsFull", message)));
    }
    subnet.used += needed;
    Ok(())
}

fn has_public_addresses(landscape: &Landscape, pool: &str) -> bool {
    let properties = landscape.pool_properties.get(pool);
    properties.is_some_and(|it| it["enableNodePublicIP"] == Value::Bool(true))
}

fn public_addresses(landscape: &mut Landscape) -> Option<&mut Usage> {
    landscape
        .usages
        .iter_mut()
        .find(|usage| usage.provider == UsageProvider::Network && usage.name == "PublicIPAddresses")
}

fn public_address_refusal(landscape: &mut Landscape, pool: &str, machines: u32) -> Option<Refused> {
    if !has_public_addresses(landscape, pool) {
        return None;
    }
    let usage = public_addresses(landscape)?;
    let limit = usage.limit;
    let message = format!("Cannot create more than {limit} public IP addresses for this subscription in this region.");
    (usage.used + u64::from(machines) > limit).then(|| {
        let inner = OperationError::new("PublicIPCountLimitReached", message);
        (Category::Client, "Microsoft.Network/publicIPAddresses", inner)
    })
}

fn take_public_addresses(landscape: &mut Landscape, pool: &str, machines: u32) {
    if has_public_addresses(landscape, pool)
        && let Some(usage) = public_addresses(landscape)
    {
        usage.used += u64::from(machines);
    }
}

fn note_activity(landscape: &mut Landscape, now: Timestamp, operation: &str, inner: &OperationError) {
    landscape.activity_errors.push(ActivityError {
        at: Some(now),
        operation: operation.to_owned(),
        code: inner.code.clone(),
        message: inner.message.clone(),
        status_code: None,
        in_node_group: true,
    });
}
