//! A connection's bytes with deadlines: no client keeps a connection by doing nothing.
//!
//! Three states of waiting to read are told apart: for a request's headers (from its first byte,
//! or from the start of the connection), between requests, and while a request is served, where
//! whoever reads the body has a deadline of its own. Writing has one deadline: that the client
//! takes anything at all.

#[cfg(test)]
mod tests;

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_util::task::AtomicWaker;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

/// What the server tells the connection about its requests.
#[derive(Debug, Default)]
pub(super) struct Activity {
    begun: AtomicU64,
    in_progress: AtomicUsize,
    /// Who waits for bytes while a request is served: it begins to be idle when that ends.
    reader: AtomicWaker,
}

/// A request in progress, until its answer is handed over.
#[derive(Debug)]
pub(super) struct InProgress(Arc<Activity>);

/// The deadlines of a connection.
#[derive(Debug, Clone, Copy)]
pub(super) struct Times {
    pub(super) header: Duration,
    pub(super) idle: Duration,
    pub(super) write_stall: Duration,
}

/// Bytes with deadlines.
pub(super) struct TimedIo<T> {
    inner: T,
    times: Times,
    activity: Arc<Activity>,
    /// Of [`Activity::begun`], when last looked.
    begun: u64,
    /// Bytes came since then.
    head_begun: bool,
    /// The connection speaks HTTP/2, where bytes come between requests, too.
    http2: bool,
    read_deadline: Option<Pin<Box<Sleep>>>,
    write_deadline: Option<Pin<Box<Sleep>>>,
}

impl Activity {
    pub(super) fn begin(self: &Arc<Self>) -> InProgress {
        self.begun.fetch_add(1, Ordering::Relaxed);
        self.in_progress.fetch_add(1, Ordering::AcqRel);
        InProgress(Arc::clone(self))
    }
}

impl Drop for InProgress {
    fn drop(&mut self) {
        self.0.in_progress.fetch_sub(1, Ordering::AcqRel);
        self.0.reader.wake();
    }
}

impl<T> TimedIo<T> {
    pub(super) fn new(inner: T, times: Times, activity: Arc<Activity>) -> Self {
        Self {
            inner,
            times,
            activity,
            begun: 0,
            head_begun: false,
            http2: false,
            read_deadline: None,
            write_deadline: None,
        }
    }

    fn note_requests(&mut self) {
        let begun = self.activity.begun.load(Ordering::Relaxed);
        if begun != self.begun {
            self.begun = begun;
            self.head_begun = false;
            self.read_deadline = None;
        }
    }

    fn note_bytes(&mut self, bytes: &[u8]) {
        if bytes.is_empty() || self.head_begun {
            return;
        }
        self.http2 |= self.begun == 0 && bytes.starts_with(b"PRI");
        self.head_begun = true;
        if !self.http2 {
            self.read_deadline = None;
        }
    }

    /// Whether the client took too long to send anything.
    fn poll_read_deadline(&mut self, context: &mut Context<'_>) -> Poll<()> {
        self.activity.reader.register(context.waker());
        if self.activity.in_progress.load(Ordering::Acquire) > 0 {
            self.read_deadline = None;
            return Poll::Pending;
        }
        let in_head = self.begun == 0 || (self.head_begun && !self.http2);
        let time = if in_head { self.times.header } else { self.times.idle };
        poll_deadline(&mut self.read_deadline, time, context)
    }

    fn write_result<R>(
        &mut self,
        result: Poll<io::Result<R>>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<R>> {
        if result.is_ready() {
            self.write_deadline = None;
            return result;
        }
        let time = self.times.write_stall;
        ready!(poll_deadline(&mut self.write_deadline, time, context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

fn poll_deadline(
    deadline: &mut Option<Pin<Box<Sleep>>>,
    time: Duration,
    context: &mut Context<'_>,
) -> Poll<()> {
    let sleep =
        deadline.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(Instant::now() + time)));
    sleep.as_mut().poll(context)
}

impl<T: AsyncRead + Unpin> AsyncRead for TimedIo<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.note_requests();
        let before = buffer.filled().len();
        if let Poll::Ready(result) = Pin::new(&mut self.inner).poll_read(context, buffer) {
            self.note_bytes(buffer.filled().get(before..).unwrap_or_default());
            return Poll::Ready(result);
        }
        ready!(self.poll_read_deadline(context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for TimedIo<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.inner).poll_write(context, bytes);
        self.write_result(result, context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.inner).poll_write_vectored(context, parts);
        self.write_result(result, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = Pin::new(&mut self.inner).poll_flush(context);
        self.write_result(result, context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}
