//! Deadlines of a connection, in paused time.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};
use tokio::time::Instant;

use super::{Activity, TimedIo, Times};

const TIMES: Times = Times {
    header: Duration::from_secs(10),
    idle: Duration::from_secs(75),
    write_stall: Duration::from_secs(30),
};

fn connection() -> (DuplexStream, TimedIo<DuplexStream>, Arc<Activity>) {
    let (client, server) = tokio::io::duplex(16);
    let activity = Arc::new(Activity::default());
    (client, TimedIo::new(server, TIMES, Arc::clone(&activity)), activity)
}

/// Reads until the deadline and tells when that was.
async fn read_until_closed(io: &mut TimedIo<DuplexStream>) -> Duration {
    let begun = Instant::now();
    loop {
        if io.read_u8().await.is_err() {
            return begun.elapsed();
        }
    }
}

#[tokio::test(start_paused = true)]
async fn silence_from_the_start() {
    let (_client, mut io, _) = connection();
    assert_eq!(read_until_closed(&mut io).await.as_secs(), 10);
}

#[tokio::test(start_paused = true)]
async fn a_dripping_head() {
    let (mut client, mut io, _) = connection();
    let drip = tokio::spawn(async move {
        loop {
            client.write_u8(b'x').await.expect("the other end stays");
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    });
    assert_eq!(read_until_closed(&mut io).await.as_secs(), 10);
    drip.abort();
}

#[tokio::test(start_paused = true)]
async fn idleness_begins_when_a_request_ends() {
    let (mut client, mut io, activity) = connection();
    client.write_all(b"head").await.expect("there is room");
    let mut head = [0; 4];
    io.read_exact(&mut head).await.expect("it was sent");
    let request = activity.begin();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_secs(200)).await;
        drop(request);
    });
    assert_eq!(read_until_closed(&mut io).await.as_secs(), 275);
}

#[tokio::test(start_paused = true)]
async fn the_next_head_has_its_own_time() {
    let (mut client, mut io, activity) = connection();
    drop(activity.begin());
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_secs(60)).await;
        client.write_u8(b'x').await.expect("the other end stays");
        std::future::pending::<()>().await;
    });
    assert_eq!(read_until_closed(&mut io).await.as_secs(), 70);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_reads_nothing() {
    let (_client, mut io, _) = connection();
    let begun = Instant::now();
    assert!(io.write_all(&[0; 64]).await.is_err());
    assert_eq!(begun.elapsed().as_secs(), 30);
}
