//! YAML files into checked structures, with errors that point at the line.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde_saphyr::{Error as YamlError, Options};

use super::{Config, KeyConfig, VERSION};

/// The largest file that is read, in bytes.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// Why a file could not be taken.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// It cannot be read.
    #[error("read {}: {reason}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// Something in it is wrong.
    #[error("{}:{}:{}: {}", .0.path.display(), .0.line, .0.column, .0.message)]
    Invalid(Box<Invalid>),
}

/// What is wrong in a file, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalid {
    /// The file.
    pub path: PathBuf,
    /// Its text.
    pub text: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

/// Reads a configuration. `variables` are what `${NAME}` stands for: the environment.
///
/// # Errors
/// The file cannot be read, is not YAML, or says something that we do not know.
pub fn config(path: &Path, variables: HashMap<String, String>) -> Result<Config, LoadError> {
    let config: Config = yaml(path, variables)?;
    let problem = |message: String| LoadError::Read { path: path.to_owned(), reason: message };
    if config.version != VERSION {
        let message = format!("`version` is {}, this build reads {VERSION}", config.version);
        return Err(problem(message));
    }
    if let Some(tokens) = &config.tokens
        && tokens.jwks_url.is_some() == tokens.jwks_file.is_some()
    {
        return Err(problem("`tokens` needs `jwks_url` or `jwks_file`, one of them".to_owned()));
    }
    for (name, subgraph) in &config.subgraphs {
        if let Some(Err(error)) = subgraph.key.as_ref().map(KeyConfig::signer) {
            return Err(problem(format!("`subgraphs.{name}.key`: {error}")));
        }
    }
    Ok(config)
}

/// Reads any YAML file into `T`.
///
/// # Errors
/// As [`config`].
pub fn yaml<T: DeserializeOwned>(
    path: &Path,
    variables: HashMap<String, String>,
) -> Result<T, LoadError> {
    let text = text(path, FILE_BYTES_MAX)?;
    let options = Options::default().with_properties(variables);
    serde_saphyr::from_str_with_options(&text, options).map_err(|error| {
        let error = error.without_snippet();
        let (line, column) = error
            .location()
            .map_or((1, 1), |location| (to_usize(location.line()), to_usize(location.column())));
        let (message, help) = describe(error);
        let path = path.to_owned();
        LoadError::Invalid(Box::new(Invalid { path, text, line, column, message, help }))
    })
}

/// Reads a text file of at most `bytes_max` bytes.
///
/// # Errors
/// It is not there, not readable, too large or not UTF-8.
pub fn text(path: &Path, bytes_max: u64) -> Result<String, LoadError> {
    let fail = |reason: String| LoadError::Read { path: path.to_owned(), reason };
    let metadata = std::fs::metadata(path).map_err(|error| fail(reason(&error)))?;
    if metadata.is_dir() {
        return Err(fail("it is a folder".to_owned()));
    }
    if metadata.len() > bytes_max {
        return Err(fail(format!("it has more than {bytes_max} bytes")));
    }
    std::fs::read_to_string(path).map_err(|error| fail(reason(&error)))
}

/// An I/O error in words, without the system's number.
pub fn reason(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "no such file".to_owned(),
        std::io::ErrorKind::PermissionDenied => "not permitted".to_owned(),
        std::io::ErrorKind::InvalidData => "it is not UTF-8 text".to_owned(),
        _ => error.to_string(),
    }
}

fn to_usize(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn describe(error: &YamlError) -> (String, Option<String>) {
    match error {
        YamlError::SerdeUnknownField { field, expected, .. } => {
            let help = match nearest(field, expected) {
                Some(name) => format!("did you mean `{name}`?"),
                None if expected.is_empty() => "no keys are known here".to_owned(),
                None => format!("known keys are {}", expected.join(", ")),
            };
            (format!("unknown key `{field}`"), Some(help))
        }
        YamlError::SerdeMissingField { field, .. } => {
            (format!("the key `{field}` is missing"), None)
        }
        YamlError::UnresolvedProperty { name, .. } => {
            let help = format!("set it, or write ${{{name}:-default}}");
            (format!("the environment has no variable `{name}`"), Some(help))
        }
        other => {
            let text = other.to_string();
            // The position is told beside the message.
            let message = text.split(" at line ").next().unwrap_or(&text);
            (message.trim().to_owned(), None)
        }
    }
}

/// The name that was probably meant: at most a third of it is wrong.
pub fn nearest<'n>(word: &str, names: &[&'n str]) -> Option<&'n str> {
    let distances = names.iter().map(|name| (distance(word, name), *name));
    distances.min().filter(|(edits, name)| *edits <= name.len().max(3) / 3).map(|(_, name)| name)
}

/// The edit distance of two short words (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().take(64).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().take(64).enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, cb) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(ca != *cb);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}
