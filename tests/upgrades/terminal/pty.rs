//! The real binary in a real pseudo terminal: type keys, wait for text, look at the screen.
//! Never sleeps for a fixed time: every wait is for something, and fails with the screen it saw.

use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, ExitStatus, MasterPty, PtySize, native_pty_system};

/// Longest wait for anything; the whole journey is far shorter on an idle machine.
const PATIENCE: Duration = Duration::from_mins(1);

pub(crate) struct Cockpit {
    child: Box<dyn Child + Send + Sync>,
    master: Box<dyn MasterPty + Send>,
    keys: Keys,
    screen: Arc<Screen>,
    /// Where it keeps its journal; `None` where somebody else keeps that directory.
    _state: Option<tempfile::TempDir>,
}

/// What is typed, and what the terminal answers by itself.
type Keys = Arc<Mutex<Box<dyn Write + Send>>>;

/// The question every terminal knows: what are you.
const WHO_ARE_YOU: &[u8] = b"\x1b[c";
/// A terminal that says what it is, and does not tell its colours.
const A_TERMINAL: &[u8] = b"\x1b[?62;22c";

struct Screen {
    parser: Mutex<Parsed>,
    changed: Condvar,
}

struct Parsed {
    parser: vt100::Parser,
    is_closed: bool,
}

impl Cockpit {
    /// Starts `aks-cockpit` with these words and a journal of its own in a terminal of that size.
    pub(crate) fn start(words: &[&str], columns: u16, rows: u16) -> Self {
        let state = tempfile::tempdir().unwrap();
        let path = state.path().to_str().unwrap().to_owned();
        let variables = [("AKS_COCKPIT_STATE_DIR", path.as_str())];
        Self::launch(words, &variables, (columns, rows), Some(state))
    }

    /// Starts it with these variables; whoever does so keeps the journal.
    pub(crate) fn start_with(variables: &[(&str, &str)], columns: u16, rows: u16) -> Self {
        Self::launch(&[], variables, (columns, rows), None)
    }

    fn launch(
        words: &[&str],
        variables: &[(&str, &str)],
        (columns, rows): (u16, u16),
        state: Option<tempfile::TempDir>,
    ) -> Self {
        let pair = native_pty_system().openpty(size(columns, rows)).unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_aks-cockpit"));
        command.args(words);
        command.env("TERM", "xterm-256color");
        command.env("RUST_BACKTRACE", "0");
        command.env("NO_PROXY", "127.0.0.1");
        command.env_remove("NO_COLOR");
        for (name, value) in variables {
            command.env(name, value);
        }
        let child = pair.slave.spawn_command(command).unwrap();
        // The reader only sees the end when nobody else holds the other side.
        drop(pair.slave);
        let screen = Arc::new(Screen {
            parser: Mutex::new(Parsed {
                parser: vt100::Parser::new(some(rows), some(columns), 0),
                is_closed: false,
            }),
            changed: Condvar::new(),
        });
        let mut output = pair.master.try_clone_reader().unwrap();
        let keys: Keys = Arc::new(Mutex::new(pair.master.take_writer().unwrap()));
        let answers = Arc::clone(&keys);
        let seen = Arc::clone(&screen);
        std::thread::spawn(move || {
            let mut buffer = [0_u8; 16 * 1024];
            loop {
                let length = output.read(&mut buffer).unwrap_or(0);
                if buffer[..length]
                    .windows(WHO_ARE_YOU.len())
                    .any(|bytes| bytes == WHO_ARE_YOU)
                {
                    answers.lock().unwrap().write_all(A_TERMINAL).unwrap();
                }
                let mut parsed = seen.parser.lock().unwrap();
                parsed.parser.process(&buffer[..length]);
                parsed.is_closed = length == 0;
                seen.changed.notify_all();
                if length == 0 {
                    break;
                }
            }
        });
        Self {
            child,
            master: pair.master,
            keys,
            screen,
            _state: state,
        }
    }

    /// Types text as it is; `<esc>`, `<enter>`, `<tab>`, `<down>`, `<up>` and `<ctrl-x>` are keys.
    pub(crate) fn press(&mut self, text: &str) {
        let bytes = text
            .replace("<esc>", "\x1b")
            .replace("<enter>", "\r")
            .replace("<tab>", "\t")
            .replace("<down>", "\x1b[B")
            .replace("<up>", "\x1b[A")
            .replace("<ctrl-c>", "\x03")
            .replace("<ctrl-d>", "\x04")
            .replace("<ctrl-o>", "\x0f")
            .replace("<ctrl-r>", "\x12");
        let mut keys = self.keys.lock().unwrap();
        keys.write_all(bytes.as_bytes()).unwrap();
        keys.flush().unwrap();
    }

    /// Waits until the screen fulfils `is_so`; panics with the screen when it never does.
    pub(crate) fn wait_until(&self, what: &str, is_so: impl Fn(&str) -> bool) -> String {
        let deadline = Instant::now() + PATIENCE;
        let mut parsed = self.screen.parser.lock().unwrap();
        loop {
            let contents = parsed.parser.screen().contents();
            if is_so(&contents) {
                return contents;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(
                !left.is_zero() && !parsed.is_closed,
                "never saw {what}; the screen is:\n{contents}"
            );
            parsed = self.screen.changed.wait_timeout(parsed, left).unwrap().0;
        }
    }

    pub(crate) fn wait_for(&self, text: &str) -> String {
        self.wait_until(text, |screen| screen.contains(text))
    }

    /// Changes the terminal's size, as a person dragging a window does.
    pub(crate) fn resize(&mut self, columns: u16, rows: u16) {
        self.screen
            .parser
            .lock()
            .unwrap()
            .parser
            .screen_mut()
            .set_size(some(rows), some(columns));
        self.master.resize(size(columns, rows)).unwrap();
    }

    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.process_id().unwrap();
        let status = std::process::Command::new("kill")
            .args([name, &id.to_string()])
            .status()
            .unwrap();
        assert!(status.success());
    }

    /// Waits for the program to end; the terminal must be as it was before.
    pub(crate) fn wait_for_exit(mut self) -> ExitStatus {
        let status = self.child.wait().unwrap();
        let deadline = Instant::now() + PATIENCE;
        let mut parsed = self.screen.parser.lock().unwrap();
        while !parsed.is_closed {
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "the terminal was never closed");
            parsed = self.screen.changed.wait_timeout(parsed, left).unwrap().0;
        }
        let screen = parsed.parser.screen();
        assert!(!screen.alternate_screen(), "the alternate screen was left on");
        assert!(!screen.bracketed_paste(), "bracketed paste was left on");
        assert!(!screen.hide_cursor(), "the cursor was left hidden");
        assert_eq!(
            screen.mouse_protocol_mode(),
            vt100::MouseProtocolMode::None,
            "the mouse was left captured"
        );
        status
    }
}

fn size(columns: u16, rows: u16) -> PtySize {
    PtySize {
        rows,
        cols: columns,
        pixel_width: 0,
        pixel_height: 0,
    }
}

fn some(number: u16) -> NonZeroU16 {
    NonZeroU16::new(number).unwrap()
}
