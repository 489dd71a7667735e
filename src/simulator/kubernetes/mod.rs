//! The Kubernetes half of one simulated cluster: objects, the controllers that move them, and its HTTP API.

pub mod api;
pub mod objects;
