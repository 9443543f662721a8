//! Any document: nothing panics, and normalisation keeps what an operation means.

use std::cell::Cell;
use std::fmt::Write;

use braid_model::Supergraph;
use braid_model::bits::AuthSet;
use braid_model::ids::{AuthId, TypeId};
use braid_model::syntax::{self, Directive, Document, List, ValueKind};
use braid_planner::coerce::Variables;
use braid_planner::document::{Conditions, ValidDocument};
use braid_planner::operation::{self, Operation};
use braid_planner::validate::Options;
use braid_planner::view::View;
use proptest::prelude::{Strategy, any, prop};

use super::oracle::{generated, mutated, options, run};
use super::{introspect, supergraph};

/// Reads, normalises and coerces, whatever the text is.
fn everything(schema: &Supergraph, text: &str, json: &[u8], options: &Options) {
    let view = View::api(schema);
    let Ok(valid) = ValidDocument::read(schema, &view, text, None, options) else { return };
    let Ok(values) = Variables::coerce(schema, &view, &valid, json) else { return };
    let conditions = values.conditions(&valid).unwrap_or_default();
    let operation = valid.normalise(schema, conditions, valid.auth());
    let answer = braid_planner::introspect::answer(schema, &view, &operation.selections, &values);
    assert!(answer.is_ok());
}

#[test]
fn no_text_panics() {
    let schema = supergraph("");
    let all = Options { stored: true, suggest: true, ..options() };
    let check = |text: &str| everything(&schema, text, b"", &all);
    run(1000, "text", check, "\\PC{0,60}");
    run(
        2000,
        "tokens",
        check,
        "([{}()\\[\\]:=!$@&|,#\" \n.]|\\.\\.\\.|on|query|fragment F|dog|pet|name|\\$a|1|\"a\"){0,60}",
    );
    run(1500, "mutated", check, mutated());
    run(500, "generated", check, generated(10));
    let bytes = prop::collection::vec(any::<u8>(), 0..100);
    run(1000, "bytes", check, bytes.prop_map(|bytes| String::from_utf8_lossy(&bytes).into_owned()));
    let cut = (0..introspect::STANDARD.len())
        .prop_map(|at| introspect::STANDARD.get(..at).unwrap_or_default().to_owned());
    run(500, "cut", check, cut);
}

#[test]
fn no_variables_panic() {
    let schema = supergraph("");
    let text = "query ($a: [[Int!]] = 3, $b: RenameInput, $c: PetFilter = {}, $d: Date, $e: [Kind!]!) {
        matrix(of: $a) pets(where: $c) { id } scalars(date: [$d, {b: $b}]) any(kinds: $e) { __typename } }";
    let check = |json: &str| everything(&schema, text, json.as_bytes(), &Options::default());
    run(
        3000,
        "json",
        check,
        "([{}\\[\\],: ]|\"a\"|\"b\"|\"c\"|\"d\"|\"e\"|\"id\"|\"and\"|\"name\"|\"DOG\"|null|true|-?[0-9]{1,11}|\\\\u[0-9a-f]{0,4}){0,40}",
    );
    run(1000, "text", check, "\\PC{0,60}");
}

#[test]
fn normalisation_keeps_the_meaning() {
    let schema = supergraph("");
    let view = View::api(&schema);
    let compared = Cell::new(0);
    let check = |text: &str| {
        let read = ValidDocument::read(&schema, &view, text, None, &options());
        let Ok(valid) = read else { return };
        let doc = syntax::parse(text, syntax::Limits::OPERATION).unwrap();
        for mask in 0..4_usize {
            let mut conditions = Conditions::default();
            let mut on: Vec<&str> = Vec::new();
            for (bit, &variable) in valid.conditions().iter().enumerate() {
                if mask >> bit & 1 == 1 {
                    conditions = conditions.with(bit);
                    on.push(&valid.variables()[variable].name);
                }
            }
            let operation = valid.normalise(&schema, conditions, &AuthSet::new());
            let naive = Naive { schema: &schema, doc: &doc, on: &on };
            let mut budget = 20_000;
            let expected =
                naive.object(&[doc.operations[0].selections], operation.root, &mut budget);
            let mut budget = 20_000;
            let sets = [operation.selections.as_slice()];
            let found = normalised(&schema, &operation, &sets, operation.root, &mut budget);
            if let (Some(expected), Some(found)) = (expected, found) {
                assert_eq!(found, expected, "{text}");
                compared.set(compared.get() + 1);
            }
        }
    };
    run(300, "generated", check, generated(0));
    assert!(compared.get() > 600, "only {} of 1200 were compared", compared.get());
}

#[test]
fn requirements_are_all_told_beforehand() {
    let schema = super::guarded();
    let view = View::api(&schema);
    let all: Vec<AuthId> = (0..schema.auth.len()).map(AuthId::new).collect();
    assert!(all.len() > 5);
    let (denied, granted) = (Cell::new(0), Cell::new(0));
    let check = |text: &str| {
        let read = ValidDocument::read(&schema, &view, text, None, &options());
        let Ok(valid) = read else { return };
        for mask in 0..4 {
            let conditions = (0..2).filter(|bit| mask >> bit & 1 == 1);
            let conditions = conditions.fold(Conditions::default(), Conditions::with);
            for &requirement in &all {
                let operation = valid.normalise(&schema, conditions, &AuthSet::of(requirement));
                let is_denied = has_denied(&operation.selections);
                assert!(!is_denied || valid.auth().contains(requirement), "{text}");
                let count = if is_denied { &denied } else { &granted };
                count.set(count.get() + 1);
            }
        }
    };
    run(200, "generated", check, generated(0));
    assert!(denied.get() > 300 && granted.get() > 300, "{} {}", denied.get(), granted.get());
}

fn has_denied(selections: &[operation::Selection]) -> bool {
    selections.iter().any(|selection| match selection {
        operation::Selection::Typename { .. } => false,
        operation::Selection::Field(field) => field.denied || has_denied(&field.selections),
        operation::Selection::Fragment { selections, .. } => has_denied(selections),
    })
}

/// `CollectFields` on the document itself, for every type that objects can have; nothing if that
/// is too much.
struct Naive<'a> {
    schema: &'a Supergraph,
    doc: &'a Document,
    /// The variables that are true.
    on: &'a [&'a str],
}

type Sets = Vec<List<syntax::Selection>>;

impl Naive<'_> {
    fn object(
        &self,
        sets: &[List<syntax::Selection>],
        object: TypeId,
        budget: &mut usize,
    ) -> Option<String> {
        *budget = budget.checked_sub(1)?;
        let mut fields: Vec<(String, syntax::Field, Sets)> = Vec::new();
        for &set in sets {
            self.collect(set, object, &mut fields);
        }
        let mut text = String::new();
        for (key, field, sets) in fields {
            let name = self.doc.text(field.name);
            if name == "__typename" {
                write!(text, "{key}:__typename ").unwrap();
                continue;
            }
            let def = self.schema.field_def(self.schema.field_named(object, name).unwrap());
            write!(text, "{key}:{name}").unwrap();
            for &id in &def.args {
                let name = self.schema.text(self.schema.input(id).name);
                let given = &self.doc[field.arguments];
                if let Some(given) = given.iter().find(|given| self.doc.text(given.name) == name) {
                    let value = self.doc.text(self.doc.value(given.value).span);
                    write!(text, "({name}={})", plain(value)).unwrap();
                }
            }
            text.push(' ');
            for possible in self.schema.ty(def.ty.named).possible.iter() {
                let inner = self.object(&sets, possible, budget)?;
                write!(text, "[{}: {inner}]", self.schema.type_name(possible)).unwrap();
            }
        }
        Some(text)
    }

    fn collect(
        &self,
        set: List<syntax::Selection>,
        object: TypeId,
        fields: &mut Vec<(String, syntax::Field, Sets)>,
    ) {
        let doc = self.doc;
        let applies = |name: &str| {
            self.schema.ty(self.schema.type_named(name).unwrap()).possible.contains(object)
        };
        for selection in &doc[set] {
            match selection {
                syntax::Selection::Field(field) if self.included(field.directives) => {
                    let key = doc.text(field.response_key());
                    match fields.iter_mut().find(|(known, ..)| known == key) {
                        Some((.., sets)) => sets.push(field.selections),
                        None => fields.push((key.to_owned(), *field, vec![field.selections])),
                    }
                }
                syntax::Selection::Inline(inline)
                    if self.included(inline.directives)
                        && inline.on.is_none_or(|on| applies(doc.text(on))) =>
                {
                    self.collect(inline.selections, object, fields);
                }
                syntax::Selection::Spread(spread) if self.included(spread.directives) => {
                    let name = doc.text(spread.name);
                    let found = doc.fragments.iter().find(|f| doc.text(f.name) == name);
                    let fragment = found.unwrap();
                    if applies(doc.text(fragment.on)) {
                        self.collect(fragment.selections, object, fields);
                    }
                }
                _ => {}
            }
        }
    }

    fn included(&self, directives: List<Directive>) -> bool {
        let doc = self.doc;
        doc[directives].iter().all(|directive| {
            let Some(argument) = doc[directive.arguments].first() else { return true };
            let value = match doc.value(argument.value).kind {
                ValueKind::Boolean(value) => value,
                ValueKind::Variable(name) => self.on.contains(&doc.text(name)),
                _ => return true,
            };
            match doc.text(directive.name) {
                "skip" => !value,
                "include" => value,
                _ => true,
            }
        })
    }
}

/// The same on a normalised operation.
fn normalised(
    schema: &Supergraph,
    operation: &Operation,
    sets: &[&[operation::Selection]],
    object: TypeId,
    budget: &mut usize,
) -> Option<String> {
    *budget = budget.checked_sub(1)?;
    let mut fields = Vec::new();
    for set in sets {
        gather(schema, set, object, &mut fields);
    }
    let mut text = String::new();
    for (key, field, sets) in fields {
        let Some(field) = field else {
            write!(text, "{key}:__typename ").unwrap();
            continue;
        };
        let name = schema.field_def(field.field).name;
        let def = schema.field_def(schema.field(object, name).unwrap());
        write!(text, "{key}:{}", schema.text(name)).unwrap();
        for (id, value) in &field.arguments {
            let name = schema.text(schema.input(*id).name);
            write!(text, "({name}={})", literal(operation, value)).unwrap();
        }
        text.push(' ');
        for possible in schema.ty(def.ty.named).possible.iter() {
            let inner = normalised(schema, operation, &sets, possible, budget)?;
            write!(text, "[{}: {inner}]", schema.type_name(possible)).unwrap();
        }
    }
    Some(text)
}

type Gathered<'a> = (&'a str, Option<&'a operation::Field>, Vec<&'a [operation::Selection]>);

fn gather<'a>(
    schema: &Supergraph,
    set: &'a [operation::Selection],
    object: TypeId,
    fields: &mut Vec<Gathered<'a>>,
) {
    let mut keys = Vec::new();
    for selection in set {
        let (key, field) = match selection {
            operation::Selection::Typename { key } => (key.as_str(), None),
            operation::Selection::Field(field) => (field.key.as_str(), Some(field)),
            operation::Selection::Fragment { on, selections } => {
                assert!(!selections.is_empty());
                if schema.ty(*on).possible.contains(object) {
                    gather(schema, selections, object, fields);
                }
                continue;
            }
        };
        assert!(!keys.contains(&key), "`{key}` is twice at one level");
        keys.push(key);
        let sets = field.map_or(Vec::new(), |field| vec![field.selections.as_slice()]);
        match fields.iter_mut().find(|(known, ..)| *known == key) {
            Some((.., known)) => known.extend(sets),
            None => fields.push((key, field, sets)),
        }
    }
}

/// A literal without what may be written in several ways.
fn plain(value: &str) -> String {
    let value = value.replace("\"\"\"", "\"").replace("\\u00e9", "é");
    value.chars().filter(|char| !char.is_whitespace() && *char != ',').collect()
}

fn literal(operation: &Operation, value: &operation::Value) -> String {
    use operation::Value;
    match value {
        Value::Variable(at) => format!("${}", operation.variables[*at].name),
        Value::Null => "null".to_owned(),
        Value::Boolean(value) => value.to_string(),
        Value::Int(text) | Value::Float(text) | Value::Enum(text) => text.clone(),
        Value::String(text) => format!("\"{text}\""),
        Value::List(items) => {
            format!("[{}]", items.iter().map(|v| literal(operation, v)).collect::<String>())
        }
        Value::Object(fields) => {
            let fields = fields.iter().map(|(k, v)| format!("{k}:{}", literal(operation, v)));
            format!("{{{}}}", fields.collect::<String>())
        }
    }
}
