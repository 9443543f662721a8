//! Whatever composes can be planned: random subgraphs, and random operations over those that
//! compose.

use std::fmt::Write;

use braid_composition::{SubgraphInput, compose};
use braid_model::Supergraph;
use proptest::prelude::{any, prop};

use super::cases::{LINK, subgraphs};
use super::oracle::Oracle;
use super::properties::{check_all, runner};

const TYPES: usize = 4;
const FIELDS: usize = 5;

struct Choices<'c>(std::slice::Iter<'c, u8>);

impl Choices<'_> {
    fn next(&mut self, count: u8) -> usize {
        usize::from(self.0.next().copied().unwrap_or_default() % count)
    }
}

/// Two to four subgraphs in one text, of entities `T0`, `T1`, … and values `V`, with an interface
/// `N` that some entities implement. Each entity has a home that knows all of it, mostly.
fn sdl(choices: &[u8]) -> String {
    let mut choices = Choices(choices.iter());
    let mut text = String::new();
    let graphs = 2 + choices.next(3);
    let with_interface = choices.next(2) == 0;
    let with_object = with_interface && choices.next(2) == 0;
    for graph in 0..graphs {
        let _infallible = writeln!(text, "#### g{graph}\ntype Query {{");
        let mut types = String::new();
        for ty in 0..TYPES {
            // The subgraph with the interface as an entity has all its implementations.
            let home = ty % graphs == graph || (with_object && graph == 0 && ty < 3);
            if choices.next(4) == 0 && !home {
                continue;
            }
            if choices.next(3) == 0 || home {
                let list = choices.next(2) == 0;
                let of = if list { format!("[T{ty}]") } else { format!("T{ty}") };
                let _infallible = writeln!(text, "  q{ty}{}: {of} @shareable", u8::from(list));
            }
            types.push_str(&entity(&mut choices, ty, graph, with_interface, home));
        }
        if with_interface {
            let _infallible = writeln!(text, "  n: N @shareable");
            let key = if with_object && graph == 0 { "@key(fields: \"id\")" } else { "" };
            let _infallible = writeln!(types, "interface N {key} {{ id: ID! }}");
        }
        let _infallible = writeln!(text, "  w: W @shareable\n}}\n{types}");
        let _infallible = writeln!(
            text,
            "type V @shareable {{ common: Int deep: V }}\n\
             type W {{ common: Int @shareable own{graph}: Int deep: W @shareable }}"
        );
    }
    if with_object {
        text.push_str(
            "#### io\ntype Query { io: N @shareable ios: [N] }\n\
             type N @key(fields: \"id\") @interfaceObject { id: ID! extra: Int more: [Int] friend: T3 }\n\
             type T3 @key(fields: \"id\", resolvable: false) { id: ID! @shareable }\n\
             ",
        );
    }
    text
}

fn entity(
    choices: &mut Choices<'_>,
    ty: usize,
    graph: usize,
    with_interface: bool,
    home: bool,
) -> String {
    let mut out = format!("type T{ty}");
    if with_interface && ty < 3 {
        out.push_str(" implements N");
    }
    let keys = [
        "@key(fields: \"id\")",
        "@key(fields: \"id\") @key(fields: \"code\")",
        "@key(fields: \"code\")",
        "@key(fields: \"id\", resolvable: false) @key(fields: \"code\")",
        "@key(fields: \"id code\")",
        "@key(fields: \"id\") @key(fields: \"ref { id }\")",
        "@key(fields: \"ref { code }\")",
        "",
    ];
    let key = keys[if home { choices.next(2) } else { choices.next(8) }];
    let _infallible = write!(out, " {key} {{ id: ID! @shareable ");
    if key.contains("code\"") || home || choices.next(3) == 0 {
        out.push_str("code: ID! @shareable ");
    }
    let next = (ty + 1) % TYPES;
    if key.contains("ref") || home || choices.next(2) == 0 {
        let _infallible = write!(out, "ref: T{next} @shareable ");
    }
    let mut requires: Vec<String> = Vec::new();
    for field in 0..FIELDS {
        match choices.next(4) {
            choice if choice == 0 || home => {
                let _infallible = write!(out, "f{field}: Int @shareable ");
                if field > 2 {
                    let _infallible = write!(out, "c{field}: T{next} @shareable ");
                }
            }
            1 if !key.is_empty() => {
                let _infallible = write!(out, "f{field}: Int @external ");
                requires.push(format!("f{field}"));
            }
            2 if field > 2 => {
                let _infallible = write!(out, "c{field}: T{next} @shareable ");
            }
            _ => {}
        }
    }
    if !requires.is_empty() {
        // Of one name with a field that others require: chains.
        let (name, all) = (choices.next(3), requires.join(" "));
        let _infallible = write!(out, "r{name}: Int @shareable @requires(fields: \"{all}\") ");
    } else if home {
        out.push_str("r0: Int @shareable r1: Int @shareable r2: Int @shareable ");
    }
    if choices.next(3) == 0 || home {
        out.push_str("value: V @shareable ");
    }
    let spread = home || (key == keys[0] && choices.next(2) == 0);
    if spread {
        let _infallible = write!(out, "spread: P{ty} @shareable ");
    }
    out.push_str("}\n");
    if spread {
        let _infallible = writeln!(out, "type P{ty} {{ common: Int @shareable own{graph}: Int }}");
    }
    out
}

#[test]
fn whatever_composes_can_be_planned() {
    let choices = (prop::collection::vec(any::<u8>(), 20..200),);
    let composed_count = std::cell::Cell::new(0);
    let test = |(choices,): (Vec<u8>,)| {
        let text = sdl(&choices);
        // A type that a subgraph refers to but does not have is a stub there.
        let text = with_stubs(&text);
        let inputs = subgraphs(&text).into_iter().map(|(name, sdl)| SubgraphInput {
            name: name.to_owned(),
            url: String::new(),
            sdl: format!("{LINK}{sdl}"),
            file: None,
        });
        let Ok(result) = compose(&inputs.collect::<Vec<_>>()) else { return Ok(()) };
        composed_count.set(composed_count.get() + 1);
        let schema = Supergraph::read(&result.supergraph_sdl).unwrap();
        let oracle = Oracle::new(subgraphs(&text).into_iter());
        let checked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            check_all(&schema, &oracle, 25);
        }));
        assert!(checked.is_ok(), "{text}");
        Ok(())
    };
    runner(120).run(&choices, test).unwrap();
    let composed = composed_count.get();
    println!("{composed} composed");
    assert!(composed > 20, "only {composed} of the schemas compose");
}

fn with_stubs(text: &str) -> String {
    let mut out = String::new();
    for part in text.split("#### ").skip(1) {
        let _infallible = write!(out, "#### {part}");
        for ty in 0..TYPES {
            let used = part.contains(&format!(": T{ty} ")) || part.contains(&format!("[T{ty}]"));
            if used && !part.contains(&format!("type T{ty} ")) {
                let _infallible = writeln!(
                    out,
                    "type T{ty} @key(fields: \"id\", resolvable: false) {{ id: ID! @shareable \
                     code: ID! @shareable }}"
                );
            }
        }
    }
    out
}
