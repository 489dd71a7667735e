//! How far each pool is: a bar, done of total, Azure's state, ready nodes.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::super::measure;
use super::super::narrative;
use super::super::theme::{BAR_EMPTY, BAR_FULL, DOT, Role, Theme, state_mark};
use super::super::wording::{self, count};
use super::{put, title, titled};
use crate::progress::picture::{LivePicture, PoolProgress};

/// From this width on the bars are long.
const WIDE: u16 = 110;

/// A progress bar of `cells` cells: full only when all is done, empty only when nothing is.
pub(crate) fn bar(done: usize, total: usize, cells: usize, role: Role, theme: Theme) -> [Span<'static>; 2] {
    let full = match (done, total) {
        (_, 0) | (0, _) => 0,
        (done, total) if done >= total => cells,
        (done, total) => (done * cells / total).clamp(1, cells.saturating_sub(1).max(1)),
    };
    [
        theme.span(role, BAR_FULL.repeat(full)),
        theme.span(Role::Muted, BAR_EMPTY.repeat(cells - full)),
    ]
}

/// Draws a line for each pool, under a title with the progress of all.
pub(crate) fn draw(live: &LivePicture, area: Rect, theme: Theme, buffer: &mut Buffer) {
    if area.height == 0 {
        return;
    }
    let ready = live.pools.iter().map(|pool| pool.ready).sum::<usize>();
    let of = live.nodes.len();
    let progress = narrative::progress_text(live).map_or_else(String::new, |text| format!("{DOT}{text}"));
    let heading = Line::from(vec![
        title(theme, "Pools", true),
        theme.span(Role::Text, progress),
        theme.span(
            Role::Muted,
            format!("{DOT}{} of {} ready", wording::grouped(ready), count(of, "node")),
        ),
    ]);
    let area = titled(area, heading, theme, buffer);
    // Pools that move come first; what does not fit is folded into a count.
    let mut pools: Vec<&PoolProgress> = live.pools.iter().collect();
    pools.sort_by_key(|pool| (pool.target.is_none(), pool.done == pool.total && pool.in_flight == 0));
    let has_bars = pools.iter().any(|pool| pool.target.is_some());
    let cells = if area.width >= WIDE { 30 } else { 14 };
    let fits = usize::from(area.height);
    let shown = if pools.len() > fits {
        fits.saturating_sub(1)
    } else {
        pools.len()
    };
    for (pool, y) in pools.iter().take(shown).zip(area.y..) {
        put(
            buffer,
            area.x + 2,
            y,
            area.width.saturating_sub(3),
            pool_line(pool, has_bars.then_some(cells), theme),
        );
    }
    if shown < pools.len() {
        let text = format!("and {} more", count(pools.len() - shown, "pool"));
        put(
            buffer,
            area.x + 2,
            area.bottom() - 1,
            area.width.saturating_sub(3),
            Line::from(theme.span(Role::Muted, text)),
        );
    }
}

/// With `bars`, the cells of a bar; left blank for a pool that does not move:
/// `user  ███░░░  3/12  ► Upgrading  11 of 12 ready · 2 in flight`.
fn pool_line(pool: &PoolProgress, bars: Option<usize>, theme: Theme) -> Line<'static> {
    let name = measure::cut(pool.name.as_str(), 12).into_owned();
    let mut spans = vec![theme.span(Role::Strong, format!("{name:<13}"))];
    match bars {
        Some(cells) if pool.target.is_some() => {
            let role = if pool.done >= pool.total {
                Role::Good
            } else {
                Role::Running
            };
            spans.extend(bar(pool.done, pool.total, cells, role, theme));
            spans.push(Span::raw(format!(" {:>9}  ", format!("{}/{}", pool.done, pool.total))));
        }
        Some(cells) => spans.push(Span::raw(" ".repeat(cells + 12))),
        None => (),
    }
    if let Some(state) = &pool.state {
        spans.push(theme.state(state_mark(state), state.as_str()));
    }
    let of = wording::grouped(pool.total.max(pool.ready));
    let mut facts = vec![format!("{} of {of} ready", wording::grouped(pool.ready))];
    if pool.in_flight > 0 {
        facts.push(format!("{} in flight", pool.in_flight));
    }
    if pool.surge > 0 {
        facts.push(format!("{} surge", pool.surge));
    }
    if let Some(target) = pool.target {
        facts.push(format!("to {target}"));
    }
    spans.push(theme.span(Role::Muted, format!("  {}", facts.join(DOT))));
    Line::from(spans)
}

#[cfg(test)]
mod tests {
    use super::super::super::theme::Look;
    use super::*;

    #[test]
    fn a_bar_never_lies_at_its_ends() {
        let full = |done: usize, total: usize| {
            let [full, _] = bar(done, total, 5, Role::Good, Theme::new(Look::default()));
            full.content.chars().count()
        };
        assert_eq!(full(0, 100), 0);
        assert_eq!(full(1, 100), 1);
        assert_eq!(full(99, 100), 4);
        assert_eq!(full(100, 100), 5);
        assert_eq!(full(0, 0), 0);
    }
}
