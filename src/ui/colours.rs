//! Colours as a person writes them in settings: `red bold`, `#ff5555`, `white on blue`. Reads words; draws nothing.

use ratatui::style::{Color, Modifier, Style};

/// Reads a style: a colour, maybe `on` another, maybe words behind it.
///
/// # Errors
/// Says what is no colour, and what would be one.
pub(crate) fn style_of(text: &str) -> Result<Style, String> {
    let mut style = Style::new();
    let mut words = text.split_whitespace().peekable();
    if words.peek().is_none() {
        return Err("is empty; give a colour such as red, #ff5555 or 172".to_owned());
    }
    while let Some(word) = words.next() {
        style = match word {
            "on" => style.bg(colour(words.next().unwrap_or_default())?),
            "bold" => style.add_modifier(Modifier::BOLD),
            "dim" => style.add_modifier(Modifier::DIM),
            "underlined" => style.add_modifier(Modifier::UNDERLINED),
            "reversed" => style.add_modifier(Modifier::REVERSED),
            colour_word => style.fg(colour(colour_word)?),
        };
    }
    Ok(style)
}

fn colour(word: &str) -> Result<Color, String> {
    word.parse().map_err(|_| {
        format!(
            "has '{word}' in it, which is no colour: there are black, red, green, yellow, blue, magenta, cyan, gray, white, \
             each but black and white with light- before it, #rrggbb, and 0 to 255"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_read_as_people_write_them() {
        assert_eq!(style_of("red"), Ok(Style::new().fg(Color::Red)));
        assert_eq!(style_of("light-red"), Ok(Style::new().fg(Color::LightRed)));
        assert_eq!(
            style_of("#ff5555 on 24 bold"),
            Ok(Style::new()
                .fg(Color::Rgb(255, 85, 85))
                .bg(Color::Indexed(24))
                .add_modifier(Modifier::BOLD))
        );
        assert_eq!(style_of("reversed"), Ok(Style::new().add_modifier(Modifier::REVERSED)));
        for text in ["", "rde", "#ff", "red on", "256"] {
            assert!(style_of(text).is_err(), "{text}");
        }
    }
}
