//! How far seeding is: a bar on a terminal, a line for each service elsewhere.

use std::io::IsTerminal;
use std::sync::Arc;
use std::time::Duration;

use braid_service::seed::Progress;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

/// The bars of one seeding.
pub(crate) struct Seeding {
    bars: Option<MultiProgress>,
}

impl Seeding {
    pub(crate) fn new() -> Self {
        if !std::io::stderr().is_terminal() {
            eprintln!("writing the demo world …");
            return Self { bars: None };
        }
        Self { bars: Some(MultiProgress::new()) }
    }

    /// What to tell of a service's rows.
    pub(crate) fn of(&self, service: &'static str) -> Progress {
        let Some(bars) = &self.bars else { return Arc::new(|_, _| {}) };
        let style =
            ProgressStyle::with_template("  {prefix:>10} {bar:32.cyan/dim} {pos:>7} of {len}")
                .unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = bars.add(ProgressBar::new(0)).with_style(style).with_prefix(service);
        bar.enable_steady_tick(Duration::from_millis(100));
        Arc::new(move |done, total| {
            bar.set_length(total);
            bar.set_position(done);
            if done >= total {
                bar.finish();
            }
        })
    }

    /// Takes the bars away.
    pub(crate) fn finish(self) {
        if let Some(bars) = self.bars {
            // The bars are only for looking at; a terminal that went away is no failure.
            drop(bars.clear());
        }
    }
}
