//! The bottom line: the keys that work here, now. Made from the list of actions, so it cannot drift from the keymap.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::super::actions::{ACTIONS, Action, ActionId, Place};
use super::super::keymap::Keymap;
use super::super::measure;
use super::super::theme::{Role, Theme};

/// What is always kept at the right end.
const ALWAYS: [ActionId; 3] = [ActionId::Back, ActionId::Help, ActionId::Quit];

/// Draws `key title` for each action of the place that `title_of` gives a title for.
pub(crate) fn draw(
    place: Place,
    keymap: &Keymap,
    area: Rect,
    theme: Theme,
    buffer: &mut Buffer,
    title_of: impl Fn(&'static Action) -> Option<&'static str>,
) {
    let entry = |action: &'static Action| -> Option<Line<'static>> {
        let key = keymap.shown(action.id)?;
        let title = title_of(action)?;
        Some(Line::from(vec![
            theme.span(Role::Key, key),
            theme.span(Role::Muted, format!(" {title}")),
        ]))
    };
    let here = || {
        ACTIONS
            .iter()
            .filter(move |action| action.is_in_footer && action.places.contains(&place))
    };
    let fixed: Vec<Line<'static>> = here()
        .filter(|action| ALWAYS.contains(&action.id))
        .filter_map(entry)
        .collect();
    let fixed_width: u16 = fixed.iter().map(|line| measure::cells(line.width()) + 2).sum();
    let mut x = area.x + 1;
    let end = area.right().saturating_sub(fixed_width + 1);
    for line in here().filter(|action| !ALWAYS.contains(&action.id)).filter_map(entry) {
        let width = measure::cells(line.width());
        if x + width > end {
            break;
        }
        super::put(buffer, x, area.y, width, line);
        x += width + 2;
    }
    for line in fixed {
        let width = measure::cells(line.width()).min(area.right().saturating_sub(x));
        super::put(buffer, x, area.y, width, line);
        x += width + 2;
    }
}
