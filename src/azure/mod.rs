//! Azure Resource Manager over HTTP: tokens, one client, long-running operations, payloads into domain values.

pub mod activity_log;
pub mod changes;
pub mod client;
pub mod clusters;
pub mod credentials;
pub mod error;
mod http;
pub mod listing;
pub mod login;
pub mod node_pools;
pub mod operation;
mod paths;
pub mod request_log;
mod retry;
pub mod survey;
pub mod wire;
