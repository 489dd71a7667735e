//! What Azure claims of a resource, held against what a step is for. Claims only: what nodes run is in `nodes.rs`.

use super::super::effect::Resource;
use crate::domain::node_pool::UpgradeSettings;
use crate::domain::provisioning::{AzureErrorDetail, ProvisioningState};
use crate::plan::step::StepKind;

/// True where the resource claims what the step is for. What is not known is not claimed.
pub(super) fn shows_target(kind: &StepKind, resource: &Resource) -> bool {
    match kind {
        StepKind::ControlPlaneUpgrade { to, .. } | StepKind::NodePoolUpgrade { to, .. } => {
            resource.version.is_some_and(|version| version >= *to)
        }
        StepKind::NodeImageUpgrade { to: Some(to), .. } => resource
            .node_image
            .as_ref()
            .is_some_and(|image| image.is_same_image(to)),
        // With a node OS channel only the version goes back (AKS docs "Roll back a node pool version", 2026).
        StepKind::PoolRollback {
            from, to, node_image, ..
        } => {
            let has_image = resource
                .node_image
                .as_ref()
                .is_some_and(|image| image.is_same_image(node_image));
            resource.version == Some(*to) && (has_image || *from != Some(*to))
        }
        StepKind::PoolSettings { settings, .. } => resource
            .upgrade_settings
            .as_ref()
            .is_some_and(|present| has_all(present, settings)),
        StepKind::NodeImageUpgrade { to: None, .. }
        | StepKind::Approval { .. }
        | StepKind::Wait { .. }
        | StepKind::SmokeTest { .. }
        | StepKind::ReadinessGate
        | StepKind::Verify => false,
    }
}

/// True where the operation that runs on the resource leads to what the step is for, as far as can be seen.
pub(super) fn is_towards(kind: &StepKind, resource: &Resource) -> bool {
    match (kind, &resource.state) {
        (
            _,
            ProvisioningState::Canceling
            | ProvisioningState::Deleting
            | ProvisioningState::Creating
            | ProvisioningState::Starting
            | ProvisioningState::Stopping
            | ProvisioningState::Scaling,
        ) => false,
        (_, state) if state.is_terminal() => false,
        (StepKind::NodeImageUpgrade { .. }, state) => *state == ProvisioningState::UpgradingNodeImageVersion,
        // The image is claimed only at the end.
        (StepKind::PoolRollback { from, to, .. }, _) => resource.version == Some(*to) && *from != Some(*to),
        _ => shows_target(kind, resource),
    }
}

/// Like `shows_target`, for an operation that is known to have ended well: what is not known counts as good, and
/// an image newer than planned, too, as Azure takes the newest there is.
pub(super) fn fulfils(kind: &StepKind, resource: &Resource) -> bool {
    match kind {
        StepKind::ControlPlaneUpgrade { to, .. } | StepKind::NodePoolUpgrade { to, .. } => {
            resource.version.is_none_or(|version| version >= *to)
        }
        StepKind::NodeImageUpgrade { from, to, .. } => match (&resource.node_image, from, to) {
            (Some(image), _, Some(to)) if image.is_same_image(to) => true,
            (Some(image), Some(from), Some(_)) => !image.is_same_image(from),
            _ => true,
        },
        StepKind::PoolRollback { to, .. } => resource.version.is_none_or(|version| version == *to),
        StepKind::PoolSettings { settings, .. } => resource
            .upgrade_settings
            .as_ref()
            .is_none_or(|present| has_all(present, settings)),
        StepKind::Approval { .. }
        | StepKind::Wait { .. }
        | StepKind::SmokeTest { .. }
        | StepKind::ReadinessGate
        | StepKind::Verify => true,
    }
}

/// True where every setting that is asked for is there; those not asked for may be anything.
fn has_all(present: &UpgradeSettings, asked: &UpgradeSettings) -> bool {
    fn is_there<T: PartialEq>(asked: Option<&T>, present: Option<&T>) -> bool {
        asked.is_none_or(|asked| present == Some(asked))
    }
    is_there(asked.max_surge.as_ref(), present.max_surge.as_ref())
        && is_there(asked.max_unavailable.as_ref(), present.max_unavailable.as_ref())
        && is_there(
            asked.drain_timeout_minutes.as_ref(),
            present.drain_timeout_minutes.as_ref(),
        )
        && is_there(asked.node_soak_minutes.as_ref(), present.node_soak_minutes.as_ref())
        && is_there(
            asked.undrainable_node_behavior.as_ref(),
            present.undrainable_node_behavior.as_ref(),
        )
}

/// The resource in a few words.
pub(super) fn describe(resource: &Resource) -> String {
    match (&resource.version, &resource.node_image) {
        (Some(version), Some(image)) => format!("{} at {version} with node image {image}", resource.state),
        (None, Some(image)) => format!("{} with node image {image}", resource.state),
        (Some(version), None) => format!("{} at {version}", resource.state),
        (None, None) => resource.state.to_string(),
    }
}

/// Why the resource is `Failed`, in Azure's words where it has some.
pub(super) fn failure(resource: &Resource) -> AzureErrorDetail {
    resource.error.clone().unwrap_or_else(|| AzureErrorDetail {
        code: "Failed".to_owned(),
        message: "the resource is Failed, and Azure says nothing more".to_owned(),
        ..AzureErrorDetail::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::version::NodeImageVersion;

    fn pool(version: &str, settings: UpgradeSettings) -> Resource {
        Resource {
            state: ProvisioningState::Upgrading,
            busy: Some("web is Upgrading".to_owned()),
            version: version.parse().ok(),
            node_image: None,
            etag: None,
            error: None,
            upgrade_settings: Some(settings),
            busy_by: None,
        }
    }

    #[test]
    fn a_rollback_is_done_when_the_version_is_back_whatever_became_of_the_image() {
        let rollback = |from: &str| StepKind::PoolRollback {
            pool: "web".into(),
            from: from.parse().ok(),
            to: "1.33.4".parse().unwrap(),
            node_image: NodeImageVersion::new("AKSUbuntu-2204-202608.01.0"),
        };
        let back = pool("1.33.4", UpgradeSettings::default());
        assert!(shows_target(&rollback("1.34.2"), &back));
        assert!(
            !shows_target(&rollback("1.33.4"), &back),
            "only the image is to go back"
        );
        let not_yet = pool("1.34.2", UpgradeSettings::default());
        assert!(!shows_target(&rollback("1.34.2"), &not_yet));
    }

    #[test]
    fn settings_are_there_when_all_that_are_asked_for_are() {
        let surge = |share: &str| UpgradeSettings {
            max_surge: share.parse().ok(),
            drain_timeout_minutes: Some(45),
            ..UpgradeSettings::default()
        };
        let kind = StepKind::PoolSettings {
            pool: "web".into(),
            settings: UpgradeSettings {
                max_surge: "33%".parse().ok(),
                ..UpgradeSettings::default()
            },
        };
        assert!(shows_target(&kind, &pool("1.33.4", surge("33%"))));
        assert!(!shows_target(&kind, &pool("1.33.4", surge("10%"))));
        assert!(!fulfils(&kind, &pool("1.33.4", UpgradeSettings::default())));
        let unknown = Resource {
            upgrade_settings: None,
            ..pool("1.33.4", UpgradeSettings::default())
        };
        assert!(fulfils(&kind, &unknown) && !shows_target(&kind, &unknown));
    }

    #[test]
    fn an_operation_leads_to_the_target_only_where_it_shows() {
        let kind = StepKind::NodePoolUpgrade {
            pool: "web".into(),
            from: None,
            to: "1.34.2".parse().unwrap(),
        };
        let at = |version, state: ProvisioningState| Resource {
            state,
            ..pool(version, UpgradeSettings::default())
        };
        assert!(is_towards(&kind, &at("1.34.2", ProvisioningState::Upgrading)));
        assert!(!is_towards(&kind, &at("1.33.4", ProvisioningState::Upgrading)));
        for state in ["Scaling", "Canceling", "Deleting", "Succeeded"] {
            assert!(!is_towards(&kind, &at("1.34.2", state.into())), "{state}");
        }
    }
}
