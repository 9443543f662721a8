//! YAML files into checked structures, with errors that point at the line.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde_saphyr::{Error as YamlError, Options, PropertySyntax};

use super::{Config, KeyConfig, VERSION};
use crate::refusal::excerpt;

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
    if let Some(invalid) = unset(path, &text, &variables) {
        return Err(LoadError::Invalid(Box::new(invalid)));
    }
    // The one syntax in which quoted values are interpolated, too. It takes what is not set for
    // empty, so that was looked for before.
    let mut options = Options::default().with_properties(variables);
    options.property_syntax = PropertySyntax::DockerCompose;
    serde_saphyr::from_str_with_options(&text, options).map_err(|error| {
        let error = error.without_snippet();
        let (line, column) = error
            .location()
            .map_or((1, 1), |location| (to_usize(location.line()), to_usize(location.column())));
        let (message, help) = describe(error, word_at(&text, line, column));
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

/// The first `${NAME}` that stands for nothing and has no default.
fn unset(path: &Path, text: &str, variables: &HashMap<String, String>) -> Option<Invalid> {
    for (index, line) in text.lines().enumerate() {
        let comment = if line.starts_with('#') { Some(0) } else { line.find(" #") };
        for (at, _) in line.match_indices("${") {
            let rest = line.get(at + 2..).unwrap_or_default();
            let name = rest.split('}').next().unwrap_or_default();
            let is_name = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            let escaped = line.get(..at).is_some_and(|before| before.ends_with('$'));
            let commented = comment.is_some_and(|comment| comment < at);
            if is_name && !escaped && !commented && !variables.contains_key(name) {
                return Some(Invalid {
                    path: path.to_owned(),
                    text: text.to_owned(),
                    line: index + 1,
                    column: line.get(..at).unwrap_or_default().chars().count() + 1,
                    message: format!("the environment has no variable `{name}`"),
                    help: Some(format!("set it, or give a default: ${{{name}:-…}}")),
                });
            }
        }
    }
    None
}

fn to_usize(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// The word at a line and column, both from 1.
fn word_at(text: &str, line: usize, column: usize) -> &str {
    let line = text.lines().nth(line.saturating_sub(1)).unwrap_or_default();
    let start = line.char_indices().nth(column.saturating_sub(1)).map_or(line.len(), |(at, _)| at);
    let rest = line.get(start..).unwrap_or_default();
    rest.split([':', ' ', ',', '}']).next().unwrap_or_default().trim_matches(['"', '\''])
}

/// `word` is what stands where the error is: the reader does not repeat names of keys once
/// variables are filled in.
fn describe(error: &YamlError, word: &str) -> (String, Option<String>) {
    match error {
        YamlError::SerdeUnknownField { expected, .. } => {
            let help = match nearest(word, expected) {
                Some(name) => format!("did you mean `{name}`?"),
                None if expected.is_empty() => "no keys are known here".to_owned(),
                None => format!("known keys are {}", expected.join(", ")),
            };
            (format!("unknown key `{}`", excerpt(word)), Some(help))
        }
        YamlError::SerdeMissingField { field, .. } => {
            (format!("the key `{field}` is missing"), None)
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
