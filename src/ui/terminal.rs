//! The terminal: taken over on entering, given back on leaving, on a panic, on signals, and while the cockpit is
//! suspended. Draws nothing by itself.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, Once, PoisonError};
use std::thread::ThreadId;

use color_eyre::eyre::WrapErr;
use crossterm::cursor::Show;
use crossterm::event::{DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste};
use crossterm::execute;
use crossterm::terminal::{
    EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};

use super::guard;

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
#[derive(Debug)]
pub(crate) struct Session(());

impl Session {
    /// Takes the terminal over. `color_eyre::install` has to come first, so that its report is printed after ours.
    pub(crate) fn enter() -> color_eyre::Result<Self> {
        *DRAWER.lock().unwrap_or_else(PoisonError::into_inner) = Some(Drawer::here());
        HOOK.call_once(install_hook);
        take()?;
        Ok(Self(()))
    }

    /// Columns and rows.
    #[expect(clippy::unused_self, reason = "only who has the terminal may ask it")]
    pub(crate) fn size(&self) -> color_eyre::Result<(u16, u16)> {
        crossterm::terminal::size().wrap_err("the terminal does not tell its size")
    }

    /// Gives the terminal back and stops this process and those it belongs to, as `ctrl-z` does in a shell. Where
    /// nobody could ever continue it, the system does not stop it.
    #[cfg(unix)]
    #[expect(clippy::unused_self, reason = "only who has the terminal may give it back")]
    pub(crate) fn suspend(&self) {
        restore();
        if let Err(error) = rustix::process::kill_current_process_group(rustix::process::Signal::TSTP) {
            tracing::warn!(%error, "the cockpit cannot be suspended");
        }
    }

    /// Takes the terminal over again, after anything may have happened to it.
    #[expect(clippy::unused_self, reason = "only who has the terminal may ask it")]
    pub(crate) fn resume(&self) -> color_eyre::Result<()> {
        // Raw mode counts as on even where a shell has changed the terminal meanwhile.
        let _ = disable_raw_mode();
        take()
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        restore();
    }
}

fn take() -> color_eyre::Result<()> {
    enable_raw_mode().wrap_err("the terminal does not take single keys")?;
    IS_OURS.store(true, Ordering::SeqCst);
    let entered = execute!(io::stdout(), EnterAlternateScreen, EnableBracketedPaste);
    entered
        .inspect_err(|_| restore())
        .wrap_err("the terminal cannot be drawn on")
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

/// A panic that the cockpit catches is noted for its panel. Any other of the task that draws gives the terminal back
/// before it is reported; one of another task while the cockpit is on the screen goes to the log, not over the screen.
fn install_hook() {
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if guard::takes(panic) {
            return;
        }
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

/// What a signal says to the cockpit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// It is to end; the terminal may be gone.
    End,
    /// It was stopped, and goes on.
    Continued,
}

/// Signals that end the cockpit, or wake it.
#[cfg(unix)]
#[derive(Debug)]
pub(crate) struct Signals {
    terminate: tokio::signal::unix::Signal,
    hang_up: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
    continued: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    pub(crate) fn listen() -> color_eyre::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let listen = |kind: SignalKind| signal(kind).wrap_err("signals cannot be listened to");
        let continued = SignalKind::from_raw(rustix::process::Signal::CONT.as_raw());
        Ok(Self {
            terminate: listen(SignalKind::terminate())?,
            hang_up: listen(SignalKind::hangup())?,
            interrupt: listen(SignalKind::interrupt())?,
            continued: listen(continued)?,
        })
    }

    /// Waits for the next one; safe to drop and call again.
    pub(crate) async fn received(&mut self) -> Heard {
        tokio::select! {
            _ = self.terminate.recv() => Heard::End,
            _ = self.hang_up.recv() => Heard::End,
            _ = self.interrupt.recv() => Heard::End,
            _ = self.continued.recv() => Heard::Continued,
        }
    }

    /// Waits until the process was stopped and goes on, or was not stopped at all.
    pub(crate) async fn continued(&mut self) {
        /// Far longer than the system takes to stop a process; what runs meanwhile is only this wait.
        const NOT_STOPPED: std::time::Duration = std::time::Duration::from_millis(250);
        // Either way the cockpit goes on.
        let _ = tokio::time::timeout(NOT_STOPPED, self.continued.recv()).await;
    }
}

/// Signals that end the cockpit.
#[cfg(not(unix))]
#[derive(Debug)]
pub(crate) struct Signals;

#[cfg(not(unix))]
impl Signals {
    #[expect(clippy::unnecessary_wraps, reason = "the same signature as on unix")]
    pub(crate) fn listen() -> color_eyre::Result<Self> {
        Ok(Self)
    }

    /// Waits for a break from the console.
    pub(crate) async fn received(&mut self) -> Heard {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        Heard::End
    }
}
