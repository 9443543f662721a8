//! Commands and flags, and what becomes of failures: reports on stderr, the exit status.
//!
//! Status 0 is success, 1 a failure that is reported, 2 a command line that was not understood.

mod compose;
mod config;
mod plan;
mod print_plan;
mod report;
mod serve;
mod sign;

use std::collections::HashMap;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use braid_router::config::Listen;
use clap::{Args, Parser, Subcommand, ValueEnum};

use report::Failure;

/// A federated GraphQL router.
#[derive(Parser)]
#[command(name = "braid", version, about, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve a supergraph over HTTP
    #[command(after_help = SERVE_EXAMPLES)]
    Serve(ServeArgs),
    /// Compose subgraphs into a supergraph and print it
    #[command(after_help = COMPOSE_EXAMPLES)]
    Compose(ComposeArgs),
    /// Show how an operation is planned
    #[command(after_help = PLAN_EXAMPLES)]
    Plan(PlanArgs),
    /// Check a configuration file, or print what it comes to
    #[command(after_help = CONFIG_EXAMPLES)]
    Config(ConfigArgs),
    /// Sign a request to a subgraph as the router does, and print its headers
    #[command(after_help = SIGN_EXAMPLES)]
    Sign(SignArgs),
}

const SERVE_EXAMPLES: &str = "Examples:
  braid serve --supergraph supergraph.graphql
  braid serve --subgraphs subgraphs.yaml --config braid.yaml --listen 0.0.0.0:4000 --admin off

Then:
  curl -s http://127.0.0.1:4000/graphql -H 'content-type: application/json' \\
       -d '{\"query\":\"{ __typename }\"}'
  curl -s http://127.0.0.1:8088/health/ready";

const COMPOSE_EXAMPLES: &str = "Examples:
  braid compose --config subgraphs.yaml > supergraph.graphql
  braid compose --config subgraphs.yaml --format json

The list:
  subgraphs:
    orders:
      routing_url: http://127.0.0.1:4105/graphql
      schema: { file: orders.graphql }
    catalog:
      schema: { subgraph_url: http://127.0.0.1:4103/graphql }";

const PLAN_EXAMPLES: &str = "Examples:
  braid plan --supergraph supergraph.graphql order.graphql
  echo '{ me { name } }' | braid plan --supergraph supergraph.graphql -
  braid plan --supergraph supergraph.graphql order.graphql --format mermaid";

const CONFIG_EXAMPLES: &str = "Examples:
  braid config check braid.yaml
  braid config print               # the defaults
  braid config print braid.yaml    # with everything filled in, secrets redacted";

const SIGN_EXAMPLES: &str = "Example:
  braid sign --key-id router-1 --secret-file orders.key --path /graphql --body request.json";

/// Where the supergraph comes from.
#[derive(Args)]
#[group(required = true, multiple = false)]
struct Source {
    /// File with the supergraph SDL
    #[arg(long, value_name = "FILE")]
    supergraph: Option<PathBuf>,
    /// List of subgraphs to compose at the start
    #[arg(long, value_name = "LIST.yaml")]
    subgraphs: Option<PathBuf>,
}

#[derive(Args)]
struct ServeArgs {
    #[command(flatten)]
    source: Source,
    /// Configuration file
    #[arg(long, value_name = "FILE", env = "BRAID_CONFIG")]
    config: Option<PathBuf>,
    /// Address to serve GraphQL on [default: 127.0.0.1:4000]
    #[arg(long, value_name = "ADDR", env = "BRAID_LISTEN")]
    listen: Option<SocketAddr>,
    /// Address to serve health and metrics on, or `off` [default: 127.0.0.1:8088]
    #[arg(long, value_name = "ADDR|off", env = "BRAID_ADMIN")]
    admin: Option<Listen>,
    /// Let clients read the schema, and help them with suggestions; for development
    #[arg(long, env = "BRAID_INTROSPECTION")]
    introspection: bool,
}

#[derive(Args)]
struct ComposeArgs {
    /// List of subgraphs, in the format of rover
    #[arg(long, value_name = "LIST.yaml")]
    config: PathBuf,
    /// What to print
    #[arg(long, value_enum, default_value_t = ComposeFormat::Sdl)]
    format: ComposeFormat,
    /// Configuration of the router, whose keys sign the question for a subgraph's schema
    #[arg(long, value_name = "FILE")]
    router_config: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ComposeFormat {
    /// The supergraph; errors for people
    Sdl,
    /// Supergraph, API schema and hints, or errors, as JSON
    Json,
}

#[derive(Args)]
struct PlanArgs {
    /// File with the supergraph SDL
    #[arg(long, value_name = "FILE")]
    supergraph: PathBuf,
    /// File with the operation, or `-` for standard input
    operation: PathBuf,
    /// Which operation of the document
    #[arg(long, value_name = "NAME")]
    operation_name: Option<String>,
    /// Variables as a JSON object; those that decide `@skip` and `@include` count, true if not given
    #[arg(long, value_name = "JSON")]
    variables: Option<String>,
    /// What to print
    #[arg(long, value_enum, default_value_t = PlanFormat::Text)]
    format: PlanFormat,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum PlanFormat {
    /// A tree for people
    Text,
    /// JSON
    Json,
    /// A flow chart in mermaid's language
    Mermaid,
}

#[derive(Args)]
struct ConfigArgs {
    #[command(subcommand)]
    command: ConfigCommand,
}

#[derive(Subcommand)]
enum ConfigCommand {
    /// Say whether a file can be used
    Check {
        /// The file
        file: PathBuf,
    },
    /// Print a configuration with all defaults and without secrets
    Print {
        /// The file; the defaults alone if it is not given
        file: Option<PathBuf>,
    },
}

#[derive(Args)]
struct SignArgs {
    /// Id of the key
    #[arg(long)]
    key_id: String,
    /// File with the secret, as base64url
    #[arg(long, value_name = "FILE")]
    secret_file: PathBuf,
    /// Method of the request
    #[arg(long, default_value = "POST")]
    method: String,
    /// Path of the request, with its query
    #[arg(long, default_value = "/graphql")]
    path: String,
    /// File with the body, or `-` for standard input; none if not given
    #[arg(long, value_name = "FILE")]
    body: Option<PathBuf>,
    /// The caller, as JSON: {"sub":"user_1","kind":"user","scopes":["orders:read"]}
    #[arg(long, value_name = "JSON")]
    caller: Option<String>,
}

/// Runs the command that the process was started with.
pub(crate) fn run() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Serve(args) => serve::run(&args),
        Command::Compose(args) => compose::run(&args),
        Command::Plan(args) => plan::run(&args),
        Command::Config(args) => config::run(&args.command),
        Command::Sign(args) => sign::run(&args),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            failure.print();
            ExitCode::FAILURE
        }
    }
}

/// What `${NAME}` stands for in files.
fn environment() -> HashMap<String, String> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

/// Writes a command's result. Whoever closes the pipe has read enough.
fn print(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(Failure::message(format!("write the result: {error}"))),
    }
}
