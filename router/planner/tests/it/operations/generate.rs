//! Documents made from a stream of choices: mostly valid, often not.
//!
//! The stream ends in zeros, which choose the plainest thing, so a failing document shrinks with
//! its stream.

use std::fmt::Write;

use braid_model::Supergraph;
use braid_model::ids::{InputId, TypeId};
use braid_model::schema::{Kind, TypeRef};
use braid_planner::view::View;

const VARIABLES: [(&str, &str); 8] = [
    ("a", "Int"),
    ("b", "Int!"),
    ("c", "Boolean! = true"),
    ("d", "Boolean!"),
    ("e", "ID!"),
    ("f", "[Kind!]"),
    ("g", "PetFilter"),
    ("h", "String = \"x\""),
];

pub(super) struct Generator<'a> {
    schema: &'a Supergraph,
    view: &'a View,
    choices: std::slice::Iter<'a, u8>,
    /// One in so many choices is wrong on purpose; 0: none.
    wrong: u8,
    fragments: Vec<TypeId>,
    /// The first fragment that may be spread.
    spreadable: usize,
}

/// A document made from the choices. One in `wrong` names and values is wrong.
pub(super) fn document(schema: &Supergraph, choices: &[u8], wrong: u8) -> String {
    let view = View::api(schema);
    let mut generator = Generator {
        schema,
        view: &view,
        choices: choices.iter(),
        wrong,
        fragments: Vec::new(),
        spreadable: 0,
    };
    generator.document()
}

impl Generator<'_> {
    fn choose(&mut self, count: usize) -> usize {
        let choice = self.choices.next().copied().map_or(0, usize::from);
        if count == 0 { 0 } else { choice % count }
    }

    fn one_in(&mut self, count: u8) -> bool {
        // The last of the choices, so that an ended stream says no.
        count > 0 && self.choose(usize::from(count)) == usize::from(count) - 1
    }

    fn is_wrong(&mut self) -> bool {
        self.wrong > 0 && self.one_in(self.wrong)
    }

    fn document(&mut self) -> String {
        let schema = self.schema;
        let composite: Vec<TypeId> = (0..schema.types.len())
            .map(TypeId::new)
            .filter(|&id| {
                self.view.ty(id) && schema.is_composite(id) && !schema.is_introspection_type(id)
            })
            .collect();
        for _ in 0..self.choose(4) {
            let at = self.choose(composite.len());
            self.fragments.push(composite[at]);
        }
        let mutation = self.one_in(6);
        let root = if mutation { schema.roots.mutation } else { schema.roots.query }.unwrap();
        let mut all = self.set(root, 0);
        for at in 0..self.fragments.len() {
            if self.wrong == 0 && !all.contains(&format!("...F{at} ")) {
                continue;
            }
            // Only later fragments are spread, unless cycles are wanted.
            self.spreadable = if self.wrong > 0 { 0 } else { at + 1 };
            let on = self.fragments[at];
            let inner = self.set(on, 1);
            write!(all, " fragment F{at} on {} {inner}", schema.type_name(on)).unwrap();
        }
        let mut used: Vec<String> = Vec::new();
        for (name, ty) in VARIABLES {
            let uses = all.contains(&format!("${name}"));
            if uses != self.is_wrong() {
                used.push(format!("${name}: {ty}"));
            }
        }
        let variables =
            if used.is_empty() { String::new() } else { format!("({})", used.join(", ")) };
        let kind = if mutation { "mutation" } else { "query" };
        format!("{kind} {variables}{all}")
    }

    fn set(&mut self, on: TypeId, depth: usize) -> String {
        let mut text = "{ ".to_owned();
        for _ in 0..1 + self.choose(4) {
            self.selection(on, depth, &mut text);
        }
        text.push('}');
        text
    }

    fn selection(&mut self, on: TypeId, depth: usize, text: &mut String) {
        let schema = self.schema;
        match self.choose(12) {
            0..7 => self.field(on, depth, text),
            7 => text.push_str("__typename "),
            8 | 9 if depth < 4 => {
                let condition = self.condition(on);
                let on_text =
                    condition.map_or(String::new(), |id| format!("on {} ", schema.type_name(id)));
                let directives = self.directives();
                let inner = self.set(condition.unwrap_or(on), depth + 1);
                write!(text, "... {on_text}{directives}{inner} ").unwrap();
            }
            10 | 11 if self.spreadable < self.fragments.len() => {
                let wanted = self.choose(self.fragments.len() - self.spreadable) + self.spreadable;
                let possible = schema.ty(on).possible.clone();
                let meets = |id: TypeId| schema.ty(id).possible.intersects(&possible);
                if self.wrong > 0 || meets(self.fragments[wanted]) {
                    let directives = self.directives();
                    write!(text, "...F{wanted} {directives}").unwrap();
                }
            }
            _ => self.field(on, depth, text),
        }
    }

    fn condition(&mut self, on: TypeId) -> Option<TypeId> {
        let schema = self.schema;
        let possible = schema.ty(on).possible.clone();
        let wrong = self.is_wrong();
        let fitting: Vec<TypeId> = (0..schema.types.len())
            .map(TypeId::new)
            .filter(|&id| self.view.ty(id) && !schema.is_introspection_type(id))
            .filter(|&id| wrong || schema.ty(id).possible.intersects(&possible))
            .collect();
        let at = self.choose(fitting.len() + 1);
        fitting.get(at).copied()
    }

    fn field(&mut self, on: TypeId, depth: usize, text: &mut String) {
        let schema = self.schema;
        let fields: Vec<_> =
            schema.ty(on).fields.iter().copied().filter(|&id| self.view.field(id)).collect();
        let leaf = |id: &&_| !schema.is_composite(schema.field_def(**id).ty.named);
        let at = self.choose(fields.len());
        let Some(mut id) = fields.get(at).copied() else {
            return text.push_str("__typename ");
        };
        if depth >= 4 {
            match fields.iter().find(leaf) {
                Some(leaf) => id = *leaf,
                None => return text.push_str("__typename "),
            }
        }
        if self.is_wrong() {
            text.push_str("nothing ");
        }
        let def = schema.field_def(id);
        if self.one_in(5) {
            text.push_str(["x: ", "y: ", "name: "][self.choose(3)]);
        }
        text.push_str(schema.field_name(id));
        let arguments = self.arguments(&def.args);
        let directives = self.directives();
        write!(text, "{arguments} {directives}").unwrap();
        if schema.is_composite(def.ty.named) && !self.is_wrong() {
            let inner = self.set(def.ty.named, depth + 1);
            write!(text, "{inner} ").unwrap();
        }
    }

    fn directives(&mut self) -> String {
        match self.choose(16) {
            11 => "@skip(if: $c) ".to_owned(),
            12 => "@include(if: $d) ".to_owned(),
            13 => "@include(if: true) @skip(if: false) ".to_owned(),
            14 => "@skip(if: true) ".to_owned(),
            15 if self.is_wrong() => "@nothing ".to_owned(),
            _ => String::new(),
        }
    }

    fn arguments(&mut self, defs: &[InputId]) -> String {
        let (schema, view) = (self.schema, self.view);
        let mut given = Vec::new();
        for &id in defs.iter().filter(|&&id| view.input(schema, id)) {
            let def = schema.input(id);
            let required = def.ty.is_non_null() && def.default.is_none();
            if (required && !self.is_wrong()) || self.one_in(3) {
                let value = match self.one_in(3) {
                    true => self.variable(def.ty),
                    false => None,
                };
                let value = value.unwrap_or_else(|| self.value(def.ty, 0));
                given.push(format!("{}: {value}", schema.text(def.name)));
            }
        }
        if given.is_empty() { String::new() } else { format!("({})", given.join(", ")) }
    }

    fn variable(&mut self, ty: TypeRef) -> Option<String> {
        let name = match self.schema.type_text(ty).as_str() {
            _ if self.is_wrong() => VARIABLES[self.choose(8)].0,
            "Int" => "a",
            "Int!" => "b",
            "Boolean!" => "c",
            "Boolean" => "d",
            "ID!" | "ID" => "e",
            "[Kind!]" => "f",
            "PetFilter" => "g",
            "String" => "h",
            _ => return None,
        };
        Some(format!("${name}"))
    }

    fn value(&mut self, ty: TypeRef, depth: usize) -> String {
        let schema = self.schema;
        if self.is_wrong() {
            return ["null", "1", "\"x\"", "X", "[1]", "{a: 1}", "1.5"][self.choose(7)].to_owned();
        }
        if !ty.is_non_null() && self.one_in(6) {
            return "null".to_owned();
        }
        if let Some(item) = ty.item() {
            if self.one_in(4) && !item.is_list() {
                return self.value(TypeRef { wrap: item.wrap.non_null().unwrap(), ..item }, depth);
            }
            // Of one length: the other implementation finds [A, A] and [A] equal.
            return format!("[{}]", self.value(item, depth + 1));
        }
        let def = schema.ty(ty.named);
        match def.kind {
            Kind::Enum => {
                let values: Vec<_> =
                    def.values.iter().filter(|value| self.view.value(value)).collect();
                schema.text(values[self.choose(values.len())].name).to_owned()
            }
            Kind::InputObject => {
                let (mut fields, view) = (Vec::new(), self.view);
                for &id in def.inputs.iter().filter(|&&id| view.input(schema, id)) {
                    let input = schema.input(id);
                    let required = input.ty.is_non_null() && input.default.is_none();
                    if required || depth < 3 && self.one_in(3) {
                        let value = self.value(input.ty, depth + 1);
                        fields.push(format!("{}: {value}", schema.text(input.name)));
                    }
                }
                format!("{{{}}}", fields.join(", "))
            }
            _ => match schema.type_name(ty.named) {
                "Int" => ["1", "-7", "0"][self.choose(3)],
                "Float" => ["1", "2.5", "1e3"][self.choose(3)],
                "Boolean" => ["true", "false"][self.choose(2)],
                "ID" => ["1", "\"a\""][self.choose(2)],
                "String" => ["\"s\"", "\"\"\"b\"\"\"", "\"\\u00e9\""][self.choose(3)],
                _ => ["1", "\"d\"", "[X]", "{k: 1.0}", "true"][self.choose(5)],
            }
            .to_owned(),
        }
    }
}
