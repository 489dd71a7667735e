//! Amounts as Kubernetes writes them: `50m`, `2`, `64Mi`, `1.5Gi`, `1e3` (Kubernetes API reference "Quantity", v1.36).

use serde::Deserialize;

/// Suffixes with the power of 2 or of 10 they stand for; the longer ones first.
const BINARY: [(&str, i32); 6] = [("Ki", 10), ("Mi", 20), ("Gi", 30), ("Ti", 40), ("Pi", 50), ("Ei", 60)];
const DECIMAL: [(&str, i32); 9] = [
    ("n", -9),
    ("u", -6),
    ("m", -3),
    ("k", 3),
    ("M", 6),
    ("G", 9),
    ("T", 12),
    ("P", 15),
    ("E", 18),
];

/// An amount, as a text or as a number.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Quantity {
    Text(String),
    Number(f64),
}

impl Quantity {
    /// Thousandths, rounded up; 0 for a text that is no amount.
    pub(super) fn thousandths(&self) -> u64 {
        rounded(self.amount() * 1000.0)
    }

    /// The whole amount, rounded up; 0 for a text that is no amount.
    pub(super) fn whole(&self) -> u64 {
        rounded(self.amount())
    }

    fn amount(&self) -> f64 {
        match self {
            Self::Number(number) => *number,
            Self::Text(text) => read(text.trim()).unwrap_or(0.0),
        }
    }
}

fn read(text: &str) -> Option<f64> {
    if let Some((number, power)) = BINARY
        .iter()
        .find_map(|(suffix, power)| Some((text.strip_suffix(suffix)?, *power)))
    {
        return Some(number.parse::<f64>().ok()? * 2_f64.powi(power));
    }
    // `1E3` is a number with an exponent, `1E` is one of the suffixes.
    if let Ok(number) = text.parse::<f64>() {
        return Some(number);
    }
    let (number, power) = DECIMAL
        .iter()
        .find_map(|(suffix, power)| Some((text.strip_suffix(suffix)?, *power)))?;
    Some(number.parse::<f64>().ok()? * 10_f64.powi(power))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the cast of a float saturates, and what is below zero is no amount"
)]
fn rounded(amount: f64) -> u64 {
    // What is a hair above a whole number came from the arithmetic, not from the text; large amounts have no fraction.
    let hair = if amount < 1e12 { amount.abs() * 1e-15 } else { 0.0 };
    (amount - hair).ceil().max(0.0) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read() {
        let read = |text: &str| serde_json::from_str::<Quantity>(text).unwrap();
        for (text, expected) in [
            ("\"50m\"", 50),
            ("\"2\"", 2000),
            ("2", 2000),
            ("0.5", 500),
            ("\"1.25\"", 1250),
            ("\"100u\"", 1),
            ("\"x\"", 0),
            ("\"-1\"", 0),
            ("\"\"", 0),
        ] {
            assert_eq!(read(text).thousandths(), expected, "{text}");
        }
        for (text, expected) in [
            ("\"64Mi\"", 67_108_864),
            ("\"1.5Gi\"", 1_610_612_736),
            ("\"100M\"", 100_000_000),
            ("\"12345678Ki\"", 12_641_974_272),
            ("\"1e3\"", 1000),
            ("\"1E\"", 1_000_000_000_000_000_000),
            ("\"110\"", 110),
            ("128974848", 128_974_848),
        ] {
            assert_eq!(read(text).whole(), expected, "{text}");
        }
    }
}
