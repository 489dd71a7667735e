//! Networks and subnets are at rest and complete (AKS docs "VirtualNetworkNotInSucceededState error", 2026).

use crate::domain::network::PodNetwork;
use crate::domain::provisioning::ProvisioningState;
use crate::domain::subject::Subject;
use crate::preflight::checks::told::{Told, read, resource, told, unknown};
use crate::preflight::finding::{Outcome, Said};
use crate::preflight::question::Question;

pub(super) fn look(question: &Question<'_>) -> Vec<Said> {
    told(judge(question))
}

fn judge(question: &Question<'_>) -> Told {
    let azure = &question.survey.azure;
    let cluster = read(&azure.cluster, "the cluster in Azure")?;
    let mut said = Vec::new();
    for (id, network) in &azure.networks {
        let subject = resource("network", id);
        match network {
            Err(unread) => said.push(unknown(subject, "the network", unread)),
            Ok(fact) => said.extend(busy(subject, &fact.provisioning_state)),
        }
    }
    for (id, subnet) in &azure.subnets {
        let subject = resource("subnet", id);
        let fact = match subnet {
            Err(unread) => {
                said.push(unknown(subject, "the subnet", unread));
                continue;
            }
            Ok(fact) => fact,
        };
        said.extend(busy(subject.clone(), &fact.provisioning_state));
        let holds_nodes = cluster
            .pools
            .iter()
            .filter_map(|pool| pool.vnet_subnet.as_ref())
            .any(|of_pool| of_pool.eq_ignore_ascii_case(id));
        if cluster.network == Some(PodNetwork::Kubenet) && holds_nodes && fact.route_table.is_none() {
            said.push(Said::new(
                Outcome::Blocker,
                subject,
                "the subnet has no route table: kubenet cannot route to pods of new nodes",
            ));
        }
    }
    Ok(said)
}

fn busy(subject: Subject, state: &ProvisioningState) -> Option<Said> {
    (*state != ProvisioningState::Succeeded).then(|| {
        Said::new(
            Outcome::Blocker,
            subject,
            format!("its provisioning state is {state}, AKS asks for Succeeded"),
        )
        .cured_by(&["wait"])
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::survey::Survey;
    use crate::preflight::samples::{SUBNET, check, denied, passes};

    #[test]
    fn networks_and_subnets_must_be_at_rest() {
        let network = |survey: &mut Survey| {
            let network = survey.azure.networks.values_mut().next().unwrap();
            network.as_mut().unwrap().provisioning_state = ProvisioningState::Updating;
        };
        check(look, network, Outcome::Blocker, "network shop-net");
        let subnet = |survey: &mut Survey| {
            let subnet = survey.azure.subnets.get_mut(SUBNET).unwrap();
            subnet.as_mut().unwrap().provisioning_state = ProvisioningState::Failed;
        };
        check(look, subnet, Outcome::Blocker, "subnet nodes");
    }

    #[test]
    fn kubenet_needs_a_route_table() {
        let kubenet = |survey: &mut Survey| {
            survey.azure.cluster.as_mut().unwrap().network = Some(PodNetwork::Kubenet);
        };
        check(look, kubenet, Outcome::Blocker, "subnet nodes");
        passes(look, |survey| {
            kubenet(survey);
            let subnet = survey.azure.subnets.get_mut(SUBNET).unwrap();
            subnet.as_mut().unwrap().route_table = Some("/routes".to_owned());
        });
    }

    #[test]
    fn what_was_not_read_is_unknown() {
        let unread = |survey: &mut Survey| {
            survey.azure.subnets.insert(SUBNET.to_owned(), Err(denied()));
        };
        check(look, unread, Outcome::Unknown, "subnet nodes");
    }
}
