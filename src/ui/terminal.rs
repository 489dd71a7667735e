//! The terminal: taken over on entering, given back on leaving, on a panic, and on signals.
//! Draws nothing by itself.

use std::io::{self, Stdout, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, Once, PoisonError};
use std::thread::ThreadId;

use base64::Engine as _;
use color_eyre::eyre::WrapErr;
use crossterm::cursor::Show;
use crossterm::event::{DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste};
use crossterm::terminal::{
    BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode,
    enable_raw_mode,
};
use crossterm::{execute, queue};
use ratatui::backend::CrosstermBackend;
use ratatui::{Frame, Terminal};

/// True while the terminal is ours.
static IS_OURS: AtomicBool = AtomicBool::new(false);
/// Who draws: a panic elsewhere must not tear the screen down under a cockpit that goes on.
static DRAWER: Mutex<Option<Drawer>> = Mutex::new(None);
static HOOK: Once = Once::new();

#[derive(Clone, Debug, PartialEq, Eq)]
struct Drawer {
    task: Option<tokio::task::Id>,
    thread: ThreadId,
}

impl Drawer {
    fn here() -> Self {
        Self {
            task: tokio::task::try_id(),
            thread: std::thread::current().id(),
        }
    }

    /// A task may move between threads; code outside of tasks does not.
    fn is_here(&self) -> bool {
        let here = Self::here();
        self.task == here.task && (self.task.is_some() || self.thread == here.thread)
    }
}

/// The terminal for as long as it is ours; dropping it gives it back.
pub(crate) struct Session {
    terminal: Terminal<CrosstermBackend<Stdout>>,
}

impl Session {
    /// Takes the terminal over. `color_eyre::install` has to come first, so that its report is printed after ours.
    pub(crate) fn enter() -> color_eyre::Result<Self> {
        *DRAWER.lock().unwrap_or_else(PoisonError::into_inner) = Some(Drawer::here());
        HOOK.call_once(install_hook);
        enable_raw_mode().wrap_err("the terminal does not take single keys")?;
        IS_OURS.store(true, Ordering::SeqCst);
        let entered = execute!(io::stdout(), EnterAlternateScreen, EnableBracketedPaste)
            .and_then(|()| Terminal::new(CrosstermBackend::new(io::stdout())));
        match entered {
            Ok(terminal) => Ok(Self { terminal }),
            Err(error) => {
                restore();
                Err(error).wrap_err("the terminal cannot be drawn on")
            }
        }
    }

    /// Columns and rows.
    pub(crate) fn size(&self) -> color_eyre::Result<(u16, u16)> {
        let size = self.terminal.size().wrap_err("the terminal does not tell its size")?;
        Ok((size.width, size.height))
    }

    /// Offers text to the clipboard of the terminal (OSC 52); many terminals take it, some ask, some do not listen.
    pub(crate) fn copy(&mut self, text: &str) -> color_eyre::Result<()> {
        let encoded = base64::engine::general_purpose::STANDARD.encode(text);
        let backend = self.terminal.backend_mut();
        write!(backend, "\x1b]52;c;{encoded}\x07")
            .and_then(|()| backend.flush())
            .wrap_err("the terminal does not take text")
    }

    /// Draws one frame, so that terminals that can show it all at once.
    pub(crate) fn draw(&mut self, view: impl FnOnce(&mut Frame<'_>)) -> color_eyre::Result<()> {
        let draw = |terminal: &mut Terminal<CrosstermBackend<Stdout>>| -> io::Result<()> {
            queue!(terminal.backend_mut(), BeginSynchronizedUpdate)?;
            terminal.draw(view)?;
            queue!(terminal.backend_mut(), EndSynchronizedUpdate)?;
            terminal.backend_mut().flush()
        };
        draw(&mut self.terminal).wrap_err("the terminal cannot be drawn on")
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        restore();
    }
}

/// Undoes everything, once; also what is not switched on now, so that nothing can be forgotten here later.
fn restore() {
    if IS_OURS.swap(false, Ordering::SeqCst) {
        // The terminal may be gone; there is nobody left to tell.
        let _ = execute!(
            io::stdout(),
            EndSynchronizedUpdate,
            DisableMouseCapture,
            DisableBracketedPaste,
            LeaveAlternateScreen,
            Show
        );
        let _ = disable_raw_mode();
    }
}

/// A panic of the cockpit gives the terminal back before it is reported; one of another task while the cockpit
/// is on the screen goes to the log, not over the screen.
fn install_hook() {
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let is_drawer = DRAWER
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .as_ref()
            .is_some_and(Drawer::is_here);
        if IS_OURS.load(Ordering::SeqCst) && !is_drawer {
            tracing::error!(%panic, "a background task has panicked");
            return;
        }
        restore();
        report(panic);
    }));
}

/// Signals that end the cockpit.
#[cfg(unix)]
pub(crate) struct Signals {
    terminate: tokio::signal::unix::Signal,
    hang_up: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    pub(crate) fn listen() -> color_eyre::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let listen = |kind: SignalKind| signal(kind).wrap_err("signals cannot be listened to");
        Ok(Self {
            terminate: listen(SignalKind::terminate())?,
            hang_up: listen(SignalKind::hangup())?,
            interrupt: listen(SignalKind::interrupt())?,
        })
    }

    /// Waits for the first one.
    pub(crate) async fn received(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => (),
            _ = self.hang_up.recv() => (),
            _ = self.interrupt.recv() => (),
        }
    }
}

/// Signals that end the cockpit.
#[cfg(not(unix))]
pub(crate) struct Signals;

#[cfg(not(unix))]
impl Signals {
    #[expect(clippy::unnecessary_wraps, reason = "the same signature as on unix")]
    pub(crate) fn listen() -> color_eyre::Result<Self> {
        Ok(Self)
    }

    /// Waits for a break from the console.
    pub(crate) async fn received(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
