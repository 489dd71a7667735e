//! Makes text from outside safe to show: no control character, no escape sequence, no hidden direction change,
//! nothing that cannot be seen.

use unicode_width::UnicodeWidthChar;

/// Marks that may stand on one letter; living languages need up to four, more only hide the text under them.
const MARKS: usize = 4;

/// Replaces everything that could steer a terminal, reorder text, or hide in it.
///
/// Line breaks and tabs become one space. Dropped are the other control characters (C0 and C1), the bidirectional
/// controls, joiners, and the other characters that Unicode calls default ignorable (Unicode 16, UAX #44, 2024): soft
/// hyphens, fillers, variation selectors, tags. An emoji made of several falls apart into those.
/// Of the marks on one letter the first four stay.
pub fn printable(text: &str) -> String {
    if is_plain(text) {
        return text.to_owned();
    }
    let mut marks = 0;
    text.chars()
        .filter_map(|character| match character {
            '\n' | '\r' | '\t' | '\u{2028}' | '\u{2029}' => Some(' '),
            other if is_hidden(other) => None,
            other => Some(other),
        })
        .filter(|character| {
            let is_mark = character.width() == Some(0);
            marks = if is_mark { marks + 1 } else { 0 };
            marks <= MARKS
        })
        .collect()
}

/// True where `printable` would change nothing.
pub fn is_printable(text: &str) -> bool {
    let mut marks = 0;
    is_plain(text)
        || text.chars().all(|character| {
            marks = if character.width() == Some(0) { marks + 1 } else { 0 };
            !is_hidden(character) && marks <= MARKS
        })
}

/// The common case.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| (b' '..=b'~').contains(&byte))
}

/// True for what steers, reorders or cannot be seen.
fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}'
                | '\u{34f}'
                | '\u{61c}'
                | '\u{115f}'..='\u{1160}'
                | '\u{17b4}'..='\u{17b5}'
                | '\u{180b}'..='\u{180f}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{3164}'
                | '\u{fe00}'..='\u{fe0f}'
                | '\u{feff}'
                | '\u{ffa0}'
                | '\u{fff0}'..='\u{fffb}'
                | '\u{1bca0}'..='\u{1bca3}'
                | '\u{1d173}'..='\u{1d17a}'
                | '\u{e0000}'..='\u{e0fff}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_steers_a_terminal_is_left() {
        let check = |text: &str, expected: &str| {
            assert_eq!(printable(text), expected, "{text:?}");
            assert!(is_printable(expected));
            assert_eq!(is_printable(text), text == expected, "{text:?}");
        };
        check("a\x1b[2Jb\r\nc\td\u{7}e\u{9b}31m", "a[2Jb  c de31m");
        check("user\u{202e}gnp.exe\u{200b}", "usergnp.exe");
        check("\u{61c}a\u{2066}b\u{2069}\u{feff}c\u{ad}d", "abcd");
        check("日本語 é 🚀", "日本語 é 🚀");
        check("", "");
    }

    #[test]
    fn hidden_messages_are_dropped() {
        assert_eq!(
            printable("ok\u{e0041}\u{e0042}\u{e007f}"),
            "ok",
            "tags spell a text nobody sees"
        );
        assert_eq!(
            printable("v\u{fe0f}w\u{e0100}"),
            "vw",
            "variation selectors carry bytes"
        );
        assert_eq!(
            printable("👩\u{200d}💻"),
            "👩💻",
            "an emoji made of several falls apart"
        );
        assert_eq!(printable("a\u{3164}b\u{115f}c"), "abc", "fillers look like nothing");
    }

    #[test]
    fn marks_do_not_pile_up() {
        let piled = format!("a{}b", "\u{301}".repeat(1_000));
        assert_eq!(printable(&piled), format!("a{}b", "\u{301}".repeat(4)));
        assert_eq!(printable("นี้ ấ"), "นี้ ấ");
    }
}
