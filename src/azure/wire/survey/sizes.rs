//! VM sizes of a region. The answer lists every SKU of Azure Compute and is megabytes long, so that it is read straight
//! from its bytes, and an entry nobody asked for is dropped at once.

use std::collections::BTreeSet;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::details::texts;
use crate::azure::wire::WrongShape;
use crate::azure::wire::lenient::{Lenient, Text};
use crate::azure::wire::list::Page;
use crate::domain::survey::VmSizeFact;

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Sku {
    resource_type: Lenient<Text>,
    name: Lenient<Text>,
    family: Lenient<Text>,
    capabilities: Lenient<Vec<Capability>>,
    location_info: Lenient<Vec<LocationInfo>>,
    restrictions: Lenient<Vec<Restriction>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Capability {
    name: Lenient<Text>,
    value: Lenient<Text>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct LocationInfo {
    zones: Lenient<Vec<Text>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Restriction {
    r#type: Lenient<Text>,
    restriction_info: Lenient<LocationInfo>,
}

/// Reads a page of SKUs and keeps the VM sizes of these names, in lower case.
pub fn vm_sizes(body: &[u8], wanted: &BTreeSet<String>) -> Result<Page<VmSizeFact>, WrongShape> {
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let page = Skus { wanted }
        .deserialize(&mut deserializer)
        .map_err(|_| WrongShape::new("it is no list of SKUs"))?;
    deserializer
        .end()
        .map_err(|_| WrongShape::new("the list of SKUs is cut off"))?;
    Ok(page)
}

/// The page as an object with `value` and `nextLink`.
struct Skus<'a> {
    wanted: &'a BTreeSet<String>,
}

impl<'de> DeserializeSeed<'de> for Skus<'_> {
    type Value = Page<VmSizeFact>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Skus<'_> {
    type Value = Page<VmSizeFact>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of SKUs")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let (mut items, mut next) = (None, None);
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "value" => items = Some(map.next_value_seed(Wanted(self.wanted))?),
                "nextLink" => next = map.next_value::<Lenient<String>>()?.0.filter(|link| !link.is_empty()),
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(Page {
            items: items.ok_or_else(|| serde::de::Error::missing_field("value"))?,
            next,
            findings: Vec::new(),
        })
    }
}

/// The entries, one in memory at a time.
struct Wanted<'a>(&'a BTreeSet<String>);

impl<'de> DeserializeSeed<'de> for Wanted<'_> {
    type Value = Vec<VmSizeFact>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Wanted<'_> {
    type Value = Vec<VmSizeFact>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SKUs")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        let mut sizes = Vec::new();
        while let Some(sku) = entries.next_element::<Lenient<Sku>>()? {
            sizes.extend(sku.0.and_then(|sku| size(sku, self.0)));
        }
        Ok(sizes)
    }
}

fn size(sku: Sku, wanted: &BTreeSet<String>) -> Option<VmSizeFact> {
    let is_machine = sku.resource_type.text()?.eq_ignore_ascii_case("virtualMachines");
    let name = sku.name.text()?;
    if !is_machine || !wanted.contains(&name.to_ascii_lowercase()) {
        return None;
    }
    let capabilities: Vec<(String, String)> = sku
        .capabilities
        .or_default()
        .into_iter()
        .filter_map(|capability| Some((capability.name.text()?, capability.value.text()?)))
        .collect();
    let capability = |wanted: &str| {
        let found = capabilities
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(wanted))?;
        Some(found.1.as_str())
    };
    let number = |wanted: &str| capability(wanted).and_then(|value| value.parse().ok());
    Some(VmSizeFact {
        family: sku.family.text().unwrap_or_default(),
        // A constrained size counts fewer than its name's first number.
        vcpus: number("vCPUsAvailable").or_else(|| number("vCPUs"))?,
        memory_bytes: capability("MemoryGB").and_then(bytes_of).unwrap_or(0),
        max_data_disks: number("MaxDataDiskCount"),
        zones: zones(sku.location_info.or_default()),
        restricted_in: restrictions(sku.restrictions.or_default()),
        name,
    })
}

/// Gibibytes as `16` or `0.75`.
fn bytes_of(text: &str) -> Option<u64> {
    let number: f64 = text.parse().ok()?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a size of memory is small and not negative, and a cast saturates"
    )]
    let bytes = (number * f64::from(1 << 30)) as u64;
    Some(bytes)
}

fn zones(infos: Vec<LocationInfo>) -> Vec<String> {
    let zones: BTreeSet<String> = infos.into_iter().flat_map(|info| texts(info.zones)).collect();
    zones.into_iter().collect()
}

/// Zones that are closed to this subscription; `*` is the whole region.
fn restrictions(restrictions: Vec<Restriction>) -> Vec<String> {
    let mut closed = BTreeSet::new();
    for restriction in restrictions {
        let kind = restriction.r#type.text().unwrap_or_default();
        let zones = zones(vec![restriction.restriction_info.or_default()]);
        if kind.eq_ignore_ascii_case("Zone") && !zones.is_empty() {
            closed.extend(zones);
        } else {
            closed.insert("*".to_owned());
        }
    }
    closed.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(body: &serde_json::Value, names: &[&str]) -> Result<Page<VmSizeFact>, WrongShape> {
        let wanted = names.iter().map(|name| name.to_ascii_lowercase()).collect();
        vm_sizes(body.to_string().as_bytes(), &wanted)
    }

    fn sku(kind: &str, name: &str) -> serde_json::Value {
        json!({"resourceType": kind, "name": name, "family": "standardDSv5Family", "tier": "Standard",
            "locations": ["westeurope"], "locationInfo": [{"location": "westeurope", "zones": ["3", "1"], "zoneDetails": []}],
            "capabilities": [{"name": "vCPUs", "value": "4"}, {"name": "MemoryGB", "value": "15.5"},
                {"name": "MaxDataDiskCount", "value": "8"}],
            "restrictions": [{"type": "Zone", "values": ["westeurope"], "reasonCode": "NotAvailableForSubscription",
                "restrictionInfo": {"locations": ["westeurope"], "zones": ["1"]}}]})
    }

    #[test]
    fn only_the_sizes_in_use_are_kept() {
        let body = json!({"extra": {"deep": [1]}, "value": [sku("disks", "Standard_D4s_v5"), null, 7,
            sku("virtualMachines", "Standard_D8s_v5"), sku("virtualMachines", "Standard_D4s_v5")], "nextLink": "https://x/2"});
        let page = read(&body, &["standard_D4S_v5"]).unwrap();
        assert_eq!((page.items.len(), page.next.as_deref()), (1, Some("https://x/2")));
        let size = &page.items[0];
        assert_eq!((size.vcpus, size.memory_bytes), (4, 31 << 29));
        assert_eq!(
            (size.zones.as_slice(), size.restricted_in.as_slice()),
            (["1", "3"].map(String::from).as_slice(), ["1".to_owned()].as_slice())
        );
        assert_eq!(size.max_data_disks, Some(8));
    }

    #[test]
    fn a_region_may_be_closed_and_a_size_constrained() {
        let mut closed = sku("virtualMachines", "Standard_E8-4s_v5");
        closed["restrictions"] = json!([{"type": "Location", "restrictionInfo": {"locations": ["westeurope"]}}]);
        closed["capabilities"] = json!([{"name": "vCPUs", "value": "8"}, {"name": "vCPUsAvailable", "value": "4"}]);
        let page = read(&json!({"value": [closed]}), &["Standard_E8-4s_v5"]).unwrap();
        assert_eq!(
            (page.items[0].vcpus, page.items[0].restricted_in.as_slice()),
            (4, ["*".to_owned()].as_slice())
        );
    }

    #[test]
    fn what_is_no_list_is_refused() {
        for body in [json!({}), json!([]), json!({"value": {}})] {
            assert!(read(&body, &["x"]).is_err(), "{body}");
        }
        assert!(vm_sizes(b"{\"value\": [", &BTreeSet::new()).is_err());
    }
}
