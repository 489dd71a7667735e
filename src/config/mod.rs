//! What a person set: one table of all keys, the settings file, and one value out of flags, environment, file and
//! defaults. Values in, values out: it opens no file, reads no variable, and knows no screen.
//!
//! ```text
//! text of the file -> file -> SettingsFile --+
//! flags, variables -> Given -----------------+-> Settings -> rows (config, the settings screen), typed values
//! ```

pub mod cluster;
pub mod example;
pub mod fault;
pub mod file;
pub mod notify;
mod reader;
pub mod reference;
pub mod rows;
pub mod secret;
pub mod settings;
pub mod suggestion;
pub mod table;
pub mod value;
pub mod vocabulary;
