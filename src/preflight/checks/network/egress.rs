//! Fresh nodes reach what they are built from. Old nodes run on without it, so the best proof is a node built lately.
//! What they need: AKS docs "Outbound network and FQDN rules", 2026.

use jiff::SignedDuration;

use crate::domain::subject::Subject;
use crate::domain::survey::{ClusterDetails, NodeFact, VirtualNetworkFact};
use crate::preflight::checks::told::{Told, read, resource, told, unknown};
use crate::preflight::finding::{Outcome, Said};
use crate::preflight::question::Question;

/// A node built within this time proves the path.
const PROOF: SignedDuration = SignedDuration::from_hours(7 * 24);
const NEEDED: &str = "new nodes need mcr.microsoft.com, *.data.mcr.microsoft.com, packages.aks.azure.com, \
                      acs-mirror.azureedge.net, management.azure.com, login.microsoftonline.com and the API server on 443";

pub(super) fn look(question: &Question<'_>) -> Vec<Said> {
    told(judge(question))
}

fn judge(question: &Question<'_>) -> Told {
    let azure = &question.survey.azure;
    let details = read(&azure.details, "the cluster's details in Azure")?;
    let mut said = Vec::new();
    let mut networks = Vec::new();
    for (id, network) in &azure.networks {
        match network {
            Ok(network) => networks.push(network),
            Err(unread) if details.is_private => {
                said.push(unknown(resource("network", id), "its DNS servers", unread));
            }
            Err(_) => {}
        }
    }
    let doubts: Vec<Said> = route(details).into_iter().chain(names(details, &networks)).collect();
    if doubts.is_empty() {
        return Ok(said);
    }
    let nodes = match &question.survey.kubernetes.nodes {
        Ok(nodes) => nodes.as_slice(),
        Err(unread) => {
            said.push(unknown(Subject::Cluster, "the age of the nodes", unread));
            &[]
        }
    };
    if !was_built_lately(nodes, question) {
        said.extend(doubts);
    }
    Ok(said)
}

fn was_built_lately(nodes: &[NodeFact], question: &Question<'_>) -> bool {
    nodes.iter().any(|node| {
        node.node.readiness.is_ready()
            && node
                .node
                .created_at
                .is_some_and(|created| question.survey.taken_at.duration_since(created) <= PROOF)
    })
}

/// A path out that somebody else looks after.
fn route(details: &ClusterDetails) -> Option<Said> {
    let kind = details.outbound_type.as_deref().unwrap_or_default();
    let how = if details.has_http_proxy {
        "an HTTP proxy".to_owned()
    } else if ["userDefinedRouting", "none", "block"]
        .iter()
        .any(|closed| closed.eq_ignore_ascii_case(kind))
    {
        format!("outbound type {kind}")
    } else {
        return None;
    };
    Some(
        Said::new(
            Outcome::Warning,
            Subject::Cluster,
            format!("{how}, and no node was built in the last 7 days that would prove the path out"),
        )
        .with(NEEDED)
        .with("scale one pool up by one node to prove it")
        .cured_by(&["fix-egress", "add-authorized-ip"]),
    )
}

/// A private API server whose name some other DNS has to know.
fn names(details: &ClusterDetails, networks: &[&VirtualNetworkFact]) -> Option<Said> {
    let network = networks
        .iter()
        .find(|network| details.is_private && !network.dns_servers.is_empty())?;
    Some(
        Said::new(
            Outcome::Warning,
            resource("network", &network.id),
            "the API server is private, the network has DNS servers of its own, and no node was built in the last 7 \
             days that would prove they know its name",
        )
        .with(format!("DNS servers {}", network.dns_servers.join(", ")))
        .with(format!(
            "private DNS zone {}",
            details.private_dns_zone.as_deref().unwrap_or("not named")
        ))
        .cured_by(&["link-dns-zone", "fix-dns"]),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::survey::Survey;
    use crate::preflight::samples::{ask, check, denied, healthy, passes};

    fn old_nodes(survey: &mut Survey) {
        for node in survey.kubernetes.nodes.as_mut().unwrap() {
            node.node.created_at = Some("2026-08-01T00:00:00Z".parse().unwrap());
        }
    }

    fn routed(survey: &mut Survey) {
        survey.azure.details.as_mut().unwrap().outbound_type = Some("userDefinedRouting".to_owned());
    }

    #[test]
    fn a_path_somebody_else_keeps_is_doubted_without_proof() {
        let unproved = |survey: &mut Survey| {
            old_nodes(survey);
            routed(survey);
        };
        let said = check(look, unproved, Outcome::Warning, "the cluster");
        assert_eq!(said.evidence[0], NEEDED);
        let proxy = |survey: &mut Survey| {
            old_nodes(survey);
            survey.azure.details.as_mut().unwrap().has_http_proxy = true;
        };
        check(look, proxy, Outcome::Warning, "the cluster");
    }

    #[test]
    fn a_node_built_lately_is_proof() {
        passes(look, routed);
        passes(look, old_nodes);
    }

    #[test]
    fn a_private_name_has_to_be_known_to_own_dns_servers() {
        let own_dns = |survey: &mut Survey| {
            old_nodes(survey);
            survey.azure.details.as_mut().unwrap().is_private = true;
            for network in survey.azure.networks.values_mut() {
                network.as_mut().unwrap().dns_servers = vec!["10.9.0.4".to_owned()];
            }
        };
        let said = check(look, own_dns, Outcome::Warning, "network shop-net");
        assert_eq!(said.remedies, ["link-dns-zone", "fix-dns"]);
    }

    #[test]
    fn what_was_not_read_is_unknown() {
        check(
            look,
            |survey| survey.azure.details = Err(denied()),
            Outcome::Unknown,
            "the cluster",
        );
        let mut survey = healthy();
        routed(&mut survey);
        survey.kubernetes.nodes = Err(denied());
        let outcomes: Vec<Outcome> = ask(look, &survey).iter().map(|said| said.outcome).collect();
        assert_eq!(outcomes, [Outcome::Unknown, Outcome::Warning]);
    }
}
