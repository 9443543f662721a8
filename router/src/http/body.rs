//! Reading a request's body: bounded in size and time, never decompressed.

use std::time::Duration;

use axum::body::{Body, HttpBody as _};
use bytes::Bytes;
use http::{HeaderMap, header};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};

use crate::refusal::{Refusal, RefusalCode};

/// What a body may cost.
#[derive(Debug, Clone, Copy)]
pub struct BodyLimits {
    /// Its size.
    pub bytes_max: usize,
    /// The time from the end of the headers to the end of the body.
    pub time: Duration,
}

impl Default for BodyLimits {
    /// 1 MiB in 30 s.
    fn default() -> Self {
        Self { bytes_max: 1024 * 1024, time: Duration::from_secs(30) }
    }
}

/// Reads the whole body.
///
/// # Errors
/// It is announced or found to be larger than allowed (413), compressed (415), too slow (408) or
/// cut off (400).
pub async fn read(headers: &HeaderMap, body: Body, limits: BodyLimits) -> Result<Bytes, Refusal> {
    if headers.get(header::CONTENT_ENCODING).is_some_and(|coding| coding != "identity") {
        let message = "compressed bodies are not read; send the body as it is";
        return Err(Refusal::new(RefusalCode::UnsupportedMediaType, message));
    }
    let too_large = || {
        let message = format!("the body is larger than {} bytes", limits.bytes_max);
        Refusal::new(RefusalCode::PayloadTooLarge, message)
    };
    // An announced length is refused before a byte of it is read.
    if body.size_hint().lower() > limits.bytes_max as u64 {
        return Err(too_large());
    }
    let reading = Limited::new(body, limits.bytes_max).collect();
    match tokio::time::timeout(limits.time, reading).await {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large()),
        Ok(Err(_)) => Err(Refusal::bad_request("the body was cut off")),
        Err(_) => {
            let message = "the body took too long";
            Err(Refusal::new(RefusalCode::RequestTimeout, message))
        }
    }
}
