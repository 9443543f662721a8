//! The wish to stop, and the wish to stop now.

use tokio_util::sync::CancellationToken;

/// Tells all parts of a process that it is to end. Clones are one.
#[derive(Debug, Clone, Default)]
pub struct Shutdown {
    draining: CancellationToken,
    aborted: CancellationToken,
}

impl Shutdown {
    /// A shutdown that nobody has asked for yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes no new requests and lets those in progress end.
    pub fn drain(&self) {
        self.draining.cancel();
    }

    /// Ends at once.
    pub fn abort(&self) {
        self.draining.cancel();
        self.aborted.cancel();
    }

    /// Whether the process is about to end.
    pub fn is_draining(&self) -> bool {
        self.draining.is_cancelled()
    }

    /// Whether the process ends without waiting for anything.
    pub fn is_aborted(&self) -> bool {
        self.aborted.is_cancelled()
    }

    /// Waits for the wish to stop.
    pub async fn draining(&self) {
        self.draining.cancelled().await;
    }

    /// Waits for the wish to stop now.
    pub async fn aborted(&self) {
        self.aborted.cancelled().await;
    }

    /// Waits for SIGTERM or Ctrl-C and drains; a second one aborts. Runs until then: spawn it.
    ///
    /// # Errors
    /// Signals cannot be listened to.
    pub async fn listen_to_signals(&self) -> std::io::Result<()> {
        let mut signals = Signals::new()?;
        signals.next().await;
        tracing::info!("draining; a second signal ends it now");
        self.drain();
        signals.next().await;
        tracing::warn!("ended by a second signal");
        self.abort();
        Ok(())
    }
}

#[cfg(unix)]
struct Signals {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) {
        // Without a handler for Ctrl-C the process is ended by the system.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
