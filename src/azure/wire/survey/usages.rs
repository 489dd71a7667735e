//! Limits of a region, and of the subnets of a virtual network.

use serde::Deserialize;
use serde_json::Value;

use crate::azure::wire::WrongShape;
use crate::azure::wire::lenient::{Lenient, Text, object};
use crate::azure::wire::list::{Page, listed};
use crate::domain::survey::UsageFact;

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Usage {
    id: Lenient<Text>,
    name: Lenient<Name>,
    current_value: Lenient<f64>,
    limit: Lenient<f64>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Name {
    value: Lenient<Text>,
}

/// Reads a page of Microsoft.Compute or Microsoft.Network usages. One without a number is a finding.
pub fn usage_page(body: &Value) -> Result<Page<UsageFact>, WrongShape> {
    listed(body, |value| {
        let usage: Usage = object(value)?;
        let (used, limit) = numbers(&usage)?;
        let name = usage.name.or_default().value.text();
        Ok(UsageFact {
            name: name.ok_or_else(|| WrongShape::new("a usage has no name"))?,
            used,
            limit,
        })
    })
}

/// Reads the usages of a virtual network; each is named by its subnet's id in lower case.
pub fn network_usage_page(body: &Value) -> Result<Page<UsageFact>, WrongShape> {
    listed(body, |value| {
        let usage: Usage = object(value)?;
        let (used, limit) = numbers(&usage)?;
        let id = usage
            .id
            .text()
            .ok_or_else(|| WrongShape::new("a usage names no subnet"))?;
        Ok(UsageFact {
            name: id.to_ascii_lowercase(),
            used,
            limit,
        })
    })
}

/// Whole numbers, which Microsoft.Network writes with a decimal point. A limit of -1 is none.
fn numbers(usage: &Usage) -> Result<(u64, u64), WrongShape> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a cast of a float to an integer saturates, and usages are whole"
    )]
    let whole = |number: f64| if number < 0.0 { u64::MAX } else { number as u64 };
    match (usage.current_value.0, usage.limit.0) {
        (Some(used), Some(limit)) if used >= 0.0 => Ok((whole(used), whole(limit))),
        _ => Err(WrongShape::new("a usage has no numbers")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn usages_are_numbers_with_a_name() {
        let page = usage_page(&json!({"value": [
            {"unit": "Count", "currentValue": 12, "limit": 350, "name": {"value": "standardDSv5Family", "localizedValue": "x"}},
            {"currentValue": 3.0, "limit": -1, "name": {"value": "PublicIPAddresses"}},
            {"currentValue": null, "limit": 10, "name": {"value": "cores"}},
            {"currentValue": 1, "limit": 10}], "nextLink": ""}))
        .unwrap();
        let usage = |name: &str, used, limit| UsageFact {
            name: name.to_owned(),
            used,
            limit,
        };
        let expected = [
            usage("standardDSv5Family", 12, 350),
            usage("PublicIPAddresses", 3, u64::MAX),
        ];
        assert_eq!((page.items.as_slice(), page.findings.len()), (expected.as_slice(), 2));
    }

    #[test]
    fn a_networks_usages_are_those_of_its_subnets() {
        let page = network_usage_page(&json!({"value": [
            {"id": "/Subscriptions/S/subnets/Nodes", "currentValue": 240.0, "limit": 251.0, "unit": "Count"}]}))
        .unwrap();
        assert_eq!(
            (page.items[0].name.as_str(), page.items[0].limit),
            ("/subscriptions/s/subnets/nodes", 251)
        );
    }
}
