//! Subnets and virtual networks. Their lists of addresses in use are long and not read: the usages count them.

use serde::Deserialize;
use serde_json::Value;

use super::details::texts;
use crate::azure::wire::WrongShape;
use crate::azure::wire::lenient::{Lenient, Text, object};
use crate::azure::wire::node_pool::state;
use crate::domain::survey::{SubnetFact, VirtualNetworkFact};

#[derive(Default, Deserialize)]
#[serde(default)]
struct Resource {
    id: Lenient<Text>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Subnet {
    address_prefix: Lenient<Text>,
    address_prefixes: Lenient<Vec<Text>>,
    provisioning_state: Lenient<Text>,
    route_table: Lenient<Resource>,
    network_security_group: Lenient<Resource>,
    nat_gateway: Lenient<Resource>,
    delegations: Lenient<Vec<Delegation>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Delegation {
    name: Lenient<Text>,
    properties: Lenient<DelegationProperties>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct DelegationProperties {
    service_name: Lenient<Text>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Network {
    provisioning_state: Lenient<Text>,
    dhcp_options: Lenient<DhcpOptions>,
    address_space: Lenient<AddressSpace>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct DhcpOptions {
    dns_servers: Lenient<Vec<Text>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct AddressSpace {
    address_prefixes: Lenient<Vec<Text>>,
}

/// Reads a subnet; its numbers are those of the network's usages and zero here.
pub fn subnet(body: &Value) -> Result<SubnetFact, WrongShape> {
    let (id, subnet): (_, Subnet) = resource(body, "a subnet")?;
    let several = texts(subnet.address_prefixes).join(", ");
    let link = |resource: Lenient<Resource>| resource.or_default().id.text();
    Ok(SubnetFact {
        id,
        prefix: subnet.address_prefix.text().unwrap_or(several),
        limit: 0,
        used: 0,
        provisioning_state: state(subnet.provisioning_state),
        route_table: link(subnet.route_table),
        security_group: link(subnet.network_security_group),
        nat_gateway: link(subnet.nat_gateway),
        delegations: subnet
            .delegations
            .or_default()
            .into_iter()
            .filter_map(|delegation| {
                delegation
                    .properties
                    .or_default()
                    .service_name
                    .text()
                    .or(delegation.name.text())
            })
            .collect(),
    })
}

/// Reads a virtual network.
pub fn virtual_network(body: &Value) -> Result<VirtualNetworkFact, WrongShape> {
    let (id, network): (_, Network) = resource(body, "a virtual network")?;
    Ok(VirtualNetworkFact {
        id,
        provisioning_state: state(network.provisioning_state),
        dns_servers: texts(network.dhcp_options.or_default().dns_servers),
        address_space: texts(network.address_space.or_default().address_prefixes),
    })
}

fn resource<T: serde::de::DeserializeOwned>(body: &Value, what: &str) -> Result<(String, T), WrongShape> {
    let outer: Resource = object(body)?;
    let id = outer
        .id
        .text()
        .ok_or_else(|| WrongShape::new(format!("{what} has no id")))?;
    let properties = body
        .get("properties")
        .ok_or_else(|| WrongShape::new(format!("{what} has no 'properties'")))?;
    Ok((id, object(properties)?))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::provisioning::ProvisioningState;

    #[test]
    fn a_subnet_is_read_without_its_addresses() {
        let found = subnet(&json!({"id": "/v/subnets/nodes", "properties": {"addressPrefix": "10.1.0.0/24",
            "provisioningState": "Updating", "routeTable": {"id": "/rt"}, "networkSecurityGroup": {"id": "/nsg"},
            "natGateway": null, "delegations": [{"name": "d", "properties": {"serviceName": "Microsoft.ContainerService/managedClusters"}}, {"name": "old"}],
            "ipConfigurations": [{"id": "/x"}]}}))
        .unwrap();
        assert_eq!(
            (found.prefix.as_str(), found.provisioning_state),
            ("10.1.0.0/24", ProvisioningState::Updating)
        );
        assert_eq!((found.route_table.as_deref(), found.nat_gateway), (Some("/rt"), None));
        assert_eq!(found.delegations, ["Microsoft.ContainerService/managedClusters", "old"]);
        let dual =
            subnet(&json!({"id": "/s", "properties": {"addressPrefixes": ["10.1.0.0/24", "fd00::/64"]}})).unwrap();
        assert_eq!(dual.prefix, "10.1.0.0/24, fd00::/64");
        assert!(!dual.provisioning_state.is_terminal());
        assert!(subnet(&json!({"id": "/s"})).is_err() && subnet(&json!({"properties": {}})).is_err());
    }

    #[test]
    fn a_network_names_its_dns_servers() {
        let found = virtual_network(&json!({"id": "/v", "properties": {"provisioningState": "Succeeded",
            "addressSpace": {"addressPrefixes": ["10.1.0.0/16"]}, "dhcpOptions": {"dnsServers": ["10.0.0.4"]}, "subnets": []}}))
        .unwrap();
        assert_eq!((found.dns_servers.len(), found.address_space.len()), (1, 1));
        assert_eq!(found.provisioning_state, ProvisioningState::Succeeded);
    }
}
