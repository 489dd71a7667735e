//! Scale sets and their machines with the words of their instance views: why a node never joined.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::azure::wire::WrongShape;
use crate::azure::wire::lenient::{Lenient, Text, object};
use crate::azure::wire::list::{Page, listed};
use crate::azure::wire::node_pool::state;
use crate::domain::ids::NodePoolName;
use crate::domain::survey::ScaleSetMachine;
use crate::domain::text::printable;

/// A scale set of the node resource group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScaleSet {
    pub name: String,
    /// By its tag; `None` for one that is no node pool's.
    pub pool: Option<NodePoolName>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Tagged {
    name: Lenient<Text>,
    tags: Lenient<Map<String, Value>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Machine {
    name: Lenient<Text>,
    tags: Lenient<Map<String, Value>>,
    properties: Lenient<Properties>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Properties {
    provisioning_state: Lenient<Text>,
    os_profile: Lenient<OsProfile>,
    instance_view: Lenient<InstanceView>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct OsProfile {
    computer_name: Lenient<Text>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct InstanceView {
    computer_name: Lenient<Text>,
    statuses: Lenient<Vec<Said>>,
    extensions: Lenient<Vec<Extension>>,
    vm_agent: Lenient<Agent>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Agent {
    statuses: Lenient<Vec<Said>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Extension {
    name: Lenient<Text>,
    statuses: Lenient<Vec<Said>>,
    substatuses: Lenient<Vec<Said>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Said {
    code: Lenient<Text>,
    display_status: Lenient<Text>,
    message: Lenient<Text>,
    time: Lenient<Timestamp>,
}

/// The extension that makes a machine a node; on Windows it has the same name (AKS docs "vmssCSE exit codes", 2026).
const BOOTSTRAP: &str = "vmssCSE";

/// Reads a page of scale sets.
pub fn scale_set_page(body: &Value) -> Result<Page<ScaleSet>, WrongShape> {
    listed(body, |value| {
        let set: Tagged = object(value)?;
        Ok(ScaleSet {
            name: set
                .name
                .text()
                .ok_or_else(|| WrongShape::new("a scale set has no name"))?,
            pool: pool_of(&set.tags.or_default()),
        })
    })
}

/// Reads a page of machines, of a scale set or single ones; the pool is the tag's where they have one.
pub fn machine_page(body: &Value) -> Result<Page<ScaleSetMachine>, WrongShape> {
    listed(body, machine)
}

/// AKS's tags on what belongs to a pool, the newer name first.
fn pool_of(tags: &Map<String, Value>) -> Option<NodePoolName> {
    let tag = |wanted: &str| {
        let mut found = tags.iter().filter(|(name, _)| name.eq_ignore_ascii_case(wanted));
        let (_, value) = found.next()?;
        value.as_str().map(|text| NodePoolName::new(printable(text)))
    };
    tag("aks-managed-poolName").or_else(|| tag("poolName"))
}

fn machine(value: &Value) -> Result<ScaleSetMachine, WrongShape> {
    let machine: Machine = object(value)?;
    let properties = machine.properties.or_default();
    let view = properties.instance_view.or_default();
    let computer_name = properties
        .os_profile
        .or_default()
        .computer_name
        .text()
        .or_else(|| view.computer_name.text())
        .or_else(|| machine.name.text())
        .ok_or_else(|| WrongShape::new("a machine has no name"))?;
    let mut words = Words::default();
    words.add("VM", view.statuses);
    words.add("VM agent", view.vm_agent.or_default().statuses);
    let mut bootstrap = None;
    for extension in view.extensions.or_default() {
        let name = extension.name.text().unwrap_or_else(|| "extension".to_owned());
        let said = words.add(&name, extension.statuses);
        words.add(&name, extension.substatuses);
        if name.eq_ignore_ascii_case(BOOTSTRAP) {
            bootstrap = said;
        }
    }
    Ok(ScaleSetMachine {
        pool: pool_of(&machine.tags.or_default()),
        computer_name: computer_name.to_ascii_lowercase(),
        provisioning_state: state(properties.provisioning_state),
        statuses: words.newest_first(),
        bootstrap,
    })
}

/// Statuses as sentences, each with its time.
#[derive(Default)]
struct Words(Vec<(Option<Timestamp>, String)>);

impl Words {
    /// Adds the statuses of one part; gives back what they say.
    fn add(&mut self, part: &str, statuses: Lenient<Vec<Said>>) -> Option<String> {
        let mut said = Vec::new();
        for status in statuses.or_default() {
            let code = status.code.text().or(status.display_status.text()).unwrap_or_default();
            let words = match status.message.text() {
                Some(message) => format!("{code}: {message}"),
                None => code,
            };
            if !words.is_empty() {
                self.0.push((status.time.0, format!("{part} {words}")));
                said.push(words);
            }
        }
        (!said.is_empty()).then(|| said.join("; "))
    }

    /// What has no time is as it is now, and comes first.
    fn newest_first(mut self) -> Vec<String> {
        self.0
            .sort_by_key(|(at, _)| std::cmp::Reverse(at.unwrap_or(Timestamp::MAX)));
        self.0.into_iter().map(|(_, words)| words).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::provisioning::ProvisioningState;

    #[test]
    fn a_scale_set_names_its_pool_by_a_tag() {
        let page = scale_set_page(&json!({"value": [
            {"name": "aks-apps-1-vmss", "tags": {"aks-managed-poolName": "apps", "poolName": "old"}},
            {"name": "aks-old-1-vmss", "tags": {"poolname": "old"}}, {"name": "other"}, {}]}))
        .unwrap();
        let pools: Vec<Option<&str>> = page
            .items
            .iter()
            .map(|set| set.pool.as_ref().map(NodePoolName::as_str))
            .collect();
        assert_eq!(
            (pools.as_slice(), page.findings.len()),
            ([Some("apps"), Some("old"), None].as_slice(), 1)
        );
    }

    #[test]
    fn a_failed_bootstrap_keeps_its_words() {
        let page = machine_page(&json!({"value": [{"instanceId": "7", "name": "aks-apps-1-vmss_7", "properties": {
            "provisioningState": "Failed", "osProfile": {"computerName": "AKS-apps-1-vmss000007"},
            "instanceView": {
                "vmAgent": {"statuses": [{"code": "ProvisioningState/succeeded", "message": "Guest Agent is running", "time": "2026-11-23T10:00:00+00:00"}]},
                "statuses": [
                    {"code": "ProvisioningState/failed/VMExtensionProvisioningError", "message": "VM has reported a failure\n", "time": "2026-11-23T10:05:00.123+00:00"},
                    {"code": "PowerState/running", "displayStatus": "VM running"}],
                "extensions": [{"name": "vmssCSE", "type": "Microsoft.Azure.Extensions.CustomScript", "statuses": [
                    {"code": "ProvisioningState/failed/50", "displayStatus": "Provisioning failed", "time": "2026-11-23T10:04:00Z",
                     "message": "Enable failed: exit status=50\u{1b}[2J"}]}]}}}]}))
        .unwrap();
        let machine = &page.items[0];
        assert_eq!(machine.computer_name, "aks-apps-1-vmss000007");
        assert_eq!(machine.provisioning_state, ProvisioningState::Failed);
        assert_eq!(
            machine.bootstrap.as_deref(),
            Some("ProvisioningState/failed/50: Enable failed: exit status=50[2J")
        );
        let starts: Vec<&str> = machine
            .statuses
            .iter()
            .filter_map(|text| text.split(':').next())
            .collect();
        assert_eq!(
            starts,
            [
                "VM PowerState/running",
                "VM ProvisioningState/failed/VMExtensionProvisioningError",
                "vmssCSE ProvisioningState/failed/50",
                "VM agent ProvisioningState/succeeded"
            ]
        );
    }

    #[test]
    fn a_machine_without_a_view_is_still_a_machine() {
        let page = machine_page(
            &json!({"value": [{"name": "vm0", "tags": {"aks-managed-poolName": "vms"},
            "properties": {"provisioningState": "Creating"}}, {"properties": {}}]}),
        )
        .unwrap();
        assert_eq!((page.items.len(), page.findings.len()), (1, 1));
        assert_eq!(
            (page.items[0].bootstrap.as_deref(), page.items[0].statuses.len()),
            (None, 0)
        );
        assert_eq!(page.items[0].pool, Some(NodePoolName::new("vms")));
    }
}
