//! Reading case folders and printing diagnostics as text.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use braid_composition::{Composed, Diagnostic, SubgraphInput, compose};

/// The folder of all cases.
pub(crate) fn cases_dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/cases")
}

/// A subgraph from literal text.
pub(crate) fn subgraph(name: &str, sdl: &str) -> SubgraphInput {
    SubgraphInput {
        name: name.to_owned(),
        url: format!("http://{name}/graphql"),
        sdl: sdl.to_owned(),
        file: None,
    }
}

/// All `*.graphql` of a folder, sorted by name.
pub(crate) fn read_subgraphs(dir: &Path) -> Vec<SubgraphInput> {
    let mut inputs: Vec<SubgraphInput> = fs::read_dir(dir)
        .unwrap_or_else(|error| panic!("reading {}: {error}", dir.display()))
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "graphql"))
        .map(|path| {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            subgraph(&name, &fs::read_to_string(&path).unwrap())
        })
        .collect();
    inputs.sort_by(|one, two| one.name.cmp(&two.name));
    inputs
}

/// One diagnostic as a paragraph.
pub(crate) fn render(diagnostic: &Diagnostic) -> String {
    let mut text = format!("{}: {}\n", diagnostic.code, diagnostic.message);
    if let Some(coordinate) = &diagnostic.coordinate {
        _ = writeln!(text, "  at {coordinate}");
    }
    for label in &diagnostic.labels {
        _ = write!(text, "  -> {}:{}:{}", label.subgraph, label.line, label.column);
        if !label.text.is_empty() {
            _ = write!(text, " {}", label.text);
        }
        text.push('\n');
    }
    if let Some(help) = &diagnostic.help {
        _ = writeln!(text, "  help: {help}");
    }
    text
}

/// All diagnostics, a blank line between them.
pub(crate) fn render_all(diagnostics: &[Diagnostic]) -> String {
    diagnostics.iter().map(render).collect::<Vec<_>>().join("\n")
}

/// Composes or fails with the rendered errors.
pub(crate) fn must_compose(inputs: &[SubgraphInput]) -> Composed {
    compose(inputs).unwrap_or_else(|errors| panic!("does not compose:\n{}", render_all(&errors)))
}

/// A small linear congruential generator: the same mutations on every run.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    /// A number from 0 below `limit`.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }

    /// True in `percent` of a hundred cases.
    pub(crate) fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }
}
