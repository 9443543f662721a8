//! The command line.

use std::net::IpAddr;
use std::path::PathBuf;

use braid_service::seed::Scale;
use clap::{Parser, Subcommand, ValueEnum};

use crate::services::SUBGRAPHS;

/// Corridor, whole: its subgraphs, the router and the edges for mobile, web and partners, in one
/// process, with SQLite files and nothing else.
#[derive(Debug, Parser)]
#[command(name = "corridor", version, after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,

    /// The folder of the databases
    #[arg(long, value_name = "DIR", default_value = "data", env = "CORRIDOR_DATA")]
    pub(crate) data: PathBuf,

    /// Keep nothing: the databases are in a temporary folder that goes when the process ends
    #[arg(long, conflicts_with = "data")]
    pub(crate) ephemeral: bool,

    /// How large the demo world is that the first start writes
    #[arg(long, value_name = "SCALE", value_enum, default_value_t = World::Tiny)]
    pub(crate) scale: World,

    /// The address to listen on; loopback unless you say otherwise
    #[arg(long, value_name = "IP", default_value = "127.0.0.1")]
    pub(crate) host: IpAddr,

    /// The router's port; 0 takes a free one (also for the other ports)
    #[arg(long, value_name = "PORT", default_value_t = 4000)]
    pub(crate) router_port: u16,

    /// The mobile edge's port
    #[arg(long, value_name = "PORT", default_value_t = 4001)]
    pub(crate) mobile_port: u16,

    /// The web edge's port
    #[arg(long, value_name = "PORT", default_value_t = 4002)]
    pub(crate) web_port: u16,

    /// The REST edge's port
    #[arg(long, value_name = "PORT", default_value_t = 4003)]
    pub(crate) rest_port: u16,

    /// The port for health and metrics
    #[arg(long, value_name = "PORT", default_value_t = 8088)]
    pub(crate) admin_port: u16,

    /// Close what is open for development: introspection, the explorer, query text on the web edge
    #[arg(long)]
    pub(crate) production: bool,

    /// Call this subgraph over HTTP instead of running it here; its key is in CORRIDOR_ROUTER_KEY
    #[arg(long, value_name = "NAME=URL", value_parser = remote)]
    pub(crate) remote: Vec<Remote>,

    /// How long open requests may take when stopping, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    pub(crate) drain: u64,
}

/// A subgraph that runs elsewhere.
#[derive(Debug, Clone)]
pub(crate) struct Remote {
    /// Its name.
    pub(crate) name: String,
    /// The URL of its GraphQL endpoint.
    pub(crate) url: String,
}

fn remote(text: &str) -> Result<Remote, String> {
    let (name, url) = text.split_once('=').ok_or("write NAME=URL")?;
    if !SUBGRAPHS.contains(&name) {
        return Err(format!("there is no subgraph `{name}`; there are {}", SUBGRAPHS.join(", ")));
    }
    Ok(Remote { name: name.to_owned(), url: url.to_owned() })
}

/// Other things to do than to serve.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Write the files of the schema folder that are made from code
    #[command(hide = true)]
    Schema {
        /// The folder
        #[arg(long, value_name = "DIR", default_value = "schema")]
        dir: PathBuf,
        /// Write nothing; fail if a file is stale
        #[arg(long)]
        check: bool,
    },
    /// Run one subgraph on its own; configured by the environment (BRAID_LISTEN, …)
    Subgraph {
        /// Which
        #[arg(value_parser = clap::builder::PossibleValuesParser::new(SUBGRAPHS))]
        name: String,
    },
}

/// [`Scale`] on the command line.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum World {
    /// 50 users, 60 orders
    Tiny,
    /// 2,000 users, 5,000 orders
    Demo,
    /// 60,000 users, 200,000 orders
    Load,
}

impl From<World> for Scale {
    fn from(world: World) -> Self {
        match world {
            World::Tiny => Self::Tiny,
            World::Demo => Self::Demo,
            World::Load => Self::Load,
        }
    }
}

const EXAMPLES: &str = "\
Examples:
  corridor                          serve, with databases in ./data
  corridor --ephemeral --scale demo a larger world that is gone afterwards
  corridor --router-port 5000       where 4000 is taken

Logs go to the standard error; RUST_LOG=debug shows more.";
