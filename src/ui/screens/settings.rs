//! The settings: every key with its value, where that came from and what it is for; what is wrong with the file on top.
//! Shows what holds; changes nothing, and has no secret to show.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::Line;

use super::super::actions::ActionId;
use super::super::components::prose::{self, Passage};
use super::super::components::table::{Column, Table};
use super::super::components::text_field::TextField;
use super::super::components::{Scene, inset, split_top, title, titled};
use super::super::data::Data;
use super::super::dialogs::note;
use super::super::measure;
use super::super::theme::{DOT, Mark, Role};
use super::super::wording::count;
use crate::config::rows::Row;
use crate::config::settings::Origin;

/// The screen's state.
#[derive(Clone, Debug, Default)]
pub(crate) struct SettingsScreen {
    /// The name of the key; the first one where it is not there any more.
    selected: Option<String>,
    field: TextField,
    pub(crate) is_typing: bool,
}

impl SettingsScreen {
    /// The rows that the filter lets through: every word is somewhere in name, value, origin or help.
    fn shown<'a>(&self, data: &'a Data) -> Vec<&'a Row> {
        let words: Vec<String> = self
            .field
            .text()
            .to_lowercase()
            .split_whitespace()
            .map(str::to_owned)
            .collect();
        let rows = data.preferences.rows.iter();
        rows.filter(|row| {
            let text = format!("{} {} {} {}", row.name, row.told(), row.origin.told(), row.help).to_lowercase();
            words.iter().all(|word| text.contains(word))
        })
        .collect()
    }

    fn index(&self, rows: &[&Row]) -> usize {
        let selected = self.selected.as_deref();
        rows.iter()
            .position(|row| Some(row.name.as_str()) == selected)
            .unwrap_or(0)
    }

    /// The selected key.
    pub(crate) fn selected<'a>(&self, data: &'a Data) -> Option<&'a Row> {
        let rows = self.shown(data);
        rows.get(self.index(&rows)).copied()
    }

    pub(crate) fn is_filtered(&self) -> bool {
        !self.field.text().is_empty()
    }

    /// Changes the filter line; the table follows while one types.
    pub(crate) fn edit(&mut self, change: impl FnOnce(&mut TextField)) {
        change(&mut self.field);
    }

    /// Ends typing; without `keep` the filter is cleared.
    pub(crate) fn end_typing(&mut self, keep: bool) {
        self.is_typing = false;
        if !keep {
            self.field = TextField::default();
        }
    }

    pub(crate) fn act(&mut self, action: ActionId, data: &Data, half_page: usize) {
        if action == ActionId::Filter {
            self.is_typing = true;
            return;
        }
        let rows = self.shown(data);
        let to = super::moved(action, self.index(&rows), rows.len(), half_page);
        self.selected = rows.get(to).map(|row| row.name.clone());
    }

    /// Draws:
    ///
    /// ```text
    /// ✖ The settings file cannot be used: line 3, column 1: there is no key 'thme'; did you mean 'look.theme'?
    /// filter: look
    /// ─ Settings · 5 of 80 keys · ~/.config/aks-cockpit/config.toml ─────
    ///   Key         Value   From          What it is for
    /// › look.theme  light   file, line 3  The colours of the cockpit.
    /// ```
    pub(crate) fn view(&self, scene: Scene<'_>, area: Rect, buffer: &mut Buffer) -> Option<Position> {
        let problem = scene
            .data
            .settings_problem
            .as_ref()
            .map(note::problem_passages)
            .unwrap_or_default();
        let lines = prose::lay_out(&problem, area.width.saturating_sub(2), scene.theme);
        let (problem_area, area) = split_top(area, measure::cells(lines.len()).min(area.height / 2));
        prose::draw(&lines, 0, inset(problem_area, 1), scene.theme, buffer);
        let (field_area, area) = split_top(area, u16::from(self.is_typing || self.is_filtered()));
        let cursor =
            (field_area.height > 0).then(|| self.field.draw("filter: ", inset(field_area, 1), scene.theme, buffer));
        let rows = self.shown(scene.data);
        let area = titled(area, self.title(scene, rows.len()), scene.theme, buffer);
        if rows.is_empty() {
            let nothing = [Passage::new(Role::Text, "No key matches the filter.").and(Role::Muted, " esc clears it")];
            let lines = prose::lay_out(&nothing, area.width.saturating_sub(4), scene.theme);
            prose::draw(&lines, 0, inset(area, 2), scene.theme, buffer);
        } else {
            let columns = columns();
            let table = Table {
                columns: &columns,
                len: rows.len(),
                selected: self.index(&rows),
                is_focused: !self.is_typing,
            };
            table.draw(area, scene.theme, buffer, |row, column| cell(rows[row], column, scene));
        }
        cursor.filter(|_| self.is_typing)
    }

    fn title(&self, scene: Scene<'_>, shown: usize) -> Line<'static> {
        let all = count(scene.data.preferences.rows.len(), "key");
        let keys = if self.is_filtered() {
            format!("{shown} of {all}")
        } else {
            all
        };
        let file = file_words(scene.data);
        Line::from(vec![
            title(scene.theme, "Settings", true),
            scene.theme.span(Role::Muted, format!("{DOT}{keys}{DOT}{file}")),
        ])
    }
}

/// Which file, and whether it is there.
fn file_words(data: &Data) -> String {
    let preferences = &data.preferences;
    match (&preferences.path, preferences.has_file) {
        (Some(path), true) => path.display().to_string(),
        (Some(path), false) => format!("no file yet: {}", path.display()),
        (None, _) => "no place for a file; give --config".to_owned(),
    }
}

/// The sentence on top.
pub(crate) fn summary(data: &Data) -> (Mark, String) {
    if data.settings_problem.is_some() {
        let text = "The settings file cannot be used; what was set before still holds";
        return (Mark::Failed, text.to_owned());
    }
    let rows = data.preferences.rows.iter();
    let set = rows.filter(|row| row.origin != Origin::Default).count();
    let text = match set {
        0 => "Everything has its default; a flag wins over a variable, a variable over the file".to_owned(),
        1 => "1 key is set, the rest has its default".to_owned(),
        more => format!("{} are set, the rest has its default", count(more, "key")),
    };
    (Mark::Good, text)
}

fn columns() -> [Column; 4] {
    [
        Column::text("Key", 16, 30, 0).wishing(22),
        Column::text("Value", 12, 44, 0).wishing(26),
        Column::text("From", 9, 32, 1).wishing(14),
        Column::text("What it is for", 20, 100, 2),
    ]
}

fn cell<'a>(row: &'a Row, column: usize, scene: Scene<'_>) -> Line<'a> {
    let is_set = row.origin != Origin::Default;
    let role = if is_set { Role::Strong } else { Role::Text };
    match column {
        0 => Line::from(scene.theme.span(role, row.name.as_str())),
        1 if row.value.is_none() => Line::from(scene.theme.span(Role::Muted, row.told())),
        1 => Line::from(scene.theme.span(role, row.told())),
        2 => Line::from(
            scene
                .theme
                .span(if is_set { Role::Key } else { Role::Muted }, row.origin.told()),
        ),
        _ => Line::from(scene.theme.span(Role::Muted, row.help.as_str())),
    }
}

/// Everything known about a key.
pub(crate) fn whole_row(row: &Row, data: &Data) -> Vec<Passage> {
    let fact = |name: &str, text: String| {
        Passage::new(Role::Muted, format!("{name:<10}"))
            .and(Role::Text, text)
            .hanging(10)
    };
    let default = match &row.default {
        Some(value) => value.to_string(),
        None => format!("none: {}", row.unset),
    };
    let takes = if row.is_live {
        "as soon as the file is saved"
    } else {
        "when the cockpit is started again"
    };
    let mut out = vec![
        Passage::new(Role::Strong, &row.help),
        Passage::blank(),
        fact("value", row.told()),
        fact("from", row.origin.told()),
        fact("default", default),
        fact("allowed", row.allowed.clone()),
    ];
    out.extend(row.flag.clone().map(|flag| fact("flag", flag)));
    out.extend(row.environment.map(|variable| fact("variable", variable.to_owned())));
    out.push(fact("file", file_words(data)));
    out.push(fact("changes", takes.to_owned()));
    out
}
