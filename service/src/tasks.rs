//! Background tasks with names, and their end: nothing runs that shutdown does not wait for.

use std::future::Future;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The tasks of a process or of one service. Cheap to clone; clones share the tasks.
#[derive(Clone, Debug, Default)]
pub struct Tasks {
    tracker: TaskTracker,
    stop: CancellationToken,
}

impl Tasks {
    /// No tasks yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Runs `task` in the background. It must end soon after [`Tasks::stopping`] does; shutdown
    /// waits for it.
    pub fn spawn<T: Send + 'static>(
        &self,
        name: &'static str,
        task: impl Future<Output = T> + Send + 'static,
    ) -> JoinHandle<T> {
        tracing::trace!(task.name = name, "task started");
        self.tracker.spawn(task)
    }

    /// Ends when shutdown begins: `select!` on it in loops.
    pub async fn stopping(&self) {
        self.stop.cancelled().await;
    }

    /// Whether shutdown has begun.
    pub fn is_stopping(&self) -> bool {
        self.stop.is_cancelled()
    }

    /// The token that is cancelled when shutdown begins.
    pub fn token(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Begins shutdown and waits for the tasks, at most `drain`. Answers whether all have ended.
    pub async fn shutdown(&self, drain: Duration) -> bool {
        self.stop.cancel();
        self.tracker.close();
        tokio::time::timeout(drain, self.tracker.wait()).await.is_ok()
    }
}
