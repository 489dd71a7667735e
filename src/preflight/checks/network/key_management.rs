//! The key management of etcd is one the target version takes (AKS release notes, 2024 and 2025).

use crate::domain::subject::Subject;
use crate::domain::version::KubernetesVersion;
use crate::preflight::checks::moving::cluster_and_details;
use crate::preflight::checks::told::{Told, told};
use crate::preflight::finding::{Outcome, Said};
use crate::preflight::question::Question;

/// Key management that was set up below this version cannot pass it.
const SECOND_VERSION: KubernetesVersion = KubernetesVersion::new(1, 27, 0);
/// From here on a private key vault needs an API server inside the network.
const NO_PRIVATE_VAULT: KubernetesVersion = KubernetesVersion::new(1, 31, 0);

pub(super) fn look(question: &Question<'_>) -> Vec<Said> {
    told(judge(question))
}

fn judge(question: &Question<'_>) -> Told {
    let (cluster, details) = cluster_and_details(question)?;
    let (Some(key_management), Some(target)) = (&details.key_management, question.planned.control_plane) else {
        return Ok(Vec::new());
    };
    let subject = Subject::Azure {
        kind: "key management".to_owned(),
        name: key_management.key_id.clone().unwrap_or_else(|| "etcd".to_owned()),
        id: None,
    };
    let is_private = key_management
        .vault_access
        .as_ref()
        .is_some_and(|access| access.eq_ignore_ascii_case("Private"));
    let headline = if target >= SECOND_VERSION && cluster.version.is_some_and(|version| version < SECOND_VERSION) {
        format!("key management was switched on below {SECOND_VERSION}: AKS refuses {target}")
    } else if target >= NO_PRIVATE_VAULT && is_private && !details.has_api_server_vnet_integration {
        format!("a private key vault without API server VNet integration is not allowed in {target}")
    } else {
        return Ok(Vec::new());
    };
    Ok(vec![
        Said::new(Outcome::Blocker, subject, headline).cured_by(&["migrate-kms"]),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::survey::{KeyManagement, Survey};
    use crate::preflight::samples::{ask_planned, check, denied, healthy, passes, whole};

    fn keys(access: &str) -> KeyManagement {
        KeyManagement {
            vault_access: Some(access.to_owned()),
            key_id: None,
        }
    }

    #[test]
    fn a_private_vault_needs_an_api_server_in_the_network() {
        let private =
            |survey: &mut Survey| survey.azure.details.as_mut().unwrap().key_management = Some(keys("Private"));
        check(look, private, Outcome::Blocker, "key management etcd");
        passes(look, |survey| {
            private(survey);
            survey.azure.details.as_mut().unwrap().has_api_server_vnet_integration = true;
        });
        passes(look, |survey| {
            survey.azure.details.as_mut().unwrap().key_management = Some(keys("Public"));
        });
    }

    #[test]
    fn the_first_version_of_it_cannot_pass_1_27() {
        let mut survey = healthy();
        survey.azure.cluster.as_mut().unwrap().version = Some(KubernetesVersion::new(1, 26, 9));
        survey.azure.details.as_mut().unwrap().key_management = Some(keys("Public"));
        let mut planned = whole(&survey);
        for (minor, count) in [(26, 0), (27, 1)] {
            planned.control_plane = Some(KubernetesVersion::new(1, minor, 12));
            assert_eq!(ask_planned(look, &survey, &planned).len(), count, "1.{minor}");
        }
    }

    #[test]
    fn unread_details_are_unknown() {
        check(
            look,
            |survey| survey.azure.details = Err(denied()),
            Outcome::Unknown,
            "the cluster",
        );
    }
}
