//! The runner of the case folders.

use std::{env, fs, path::Path};

use braid_composition::compose;

use crate::support::{cases_dir, read_subgraphs, render_all};

#[test]
fn every_case_gives_what_its_folder_says() {
    let update = is_update();
    let mut folders: Vec<_> =
        fs::read_dir(cases_dir()).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    assert!(folders.len() > 50, "the cases are gone");
    let mut failures = Vec::new();
    for folder in folders {
        let name = folder.file_name().unwrap().to_str().unwrap().to_owned();
        if let Err(failure) = run(&folder, update) {
            failures.push(format!("=== {name}\n{failure}"));
        }
    }
    assert!(failures.is_empty(), "{} cases failed\n{}", failures.len(), failures.join("\n"));
}

fn is_update() -> bool {
    env::var("BRAID_UPDATE").is_ok_and(|value| value == "1")
}

/// Compares a file with what came out, or writes it.
pub(crate) fn check_file(file: &Path, found: &str) {
    if let Err(difference) = check(file, found, is_update()) {
        panic!("{difference}");
    }
}

/// Runs one case.
fn run(folder: &Path, update: bool) -> Result<(), String> {
    let inputs = read_subgraphs(&folder.join("subgraphs"));
    // `ok-…` cases compose, `<code>--…` cases are refused with that code: an update cannot turn
    // one into the other.
    let must_pass = folder.file_name().unwrap().to_str().unwrap().starts_with("ok-");
    match compose(&inputs) {
        Ok(composed) if must_pass => {
            valid_graphql(&composed.supergraph_sdl)?;
            valid_graphql(&composed.api_sdl)?;
            check(&folder.join("expected.graphql"), &composed.supergraph_sdl, update)?;
            check(&folder.join("hints.txt"), &render_all(&composed.hints), update)?;
            let api = folder.join("api.graphql");
            if api.exists() { check(&api, &composed.api_sdl, update) } else { Ok(()) }
        }
        Ok(_) => Err("composes, but must not".to_owned()),
        Err(errors) if must_pass => Err(format!("does not compose:\n{}", render_all(&errors))),
        Err(errors) => {
            let name = folder.file_name().unwrap().to_str().unwrap();
            let wanted = name.split("--").next().unwrap().to_uppercase();
            if !errors.iter().any(|error| error.code.as_str() == wanted) {
                return Err(format!("is refused for another reason:\n{}", render_all(&errors)));
            }
            check(&folder.join("errors.txt"), &render_all(&errors), update)
        }
    }
}

/// Another implementation must accept what is written.
fn valid_graphql(sdl: &str) -> Result<(), String> {
    let result = apollo_compiler::Schema::parse_and_validate(sdl, "composed.graphql");
    result.map(drop).map_err(|errors| format!("not valid GraphQL: {errors}"))
}

fn check(file: &Path, found: &str, update: bool) -> Result<(), String> {
    if update {
        fs::write(file, found).unwrap();
        return Ok(());
    }
    let expected = fs::read_to_string(file).unwrap_or_default();
    if expected == found {
        return Ok(());
    }
    let line = expected.lines().zip(found.lines()).position(|(one, two)| one != two);
    let at = line.unwrap_or_else(|| expected.lines().count().min(found.lines().count()));
    Err(format!(
        "{} differs at line {}\n expected: {}\n found:    {}",
        file.display(),
        at + 1,
        expected.lines().nth(at).unwrap_or("(end)"),
        found.lines().nth(at).unwrap_or("(end)")
    ))
}
