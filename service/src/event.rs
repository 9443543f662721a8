//! The event envelope: CloudEvents 1.0 in structured JSON, with the extensions that Corridor
//! agrees on (ordering, causality, data protection).
//!
//! A stream of facts is defined once, as a [`Topic`] (see [`crate::streams`]); the outbox builds the
//! envelope and the consumers read `data` back through the same definition. Nothing here knows
//! about databases or the bus.

use std::marker::PhantomData;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// The longest envelope that may enter an outbox; events are narrow facts, not documents.
pub const ENVELOPE_BYTES_MAX: usize = 256 * 1024;

/// What protects the data of a stream (written into `dataclassification`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Classification {
    /// Ids and business facts.
    Internal,
    /// May hold data of persons.
    Personal,
}

impl Classification {
    /// The text in the envelope.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Internal => "internal",
            Self::Personal => "personal",
        }
    }
}

/// The one definition of a stream of facts: name, version, protection and the type of its data.
#[derive(Debug)]
pub struct Topic<T> {
    /// `context.event-name`; also the CloudEvents `type`.
    pub name: &'static str,
    /// Additive changes keep it; a breaking change is a new version beside the old one.
    pub version: u16,
    pub classification: Classification,
    data: PhantomData<fn(T) -> T>,
}

impl<T: Serialize + DeserializeOwned> Topic<T> {
    /// First version of a stream of ids and business facts.
    #[must_use]
    pub const fn internal(name: &'static str) -> Self {
        Self { name, version: 1, classification: Classification::Internal, data: PhantomData }
    }

    /// The schema's URI (`dataschema`).
    #[must_use]
    pub fn schema_uri(&self) -> String {
        schema_uri(self.name, self.version)
    }

    /// Reads the data of an event of this stream.
    ///
    /// # Errors
    /// Data of another shape; a consumer treats it as poison.
    pub fn read(&self, event: &Envelope) -> Result<T, EventError> {
        event.data()
    }
}

/// URI of the schema of a stream's version.
#[must_use]
pub fn schema_uri(name: &str, version: u16) -> String {
    format!("https://corridor.example/events/{name}.v{version}.json")
}

/// Why something is written: who acts, and what it follows from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cause {
    /// Shared by everything that follows from one request.
    pub correlation: Option<String>,
    /// Id of the event or command that led here.
    pub causation: Option<String>,
    /// The user or client on whose behalf it happens.
    pub actor: Option<String>,
    /// W3C trace context of the request.
    pub traceparent: Option<String>,
}

impl Cause {
    /// The cause of whatever a consumer of `event` writes.
    #[must_use]
    pub fn of(event: &Envelope) -> Self {
        Self {
            correlation: Some(event.correlationid.clone()),
            causation: Some(event.id.clone()),
            actor: event.actor.clone(),
            traceparent: event.traceparent.clone(),
        }
    }
}

/// A CloudEvents 1.0 envelope (§3.1 of that specification), extensions included. Attribute names
/// are the wire names: lower case letters and digits only (CloudEvents §3).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Envelope {
    pub specversion: String,
    pub id: String,
    pub source: String,
    pub r#type: String,
    pub dataschema: String,
    pub subject: String,
    /// RFC 3339, UTC.
    pub time: String,
    pub datacontenttype: String,
    pub partitionkey: String,
    /// The aggregate's version, zero-padded so that text order is number order.
    pub sequence: String,
    pub correlationid: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub causationid: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    pub dataclassification: String,
    pub data: Box<RawValue>,
}

/// Why an envelope cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum EventError {
    #[error("encode event data of `{stream}`")]
    Encode { stream: String, source: serde_json::Error },
    #[error("decode `{stream}`")]
    Decode { stream: String, source: serde_json::Error },
    #[error("event of `{stream}` has {bytes} bytes, limit {ENVELOPE_BYTES_MAX}")]
    TooLarge { stream: String, bytes: usize },
    #[error("envelope has specversion `{0}`, expected `1.0`")]
    SpecVersion(String),
    #[error("sequence `{0}` is not a number")]
    Sequence(String),
}

impl Envelope {
    /// Reads structured JSON.
    ///
    /// # Errors
    /// Not an envelope, or another CloudEvents version.
    pub fn parse(text: &str) -> Result<Self, EventError> {
        let envelope: Self = serde_json::from_str(text)
            .map_err(|source| EventError::Decode { stream: "envelope".to_owned(), source })?;
        if envelope.specversion != "1.0" {
            return Err(EventError::SpecVersion(envelope.specversion));
        }
        Ok(envelope)
    }

    /// Structured JSON, within [`ENVELOPE_BYTES_MAX`].
    ///
    /// # Errors
    /// Data that cannot be written as JSON, or too much of it.
    pub fn to_json(&self) -> Result<String, EventError> {
        let text = serde_json::to_string(self)
            .map_err(|source| EventError::Encode { stream: self.r#type.clone(), source })?;
        if text.len() > ENVELOPE_BYTES_MAX {
            return Err(EventError::TooLarge { stream: self.r#type.clone(), bytes: text.len() });
        }
        Ok(text)
    }

    /// The data as the stream's type.
    ///
    /// # Errors
    /// Data of another shape; a consumer treats it as poison.
    pub fn data<T: DeserializeOwned>(&self) -> Result<T, EventError> {
        serde_json::from_str(self.data.get())
            .map_err(|source| EventError::Decode { stream: self.r#type.clone(), source })
    }

    /// The aggregate's version that this event recorded.
    ///
    /// # Errors
    /// A sequence that is not a number.
    pub fn sequence_number(&self) -> Result<i64, EventError> {
        self.sequence.parse().map_err(|_| EventError::Sequence(self.sequence.clone()))
    }
}

/// `time` of an envelope from microseconds since the epoch.
#[must_use]
pub fn rfc3339(at_us: i64) -> String {
    chrono::DateTime::from_timestamp_micros(at_us)
        .unwrap_or_default()
        .to_rfc3339_opts(chrono::SecondsFormat::Micros, true)
}

/// `sequence` of an envelope.
#[must_use]
pub fn padded(sequence: i64) -> String {
    format!("{sequence:020}")
}

/// Data as raw JSON.
///
/// # Errors
/// Data that JSON cannot hold.
pub fn raw<T: Serialize>(stream: &str, data: &T) -> Result<Box<RawValue>, EventError> {
    serde_json::value::to_raw_value(data)
        .map_err(|source| EventError::Encode { stream: stream.to_owned(), source })
}
