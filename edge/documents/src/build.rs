//! For build scripts of edges: checks the documents of a folder and compiles them in.

use std::path::{Path, PathBuf};
use std::{env, fs};

use braid_model::Supergraph;

use crate::{File, Problem, Rules, read_all};

/// Checks every `*.graphql` of `folder` by `rules` against the supergraph in `schema` (paths
/// relative to the package) and writes `documents.rs` to the build's output folder: an expression
/// of type `&[Source]`, to be included. Problems end the build, each printed with its place.
pub fn embed(folder: &str, schema: &str, rules: Rules) {
    println!("cargo::rerun-if-changed={folder}");
    println!("cargo::rerun-if-changed={schema}");
    match check_folder(Path::new(folder), Path::new(schema), rules) {
        Ok(code) => {
            let out =
                PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default()).join("documents.rs");
            if let Err(error) = fs::write(&out, code) {
                println!("cargo::error={}: {error}", out.display());
            }
        }
        Err(problems) => {
            for problem in problems {
                println!("cargo::error={problem}");
            }
        }
    }
}

/// The documents of `folder` as Rust code, or all that is wrong with them.
pub(crate) fn check_folder(
    folder: &Path,
    schema: &Path,
    rules: Rules,
) -> Result<String, Vec<Problem>> {
    let read_text = |path: &Path| {
        fs::read_to_string(path).map_err(|error| vec![place(path, (1, 1), error.to_string())])
    };
    let sdl = read_text(schema)?;
    let supergraph = Supergraph::read(&sdl)
        .map_err(|error| vec![place(schema, error.position, error.message)])?;
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .map_err(|error| vec![place(folder, (1, 1), error.to_string())])?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|ending| ending == "graphql"))
        .collect();
    paths.sort();
    let mut texts = Vec::new();
    for path in &paths {
        let id = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        texts.push((id, path.display().to_string(), read_text(path)?));
    }
    let files: Vec<File<'_>> =
        texts.iter().map(|(id, path, text)| File { id, path, text }).collect();
    read_all(&supergraph, rules, &files)?;
    let mut code = String::from("&[\n");
    for File { id, text, .. } in files {
        code.push_str(&format!(
            "    ::braid_documents::Source {{ id: {id:?}, text: {text:?} }},\n"
        ));
    }
    code.push_str("]\n");
    Ok(code)
}

fn place(file: &Path, (line, column): (u32, u32), message: String) -> Problem {
    Problem { file: file.display().to_string(), line, column, message }
}
