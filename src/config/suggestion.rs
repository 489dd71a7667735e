//! What was probably meant by a word that is none of the known ones.

/// How alike two words must be, from 0 to 1 (Jaro-Winkler).
const ALIKE: f64 = 0.82;

/// The known word that is most alike, without regard to case and joints; `None` where none is.
pub fn meant<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = bare(word);
    known
        .into_iter()
        .map(|known| (strsim::jaro_winkler(&word, &bare(known)), known))
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, known)| known)
}

/// `did you mean 'x'?`, or all that there is.
pub fn hint<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    match meant(word, known.iter().copied()) {
        Some(meant) => format!("did you mean '{meant}'?"),
        None => format!("there are {}", known.join(", ")),
    }
}

fn bare(word: &str) -> String {
    let letters = word.chars().filter(|letter| letter.is_alphanumeric()).take(60);
    letters.flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_word_is_recognised() {
        let known = [
            "theme",
            "ascii",
            "read-only",
            "colour-blind",
            "smoke-tests",
            "subscription",
        ];
        for (word, expected) in [
            ("thme", Some("theme")),
            ("readOnly", Some("read-only")),
            ("READ_ONLY", Some("read-only")),
            ("color-blind", Some("colour-blind")),
            ("smoketest", Some("smoke-tests")),
            ("subscriptions", Some("subscription")),
            ("pets", None),
            ("", None),
        ] {
            assert_eq!(meant(word, known), expected, "{word}");
        }
        assert_eq!(hint("pets", ["a", "b"]), "there are a, b");
    }
}
