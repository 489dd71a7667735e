//! Amounts as Kubernetes writes them: `50m`, `2`, `64Mi`, `1.5Gi` (Kubernetes docs "Resource Management", 2026).

use serde_json::Value;

/// Suffixes and what they multiply by, in thousandths.
const SUFFIXES: [(&str, u128); 14] = [
    ("Ki", 1_024_000),
    ("Mi", 1_048_576_000),
    ("Gi", 1_073_741_824_000),
    ("Ti", 1_099_511_627_776_000),
    ("Pi", 1_125_899_906_842_624_000),
    ("Ei", 1_152_921_504_606_846_976_000),
    ("m", 1),
    ("k", 1_000_000),
    ("M", 1_000_000_000),
    ("G", 1_000_000_000_000),
    ("T", 1_000_000_000_000_000),
    ("P", 1_000_000_000_000_000_000),
    ("E", 1_000_000_000_000_000_000_000),
    ("", 1_000),
];

/// Thousandths of the amount, rounded up; 0 for what is no amount.
pub(super) fn thousandths(value: &Value) -> u64 {
    match value {
        Value::Number(number) => read(&number.to_string()),
        Value::String(text) => read(text),
        _ => 0,
    }
}

/// The whole amount, rounded up: bytes of memory, pods of a node.
pub(super) fn whole(value: &Value) -> u64 {
    match value {
        Value::String(text) => scaled(text, 1_000),
        Value::Number(number) => scaled(&number.to_string(), 1_000),
        _ => 0,
    }
}

fn read(text: &str) -> u64 {
    scaled(text, 1)
}

fn scaled(text: &str, unit: u128) -> u64 {
    let (digits, factor) = SUFFIXES
        .into_iter()
        .find_map(|(suffix, factor)| Some((text.strip_suffix(suffix)?, factor)))
        .unwrap_or((text, 1_000));
    let (int, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let fraction = fraction.get(..fraction.len().min(9)).unwrap_or_default();
    let Ok(number) = format!("{int}{fraction}").parse::<u128>() else {
        return 0;
    };
    let places = 10_u128.pow(u32::try_from(fraction.len()).unwrap_or(0));
    let amount = number.saturating_mul(factor).div_ceil(places.saturating_mul(unit));
    u64::try_from(amount).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn amounts_are_read() {
        for (value, expected) in [
            (json!("50m"), 50),
            (json!("2"), 2000),
            (json!(2), 2000),
            (json!(0.5), 500),
            (json!("1.25"), 1250),
            (json!("x"), 0),
            (json!(null), 0),
        ] {
            assert_eq!(thousandths(&value), expected, "{value}");
        }
        for (value, expected) in [
            (json!("64Mi"), 67_108_864),
            (json!("1.5Gi"), 1_610_612_736),
            (json!("100M"), 100_000_000),
            (json!("110"), 110),
            (json!(128), 128),
            (json!("99999999999999Ei"), u64::MAX),
        ] {
            assert_eq!(whole(&value), expected, "{value}");
        }
    }
}
