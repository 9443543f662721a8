//! Counters of a listener, in the Prometheus text format.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use http::StatusCode;

/// What is counted. Labels come from closed sets only.
#[derive(Debug, Default)]
pub struct Metrics {
    /// Answers by the first digit of their status, from 1.
    answers: [AtomicU64; 5],
    /// Requests that are being served.
    in_progress: AtomicI64,
    /// GraphQL requests, by outcome: executed, refused.
    graphql: [AtomicU64; 2],
}

/// A request that is being served.
#[derive(Debug)]
pub struct Serving(Arc<Metrics>);

impl Metrics {
    /// Counts a request as in progress until the result is dropped.
    pub fn begin(self: &Arc<Self>) -> Serving {
        self.in_progress.fetch_add(1, Ordering::Relaxed);
        Serving(Arc::clone(self))
    }

    /// Counts an answer.
    pub fn answered(&self, status: StatusCode) {
        let class = usize::from(status.as_u16() / 100).saturating_sub(1);
        if let Some(count) = self.answers.get(class) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Counts a GraphQL request.
    pub fn graphql(&self, executed: bool) {
        self.graphql[usize::from(!executed)].fetch_add(1, Ordering::Relaxed);
    }

    /// All counters.
    pub fn render(&self) -> String {
        let mut text = String::with_capacity(1024);
        let mut line = |args: std::fmt::Arguments<'_>| {
            text.write_fmt(args).expect("writing to a string does not fail");
            text.push('\n');
        };
        line(format_args!("# TYPE braid_http_responses_total counter"));
        for (index, count) in self.answers.iter().enumerate() {
            let (class, count) = (index + 1, count.load(Ordering::Relaxed));
            line(format_args!("braid_http_responses_total{{status=\"{class}xx\"}} {count}"));
        }
        line(format_args!("# TYPE braid_http_requests_in_progress gauge"));
        let count = self.in_progress.load(Ordering::Relaxed);
        line(format_args!("braid_http_requests_in_progress {count}"));
        line(format_args!("# TYPE braid_graphql_requests_total counter"));
        for (outcome, count) in ["executed", "refused"].iter().zip(&self.graphql) {
            let count = count.load(Ordering::Relaxed);
            line(format_args!("braid_graphql_requests_total{{outcome=\"{outcome}\"}} {count}"));
        }
        text
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.0.in_progress.fetch_sub(1, Ordering::Relaxed);
    }
}
