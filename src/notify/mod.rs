//! Tells people what needs them while they look elsewhere: blocked, waiting, failed, done. What is told is decided by
//! values (`watcher.rs`); how it looks is pure too (`shapes.rs`, `terminal.rs`); only `send/` and `follow.rs` act.
//! Never holds anything up: what cannot be delivered is said in one line and forgotten.

mod follow;
mod notice;
mod notifier;
mod send;
mod settings;
mod shapes;
mod terminal;
mod watcher;

pub use follow::{Following, Scope, Watched, follow};
pub use notice::{Notice, NoticeKind, test_notice};
pub use notifier::{Heard, Listener, Notifier, NotifierSettings};
pub use settings::{Desktop, NotifySettings, Shape, Webhook, WebhookAddress};
pub use shapes::payload;
pub use terminal::sequence;
pub use watcher::Watcher;
