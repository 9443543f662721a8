//! Names of the values of `join__Graph`.

use rustc_hash::FxHashMap;

use crate::ir::Ir;

/// One value of `join__Graph`.
pub(crate) struct Graph {
    pub(crate) value: String,
    pub(crate) name: String,
    pub(crate) url: String,
}

/// Upper case, other characters as `_`, a leading digit behind `_`; names that then collide get
/// `_1`, `_2`, … in order.
pub(crate) fn name_graphs(ir: &Ir) -> Vec<Graph> {
    let sanitized: Vec<String> = ir.subgraphs.iter().map(|sub| sanitize(sub.name())).collect();
    let mut counts: FxHashMap<&str, u32> = FxHashMap::default();
    for name in &sanitized {
        *counts.entry(name).or_default() += 1;
    }
    let mut next: FxHashMap<&str, u32> = FxHashMap::default();
    let mut taken: Vec<String> = Vec::with_capacity(sanitized.len());
    for name in &sanitized {
        let mut value = name.clone();
        if counts[name.as_str()] > 1 {
            let number = next.entry(name).or_default();
            loop {
                *number += 1;
                value = format!("{name}_{number}");
                let free = !taken.contains(&value) && !counts.contains_key(value.as_str());
                if free {
                    break;
                }
            }
        }
        taken.push(value);
    }
    let named = ir.subgraphs.iter().zip(taken);
    named
        .map(|(sub, value)| Graph {
            value,
            name: sub.name().to_owned(),
            url: sub.source.url.clone(),
        })
        .collect()
}

fn sanitize(name: &str) -> String {
    let upper = |character: char| match character.is_ascii_alphanumeric() {
        true => character.to_ascii_uppercase(),
        false => '_',
    };
    let mut value: String = name.chars().map(upper).collect();
    if value.starts_with(|first: char| first.is_ascii_digit()) {
        value.insert(0, '_');
    }
    value
}
