//! `config`: every setting with its value, default and origin; what is wrong with the file; an example to start from.

use serde::Serialize;

use super::args::{ConfigArguments, GlobalArguments};
use super::output;
use crate::config::cluster::ClusterPattern;
use crate::config::example::example;
use crate::config::file::SavedView;
use crate::config::reference::reference;
use crate::config::rows::{Row, rows};
use crate::config::settings::{Origin, Settings};
use crate::config::value::Value;
use crate::problem::{Exit, Problem};
use crate::ui;

#[derive(Debug, Serialize)]
struct ConfigDocument {
    schema: &'static str,
    file: FileRow,
    settings: Vec<SettingRow>,
    /// In the order of the file; the later one wins.
    clusters: Vec<ClusterRow>,
    views: Vec<ViewRow>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct FileRow {
    /// `null` where there is no place for one.
    path: Option<String>,
    exists: bool,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct SettingRow {
    name: String,
    /// `null` where it has none: then `valueUnknown` says what holds.
    value: Option<Value>,
    value_unknown: Option<&'static str>,
    default: Option<Value>,
    origin: OriginRow,
    allowed: String,
    help: String,
    flag: Option<String>,
    environment: Option<&'static str>,
    /// A running cockpit takes a change of the file over.
    live: bool,
}

#[derive(Debug, Serialize)]
struct OriginRow {
    /// `flag`, `environment`, `file` or `default`.
    kind: &'static str,
    /// The variable, where it is one.
    variable: Option<&'static str>,
    /// The line of the file, where it is from there.
    line: Option<usize>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ClusterRow {
    line: usize,
    r#match: Vec<String>,
    protected: Option<bool>,
    theme: Option<String>,
    smoke_tests: Option<String>,
    contact: Option<String>,
    api_version: Option<String>,
}

#[derive(Debug, Serialize)]
struct ViewRow {
    name: String,
    filter: String,
    sort: Option<String>,
}

/// Runs the command. A file that is broken has ended the program before.
pub(super) fn run(global: &GlobalArguments, arguments: &ConfigArguments) -> Result<(), Problem> {
    let path = global.layers.path();
    if arguments.example {
        return output::write_out(&example(&ui::vocabulary()));
    }
    if arguments.reference {
        return output::write_out(&reference(&ui::vocabulary()));
    }
    if arguments.path {
        let path = path.ok_or_else(|| {
            Problem::new(
                Exit::Usage,
                "there is no home directory, and so no place for a settings file",
            )
            .try_this("give --config FILE, or set AKS_COCKPIT_CONFIG")
        })?;
        return output::write_out(&format!("{}\n", path.display()));
    }
    if arguments.check {
        output::say(&checked(&global.settings));
        return Ok(());
    }
    output::print(global.output, &document(&global.settings), table)
}

fn checked(settings: &Settings) -> String {
    match (&settings.path, settings.has_file) {
        (Some(path), true) => format!("{} is right.", path.display()),
        (Some(path), false) => format!("There is no {}; everything has its default.", path.display()),
        (None, _) => "There is no settings file; everything has its default.".to_owned(),
    }
}

fn document(settings: &Settings) -> ConfigDocument {
    ConfigDocument {
        schema: "aks-cockpit/config/v1",
        file: FileRow {
            path: settings.path.as_ref().map(|path| path.display().to_string()),
            exists: settings.has_file,
        },
        settings: rows(settings, &ui::vocabulary()).into_iter().map(setting_row).collect(),
        clusters: settings.clusters.patterns.iter().map(cluster_row).collect(),
        views: settings.views.iter().map(view_row).collect(),
    }
}

fn setting_row(row: Row) -> SettingRow {
    SettingRow {
        value_unknown: row.value.is_none().then_some(row.unset),
        origin: OriginRow {
            kind: row.origin.word(),
            variable: match row.origin {
                Origin::Environment(variable) => Some(variable),
                _ => None,
            },
            line: match row.origin {
                Origin::File { line } => Some(line),
                _ => None,
            },
        },
        name: row.name,
        value: row.value,
        default: row.default,
        allowed: row.allowed,
        help: row.help,
        flag: row.flag,
        environment: row.environment,
        live: row.is_live,
    }
}

fn cluster_row(pattern: &ClusterPattern) -> ClusterRow {
    ClusterRow {
        line: pattern.line,
        r#match: pattern.patterns.clone(),
        protected: pattern.protected,
        theme: pattern.theme.clone(),
        smoke_tests: pattern.smoke_tests.as_ref().map(|path| path.display().to_string()),
        contact: pattern.contact.clone(),
        api_version: pattern.api_version.clone(),
    }
}

fn view_row(view: &SavedView) -> ViewRow {
    ViewRow {
        name: view.name.clone(),
        filter: view.filter.clone(),
        sort: view.sort.clone(),
    }
}

fn table(document: &ConfigDocument) -> String {
    let told = |value: &Option<Value>, otherwise: &str| {
        value.as_ref().map_or_else(|| otherwise.to_owned(), ToString::to_string)
    };
    let lines: Vec<Vec<String>> = document
        .settings
        .iter()
        .map(|row| {
            let from = match (row.origin.variable, row.origin.line) {
                (Some(variable), _) => variable.to_owned(),
                (None, Some(line)) => format!("file, line {line}"),
                (None, None) => row.origin.kind.to_owned(),
            };
            let unset = format!("({})", row.value_unknown.unwrap_or_default());
            vec![
                row.name.clone(),
                told(&row.value, &unset),
                told(&row.default, "-"),
                from,
            ]
        })
        .collect();
    let mut text = match &document.file.path {
        Some(path) if document.file.exists => format!("FILE  {path}\n\n"),
        Some(path) => format!("FILE  {path} (not there)\n\n"),
        None => "FILE  none\n\n".to_owned(),
    };
    text.push_str(&output::columns(&["KEY", "VALUE", "DEFAULT", "FROM"], &lines));
    if !document.clusters.is_empty() {
        let lines: Vec<Vec<String>> = document.clusters.iter().map(cluster_cells).collect();
        text.push('\n');
        text.push_str(&output::columns(&["CLUSTERS", "SAY", "FROM"], &lines));
    }
    if !document.views.is_empty() {
        let cells = |view: &ViewRow| {
            vec![
                view.name.clone(),
                view.filter.clone(),
                view.sort.clone().unwrap_or_default(),
            ]
        };
        let lines: Vec<Vec<String>> = document.views.iter().map(cells).collect();
        text.push('\n');
        text.push_str(&output::columns(&["VIEW", "FILTER", "SORT"], &lines));
    }
    text
}

fn cluster_cells(row: &ClusterRow) -> Vec<String> {
    let says = [
        row.protected.map(|protected| format!("protected = {protected}")),
        row.theme.as_ref().map(|theme| format!("theme = {theme}")),
        row.smoke_tests.as_ref().map(|file| format!("smoke-tests = {file}")),
        row.contact.as_ref().map(|contact| format!("contact = {contact}")),
        row.api_version
            .as_ref()
            .map(|version| format!("api-version = {version}")),
    ];
    vec![
        row.r#match.join(", "),
        says.into_iter().flatten().collect::<Vec<_>>().join(", "),
        format!("file, line {}", row.line),
    ]
}
