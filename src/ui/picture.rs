//! A screen as an SVG picture: cells of equal look become one run of text on one rectangle.
//! Draws what the terminal would show, with colours of its own for the sixteen the terminal chooses.

use std::fmt::Write;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};
use unicode_width::UnicodeWidthStr;

const CELL_WIDTH: usize = 9;
const CELL_HEIGHT: usize = 19;
const MARGIN: usize = 14;
const FOREGROUND: &str = "#d6dbe4";
const BACKGROUND: &str = "#12161d";

/// How a run of cells looks.
#[derive(Clone, PartialEq, Eq)]
struct Style {
    foreground: String,
    background: Option<String>,
    is_bold: bool,
    is_faint: bool,
    is_underlined: bool,
    is_italic: bool,
}

/// Draws the buffer; `title` is for readers that cannot see the picture.
pub(crate) fn svg(buffer: &Buffer, title: &str) -> String {
    let area = buffer.area;
    let width = usize::from(area.width) * CELL_WIDTH + 2 * MARGIN;
    let height = usize::from(area.height) * CELL_HEIGHT + 2 * MARGIN;
    let mut svg = String::new();
    // Writing into a String cannot fail, here and below.
    let _ = writeln!(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" role=\"img\">"
    );
    let _ = writeln!(svg, "<title>{}</title>", escape(title));
    let _ = writeln!(
        svg,
        "<rect width=\"{width}\" height=\"{height}\" rx=\"10\" fill=\"{BACKGROUND}\"/>"
    );
    let _ = writeln!(
        svg,
        "<g font-family=\"ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace\" font-size=\"15\" xml:space=\"preserve\">"
    );
    for row in 0..area.height {
        for (column, text, style) in runs(buffer, row) {
            draw(&mut svg, usize::from(row), column, &text, &style);
        }
    }
    svg.push_str("</g>\n</svg>\n");
    svg
}

/// One row as runs: first column, text, look. Blank runs without a background are left out.
fn runs(buffer: &Buffer, row: u16) -> Vec<(usize, String, Style)> {
    let area = buffer.area;
    let mut runs: Vec<(usize, String, Style)> = Vec::new();
    let mut covered = 0;
    for column in 0..area.width {
        let Some(cell) = buffer.cell((area.x + column, area.y + row)) else {
            continue;
        };
        if covered > 0 {
            covered -= 1;
            continue;
        }
        covered = cell.symbol().width().saturating_sub(1);
        let style = style(cell);
        match runs.last_mut() {
            Some((start, text, last)) if *last == style && *start + text.width() == usize::from(column) => {
                text.push_str(cell.symbol());
            }
            _ => runs.push((usize::from(column), cell.symbol().to_owned(), style)),
        }
    }
    runs.retain(|(_, text, style)| style.background.is_some() || !text.trim().is_empty());
    runs
}

fn draw(svg: &mut String, row: usize, column: usize, text: &str, style: &Style) {
    let x = MARGIN + column * CELL_WIDTH;
    let y = MARGIN + row * CELL_HEIGHT;
    let width = text.width() * CELL_WIDTH;
    if let Some(background) = &style.background {
        let _ = writeln!(
            svg,
            "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{CELL_HEIGHT}\" fill=\"{background}\"/>"
        );
    }
    if text.trim().is_empty() {
        return;
    }
    let mut looks = String::new();
    for (is_so, look) in [
        (style.is_bold, " font-weight=\"bold\""),
        (style.is_faint, " opacity=\"0.65\""),
        (style.is_italic, " font-style=\"italic\""),
        (style.is_underlined, " text-decoration=\"underline\""),
    ] {
        if is_so {
            looks.push_str(look);
        }
    }
    let _ = writeln!(
        svg,
        "<text x=\"{x}\" y=\"{}\" fill=\"{}\" textLength=\"{width}\" lengthAdjust=\"spacingAndGlyphs\"{looks}>{}</text>",
        y + 14,
        style.foreground,
        escape(text)
    );
}

fn style(cell: &Cell) -> Style {
    let has = |modifier| cell.modifier.contains(modifier);
    let foreground = colour(cell.fg);
    let background = colour(cell.bg);
    let (foreground, background) = if has(Modifier::REVERSED) {
        (
            background.unwrap_or_else(|| BACKGROUND.to_owned()),
            Some(foreground.unwrap_or_else(|| FOREGROUND.to_owned())),
        )
    } else {
        (foreground.unwrap_or_else(|| FOREGROUND.to_owned()), background)
    };
    Style {
        foreground,
        background,
        is_bold: has(Modifier::BOLD),
        is_faint: has(Modifier::DIM),
        is_underlined: has(Modifier::UNDERLINED),
        is_italic: has(Modifier::ITALIC),
    }
}

/// The colour as SVG writes it; `None` for the terminal's own.
fn colour(colour: Color) -> Option<String> {
    let named = |text: &str| Some(text.to_owned());
    match colour {
        Color::Reset => None,
        Color::Black => named("#12161d"),
        Color::Red => named("#e5534b"),
        Color::Green => named("#57ab5a"),
        Color::Yellow => named("#d9a441"),
        Color::Blue => named("#539bf5"),
        Color::Magenta => named("#b083f0"),
        Color::Cyan => named("#39c5cf"),
        Color::Gray => named("#adbac7"),
        Color::DarkGray => named("#768390"),
        Color::LightRed => named("#ff938a"),
        Color::LightGreen => named("#8ddb8c"),
        Color::LightYellow => named("#eac55f"),
        Color::LightBlue => named("#96d0ff"),
        Color::LightMagenta => named("#dcbdfb"),
        Color::LightCyan => named("#7ee0e6"),
        Color::White => named("#ffffff"),
        Color::Rgb(red, green, blue) => Some(format!("#{red:02x}{green:02x}{blue:02x}")),
        Color::Indexed(index) => Some(indexed(index)),
    }
}

/// The 216-colour cube and the grey ramp of xterm; the first sixteen as above.
fn indexed(index: u8) -> String {
    const BASE: [Color; 16] = [
        Color::Black,
        Color::Red,
        Color::Green,
        Color::Yellow,
        Color::Blue,
        Color::Magenta,
        Color::Cyan,
        Color::Gray,
        Color::DarkGray,
        Color::LightRed,
        Color::LightGreen,
        Color::LightYellow,
        Color::LightBlue,
        Color::LightMagenta,
        Color::LightCyan,
        Color::White,
    ];
    match index {
        0..=15 => colour(BASE[usize::from(index)]).unwrap_or_default(),
        16..=231 => {
            let level = |step: u8| if step == 0 { 0 } else { 55 + 40 * step };
            let cube = index - 16;
            format!(
                "#{:02x}{:02x}{:02x}",
                level(cube / 36),
                level(cube / 6 % 6),
                level(cube % 6)
            )
        }
        232..=255 => {
            let grey = 8 + 10 * (index - 232);
            format!("#{grey:02x}{grey:02x}{grey:02x}")
        }
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use ratatui::layout::Rect;
    use ratatui::style::Style as CellStyle;

    use super::*;

    #[test]
    fn runs_of_equal_look_become_one_text() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 12, 1));
        buffer.set_string(0, 0, "ab", CellStyle::new().fg(Color::Red));
        buffer.set_string(3, 0, "<日>", CellStyle::new().add_modifier(Modifier::REVERSED));
        let svg = svg(&buffer, "a & b");
        assert_eq!(svg.matches("<text").count(), 2, "{svg}");
        assert!(svg.contains(">ab</text>") && svg.contains("&lt;日&gt;</text>") && svg.contains("a &amp; b"));
        assert!(svg.contains("fill=\"#e5534b\""));
        assert!(svg.contains(&format!(
            "width=\"{}\" height=\"{CELL_HEIGHT}\" fill=\"{FOREGROUND}\"",
            4 * CELL_WIDTH
        )));
    }

    #[test]
    fn the_colour_cube_is_xterms() {
        assert_eq!(indexed(16), "#000000");
        assert_eq!(indexed(196), "#ff0000");
        assert_eq!(indexed(231), "#ffffff");
        assert_eq!(indexed(244), "#808080");
    }
}
