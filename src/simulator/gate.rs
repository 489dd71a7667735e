//! Breaks connections, as a network does: an ARM that is down, an API server that is away, a simulator that ended.
//! Works below HTTP, so that clients see a torn connection and not an answer.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use futures::Stream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio_stream::wrappers::WatchStream;

use super::shared::SharedWorld;

/// What is behind a door.
#[derive(Clone, Debug)]
enum LeadsTo {
    Arm,
    Cluster(Arc<str>),
    Applications,
}

/// Knows whether connections may live.
#[derive(Clone, Debug)]
pub(super) struct Door {
    world: SharedWorld,
    leads_to: LeadsTo,
    is_closed: Arc<AtomicBool>,
}

impl Door {
    pub(super) fn of_arm(world: SharedWorld, is_closed: Arc<AtomicBool>) -> Self {
        Self {
            world,
            leads_to: LeadsTo::Arm,
            is_closed,
        }
    }

    pub(super) fn of_applications(world: SharedWorld, is_closed: Arc<AtomicBool>) -> Self {
        Self {
            world,
            leads_to: LeadsTo::Applications,
            is_closed,
        }
    }

    pub(super) fn of_cluster(world: SharedWorld, name: String, is_closed: Arc<AtomicBool>) -> Self {
        Self {
            world,
            leads_to: LeadsTo::Cluster(name.into()),
            is_closed,
        }
    }

    fn is_open(&self) -> bool {
        if self.is_closed.load(Ordering::Acquire) {
            return false;
        }
        self.world.look(|world| match &self.leads_to {
            LeadsTo::Applications => true,
            LeadsTo::Arm => !world.faults.is_down(world.now),
            LeadsTo::Cluster(name) => world
                .clusters
                .get(&**name)
                .is_some_and(|cluster| !cluster.is_api_server_away),
        })
    }

    fn check(&self) -> io::Result<()> {
        if self.is_open() {
            Ok(())
        } else {
            Err(io::ErrorKind::ConnectionReset.into())
        }
    }
}

/// Accepts connections while the door is open and drops them while it is not.
#[derive(Debug)]
pub(super) struct GatedListener {
    listener: TcpListener,
    door: Door,
}

impl GatedListener {
    pub(super) fn new(listener: TcpListener, door: Door) -> Self {
        Self { listener, door }
    }
}

impl axum::serve::Listener for GatedListener {
    type Io = GatedStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            match self.listener.accept().await {
                Ok((stream, address)) if self.door.is_open() => {
                    // Small answers must not wait for the next one.
                    let _ = stream.set_nodelay(true);
                    return (GatedStream::new(stream, self.door.clone()), address);
                }
                Ok(_) => {}
                // Out of file handles, for instance: let others finish first.
                Err(_) => tokio::time::sleep(std::time::Duration::from_millis(50)).await,
            }
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.listener.local_addr()
    }
}

/// A connection that breaks when the door closes, even while nothing is sent.
#[derive(Debug)]
pub(super) struct GatedStream {
    stream: TcpStream,
    door: Door,
    looks: WatchStream<u64>,
}

impl GatedStream {
    fn new(stream: TcpStream, door: Door) -> Self {
        let looks = WatchStream::from_changes(door.world.subscribe());
        Self { stream, door, looks }
    }

    /// Asks to be woken at the next change of the world, and looks at the door.
    fn check(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        while let Poll::Ready(Some(_)) = Pin::new(&mut self.looks).poll_next(context) {}
        self.door.check()
    }
}

impl AsyncRead for GatedStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.check(context)?;
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for GatedStream {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.door.check()?;
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
