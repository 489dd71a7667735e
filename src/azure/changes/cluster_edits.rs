//! The bodies of edits of a cluster: force, channels, tier, addresses, add-ons, the whole upgrade. Pure.

use serde_json::{Value, json};

use super::bodies::{NotWritten, Written, writable_cluster};
use super::edits::{at, properties, put};
use crate::domain::azure_edit::ClusterEdit;
use crate::domain::change::FieldChange;
use crate::domain::version::KubernetesVersion;

/// The cluster with one edit.
pub(super) fn edited(mut body: Value, edit: &ClusterEdit) -> Written {
    let mut fields = writable_cluster(&mut body)?;
    match edit {
        ClusterEdit::Reconcile => {}
        ClusterEdit::Upgrade { to } => upgrade(&mut body, *to, &mut fields)?,
        ClusterEdit::ForceUpgrade { until } => {
            let settings = "properties.upgradeSettings.overrideSettings";
            put(
                &mut body,
                &format!("{settings}.forceUpgrade"),
                Some(&json!(true)),
                &mut fields,
            )?;
            put(
                &mut body,
                &format!("{settings}.until"),
                Some(&json!(until.to_string())),
                &mut fields,
            )?;
        }
        ClusterEdit::AutoUpgrade { kubernetes, node_os } => {
            for (key, word) in [("upgradeChannel", kubernetes), ("nodeOSUpgradeChannel", node_os)] {
                if let Some(word) = word {
                    put(
                        &mut body,
                        &format!("properties.autoUpgradeProfile.{key}"),
                        Some(&json!(word)),
                        &mut fields,
                    )?;
                }
            }
        }
        ClusterEdit::Tier { tier, support_plan } => {
            put(&mut body, "sku.name", Some(&json!("Base")), &mut fields)?;
            put(&mut body, "sku.tier", Some(&json!(tier)), &mut fields)?;
            if let Some(plan) = support_plan {
                put(&mut body, "properties.supportPlan", Some(&json!(plan)), &mut fields)?;
            }
        }
        ClusterEdit::AllowAddresses { ranges } => allow(&mut body, ranges, &mut fields)?,
        ClusterEdit::Addon { name, is_enabled } => addon(&mut body, name, *is_enabled, &mut fields)?,
        ClusterEdit::OutboundAddresses { count } => outbound(&mut body, *count, &mut fields)?,
    }
    Ok((body, fields))
}

/// Every pool goes where the control plane goes; `creationData` would name a snapshot to go to instead
/// (Azure's own CLI, 2026).
fn upgrade(body: &mut Value, to: KubernetesVersion, fields: &mut Vec<FieldChange>) -> Result<(), NotWritten> {
    put(
        body,
        "properties.kubernetesVersion",
        Some(&json!(to.to_string())),
        fields,
    )?;
    if let Some(Value::Array(pools)) = properties(body)?.get_mut("agentPoolProfiles") {
        for (index, pool) in pools.iter_mut().enumerate() {
            let mut of_pool = Vec::new();
            put(pool, "creationData", None, &mut of_pool)?;
            put(pool, "orchestratorVersion", Some(&json!(to.to_string())), &mut of_pool)?;
            fields.extend(of_pool.into_iter().map(|change| FieldChange {
                field: format!("properties.agentPoolProfiles[{index}].{}", change.field),
                ..change
            }));
        }
    }
    Ok(())
}

/// An empty list lets everybody in: adding one address to it would shut everybody else out.
fn allow(body: &mut Value, ranges: &[String], fields: &mut Vec<FieldChange>) -> Result<(), NotWritten> {
    let field = "properties.apiServerAccessProfile.authorizedIPRanges";
    let present = at(body, field).and_then(Value::as_array).cloned().unwrap_or_default();
    if present.is_empty() {
        let why = "its API server takes every address, and would take only the new one after this";
        return Err(NotWritten::Refused(why.to_owned()));
    }
    let mut all = present;
    for range in ranges {
        let range = json!(range);
        if !all.contains(&range) {
            all.push(range);
        }
    }
    Ok(put(body, field, Some(&Value::Array(all)), fields)?)
}

/// Names of add-ons are written in more than one case (`omsagent`, `omsAgent`).
fn addon(body: &mut Value, name: &str, is_enabled: bool, fields: &mut Vec<FieldChange>) -> Result<(), NotWritten> {
    let key = at(body, "properties.addonProfiles")
        .and_then(Value::as_object)
        .and_then(|addons| addons.keys().find(|key| key.eq_ignore_ascii_case(name)).cloned())
        .ok_or_else(|| NotWritten::Refused(format!("it has no add-on {name}")))?;
    let field = format!("properties.addonProfiles.{key}.enabled");
    Ok(put(body, &field, Some(&json!(is_enabled)), fields)?)
}

/// AKS manages between 1 and 100 addresses (AKS docs "Use a public standard load balancer", 2026).
fn outbound(body: &mut Value, count: u32, fields: &mut Vec<FieldChange>) -> Result<(), NotWritten> {
    let refuse = |why: String| Err(NotWritten::Refused(why));
    if !(1..=100).contains(&count) {
        return refuse(format!("{count} outbound addresses are outside 1 to 100"));
    }
    let profile = "properties.networkProfile.loadBalancerProfile";
    let is_own = |key: &str| at(body, &format!("{profile}.{key}")).is_some();
    if is_own("outboundIPs") || is_own("outboundIPPrefixes") {
        return refuse("its outbound addresses are its owner's, not managed by AKS".to_owned());
    }
    Ok(put(
        body,
        &format!("{profile}.managedOutboundIPs.count"),
        Some(&json!(count)),
        fields,
    )?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cluster() -> Value {
        json!({"id": "/x", "name": "shop", "eTag": "e", "location": "here", "sku": {"name": "Base", "tier": "Free"},
            "properties": {"kubernetesVersion": "1.33.5", "provisioningState": "Failed", "supportPlan": "KubernetesOfficial",
                "autoUpgradeProfile": {"upgradeChannel": "patch", "nodeOSUpgradeChannel": "NodeImage"},
                "apiServerAccessProfile": {"authorizedIPRanges": ["20.0.0.1/32"]},
                "addonProfiles": {"omsAgent": {"enabled": true, "config": {"a": "b"}}},
                "networkProfile": {"loadBalancerProfile": {"managedOutboundIPs": {"count": 1}}},
                "agentPoolProfiles": [{"name": "a", "orchestratorVersion": "1.33.5", "creationData": {"sourceResourceId": "/s"},
                    "nodeImageVersion": "i", "eTag": "p"}]}})
    }

    /// The fields an edit changes, as `path: from -> to`.
    fn told(edit: &ClusterEdit) -> Vec<String> {
        let (body, fields) = edited(cluster(), edit).unwrap();
        assert_eq!(
            (body.get("eTag"), body.pointer("/properties/provisioningState")),
            (None, None)
        );
        let word = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
        fields
            .iter()
            .map(|field| {
                let path = field.field.trim_start_matches("properties.");
                format!("{path}: {} -> {}", word(&field.from), word(&field.to))
            })
            .collect()
    }

    #[test]
    fn each_edit_changes_its_own_fields_alone() {
        let until = "2026-11-23T12:00:00Z".parse().unwrap();
        for (edit, expected) in [
            (ClusterEdit::Reconcile, vec![]),
            (
                ClusterEdit::Upgrade {
                    to: KubernetesVersion::new(1, 34, 2),
                },
                vec![
                    "kubernetesVersion: 1.33.5 -> 1.34.2",
                    "agentPoolProfiles[0].creationData: {\"sourceResourceId\":\"/s\"} -> -",
                    "agentPoolProfiles[0].orchestratorVersion: 1.33.5 -> 1.34.2",
                ],
            ),
            (
                ClusterEdit::ForceUpgrade { until },
                vec![
                    "upgradeSettings.overrideSettings.forceUpgrade: - -> true",
                    "upgradeSettings.overrideSettings.until: - -> 2026-11-23T12:00:00Z",
                ],
            ),
            (
                ClusterEdit::AutoUpgrade {
                    kubernetes: Some("none".to_owned()),
                    node_os: None,
                },
                vec!["autoUpgradeProfile.upgradeChannel: patch -> none"],
            ),
            (
                ClusterEdit::Tier {
                    tier: "Premium".to_owned(),
                    support_plan: Some("AKSLongTermSupport".to_owned()),
                },
                vec![
                    "sku.tier: Free -> Premium",
                    "supportPlan: KubernetesOfficial -> AKSLongTermSupport",
                ],
            ),
            (
                ClusterEdit::AllowAddresses {
                    ranges: vec!["20.0.0.2/32".to_owned(), "20.0.0.1/32".to_owned()],
                },
                vec![
                    "apiServerAccessProfile.authorizedIPRanges: [\"20.0.0.1/32\"] -> [\"20.0.0.1/32\",\"20.0.0.2/32\"]",
                ],
            ),
            (
                ClusterEdit::Addon {
                    name: "omsagent".to_owned(),
                    is_enabled: false,
                },
                vec!["addonProfiles.omsAgent.enabled: true -> false"],
            ),
            (
                ClusterEdit::OutboundAddresses { count: 2 },
                vec!["networkProfile.loadBalancerProfile.managedOutboundIPs.count: 1 -> 2"],
            ),
        ] {
            assert_eq!(told(&edit), expected, "{edit:?}");
        }
    }

    #[test]
    fn what_would_do_harm_is_refused() {
        let ranges = vec!["20.0.0.2/32".to_owned()];
        let mut open = cluster();
        open["properties"]["apiServerAccessProfile"]["authorizedIPRanges"] = json!([]);
        let mut own = cluster();
        own["properties"]["networkProfile"]["loadBalancerProfile"]["outboundIPs"] = json!({"publicIPs": []});
        for (body, edit) in [
            (open, ClusterEdit::AllowAddresses { ranges }),
            (own, ClusterEdit::OutboundAddresses { count: 2 }),
            (cluster(), ClusterEdit::OutboundAddresses { count: 101 }),
            (
                cluster(),
                ClusterEdit::Addon {
                    name: "gitops".to_owned(),
                    is_enabled: false,
                },
            ),
        ] {
            assert!(matches!(edited(body, &edit), Err(NotWritten::Refused(_))), "{edit:?}");
        }
    }
}
