//! `LINK_IMPORT_NAME_MISMATCH`: a directive that travels into the supergraph must be imported under
//! one name, or readers of the SDLs could not tell what is what.

use crate::{
    code::Code,
    diagnostic::Diagnostic,
    expanded::known,
    merged::{
        Cx, GraphIndex,
        types::{and_list, name_graphs},
    },
};

/// Compares the explicit imports of all subgraphs.
pub(crate) fn check(cx: &mut Cx<'_>) {
    for info in known::ALL.iter().filter(|info| info.own_spec.is_some()) {
        let wanted = format!("@{}", info.name);
        let mut names: Vec<(&str, Vec<GraphIndex>)> = Vec::new();
        for (graph, sub) in cx.ir.subgraphs.iter().enumerate() {
            let imports = sub
                .features
                .iter()
                .filter(|feature| feature.identity.ends_with(".dev/federation"))
                .flat_map(|feature| &feature.imports);
            for (_, local) in imports.filter(|(spec, _)| *spec == wanted) {
                match names.iter_mut().find(|known| known.0 == local) {
                    Some((_, graphs)) => graphs.push(graph),
                    None => names.push((local, vec![graph])),
                }
            }
        }
        if names.len() < 2 {
            continue;
        }
        let listed: Vec<String> = names
            .iter()
            .map(|(local, graphs)| format!("as \"{local}\" in {}", name_graphs(cx.ir, graphs)))
            .collect();
        let message = format!(
            "the \"{wanted}\" directive is imported with mismatched name between subgraphs: it is \
             imported {}",
            and_list(&listed)
        );
        let mut report = Diagnostic::error(Code::LinkImportNameMismatch, message).at(&wanted);
        for graph in names.iter().flat_map(|(_, graphs)| graphs) {
            let sub = &cx.ir.subgraphs[*graph];
            let link = sub
                .features
                .iter()
                .find(|feature| feature.imports.iter().any(|(spec, _)| *spec == wanted));
            if let Some(link) = link {
                report = report.label(&sub.source, link.span, "imported here");
            }
        }
        cx.errors.push(report);
    }
}
