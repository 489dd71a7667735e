//! vCPUs from the name of a VM size. Never guesses: a name that does not follow the rules is `None`.

/// The vCPUs in use of a VM of that size.
///
/// The number behind the family's letters, or behind the hyphen for a constrained size
/// (Azure docs "Azure virtual machine sizes naming conventions", 2026). The oldest families number their sizes
/// instead of counting vCPUs and have a table (Azure docs "Previous generations of virtual machine sizes", 2026).
pub fn vcpus(size: &str) -> Option<u32> {
    let name = size.trim().to_ascii_lowercase();
    let name = name
        .strip_prefix("standard_")
        .or_else(|| name.strip_prefix("basic_"))
        .unwrap_or(&name);
    let mut parts = name.split('_');
    let first = parts.next().unwrap_or_default();
    let version = parts.next_back();
    let letters = first.len() - first.trim_start_matches(|c: char| c.is_ascii_alphabetic()).len();
    let (family, rest) = first.split_at(letters);
    if family.is_empty() {
        return None;
    }
    let (number, behind) = leading_number(rest)?;
    if let Some(constrained) = behind.strip_prefix('-') {
        return leading_number(constrained).map(|(number, _)| number);
    }
    match (family, version) {
        ("d" | "ds", None | Some("v2")) => numbered_d(number),
        ("a", None) => numbered_a(number),
        ("g" | "gs", None) => (1..=5).contains(&number).then(|| 1 << number),
        _ => Some(number),
    }
}

fn leading_number(text: &str) -> Option<(u32, &str)> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, behind) = text.split_at(digits);
    number
        .parse()
        .ok()
        .filter(|number| *number > 0)
        .map(|number| (number, behind))
}

/// D, DS and their second versions: 1 to 5 double, 11 to 14 have more memory.
fn numbered_d(number: u32) -> Option<u32> {
    match number {
        1..=5 => Some(1 << (number - 1)),
        11..=14 => Some(1 << (number - 10)),
        15 => Some(20),
        _ => None,
    }
}

/// The first A series.
fn numbered_a(number: u32) -> Option<u32> {
    match number {
        1 => Some(1),
        2 | 5 => Some(2),
        3 | 6 => Some(4),
        4 | 7 | 8 | 10 => Some(8),
        9 | 11 => Some(16),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_their_vcpus() {
        for (size, expected) in [
            ("Standard_D4s_v5", Some(4)),
            ("standard_d96ads_v6", Some(96)),
            ("Standard_E8-4ds_v5", Some(4)),
            ("Standard_M8-2ms", Some(2)),
            ("Standard_DS11-1_v2", Some(1)),
            ("Standard_B2ms", Some(2)),
            ("Standard_B20ms", Some(20)),
            ("Standard_D2pls_v5", Some(2)),
            ("Standard_DC4as_v5", Some(4)),
            ("Standard_E64i_v3", Some(64)),
            ("Standard_F16s_v2", Some(16)),
            ("Standard_L80as_v3", Some(80)),
            ("Standard_NC24ads_A100_v4", Some(24)),
            ("Standard_NC4as_T4_v3", Some(4)),
            ("Standard_ND96asr_v4", Some(96)),
            ("Standard_HB120rs_v3", Some(120)),
            ("Standard_DS2_v2", Some(2)),
            ("Standard_DS3_v2", Some(4)),
            ("Standard_D5_v2", Some(16)),
            ("Standard_DS14_v2", Some(16)),
            ("Standard_DS15_v2", Some(20)),
            ("Standard_D2_v3", Some(2)),
            ("Standard_A2_v2", Some(2)),
            ("Standard_A8m_v2", Some(8)),
            ("Basic_A3", Some(4)),
            ("Standard_GS5", Some(32)),
            ("D8s_v3", Some(8)),
            ("", None),
            ("Standard_", None),
            ("Standard_D", None),
            ("Standard_D0s_v9", None),
            ("Standard_DS7_v2", None),
            ("Standard_8", None),
            ("Standard_D99999999999s_v5", None),
            ("Standard_M8-", None),
            ("größe", None),
        ] {
            assert_eq!(vcpus(size), expected, "{size}");
        }
    }
}
