//! How wide a text is on a terminal, and how it is cut to fit.
//! Counts what a person sees as one character as one, as drawing does; never cuts such a character in half.

use std::borrow::Cow;

use ratatui::text::{Line, Span};
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use super::theme::ELLIPSIS;

/// A number of cells; what no terminal can be wide or high is taken as the widest.
pub(crate) fn cells(number: usize) -> u16 {
    u16::try_from(number).unwrap_or(u16::MAX)
}

/// Cells a text takes.
pub(crate) fn width(text: &str) -> u16 {
    if is_plain(text) {
        return cells(text.len());
    }
    let widths = text.graphemes(true).map(|one| usize::from(width_of(one)));
    cells(widths.sum())
}

/// The longest start of `text` that fits into `room`, and its width.
pub(crate) fn start_of(text: &str, room: u16) -> (&str, u16) {
    if is_plain(text) {
        let end = text.len().min(usize::from(room));
        return (&text[..end], cells(end));
    }
    let mut used = 0;
    for (at, one) in text.grapheme_indices(true) {
        let wide = width_of(one);
        if used + wide > room {
            return (&text[..at], used);
        }
        used += wide;
    }
    (text, used)
}

fn end_of(text: &str, room: u16) -> &str {
    let mut used = 0;
    for (at, one) in text.grapheme_indices(true).rev() {
        used += width_of(one);
        if used > room {
            return &text[at + one.len()..];
        }
    }
    text
}

/// The common case, in which each byte is one cell.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| (b' '..=b'~').contains(&byte))
}

/// Of one character as a person sees it. Drawing leaves out what steers the terminal.
fn width_of(grapheme: &str) -> u16 {
    if grapheme.contains(char::is_control) {
        return 0;
    }
    cells(grapheme.width())
}

/// Cuts the end off, with an ellipsis, where the text is wider than `room`.
pub(crate) fn cut(text: &str, room: u16) -> Cow<'_, str> {
    if start_of(text, room).0.len() == text.len() {
        return Cow::Borrowed(text);
    }
    let (start, _) = start_of(text, room.saturating_sub(1));
    Cow::Owned(if room == 0 {
        String::new()
    } else {
        format!("{}{ELLIPSIS}", start.trim_end())
    })
}

/// Cuts the middle out: for names whose end tells them apart, such as those of nodes.
pub(crate) fn cut_middle(text: &str, room: u16) -> Cow<'_, str> {
    if start_of(text, room).0.len() == text.len() {
        return Cow::Borrowed(text);
    }
    let kept = room.saturating_sub(1);
    let (start, used) = start_of(text, kept / 3);
    match room {
        0 => Cow::Borrowed(""),
        _ => Cow::Owned(format!("{start}{ELLIPSIS}{}", end_of(text, kept - used))),
    }
}

/// Looks no further than it has to: a text may be far longer than any screen.
fn fits(line: &Line<'_>, room: u16) -> bool {
    let mut left = room;
    line.spans.iter().all(|span| {
        let (start, wide) = start_of(&span.content, left);
        left -= wide;
        start.len() == span.content.len()
    })
}

/// Cuts a styled line to `room`, with an ellipsis in the style of the piece it falls into.
pub(crate) fn cut_line(line: Line<'_>, room: u16) -> Line<'_> {
    if fits(&line, room) {
        return line;
    }
    let mut left = room;
    let mut spans = Vec::with_capacity(line.spans.len());
    let mut rest = line.spans.into_iter().peekable();
    while let Some(span) = rest.next() {
        let (start, wide) = start_of(&span.content, left);
        let is_whole = start.len() == span.content.len();
        let is_last_that_fits = is_whole && (wide < left || rest.peek().is_none());
        if is_last_that_fits {
            left -= wide;
            spans.push(span);
            continue;
        }
        let text = if is_whole {
            // It fits, but what follows does not: its last cell makes room for the ellipsis.
            format!(
                "{}{ELLIPSIS}",
                start_of(&span.content, left.saturating_sub(1)).0.trim_end()
            )
        } else {
            cut(&span.content, left).into_owned()
        };
        spans.push(Span::styled(text, span.style));
        break;
    }
    Line::from(spans)
}

#[cfg(test)]
mod tests {
    use ratatui::buffer::Buffer;
    use ratatui::layout::Rect;

    use super::*;

    #[test]
    fn texts_are_cut_by_cells() {
        let check = |text: &str, room: u16, expected: &str| {
            let out = cut(text, room);
            assert_eq!(out, expected, "{text} in {room}");
            assert!(width(&out) <= room);
        };
        check("shop-prod", 9, "shop-prod");
        check("shop-prod", 6, "shop-…");
        check("日本語クラスタ", 6, "日本…");
        check("日本", 1, "…");
        check("anything", 0, "");
        check("🇩🇪🇫🇷", 3, "🇩🇪…");
        check("e\u{301}e\u{301}e\u{301}", 2, "e\u{301}…");
        check("🚀🚀", 3, "🚀…");
    }

    #[test]
    fn the_end_of_a_node_name_stays() {
        let check = |room: u16, expected: &str| {
            let out = cut_middle("aks-user-29871234-vmss000004", room);
            assert_eq!(out, expected);
            assert!(width(&out) <= room);
        };
        check(28, "aks-user-29871234-vmss000004");
        check(16, "aks-u…vmss000004");
        check(1, "…");
        check(0, "");
    }

    #[test]
    fn a_line_of_several_pieces_is_cut_once() {
        let text = |room: u16| {
            let line = Line::from(vec![Span::raw("one "), Span::raw("two "), Span::raw("three")]);
            cut_line(line, room).to_string()
        };
        assert_eq!(text(13), "one two three");
        assert_eq!(text(12), "one two thr…");
        assert_eq!(text(8), "one two…");
        assert_eq!(text(6), "one t…");
        assert_eq!(text(0), "");
    }

    #[test]
    fn what_is_measured_is_what_is_drawn() {
        let long = "x".repeat(10_000);
        let texts = [
            "shop-prod",
            "日本語クラスタ",
            "e\u{301}clair",
            "👩🏽‍💻 dev",
            "🇩🇪🇫🇷 flags",
            "❤️ heart",
            "a\u{200b}b\u{200d}c",
            "لا إله",
            "देवनागरी",
            "한국어",
            "ｆｕｌｌ",
            "tab\tbell\u{7}",
            &long,
        ];
        for text in texts {
            let mut buffer = Buffer::empty(Rect::new(0, 0, 12_000, 1));
            let (end, _) = buffer.set_stringn(0, 0, text, 12_000, ratatui::style::Style::new());
            assert_eq!(width(text), end, "{text:?}");
            for room in 0..12 {
                assert!(width(&cut(text, room)) <= room, "{text:?} in {room}");
                assert!(width(&cut_middle(text, room)) <= room, "{text:?} in {room}");
                assert!(text.starts_with(start_of(text, room).0));
            }
        }
    }
}
