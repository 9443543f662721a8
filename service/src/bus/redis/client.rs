//! The commands that the driver sends, each with a deadline. The only module that knows the client
//! crate; keys are `<prefix>:stream:<name>`, `<prefix>:lease:<group>`, `<prefix>:mark:<publisher>`.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use ::redis::aio::{ConnectionManager, ConnectionManagerConfig};
use ::redis::{Cmd, FromRedisValue, Pipeline, RedisError, cmd, pipe};

use crate::bus::{BusError, Recall};

/// How long a command may take, the connection included.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(3);
/// How long a read waits on the server for something to come.
const BLOCK: Duration = Duration::from_secs(1);
/// The longest pause between attempts to connect.
const RECONNECT_MAX: Duration = Duration::from_secs(2);
/// The field of an entry that holds the envelope.
const FIELD: &str = "event";

/// Renews or takes the lease of a group, unless another member has it.
const LEASE: &str = "local owner = redis.call('GET', KEYS[1]) \
    if owner and owner ~= ARGV[1] then return 0 end \
    redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2]) return 1";

/// Entries of a stream as the server sends them: an id and its fields.
type Raw = Vec<(String, Option<HashMap<String, Vec<u8>>>)>;

/// An entry of a stream.
pub(super) struct Entry {
    pub(super) stream: Arc<str>,
    pub(super) id: String,
    pub(super) text: Vec<u8>,
}

/// A connection that is made anew when it breaks. Clones share it.
#[derive(Clone)]
pub(super) struct Client {
    manager: ConnectionManager,
    prefix: Arc<str>,
}

impl Client {
    /// Connects at the first command. `url` is never part of an error: it may hold a password.
    pub(super) fn new(url: &str, prefix: &str) -> Result<Self, BusError> {
        let client = ::redis::Client::open(url).map_err(|error| failed(&error))?;
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(COMMAND_TIMEOUT))
            // A read waits on purpose; our own deadline is what ends a command.
            .set_response_timeout(Some(COMMAND_TIMEOUT + BLOCK))
            .set_number_of_retries(3)
            .set_max_delay(RECONNECT_MAX);
        let manager = ConnectionManager::new_lazy_with_config(client, config);
        let manager = manager.map_err(|error| failed(&error))?;
        Ok(Self { manager, prefix: prefix.into() })
    }

    fn stream(&self, name: &str) -> String {
        format!("{}:stream:{name}", self.prefix)
    }

    async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, BusError> {
        self.try_ask(command).await?.map_err(|error| failed(&error))
    }

    /// The outer error is a passed deadline, the inner one what the server or the network said.
    async fn try_ask<T: FromRedisValue>(
        &self,
        command: &Cmd,
    ) -> Result<Result<T, RedisError>, BusError> {
        let mut manager = self.manager.clone();
        let limit = COMMAND_TIMEOUT + BLOCK;
        let answer = tokio::time::timeout(limit, command.query_async(&mut manager));
        answer.await.map_err(|_| late())
    }

    async fn ask_all<T: FromRedisValue>(&self, commands: &Pipeline) -> Result<T, BusError> {
        let mut manager = self.manager.clone();
        let answer = tokio::time::timeout(COMMAND_TIMEOUT, commands.query_async::<T>(&mut manager));
        answer.await.map_err(|_| late())?.map_err(|error| failed(&error))
    }

    /// Appends an entry; answers how many the stream then has.
    pub(super) async fn append(&self, stream: &str, text: &str) -> Result<u64, BusError> {
        let key = self.stream(stream);
        let mut both = pipe();
        both.cmd("XADD").arg(&key).arg("*").arg(FIELD).arg(text).ignore();
        both.cmd("XLEN").arg(&key);
        let (length,): (u64,) = self.ask_all(&both).await?;
        Ok(length)
    }

    /// How many entries a stream has.
    pub(super) async fn length(&self, stream: &str) -> Result<u64, BusError> {
        self.ask(cmd("XLEN").arg(self.stream(stream))).await
    }

    /// Makes the group, and the stream if need be; the group starts with the oldest entry there is.
    pub(super) async fn create_group(&self, stream: &str, group: &str) -> Result<(), BusError> {
        let mut create = cmd("XGROUP");
        create.arg("CREATE").arg(self.stream(stream)).arg(group).arg("0").arg("MKSTREAM");
        match self.try_ask::<()>(&create).await? {
            Err(error) if error.code() == Some("BUSYGROUP") => Ok(()),
            other => other.map_err(|error| failed(&error)),
        }
    }

    /// Makes `member` the one that reads for `group`, until `limit` passes; `false` when another
    /// member is.
    pub(super) async fn lease(
        &self,
        group: &str,
        member: &str,
        limit: Duration,
    ) -> Result<bool, BusError> {
        let mut script = cmd("EVAL");
        script.arg(LEASE).arg(1).arg(format!("{}:lease:{group}", self.prefix));
        script.arg(member).arg(millis(limit));
        Ok(self.ask::<u8>(&script).await? == 1)
    }

    /// Entries that nobody in the group has had, of each stream at most `count`, in the order of
    /// their ids; waits a moment when there are none.
    pub(super) async fn read(
        &self,
        group: &str,
        member: &str,
        streams: &[Arc<str>],
        count: usize,
    ) -> Result<Vec<Entry>, BusError> {
        let mut read = cmd("XREADGROUP");
        read.arg("GROUP").arg(group).arg(member).arg("COUNT").arg(count);
        read.arg("BLOCK").arg(millis(BLOCK)).arg("STREAMS");
        for stream in streams {
            read.arg(self.stream(stream));
        }
        for _ in streams {
            read.arg(">");
        }
        let answer: Option<Vec<(String, Raw)>> = self.ask(&read).await?;
        let mut entries = Vec::new();
        for (key, raw) in answer.unwrap_or_default() {
            if let Some(stream) = streams.iter().find(|stream| self.stream(stream) == key) {
                entries.extend(decode(stream, raw));
            }
        }
        Ok(entries)
    }

    /// Takes over entries that were delivered at least `idle` ago and not acknowledged, from
    /// `cursor` on; answers the next cursor (`0-0` at the end) and the entries.
    pub(super) async fn claim(
        &self,
        stream: &Arc<str>,
        (group, member): (&str, &str),
        idle: Duration,
        cursor: &str,
        count: usize,
    ) -> Result<(String, Vec<Entry>), BusError> {
        let mut claim = cmd("XAUTOCLAIM");
        claim.arg(self.stream(stream)).arg(group).arg(member).arg(millis(idle)).arg(cursor);
        claim.arg("COUNT").arg(count);
        // The third part has the ids of entries that were removed under the group's feet.
        let (next, raw, _gone): (String, Raw, Vec<String>) = self.ask(&claim).await?;
        Ok((next, decode(stream, raw)))
    }

    /// The group has done with an entry.
    pub(super) async fn acknowledge(
        &self,
        stream: &str,
        group: &str,
        id: &str,
    ) -> Result<(), BusError> {
        self.ask(cmd("XACK").arg(self.stream(stream)).arg(group).arg(id)).await
    }

    /// The id below which every group has acknowledged everything; `None` without groups.
    pub(super) async fn acknowledged(&self, stream: &str) -> Result<Option<String>, BusError> {
        let key = self.stream(stream);
        let groups: Vec<HashMap<String, ::redis::Value>> =
            self.ask(cmd("XINFO").arg("GROUPS").arg(&key)).await?;
        let mut lowest: Option<String> = None;
        for group in groups {
            let text = |name: &str| -> Option<String> {
                ::redis::from_redis_value(group.get(name)?.clone()).ok()
            };
            let (Some(name), Some(delivered)) = (text("name"), text("last-delivered-id")) else {
                return Err(BusError::Broker("an answer of another shape".to_owned()));
            };
            type Pending = (u64, Option<String>, Option<String>, Option<Vec<(String, String)>>);
            let (_, oldest, _, _): Pending = self.ask(cmd("XPENDING").arg(&key).arg(name)).await?;
            let mark = oldest.unwrap_or(delivered);
            if lowest.as_ref().is_none_or(|lowest| order(&mark) < order(lowest)) {
                lowest = Some(mark);
            }
        }
        Ok(lowest)
    }

    /// Removes entries below `id`, at most `count`, in whole blocks of the server's.
    pub(super) async fn trim(&self, stream: &str, id: &str, count: u64) -> Result<u64, BusError> {
        let mut trim = cmd("XTRIM");
        trim.arg(self.stream(stream)).arg("MINID").arg("~").arg(id).arg("LIMIT").arg(count);
        self.ask(&trim).await
    }

    /// The server's life and the mark that `publisher` left.
    pub(super) async fn recall(&self, publisher: &str) -> Result<Recall, BusError> {
        let mut both = pipe();
        both.cmd("INFO").arg("server");
        both.cmd("GET").arg(format!("{}:mark:{publisher}", self.prefix));
        let (info, mark): (String, Option<i64>) = self.ask_all(&both).await?;
        let life = info.lines().find_map(|line| line.strip_prefix("run_id:"));
        let life = life.ok_or_else(|| BusError::Broker("the server has no run_id".to_owned()))?;
        Ok(Recall { life: life.trim().to_owned(), mark_us: mark.unwrap_or(0) })
    }

    /// Leaves a mark for [`Client::recall`].
    pub(super) async fn mark(&self, publisher: &str, mark_us: i64) -> Result<(), BusError> {
        let key = format!("{}:mark:{publisher}", self.prefix);
        self.ask(cmd("SET").arg(key).arg(mark_us)).await
    }
}

/// An entry that lost its fields, because it was removed, has nothing to tell.
fn decode(stream: &Arc<str>, raw: Raw) -> Vec<Entry> {
    let entry = |(id, fields): (String, Option<HashMap<String, Vec<u8>>>)| {
        let text = fields?.remove(FIELD).unwrap_or_default();
        Some(Entry { stream: Arc::clone(stream), id, text })
    };
    raw.into_iter().filter_map(entry).collect()
}

/// An id `<milliseconds>-<number>` in the order of the stream.
pub(super) fn order(id: &str) -> (u64, u64) {
    let (time, number) = id.split_once('-').unwrap_or((id, "0"));
    (time.parse().unwrap_or(0), number.parse().unwrap_or(0))
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn late() -> BusError {
    BusError::Broker("no answer in time".to_owned())
}

fn failed(error: &RedisError) -> BusError {
    BusError::Broker(error.to_string())
}
