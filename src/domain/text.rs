//! Makes text from outside safe to show: no control character, no escape sequence, no hidden direction change.

/// Replaces everything that could steer a terminal or reorder text.
///
/// Line breaks and tabs become one space; other control characters, and the bidirectional and invisible
/// formatting characters of Unicode (U+200B to U+200F, U+202A to U+202E, U+2060 to U+2069, U+FEFF), are dropped.
pub fn printable(text: &str) -> String {
    text.chars()
        .filter_map(|character| match character {
            '\n' | '\r' | '\t' | '\u{2028}' | '\u{2029}' => Some(' '),
            '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{61c}' => {
                None
            }
            other if other.is_control() => None,
            other => Some(other),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_steers_a_terminal_is_left() {
        assert_eq!(printable("a\x1b[2Jb\r\nc\td\u{7}e\u{9b}31m"), "a[2Jb  c de31m");
        assert_eq!(printable("user\u{202e}gnp.exe\u{200b}"), "usergnp.exe");
        assert_eq!(printable("日本語 é 🚀"), "日本語 é 🚀");
    }
}
