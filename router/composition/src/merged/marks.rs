//! Merging of descriptions and directive applications of one element.

use crate::{
    code::Code,
    diagnostic::{Diagnostic, Severity},
    ir::marks::{Custom, ListSize, Marks, Requirement},
    merged::{Cx, GraphIndex},
    source::Span,
};

/// Conjunctions that one merged requirement may have.
const ALTERNATIVES_MAX: usize = 1024;

/// Merges the marks of one element, called `coordinate`.
pub(crate) fn merge(cx: &mut Cx<'_>, coordinate: &str, sources: &[(GraphIndex, &Marks)]) -> Marks {
    let marks = || sources.iter().map(|source| source.1);
    let mut merged = Marks {
        description: merge_description(cx, coordinate, sources),
        inaccessible: marks().find_map(|marks| marks.inaccessible),
        deprecated: merge_deprecated(cx, coordinate, sources),
        specified_by: marks().find_map(|marks| marks.specified_by.clone()),
        one_of: marks().find_map(|marks| marks.one_of),
        authenticated: marks().find_map(|marks| marks.authenticated),
        scopes: requirement(cx, coordinate, marks().filter_map(|marks| marks.scopes.as_ref())),
        policies: requirement(cx, coordinate, marks().filter_map(|marks| marks.policies.as_ref())),
        cost: marks().filter_map(|marks| marks.cost).max_by_key(|cost| cost.0),
        list_size: merge_list_size(marks().filter_map(|marks| marks.list_size.as_ref())),
        ..Marks::default()
    };
    hint_merged_arguments(cx, coordinate, sources);
    for (tag, span) in marks().flat_map(|marks| &marks.tags) {
        if merged.tags.iter().all(|known| known.0 != *tag) {
            merged.tags.push((*tag, *span));
        }
    }
    for (graph, marks) in sources {
        for custom in &marks.custom {
            let same = merged
                .custom
                .iter_mut()
                .find(|known| known.name == custom.name && known.arguments == custom.arguments);
            match same {
                Some(known) => known.count += 1,
                None => merged.custom.push(Custom { graph: *graph, ..custom.clone() }),
            }
        }
    }
    merged
}

/// Arguments that are combined rather than chosen, where subgraphs differ.
fn hint_merged_arguments(cx: &mut Cx<'_>, coordinate: &str, sources: &[(GraphIndex, &Marks)]) {
    let marks = || sources.iter().map(|source| source.1);
    let differing = [
        ("cost", differ(marks().filter_map(|marks| marks.cost.map(|cost| cost.0)))),
        ("listSize", differ(marks().filter_map(|marks| Some(&marks.list_size.as_ref()?.0)))),
        ("requiresScopes", differ(marks().filter_map(|marks| Some(&marks.scopes.as_ref()?.0)))),
        ("policy", differ(marks().filter_map(|marks| Some(&marks.policies.as_ref()?.0)))),
    ];
    for (directive, _) in differing.iter().filter(|entry| entry.1) {
        let message = format!(
            "directive @{directive} is applied to \"{coordinate}\" in multiple subgraphs with \
             different arguments: the supergraph combines them"
        );
        let code = Code::MergedNonRepeatableDirectiveArguments;
        cx.hints.push(Diagnostic::hint(code, Severity::Info, message).at(coordinate));
    }
}

fn differ<T: PartialEq>(mut values: impl Iterator<Item = T>) -> bool {
    values.next().is_some_and(|first| values.any(|other| other != first))
}

/// The most frequent value, the first on a tie.
fn most_frequent<T: PartialEq + Copy>(values: &[T]) -> Option<T> {
    let count = |value: T| values.iter().filter(|other| **other == value).count();
    let mut best: Option<(T, usize)> = None;
    for value in values {
        let frequency = count(*value);
        if best.is_none_or(|(_, most)| frequency > most) {
            best = Some((*value, frequency));
        }
    }
    best.map(|(value, _)| value)
}

fn merge_description(
    cx: &mut Cx<'_>,
    coordinate: &str,
    sources: &[(GraphIndex, &Marks)],
) -> Option<String> {
    let texts: Vec<&str> =
        sources.iter().filter_map(|(_, marks)| marks.description.as_deref()).collect();
    let chosen = most_frequent(&texts)?;
    if texts.iter().any(|text| *text != chosen) {
        let others: Vec<String> = sources
            .iter()
            .filter(|(_, marks)| {
                marks.description.as_deref().is_some_and(|description| description != chosen)
            })
            .map(|(graph, _)| format!("\"{}\"", cx.ir.subgraphs[*graph].name()))
            .collect();
        let message = format!(
            "element \"{coordinate}\" has inconsistent descriptions across subgraphs: the supergraph \
             will use the most frequent one, not that of {}",
            others.join(", ")
        );
        cx.hints.push(
            Diagnostic::hint(Code::InconsistentDescription, Severity::Warning, message)
                .at(coordinate),
        );
    }
    Some(chosen.to_owned())
}

fn merge_deprecated(
    cx: &mut Cx<'_>,
    coordinate: &str,
    sources: &[(GraphIndex, &Marks)],
) -> Option<(Option<String>, Span)> {
    let given: Vec<Option<&str>> = sources
        .iter()
        .filter_map(|(_, marks)| marks.deprecated.as_ref().map(|given| given.0.as_deref()))
        .collect();
    let chosen = most_frequent(&given)?;
    if given.iter().any(|reason| *reason != chosen) {
        let message = format!(
            "non-repeatable directive @deprecated is applied to \"{coordinate}\" in multiple \
             subgraphs but with different arguments: the supergraph will use the most frequent ones"
        );
        cx.hints.push(
            Diagnostic::hint(
                Code::InconsistentNonRepeatableDirectiveArguments,
                Severity::Warning,
                message,
            )
            .at(coordinate),
        );
    }
    Some((chosen.map(str::to_owned), Span::NONE))
}

/// Largest assumed size, all slicing arguments and sized fields, one slicing argument required
/// only if all require it.
fn merge_list_size<'m>(
    sizes: impl Iterator<Item = &'m (ListSize, Span)>,
) -> Option<(ListSize, Span)> {
    let mut merged: Option<(ListSize, Span)> = None;
    for (size, span) in sizes {
        let Some((known, _)) = &mut merged else {
            merged = Some((size.clone(), *span));
            continue;
        };
        known.assumed_size = known.assumed_size.max(size.assumed_size);
        extend(&mut known.slicing_arguments, size.slicing_arguments.as_deref());
        extend(&mut known.sized_fields, size.sized_fields.as_deref());
        let required = known.require_one_slicing_argument.unwrap_or(true)
            && size.require_one_slicing_argument.unwrap_or(true);
        known.require_one_slicing_argument = Some(required);
    }
    merged
}

fn extend(known: &mut Option<Vec<String>>, more: Option<&[String]>) {
    let Some(more) = more else { return };
    let list = known.get_or_insert_default();
    for item in more {
        if !list.contains(item) {
            list.push(item.clone());
        }
    }
}

/// All requirements must hold: the conjunction of disjunctive normal forms.
fn requirement<'m>(
    cx: &mut Cx<'_>,
    coordinate: &str,
    requirements: impl Iterator<Item = &'m (Requirement, Span)>,
) -> Option<(Requirement, Span)> {
    let mut merged: Option<(Requirement, Span)> = None;
    for (requirement, span) in requirements {
        let known = merged.as_ref().map_or(1, |(known, _)| known.len());
        if known.saturating_mul(requirement.len()) > ALTERNATIVES_MAX {
            let message = format!(
                "the merged requirements of \"{coordinate}\" have more than {ALTERNATIVES_MAX} \
                 alternatives"
            );
            cx.errors
                .push(Diagnostic::error(Code::CompositionLimitExceeded, message).at(coordinate));
            return merged;
        }
        let next = match &merged {
            None => normalize(requirement.clone()),
            Some((known, _)) => conjunction(known, requirement),
        };
        merged = Some((next, *span));
    }
    merged
}

/// Both of two disjunctive normal forms.
pub(crate) fn conjunction(one: &Requirement, two: &Requirement) -> Requirement {
    let mut product = Vec::with_capacity(one.len() * two.len());
    for left in one {
        for right in two {
            product.push(left.iter().chain(right).cloned().collect());
        }
    }
    normalize(product)
}

/// Sorted and without alternatives that another alternative makes superfluous (absorption).
fn normalize(mut requirement: Requirement) -> Requirement {
    for alternative in &mut requirement {
        alternative.sort_unstable();
        alternative.dedup();
    }
    requirement.sort_by(|one, two| one.len().cmp(&two.len()).then_with(|| one.cmp(two)));
    requirement.dedup();
    let mut kept: Requirement = Vec::with_capacity(requirement.len());
    for alternative in requirement {
        let absorbed = kept.iter().any(|known| known.iter().all(|item| alternative.contains(item)));
        if !absorbed {
            kept.push(alternative);
        }
    }
    kept.sort();
    kept
}
