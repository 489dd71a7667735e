//! Notices of headless commands: what this process drives is told, in the terminal where there is one.

use std::io::{IsTerminal, Write};

use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::args::Command;
use super::output;
use super::session::Session;
use crate::notify::{Following, Heard, Listener, Scope};

/// Telling that goes on until it is finished.
pub(super) struct Telling {
    following: Following,
    end: oneshot::Sender<()>,
    ringing: JoinHandle<()>,
}

/// True for commands that may drive an execution in this process.
pub(super) fn may_drive(command: &Command) -> bool {
    matches!(
        command,
        Command::Start(_)
            | Command::Drive(_)
            | Command::Resume(_)
            | Command::Retry(_)
            | Command::Skip(_)
            | Command::Approve(_)
            | Command::TakeOver(_)
    )
}

/// Begins to tell.
pub(super) fn begin(session: &Session) -> Telling {
    let (end, ended) = oneshot::channel();
    Telling {
        ringing: tokio::spawn(ring(session.notifier.listen(), ended)),
        following: session.tell(Scope::DrivenHere),
        end,
    }
}

impl Telling {
    /// Tells what is left, and waits a little for what is being sent.
    pub(super) async fn finish(self) {
        self.following.finish().await;
        // Errors mean that the terminal's task has ended already.
        let _ = self.end.send(());
        let _ = self.ringing.await;
    }
}

async fn ring(mut listener: Listener, mut ended: oneshot::Receiver<()>) {
    loop {
        tokio::select! {
            heard = listener.next() => show(&listener, &heard),
            _ = &mut ended => break,
        }
    }
    while let Some(heard) = listener.waiting() {
        show(&listener, &heard);
    }
}

/// Rings the terminal on stderr, where there is one; what was not delivered is said.
fn show(listener: &Listener, heard: &Heard) {
    match heard {
        Heard::Notice(notice) => {
            let mut stderr = std::io::stderr();
            if stderr.is_terminal() {
                // A terminal that is gone needs no bell.
                let _ = stderr.write_all(listener.sequence(notice).as_bytes());
            }
        }
        Heard::NotDelivered(why) => output::say(&format!("aks-cockpit: {why}")),
    }
}
