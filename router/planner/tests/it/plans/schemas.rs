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
/// `N` that some entities implement.
fn sdl(choices: &[u8]) -> String {
    let mut choices = Choices(choices.iter());
    let mut text = String::new();
    let graphs = 2 + choices.next(3);
    let with_interface = choices.next(2) == 0;
    for graph in 0..graphs {
        let _infallible = writeln!(text, "#### g{graph}\ntype Query {{");
        let mut types = String::new();
        for ty in 0..TYPES {
            if choices.next(4) == 0 && graph > 0 {
                continue;
            }
            if choices.next(3) == 0 || (graph == 0 && ty == 0) {
                let list = choices.next(2) == 0;
                let of = if list { format!("[T{ty}]") } else { format!("T{ty}") };
                let _infallible = writeln!(text, "  q{ty}{}: {of} @shareable", u8::from(list));
            }
            types.push_str(&entity(&mut choices, ty, with_interface));
        }
        if with_interface {
            let _infallible = writeln!(text, "  n: N @shareable");
            types.push_str("interface N { id: ID! }\n");
        }
        let _infallible = writeln!(text, "  v{graph}: V\n}}\n{types}");
        let own = if choices.next(2) == 0 { "deep: V @shareable" } else { "" };
        let _infallible = writeln!(text, "type V {{ common: Int @shareable own{graph}: Int {own} }}");
    }
    text
}

fn entity(choices: &mut Choices<'_>, ty: usize, with_interface: bool) -> String {
    let mut out = format!("type T{ty}");
    if with_interface && ty < 3 {
        out.push_str(" implements N");
    }
    let keys = [
        "@key(fields: \"id\")",
        "@key(fields: \"code\")",
        "@key(fields: \"id\") @key(fields: \"code\")",
        "@key(fields: \"id\", resolvable: false) @key(fields: \"code\")",
        "@key(fields: \"id code\")",
        "@key(fields: \"id\") @key(fields: \"ref { id }\")",
        "",
    ];
    let key = keys[choices.next(7)];
    let _infallible = write!(out, " {key} {{ id: ID! @shareable ");
    if key.contains("code") || choices.next(3) == 0 {
        out.push_str("code: ID! @shareable ");
    }
    let next = (ty + 1) % TYPES;
    if key.contains("ref") || choices.next(2) == 0 {
        let _infallible = write!(out, "ref: R{next} @shareable ");
    }
    let mut requires = None;
    for field in 0..FIELDS {
        match choices.next(4) {
            0 => {
                let _infallible = write!(out, "f{field}: Int @shareable ");
            }
            1 if requires.is_none() && !key.is_empty() => requires = Some(field),
            2 if field > 2 => {
                let _infallible = write!(out, "c{field}: T{next} @shareable ");
            }
            _ => {}
        }
    }
    if let Some(field) = requires {
        let _infallible = write!(
            out,
            "x{field}: Int @external r{field}: Int @shareable @requires(fields: \"x{field}\") "
        );
    } else {
        let field = choices.next(5);
        let _infallible = write!(out, "x{field}: Int @shareable ");
    }
    if choices.next(3) == 0 {
        out.push_str("value: V @shareable ");
    }
    out.push_str("}\n");
    out
}

#[test]
fn whatever_composes_can_be_planned() {
    let mut composed = 0;
    let choices = (prop::collection::vec(any::<u8>(), 20..200),);
    let composed_count = std::cell::Cell::new(0);
    let test = |(choices,): (Vec<u8>,)| {
        let mut text = sdl(&choices);
        for ty in 0..TYPES {
            text = text.replace(&format!("R{ty}"), &format!("T{ty}"));
        }
        // A type that a subgraph refers to but does not have is a stub there.
        let text = with_stubs(&text);
        let inputs = subgraphs(&text).into_iter().map(|(name, sdl)| SubgraphInput {
            name: name.to_owned(),
            url: String::new(),
            sdl: format!("{LINK}{sdl}"),
            file: None,
        });
        let result = match compose(&inputs.collect::<Vec<_>>()) { Ok(r) => r, Err(e) => { for e in e.iter().take(1) { println!("EE {:?} {}", e.code, e.message.replace('\n'," ")); } return Ok(()) } };
        composed_count.set(composed_count.get() + 1);
        let schema = Supergraph::read(&result.supergraph_sdl).unwrap();
        let oracle = Oracle::new(subgraphs(&text).into_iter());
        let checked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            check_all(&schema, &oracle, 25);
        }));
        assert!(checked.is_ok(), "{text}");
        Ok(())
    };
    runner(400).run(&choices, test).unwrap();
    composed += composed_count.get();
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
                    "type T{ty} @key(fields: \"id\", resolvable: false) {{ id: ID! @shareable }}"
                );
            }
        }
    }
    out
}
