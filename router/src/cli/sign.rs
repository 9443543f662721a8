//! `braid sign`: the headers that make a subgraph believe a request, for tests and by hand.

use std::io::Read as _;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use braid_router::config::{Secret, load};
use braid_vouch::{CALLER_HEADER, Caller, SIGNATURE_HEADER, Signer};

use super::report::Failure;
use super::{SignArgs, print};

/// The largest secret, in bytes.
const SECRET_BYTES_MAX: u64 = 4 * 1024;

/// Runs the command.
pub(crate) fn run(args: &SignArgs) -> Result<(), Failure> {
    let secret = load::text(&args.secret_file, SECRET_BYTES_MAX)?;
    let secret: Secret = secret.trim_end().parse().map_err(|error| {
        Failure::message(format!("read {}: {error}", args.secret_file.display()))
    })?;
    let signer = Signer::new(&args.key_id, &secret.0).map_err(Failure::message)?;
    let caller = args.caller.as_deref().map(caller).transpose()?;
    let body = args.body.as_deref().map(body).transpose()?.unwrap_or_default();
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let now_ms = i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX);
    let signature = signer.sign(&args.method, &args.path, caller.as_deref(), &body, now_ms);
    let mut headers = format!("{SIGNATURE_HEADER}: {signature}\n");
    if let Some(caller) = caller {
        headers.push_str(&format!("{CALLER_HEADER}: {caller}\n"));
    }
    print(&headers)
}

fn caller(json: &str) -> Result<String, Failure> {
    let caller: Caller = serde_json::from_str(json)
        .map_err(|error| Failure::message(format!("read --caller: {error}")))?;
    caller.encode().map_err(Failure::message)
}

fn body(path: &Path) -> Result<Vec<u8>, Failure> {
    let mut body = Vec::new();
    let result = if path == Path::new("-") {
        std::io::stdin().lock().read_to_end(&mut body)
    } else {
        std::fs::File::open(path).and_then(|mut file| file.read_to_end(&mut body))
    };
    match result {
        Ok(_) => Ok(body),
        Err(error) => {
            let reason = load::reason(&error);
            Err(Failure::message(format!("read {}: {reason}", path.display())))
        }
    }
}
