//! Networks of a survey: how many addresses are free, and whether they are in order.

use crate::domain::provisioning::ProvisioningState;

/// A subnet with its free addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubnetFact {
    pub id: String,
    pub prefix: String,
    /// Usable addresses: Azure's own five are left out.
    pub limit: u64,
    pub used: u64,
    pub provisioning_state: ProvisioningState,
    pub route_table: Option<String>,
    pub security_group: Option<String>,
    pub nat_gateway: Option<String>,
    pub delegations: Vec<String>,
}

/// A virtual network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VirtualNetworkFact {
    pub id: String,
    pub provisioning_state: ProvisioningState,
    /// Empty means Azure's own DNS.
    pub dns_servers: Vec<String>,
    pub address_space: Vec<String>,
}
