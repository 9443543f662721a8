//! What directives of the supergraph say: which are machinery, and what the others mark.

use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::{Read, Reader};
use crate::ids::{AuthId, Name};
use crate::schema::{AuthRequirement, ConstValue, ListSize};
use crate::syntax::{Directive, Document, List, TypeSystemKind, Value, ValueId, ValueKind};

/// The features that the schema links, and how their elements are named here.
pub(super) struct Features<'a> {
    machinery: Rc<Machinery<'a>>,
    /// Directive names of this document to what they mean.
    meanings: FxHashMap<String, &'static str>,
}

/// Names that belong to features rather than to the schema.
pub(super) struct Machinery<'a> {
    prefixes: Vec<String>,
    names: FxHashSet<&'a str>,
}

impl Machinery<'_> {
    /// Whether a type or directive of that name belongs to a feature.
    pub(super) fn is_machinery(&self, name: &str) -> bool {
        self.names.contains(name) || self.prefixes.iter().any(|prefix| name.starts_with(prefix))
    }
}

/// Directives with a meaning for the model, by feature.
const KNOWN: [(&str, &[&str]); 8] = [
    ("inaccessible", &["inaccessible"]),
    ("tag", &["tag"]),
    ("authenticated", &["authenticated"]),
    ("requiresScopes", &["requiresScopes"]),
    ("policy", &["policy"]),
    ("cost", &["cost", "listSize"]),
    ("context", &["context", "fromContext"]),
    ("join", &[]),
];

impl<'a> Features<'a> {
    pub(super) fn of(doc: &'a Document) -> Self {
        let mut machinery = Machinery {
            prefixes: vec!["join__".into(), "link__".into(), "core__".into()],
            names: FxHashSet::from_iter(["link", "core"]),
        };
        let mut meanings = FxHashMap::default();
        let schemas =
            doc.type_system.iter().filter(|def| matches!(def.kind, TypeSystemKind::Schema(_)));
        for directive in schemas.flat_map(|def| &doc[def.directives]) {
            let url = string_argument(doc, directive, "url")
                .or_else(|| string_argument(doc, directive, "feature"));
            let Some(feature) = url.as_deref().and_then(feature_name) else { continue };
            let alias = string_argument(doc, directive, "as");
            let prefix = alias.as_deref().unwrap_or(feature).to_owned();
            let known = KNOWN.iter().find(|(name, _)| *name == feature);
            for &element in known.map_or(&[][..], |(_, elements)| elements) {
                meanings.insert(format!("{prefix}__{element}"), element);
                if element == feature {
                    meanings.insert(prefix.clone(), element);
                }
            }
            for (from, to) in imports(doc, directive) {
                machinery.names.insert(to.trim_start_matches('@'));
                let element = from.trim_start_matches('@');
                let known = KNOWN.iter().flat_map(|(_, elements)| *elements);
                if let Some(&known) = known.clone().find(|&&known| known == element) {
                    meanings.insert(to.trim_start_matches('@').to_owned(), known);
                }
            }
            machinery.prefixes.push(format!("{prefix}__"));
            if known.is_some() {
                let bare = KNOWN.iter().find(|(name, _)| *name == prefix).map(|(name, _)| *name);
                machinery.names.extend(bare);
            }
        }
        Self { machinery: Rc::new(machinery), meanings }
    }

    pub(super) fn machinery(&self) -> Rc<Machinery<'a>> {
        Rc::clone(&self.machinery)
    }

    pub(super) fn is_machinery(&self, name: &str) -> bool {
        self.machinery.is_machinery(name) || self.meanings.contains_key(name)
    }
}

/// `https://specs.apollo.dev/join/v0.3` -> `join`
fn feature_name(url: &str) -> Option<&str> {
    let mut segments = url.trim_end_matches('/').rsplit('/');
    let last = segments.next()?;
    let versioned =
        last.strip_prefix('v').is_some_and(|v| v.starts_with(|c: char| c.is_ascii_digit()));
    if versioned { segments.next() } else { Some(last) }
}

/// Pairs of (name in the feature, name here).
fn imports<'a>(doc: &'a Document, directive: &Directive) -> Vec<(&'a str, &'a str)> {
    let argument = doc[directive.arguments].iter().find(|a| doc.text(a.name) == "import");
    let Some(ValueKind::List(items)) = argument.map(|a| doc.value(a.value).kind) else {
        return Vec::new();
    };
    let text = |value: &Value| match value.kind {
        ValueKind::String(_) => doc.text(value.span).trim_matches('"'),
        _ => "",
    };
    let pair = |item: &Value| match item.kind {
        ValueKind::Object(fields) => {
            let get = |key: &str| {
                let field = doc[fields].iter().find(|f| doc.text(f.name) == key);
                field.map(|f| text(doc.value(f.value)))
            };
            let name = get("name").unwrap_or_default();
            (name, get("as").unwrap_or(name))
        }
        _ => (text(item), text(item)),
    };
    doc[items].iter().map(pair).collect()
}

/// What the directives of an element mark it with.
#[derive(Default)]
pub(super) struct Marks {
    pub(super) inaccessible: bool,
    pub(super) tags: Vec<Name>,
    pub(super) deprecated: Option<String>,
    pub(super) specified_by: Option<String>,
    pub(super) one_of: bool,
    pub(super) auth: Option<AuthId>,
    pub(super) cost: Option<i32>,
    pub(super) list_size: Option<ListSize>,
}

impl Reader<'_> {
    pub(super) fn marks(&mut self, list: List<Directive>) -> Read<Marks> {
        let doc = self.doc;
        let mut marks = Marks::default();
        let mut auth =
            AuthRequirement { authenticated: false, scopes: Vec::new(), policies: Vec::new() };
        for directive in &doc[list] {
            let name = doc.text(directive.name);
            match self.features.meanings.get(name).copied().unwrap_or(name) {
                "inaccessible" => marks.inaccessible = true,
                "tag" => {
                    let tag = string_argument(doc, directive, "name").unwrap_or_default();
                    marks.tags.push(self.intern(&tag));
                }
                "deprecated" => {
                    let reason = string_argument(doc, directive, "reason");
                    marks.deprecated = Some(reason.unwrap_or("No longer supported".into()));
                }
                "specifiedBy" => marks.specified_by = string_argument(doc, directive, "url"),
                "oneOf" => marks.one_of = true,
                "authenticated" => auth.authenticated = true,
                "requiresScopes" => auth.scopes = self.name_groups(directive, "scopes"),
                "policy" => auth.policies = self.name_groups(directive, "policies"),
                "cost" => marks.cost = int_argument(doc, directive, "weight"),
                "listSize" => marks.list_size = Some(self.list_size(directive)),
                _ => {}
            }
        }
        if auth.authenticated || !auth.scopes.is_empty() || !auth.policies.is_empty() {
            marks.auth = Some(self.auth_id(auth));
        }
        Ok(marks)
    }

    fn auth_id(&mut self, auth: AuthRequirement) -> AuthId {
        let known = self.schema.auth.iter().position(|other| *other == auth);
        AuthId::new(known.unwrap_or_else(|| {
            self.schema.auth.push(auth);
            self.schema.auth.len() - 1
        }))
    }

    fn name_groups(&mut self, directive: &Directive, name: &str) -> Vec<Vec<Name>> {
        let doc = self.doc;
        let argument = doc[directive.arguments].iter().find(|a| doc.text(a.name) == name);
        let value = argument.map(|a| const_value(doc, a.value));
        let list = |value: ConstValue| match value {
            ConstValue::List(items) => items,
            other => vec![other],
        };
        let groups = value.map(list).unwrap_or_default();
        groups
            .into_iter()
            .map(|group| {
                let names = list(group).into_iter().filter_map(|item| match item {
                    ConstValue::String(text) => Some(self.intern(&text)),
                    _ => None,
                });
                names.collect()
            })
            .collect()
    }

    fn list_size(&mut self, directive: &Directive) -> ListSize {
        let doc = self.doc;
        let flag = argument(doc, directive, "requireOneSlicingArgument");
        ListSize {
            assumed: int_argument(doc, directive, "assumedSize"),
            slicing_arguments: self.name_groups(directive, "slicingArguments").concat(),
            sized_fields: self.name_groups(directive, "sizedFields").concat(),
            require_one_slicing_argument: !matches!(
                flag.map(|value| value.kind),
                Some(ValueKind::Boolean(false))
            ),
        }
    }
}

pub(super) fn argument<'a>(
    doc: &'a Document,
    directive: &Directive,
    name: &str,
) -> Option<&'a Value> {
    let argument = doc[directive.arguments].iter().find(|a| doc.text(a.name) == name)?;
    Some(doc.value(argument.value))
}

pub(super) fn string_argument(doc: &Document, directive: &Directive, name: &str) -> Option<String> {
    match argument(doc, directive, name)?.kind {
        ValueKind::String(string) => Some(doc.string(string).into_owned()),
        _ => None,
    }
}

fn int_argument(doc: &Document, directive: &Directive, name: &str) -> Option<i32> {
    let value = argument(doc, directive, name)?;
    match value.kind {
        ValueKind::Int => doc.text(value.span).parse().ok(),
        // Federation has had the weight as a string too.
        ValueKind::String(string) => doc.string(string).parse().ok(),
        _ => None,
    }
}

/// A constant of the document as an owned value.
pub(super) fn const_value(doc: &Document, id: ValueId) -> ConstValue {
    const_of(doc, doc.value(id))
}

fn const_of(doc: &Document, value: &Value) -> ConstValue {
    let text = || doc.text(value.span).to_owned();
    match value.kind {
        // Constants hold no variables: the parser refuses them.
        ValueKind::Null | ValueKind::Variable(_) => ConstValue::Null,
        ValueKind::Boolean(value) => ConstValue::Boolean(value),
        ValueKind::Int => ConstValue::Int(text()),
        ValueKind::Float => ConstValue::Float(text()),
        ValueKind::Enum => ConstValue::Enum(text()),
        ValueKind::String(string) => ConstValue::String(doc.string(string).into_owned()),
        ValueKind::List(items) => {
            ConstValue::List(doc[items].iter().map(|item| const_of(doc, item)).collect())
        }
        ValueKind::Object(fields) => {
            let field = |f: &crate::syntax::Argument| {
                (doc.text(f.name).to_owned(), const_value(doc, f.value))
            };
            ConstValue::Object(doc[fields].iter().map(field).collect())
        }
    }
}
