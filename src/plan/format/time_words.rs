//! Durations in words, as people write them: `7 days`, `2 hours 30 minutes`, `90 s`.

const UNITS: [(&str, u64); 4] = [("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1)];

/// In whole units, largest first; `0 seconds` for none.
pub(super) fn write(seconds: u64) -> String {
    let mut left = seconds;
    let mut parts = Vec::new();
    for (name, size) in UNITS {
        let number = left / size;
        left %= size;
        if number > 0 {
            let ending = if number == 1 { "" } else { "s" };
            parts.push(format!("{number} {name}{ending}"));
        }
    }
    if parts.is_empty() {
        return "0 seconds".to_owned();
    }
    parts.join(" ")
}

/// Reads numbers with units, with or without a space between them; seconds.
pub(super) fn read(text: &str) -> Result<u64, String> {
    let error = || format!("'{text}' is no duration like 7 days, 2 hours 30 minutes or 90 s");
    let mut rest = text.trim();
    let mut seconds: u64 = 0;
    if rest.is_empty() {
        return Err(error());
    }
    while !rest.is_empty() {
        let digits = rest.len() - rest.trim_start_matches(|letter: char| letter.is_ascii_digit()).len();
        let number: u64 = rest[..digits].parse().map_err(|_| error())?;
        rest = rest[digits..].trim_start();
        let letters = rest.len()
            - rest
                .trim_start_matches(|letter: char| letter.is_ascii_alphabetic())
                .len();
        let size = unit(&rest[..letters]).ok_or_else(error)?;
        rest = rest[letters..].trim_start().trim_start_matches(',').trim_start();
        seconds = number
            .checked_mul(size)
            .and_then(|part| seconds.checked_add(part))
            .ok_or_else(error)?;
    }
    Ok(seconds)
}

fn unit(word: &str) -> Option<u64> {
    match word.to_ascii_lowercase().as_str() {
        "d" | "day" | "days" => Some(86_400),
        "h" | "hour" | "hours" => Some(3_600),
        "m" | "min" | "minute" | "minutes" => Some(60),
        "s" | "sec" | "second" | "seconds" => Some(1),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_words() {
        for (text, seconds) in [
            ("7 days", 604_800),
            ("2 hours 30 minutes", 9_000),
            ("2h30m", 9_000),
            ("1 day, 1 second", 86_401),
            ("90 s", 90),
            ("0 seconds", 0),
        ] {
            assert_eq!(read(text), Ok(seconds), "{text}");
            assert_eq!(read(&write(seconds)), Ok(seconds));
        }
        assert_eq!(write(90_061), "1 day 1 hour 1 minute 1 second");
        for text in [
            "",
            " ",
            "7",
            "days",
            "7 weeks",
            "-1 s",
            "1.5 h",
            "99999999999999999999 s",
            "999999999999999999 d",
            "1 ä",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
