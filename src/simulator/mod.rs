//! A simulated Azure: subscriptions, clusters, pools, nodes and pods behind loopback HTTP.
//! An independent implementation of the documented wire: shares no payload type with `azure/` or `kubernetes/`.

mod apps;
pub mod azure_api;
pub mod faults;
mod gate;
pub mod kubernetes;
pub mod scenario;
pub mod server;
pub mod shared;
pub mod traffic;
pub mod world;
