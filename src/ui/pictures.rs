//! The README's pictures: the cockpit itself, on whatever world it is given, drawn into SVG files.
//! Presses keys like a person; knows no screen's inside.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::Terminal;
use ratatui::backend::TestBackend;

use super::UiSettings;
use super::app::{App, AppSettings};
use super::command::Command;
use super::message::Message;
use super::picture;
use super::theme::{Kind, Look};

const COLUMNS: u16 = 124;
const ROWS: u16 = 30;
/// Longest wait for the world to show what a picture is of.
const PATIENCE: Duration = Duration::from_mins(1);

/// Draws the overview and the live view of its first cluster, and names the files.
///
/// # Errors
/// When a file cannot be written, or the world never shows a held drain.
pub async fn draw(mut settings: UiSettings, directory: &Path) -> std::io::Result<Vec<PathBuf>> {
    // Whatever terminal this is run in: pictures have all colours, on a dark background of their own.
    settings.look = Look {
        ascii: settings.look.ascii,
        background: Some(Kind::Dark),
        ..Look::default()
    };
    let mut studio = Studio::new(settings);
    studio.wait_for_a_held_drain().await?;
    let overview = studio.shoot("The overview: every cluster, worst first")?;
    studio.press(KeyCode::Enter);
    // What the opened cluster reads arrives as further snapshots.
    studio.wait_for_a_held_drain().await?;
    let live = studio.shoot("The live view: an upgrade held by a PodDisruptionBudget")?;
    std::fs::create_dir_all(directory)?;
    [("clusters.svg", overview), ("live-nodes.svg", live)]
        .into_iter()
        .map(|(name, svg)| {
            let path = directory.join(name);
            std::fs::write(&path, svg)?;
            Ok(path)
        })
        .collect()
}

/// A cockpit without a terminal.
struct Studio {
    settings: UiSettings,
    app: App,
}

impl Studio {
    fn new(settings: UiSettings) -> Self {
        let mut app = App::new(AppSettings::of(&settings), settings.clock.now()).with_settings(&settings.settings);
        app.update(Message::Resized(COLUMNS, ROWS));
        Self { settings, app }
    }

    /// Takes snapshots in until one shows a drain that a budget holds, with every list read.
    async fn wait_for_a_held_drain(&mut self) -> std::io::Result<()> {
        let mut pictures = self.settings.inventory.subscribe();
        let is_ready = |fleet: &crate::inventory::snapshot::FleetSnapshot| {
            let is_held = fleet
                .clusters
                .iter()
                .filter_map(|cluster| cluster.live.as_deref())
                .any(|live| {
                    live.nodes
                        .values()
                        .filter_map(|node| node.drain.as_ref())
                        .any(|drain| !drain.holds.is_empty())
                });
            is_held && fleet.clusters.iter().all(|cluster| cluster.region.value.is_some())
        };
        let fleet = tokio::time::timeout(PATIENCE, pictures.wait_for(|fleet| is_ready(fleet)))
            .await
            .map_err(|_| std::io::Error::other("the world never showed a held drain"))?
            .map_err(|_| std::io::Error::other("the inventory stopped"))?
            .clone();
        self.tell(Message::Fleet(fleet));
        self.tell(Message::Tick(self.settings.clock.now()));
        Ok(())
    }

    fn press(&mut self, key: KeyCode) {
        self.tell(Message::Key(KeyEvent::new(key, KeyModifiers::NONE)));
    }

    /// Only looking is carried out: a picture gives no orders.
    fn tell(&mut self, message: Message) {
        for command in self.app.update(message) {
            match command {
                Command::Focus(cluster) => self.settings.inventory.focus(&cluster),
                Command::Unfocus(cluster) => self.settings.inventory.unfocus(&cluster),
                _ => {}
            }
        }
    }

    fn shoot(&self, title: &str) -> std::io::Result<String> {
        let mut terminal = Terminal::new(TestBackend::new(COLUMNS, ROWS)).map_err(std::io::Error::other)?;
        terminal
            .draw(|frame| self.app.view(frame))
            .map_err(std::io::Error::other)?;
        Ok(picture::svg(terminal.backend().buffer(), title))
    }
}
