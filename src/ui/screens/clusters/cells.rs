//! The columns of the overview: how wide, how important, what stands in each, and the totals below them.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::super::super::components::pool_bars::bar;
use super::super::super::components::table::{self, Align, Column};
use super::super::super::components::{Scene, put};
use super::super::super::condition::Condition;
use super::super::super::measure;
use super::super::super::narrative;
use super::super::super::theme::{ASCENDING, DESCENDING, DOT, Mark, Role, Theme};
use super::super::super::windows;
use super::super::super::wording::{self, count};
use super::order::{Sort, SortKey};
use super::row::{Lag, Row};
use crate::domain::auto_upgrade::NextAct;
use crate::domain::support::{Support, SupportState};
use crate::inventory::snapshot::SourceState;
use jiff::tz::TimeZone;

const NAME: usize = 0;
const STATE: usize = 1;
const VERSION: usize = 2;
const BEHIND: usize = 3;
const SUPPORT: usize = 4;
const ENDS_ON: usize = 5;
const UPGRADE: usize = 6;
const DRIVER: usize = 7;
const WINDOW: usize = 8;
const POOLS: usize = 9;
const NODES: usize = 10;
const NEWEST: usize = 11;
const GROUP: usize = 12;
const SUBSCRIPTION: usize = 13;
const LOCATION: usize = 14;
const READ: usize = 15;

/// What each column is sorted by.
const KEYS: [SortKey; 16] = [
    SortKey::Name,
    SortKey::State,
    SortKey::Version,
    SortKey::Behind,
    SortKey::Support,
    SortKey::Support,
    SortKey::Upgrade,
    SortKey::Driver,
    SortKey::Window,
    SortKey::Pools,
    SortKey::Nodes,
    SortKey::Behind,
    SortKey::Group,
    SortKey::Subscription,
    SortKey::Location,
    SortKey::Read,
];

/// Cells beside the columns that a table keeps for itself.
const MARGINS: u16 = 4;
/// Between two columns.
const GAP: u16 = 2;

/// The columns as this fleet needs them.
#[derive(Clone, Debug)]
pub(super) struct Columns([Column; 16]);

impl Default for Columns {
    fn default() -> Self {
        Self::of(&[])
    }
}

impl Columns {
    /// Wide where something is to be told: names by the longest one, the upgrade and its driver only while one runs, the
    /// window where one was read.
    pub(super) fn of(rows: &[Row]) -> Self {
        let longest = rows.iter().map(|row| measure::width(row.snapshot.id.name())).max();
        let name = longest.unwrap_or(0).clamp(14, 40);
        let (upgrade, driver) = if rows.iter().any(Row::is_moving) {
            (1, 5)
        } else {
            (14, 13)
        };
        let has_windows = rows
            .iter()
            .any(|row| row.snapshot.windows.value.as_deref().is_some_and(|all| !all.is_empty()));
        Self([
            Column::text("Cluster", 14, name, 0).wishing(name.min(17)),
            Column::text("State", 17, 17, 0),
            Column::text("Version", 8, 8, 0),
            Column::text("Behind", 9, 9, 3),
            Column::text("Support", 8, 8, 2),
            Column::text("Ends on", 10, 10, 7),
            Column::text("Upgrade", 14, 44, upgrade).wishing(32),
            Column::text("Driver", 10, 30, driver).wishing(16),
            Column::text("Next window", 20, 40, if has_windows { 4 } else { 12 }).wishing(26),
            Column::number("Pools", 5, 8),
            Column::number("Nodes", 6, 6),
            Column::text("Newest", 8, 8, 9),
            Column::text("Group", 12, 28, 10).wishing(20),
            Column::text("Subscription", 36, 36, 15),
            Column::text("Location", 12, 18, 16).wishing(15),
            Column {
                align: Align::Right,
                ..Column::text("Read", 11, 14, 11)
            },
        ])
    }

    pub(super) fn all(&self) -> &[Column] {
        &self.0
    }

    /// What the columns that fit into `width` are sorted by, in their order; the worst first before all others.
    pub(super) fn sort_keys(&self, width: u16) -> Vec<SortKey> {
        let mut keys = vec![SortKey::default()];
        for (column, _) in table::fit(&self.0, width.saturating_sub(MARGINS)) {
            if !keys.contains(&KEYS[column]) {
                keys.push(KEYS[column]);
            }
        }
        keys
    }

    /// Puts the direction beside the heading of the column the table is sorted by.
    pub(super) fn mark_sorted(&self, sort: Sort, theme: Theme, area: Rect, buffer: &mut Buffer) {
        let mut x = area.x + MARGINS / 2;
        for (at, width) in table::fit(&self.0, area.width.saturating_sub(MARGINS)) {
            if KEYS[at] == sort.by {
                let column = &self.0[at];
                let used = measure::width(column.title).min(width);
                let place = match column.align {
                    Align::Left => x + used + 1,
                    Align::Right => (x + width).saturating_sub(used + 1),
                };
                let arrow = if sort.is_descending() { DESCENDING } else { ASCENDING };
                put(buffer, place, area.y, 1, Line::from(theme.span(Role::Heading, arrow)));
                return;
            }
            x += width + GAP;
        }
    }
}

/// One cell.
pub(super) fn cell<'a>(row: &'a Row, column: usize, scene: Scene<'_>) -> Line<'a> {
    let theme = scene.theme;
    let unknown = || Line::from(theme.span(Role::Muted, "-"));
    let number = |number: usize| Line::from(wording::grouped(number));
    match (column, row.cluster()) {
        (NAME, _) => Line::from(theme.span(Role::Strong, row.snapshot.id.name())),
        (STATE, _) => Line::from(theme.state(row.standing.condition.mark(), &row.standing.word)),
        (UPGRADE, _) => upgrade_cell(row, scene),
        (DRIVER, _) => row
            .driver
            .as_deref()
            .map_or_else(Line::default, |driver| Line::from(driver.to_owned())),
        (_, None) => unknown(),
        (VERSION, Some(_)) => row
            .version()
            .map_or_else(unknown, |version| Line::from(version.to_string())),
        (BEHIND, Some(_)) => row.lag.map_or_else(unknown, |lag| behind_cell(lag, theme)),
        (SUPPORT, Some(_)) => row.support.map_or_else(unknown, |support| support_cell(support, scene)),
        (ENDS_ON, Some(_)) => row
            .support
            .and_then(|support| support.ends_on)
            .map_or_else(unknown, |day| Line::from(theme.span(Role::Muted, day.to_string()))),
        (WINDOW, Some(_)) => window_cell(row, scene),
        (NEWEST, Some(_)) => row.newest.map_or_else(unknown, |newest| {
            let role = if row.version() == Some(newest) {
                Role::Muted
            } else {
                Role::Text
            };
            Line::from(theme.span(role, newest.to_string()))
        }),
        (POOLS, Some(_)) => number(row.pools()),
        (NODES, Some(_)) => number(row.nodes()),
        (GROUP, Some(cluster)) => Line::from(cluster.resource_group.as_str()),
        (SUBSCRIPTION, Some(cluster)) => Line::from(cluster.subscription_id.as_str()),
        (LOCATION, Some(cluster)) => Line::from(cluster.location.as_str()),
        (READ, Some(_)) => age_cell(row, scene),
        _ => Line::default(),
    }
}

fn behind_cell(lag: Lag, theme: Theme) -> Line<'static> {
    let minors = usize::try_from(lag.minors).unwrap_or_default();
    match (minors, lag.patches) {
        (0, 0) => Line::from(theme.span(Role::Muted, "newest")),
        (0, 1) => Line::from("1 patch"),
        (0, patches) => Line::from(format!("{patches} patches")),
        (1, _) => Line::from("1 minor"),
        (minors, _) => Line::from(theme.span(Role::Attention, format!("{minors} minors"))),
    }
}

/// The days that are left, or how well an old version is still supported.
fn support_cell(support: Support, scene: Scene<'_>) -> Line<'static> {
    let today = scene.data.now.to_zoned(TimeZone::UTC).date();
    let days = support.ends_on.map(|end| (end - today).get_days());
    let theme = scene.theme;
    let left = days.map_or_else(String::new, |days| format!("{days} d"));
    Line::from(match support.state {
        SupportState::Supported => theme.span(Role::Text, left),
        SupportState::EndingSoon => theme.state(Mark::Unsupported, &left),
        SupportState::PlatformOnly => theme.state(Mark::Unsupported, "basic"),
        SupportState::OutOfSupport => theme.span(Role::Danger, format!("{} ended", Mark::Unsupported.symbol())),
        SupportState::Unknown => theme.span(Role::Muted, "-"),
    })
}

/// When the next window opens and what AKS would do in it: `in 14 h: auto-upgrade to 1.33.7`.
fn window_cell(row: &Row, scene: Scene<'_>) -> Line<'static> {
    let (theme, now) = (scene.theme, scene.data.now);
    if let Some(next) = windows::next(&row.snapshot, now) {
        let act = windows::act_words(next.act);
        let role = match next.act {
            NextAct::Version(_) => Role::Attention,
            NextAct::NodeImages => Role::Text,
            NextAct::Off | NextAct::Nothing | NextAct::Unknown => Role::Muted,
        };
        return Line::from(vec![
            Span::raw(windows::when(next.span, now)),
            theme.span(Role::Muted, ": "),
            theme.span(role, act),
        ]);
    }
    let text = match (&row.snapshot.windows.value, &row.snapshot.windows.state) {
        (Some(all), _) if all.is_empty() => "none",
        (Some(_), _) => "none opens",
        (None, SourceState::NotAsked) => "-",
        (None, SourceState::Loading) => Mark::Loading.symbol(),
        (None, SourceState::Denied { .. }) => return Line::from(theme.state(Mark::Denied, "not allowed")),
        (None, _) => "not readable",
    };
    Line::from(theme.span(Role::Muted, text))
}

fn age_cell(row: &Row, scene: Scene<'_>) -> Line<'static> {
    let source = &row.snapshot.cluster;
    let age = source
        .as_of
        .map_or_else(|| "-".to_owned(), |at| wording::ago(at, scene.data.now));
    Line::from(match source.state {
        SourceState::Stale { .. } | SourceState::Failed { .. } => scene.theme.state(Mark::Stale, &age),
        SourceState::Denied { .. } => scene.theme.state(Mark::Denied, &age),
        _ => scene.theme.span(Role::Muted, age),
    })
}

/// How far the upgrade is and what holds it: `███░░ 6/15 shop/cart-pdb 14 min`.
fn upgrade_cell<'a>(row: &Row, scene: Scene<'_>) -> Line<'a> {
    let theme = scene.theme;
    let execution = row.execution.as_deref();
    if let Some((execution, gate)) = execution.and_then(|execution| Some((execution, execution.gate.as_ref()?))) {
        let text = narrative::gate_short(execution, gate, scene.data.now);
        return Line::from(theme.state(Mark::Held, &text));
    }
    let Some(live) = row.snapshot.live.as_deref().filter(|_| row.is_moving()) else {
        return Line::default();
    };
    let (done, total) = live.progress();
    let mut spans = Vec::new();
    if total > 0 {
        spans.extend(bar(done, total, 5, row.standing.condition.mark().role(), theme));
        spans.push(Span::raw(format!(" {done}/{total}")));
    }
    if let Some(blocker) = live.blockers.first() {
        let held = blocker
            .nodes
            .first()
            .and_then(|name| live.nodes.get(name)?.drain.as_ref()?.holds.first())
            .map_or_else(|| blocker.what.clone(), narrative::held_by);
        let since = wording::since(blocker.since, scene.data.now);
        spans.push(theme.span(Role::Attention, format!(" {held}")));
        spans.push(theme.span(Role::Muted, format!(" {since}")));
    }
    Line::from(spans)
}

/// The whole fleet in numbers: `43 pools · 231 nodes · 1 stuck · 2 upgrading · support of 3 ends soon`.
pub(super) fn totals(rows: &[Row]) -> String {
    let sum = |of: fn(&Row) -> usize| rows.iter().map(of).fold(0, usize::saturating_add);
    let mut parts = vec![count(sum(Row::pools), "pool"), count(sum(Row::nodes), "node")];
    let standing = |condition: Condition| rows.iter().filter(|row| row.standing.condition == condition).count();
    for (condition, word) in [
        (Condition::Stuck, "stuck"),
        (Condition::Failed, "failed"),
        (Condition::Held, "held"),
        (Condition::Upgrading, "upgrading"),
        (Condition::Unread, "not read"),
    ] {
        let number = standing(condition);
        if number > 0 {
            parts.push(format!("{} {word}", wording::grouped(number)));
        }
    }
    let is_in = |row: &&Row, state: SupportState| row.support.is_some_and(|support| support.state == state);
    for (state, word) in [
        (SupportState::EndingSoon, "ends soon"),
        (SupportState::PlatformOnly, "is basic"),
        (SupportState::OutOfSupport, "has ended"),
    ] {
        let number = rows.iter().filter(|row| is_in(row, state)).count();
        if number > 0 {
            parts.push(format!("support of {} {word}", wording::grouped(number)));
        }
    }
    parts.join(DOT)
}
