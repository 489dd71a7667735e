//! How wide a text is on a terminal, and how it is cut to fit.
//! Never cuts a wide character in half.

use std::borrow::Cow;

use ratatui::text::{Line, Span};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::theme::ELLIPSIS;

/// A number of cells; what no terminal can be wide or high is taken as the widest.
pub(crate) fn cells(number: usize) -> u16 {
    u16::try_from(number).unwrap_or(u16::MAX)
}

/// Cells a text takes.
pub(crate) fn width(text: &str) -> u16 {
    cells(text.width())
}

/// The longest start of `text` that fits into `room`, and its width.
pub(crate) fn start_of(text: &str, room: u16) -> (&str, u16) {
    let mut used = 0;
    for (at, character) in text.char_indices() {
        let wide = cells(character.width().unwrap_or(0));
        if used + wide > room {
            return (&text[..at], used);
        }
        used += wide;
    }
    (text, used)
}

fn end_of(text: &str, room: u16) -> &str {
    let mut used = 0;
    for (at, character) in text.char_indices().rev() {
        used += cells(character.width().unwrap_or(0));
        if used > room {
            return &text[at + character.len_utf8()..];
        }
    }
    text
}

/// Cuts the end off, with an ellipsis, where the text is wider than `room`.
pub(crate) fn cut(text: &str, room: u16) -> Cow<'_, str> {
    if width(text) <= room {
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
    if width(text) <= room {
        return Cow::Borrowed(text);
    }
    let kept = room.saturating_sub(1);
    let (start, used) = start_of(text, kept / 3);
    match room {
        0 => Cow::Borrowed(""),
        _ => Cow::Owned(format!("{start}{ELLIPSIS}{}", end_of(text, kept - used))),
    }
}

/// Cuts a styled line to `room`, with an ellipsis in the style of the piece it falls into.
pub(crate) fn cut_line(line: Line<'_>, room: u16) -> Line<'_> {
    if cells(line.width()) <= room {
        return line;
    }
    let mut left = room;
    let mut spans = Vec::with_capacity(line.spans.len());
    let mut rest = line.spans.into_iter().peekable();
    while let Some(span) = rest.next() {
        let wide = cells(span.width());
        let is_last_that_fits = wide < left || (wide == left && rest.peek().is_none());
        if is_last_that_fits {
            left -= wide;
            spans.push(span);
            continue;
        }
        let text = if wide <= left {
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
}
