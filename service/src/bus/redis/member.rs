//! A member of a group: two tasks behind a [`Subscription`].
//!
//! One reads: it holds the group's lease, so that one member at a time takes the group's messages
//! and their order is kept; it first takes over what any member had not acknowledged, then reads
//! what is new. The other hands messages out, of each partition key one at a time. After any
//! failure the first begins anew, with a growing pause.
//!
//! A member that stalls may lose its lease and go on with what it has in hand. That does no harm:
//! its successor begins with the oldest message that is not acknowledged, both go through a key's
//! messages in order, and the inbox lets each take effect once.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tracing::{error, info, warn};

use super::client::{Client, Entry, order};
use super::window::{Held, Place, Window};
use crate::bus::{Acknowledge, BoxFuture, BusError, Delivery, Message, Subscription};
use crate::event::Envelope;

/// Messages held at a time, and how many of a stream are read in one go.
const WINDOW_MAX: usize = 256;
const BATCH_MAX: usize = 64;
/// Deliveries that wait for the consumer beside those it has taken.
const QUEUE_MAX: usize = 16;
/// How long a group is without a reader after the last one was killed.
const LEASE: Duration = Duration::from_secs(3);
const RENEW_EVERY: Duration = Duration::from_millis(800);
/// How often acknowledgements that did not arrive are looked for.
const SWEEP_EVERY: Duration = Duration::from_secs(30);
const PAUSE_MIN: Duration = Duration::from_millis(50);
const PAUSE_MAX: Duration = Duration::from_secs(2);

/// Who joins what.
#[derive(Clone)]
pub(super) struct Membership {
    /// Reads, and so waits.
    pub(super) reads: Client,
    /// Everything that must not wait behind a read.
    pub(super) commands: Client,
    pub(super) group: Arc<str>,
    pub(super) member: Arc<str>,
    pub(super) streams: Arc<[Arc<str>]>,
}

/// The member's end; its tasks begin at the first [`Subscription::next`] and end with it.
pub(super) struct Member {
    membership: Option<Membership>,
    deliveries: mpsc::Receiver<Delivery>,
    out: Option<mpsc::Sender<Delivery>>,
    tasks: JoinSet<()>,
}

enum Input {
    Entries(Vec<Entry>),
    /// The reader begins anew.
    Again,
}

struct Settled {
    key: String,
    is_done: bool,
}

// === impl Member ===

impl Member {
    pub(super) fn new(membership: Membership) -> Self {
        let (out, deliveries) = mpsc::channel(QUEUE_MAX);
        Self { membership: Some(membership), deliveries, out: Some(out), tasks: JoinSet::new() }
    }
}

impl Subscription for Member {
    fn next(&mut self) -> BoxFuture<'_, Option<Delivery>> {
        if let (Some(membership), Some(out)) = (self.membership.take(), self.out.take()) {
            let (read, inputs) = mpsc::channel(1);
            self.tasks.spawn(reader(membership.clone(), read));
            self.tasks.spawn(hand_out(membership, inputs, out));
        }
        Box::pin(self.deliveries.recv())
    }
}

// === reading ===

/// Reads until the other task ends.
async fn reader(cx: Membership, out: mpsc::Sender<Input>) {
    let mut pause = PAUSE_MIN;
    while !out.is_closed() {
        let begun = Instant::now();
        let Err(failure) = read(&cx, &out).await else { return };
        if begun.elapsed() > PAUSE_MAX {
            pause = PAUSE_MIN;
        }
        warn!(bus.group = %cx.group, %failure, "reading from the bus begins anew");
        if out.send(Input::Again).await.is_err() {
            return;
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(PAUSE_MAX);
    }
}

/// From the lease to the first failure.
async fn read(cx: &Membership, out: &mpsc::Sender<Input>) -> Result<(), BusError> {
    while !cx.commands.lease(&cx.group, &cx.member, LEASE).await? {
        tokio::time::sleep(RENEW_EVERY).await;
    }
    info!(bus.group = %cx.group, "reading from the bus");
    tokio::select! {
        ended = keep_lease(cx) => ended,
        ended = follow(cx, out) => ended,
    }
}

async fn keep_lease(cx: &Membership) -> Result<(), BusError> {
    loop {
        tokio::time::sleep(RENEW_EVERY).await;
        if !cx.commands.lease(&cx.group, &cx.member, LEASE).await? {
            return Err(BusError::Broker("another member reads for the group".to_owned()));
        }
    }
}

/// What was not acknowledged, then what is new.
async fn follow(cx: &Membership, out: &mpsc::Sender<Input>) -> Result<(), BusError> {
    for stream in &*cx.streams {
        cx.commands.create_group(stream, &cx.group).await?;
    }
    let mut idle = Duration::ZERO;
    loop {
        if !take_over(cx, out, idle).await? {
            return Ok(());
        }
        idle = SWEEP_EVERY;
        let sweep_at = Instant::now() + SWEEP_EVERY;
        while Instant::now() < sweep_at {
            let mut entries = cx.reads.read(&cx.group, &cx.member, &cx.streams, BATCH_MAX).await?;
            entries.sort_by_key(|entry| order(&entry.id));
            if !entries.is_empty() && out.send(Input::Entries(entries)).await.is_err() {
                return Ok(());
            }
        }
    }
}

/// `false` when nobody listens any more.
async fn take_over(
    cx: &Membership,
    out: &mpsc::Sender<Input>,
    idle: Duration,
) -> Result<bool, BusError> {
    for stream in &*cx.streams {
        let mut cursor = "0-0".to_owned();
        loop {
            let whom = (&*cx.group, &*cx.member);
            let (next, entries) = cx.commands.claim(stream, whom, idle, &cursor, BATCH_MAX).await?;
            if !entries.is_empty() && out.send(Input::Entries(entries)).await.is_err() {
                return Ok(false);
            }
            if next == "0-0" {
                break;
            }
            cursor = next;
        }
    }
    Ok(true)
}

// === handing out ===

async fn hand_out(cx: Membership, mut inputs: mpsc::Receiver<Input>, out: mpsc::Sender<Delivery>) {
    // Nothing is in hand that is not held, so there is always room to settle it.
    let (settle, mut settled) = mpsc::channel(2 * WINDOW_MAX);
    let mut window = Window::default();
    loop {
        let rested_at = window.rested_at();
        tokio::select! {
            biased;
            Some(Settled { key, is_done }) = settled.recv() => {
                window.settle(&key, is_done, Instant::now());
            }
            permit = out.reserve(), if window.has_ready() => {
                let Ok(permit) = permit else { return };
                if let Some(held) = window.take() {
                    permit.send(delivery(&cx, held, settle.clone()));
                }
            }
            () = sleep_until(rested_at), if rested_at.is_some() => window.wake(Instant::now()),
            input = inputs.recv(), if window.len() < WINDOW_MAX => match input {
                Some(Input::Entries(entries)) => take_in(&cx, &mut window, entries).await,
                Some(Input::Again) => window.forget(),
                None => return,
            },
        }
    }
}

async fn sleep_until(instant: Option<Instant>) {
    if let Some(instant) = instant {
        tokio::time::sleep_until(instant).await;
    }
}

async fn take_in(cx: &Membership, window: &mut Window, entries: Vec<Entry>) {
    for Entry { stream, id, text } in entries {
        let envelope = std::str::from_utf8(&text).ok().and_then(|text| Envelope::parse(text).ok());
        let Some(envelope) = envelope else {
            // Nobody of ours wrote it, and it can never be taken in.
            error!(bus.stream = %stream, entry.id = id, "entry is no envelope; dropped");
            drop(cx.commands.acknowledge(&stream, &cx.group, &id).await);
            continue;
        };
        let message = Message { stream: Arc::clone(&stream), event: Arc::new(envelope) };
        window.add(Held { place: (stream, id), message });
    }
}

fn delivery(cx: &Membership, held: Held, settle: mpsc::Sender<Settled>) -> Delivery {
    let key = held.message.event.partitionkey.clone();
    let handle = Settle {
        client: cx.commands.clone(),
        group: Arc::clone(&cx.group),
        place: held.place,
        tell: Some((settle, key)),
    };
    Delivery::new(held.message, Box::new(handle))
}

struct Settle {
    client: Client,
    group: Arc<str>,
    place: Place,
    tell: Option<(mpsc::Sender<Settled>, String)>,
}

impl Settle {
    fn tell(&mut self, is_done: bool) {
        if let Some((settle, key)) = self.tell.take() {
            // Nobody listens when the member has gone; its successor asks the broker.
            drop(settle.try_send(Settled { key, is_done }));
        }
    }
}

impl Acknowledge for Settle {
    fn settle(mut self: Box<Self>, done: bool) -> BoxFuture<'static, Result<(), BusError>> {
        Box::pin(async move {
            let mut told = Ok(());
            if done {
                let (stream, id) = &self.place;
                // If this fails the entry comes again by a sweep, and is then a repeat.
                told = self.client.acknowledge(stream, &self.group, id).await;
            }
            self.tell(done);
            told
        })
    }
}

/// A delivery that is dropped is to come again.
impl Drop for Settle {
    fn drop(&mut self) {
        self.tell(false);
    }
}
