//! `braid config`: whether a configuration can be used, and what it comes to.

use braid_router::config::{Config, load};

use super::report::Failure;
use super::{ConfigCommand, environment, print};

/// Runs the command.
pub(crate) fn run(command: &ConfigCommand) -> Result<(), Failure> {
    match command {
        ConfigCommand::Check { file } => {
            load::config(file, environment())?;
            print(&format!("{} can be used\n", file.display()))
        }
        ConfigCommand::Print { file } => {
            let config = match file {
                Some(file) => load::config(file, environment())?,
                None => Config::default(),
            };
            let text = serde_saphyr::to_string(&config)
                .map_err(|error| Failure::message(format!("write the configuration: {error}")))?;
            print(&text)
        }
    }
}
