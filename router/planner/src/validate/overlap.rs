//! Fields of one response key can be merged (specification, section 5.3.2).
//!
//! The specification compares all pairs. Here the fields that share a *response path* are one
//! group, and a group is checked as a whole:
//!
//! - All fields of a group must have the same response shape, an equivalence: each is compared
//!   with the first.
//! - Two fields of a group may differ in name or arguments only if no object can have both: at some
//!   level of the path their parent types are two different object types. The object types on the
//!   way to a field, with one symbol for all abstract types, are its *tag*. Fields with equal tags
//!   must be equal, which is again a comparison with the first; only fields with different tags
//!   *and* different arguments are compared in pairs, and those are counted against
//!   [`Limits::comparisons`](crate::limits::Limits::comparisons).
//!
//! Every field of the expanded operation is visited once, and that number is bounded.

use rustc_hash::{FxHashMap, FxHashSet};

use braid_model::ids::TypeId;
use braid_model::schema::{Kind, TypeRef};
use braid_model::syntax::{
    Argument, Document, Field, List, OperationKind, Selection, Value, ValueKind,
};

use super::error::Rule;
use super::{Check, Target, placed};

/// An interned tag; [`ROOT`] is the empty one.
type Tag = u32;
const ROOT: Tag = 0;

/// Checks all operations of a document that is valid so far.
pub(super) fn check(check: &mut Check<'_>) {
    let operations = &check.doc.operations;
    let left = check.options.limits.comparisons;
    let mut overlap = Overlap {
        check,
        labels: FxHashMap::default(),
        label_of: FxHashMap::default(),
        tags: FxHashMap::default(),
        tag_parts: vec![(ROOT, None)],
        compatible: FxHashMap::default(),
        left,
    };
    for operation in operations {
        let roots = &overlap.check.schema.roots;
        let root = match operation.kind {
            OperationKind::Query => roots.query,
            OperationKind::Mutation => roots.mutation,
            OperationKind::Subscription => roots.subscription,
        };
        if let Some(on) = root {
            overlap.sets(Part { selections: operation.selections, on, tag: ROOT });
        }
    }
}

/// A selection set of a response path: its selections, their type, and the tag of the field that
/// it is of.
#[derive(Clone, Copy)]
struct Part {
    selections: List<Selection>,
    on: TypeId,
    tag: Tag,
}

/// A field in a group.
#[derive(Clone, Copy)]
struct Member {
    place: usize,
    field: Field,
    /// Nothing for `__typename`.
    ty: Option<TypeRef>,
    tag: Tag,
}

struct Overlap<'c, 'a> {
    check: &'c mut Check<'a>,
    /// Field names with their arguments, interned.
    labels: FxHashMap<String, u32>,
    /// The label of the field at a place.
    label_of: FxHashMap<usize, u32>,
    tags: FxHashMap<(Tag, Option<TypeId>), Tag>,
    /// The tag of the parent field and the object type, nothing for an abstract one.
    tag_parts: Vec<(Tag, Option<TypeId>)>,
    compatible: FxHashMap<(Tag, Tag), bool>,
    left: usize,
}

/// Members by response key, in the order of the document.
#[derive(Default)]
struct Groups<'a> {
    by_key: FxHashMap<&'a str, usize>,
    members: Vec<Vec<Member>>,
    /// A fragment that is spread twice under one tag adds nothing the second time.
    spread: FxHashSet<(usize, Tag)>,
}

impl<'a> Overlap<'_, 'a> {
    fn sets(&mut self, root: Part) {
        let mut open = vec![vec![root]];
        while let Some(parts) = open.pop() {
            let mut groups = Groups::default();
            for part in parts {
                self.collect(part, &mut groups);
            }
            for members in groups.members {
                if self.check.errors.is_full() {
                    return;
                }
                if !self.group(&members) {
                    continue;
                }
                let inner: Vec<Part> = members
                    .iter()
                    .filter(|member| !member.field.selections.is_empty())
                    .filter_map(|member| {
                        let (selections, tag) = (member.field.selections, member.tag);
                        member.ty.map(|ty| Part { selections, on: ty.named, tag })
                    })
                    .collect();
                if !inner.is_empty() {
                    open.push(inner);
                }
            }
        }
    }

    /// Recursion goes through fragments, as deep as the limits allow.
    fn collect(&mut self, part: Part, groups: &mut Groups<'a>) {
        let doc = self.check.doc;
        for (place, selection) in placed(doc, part.selections) {
            match (selection, self.check.resolved.target(place)) {
                (Selection::Field(field), target) => {
                    let ty = match target {
                        Target::Field(id) => Some(self.check.schema.field_def(id).ty),
                        _ => None,
                    };
                    let tag = self.tag(part.tag, part.on);
                    groups.add(doc, Member { place, field: *field, ty, tag });
                }
                (Selection::Inline(inline), Target::On(on)) => {
                    let selections = inline.selections;
                    self.collect(Part { selections, on, ..part }, groups);
                }
                (Selection::Spread(_), Target::Fragment(at)) => {
                    let on = self.check.resolved.fragments.get(at).copied().flatten();
                    let selections = doc.fragments[at].selections;
                    if let Some(on) = on.filter(|_| groups.spread.insert((at, part.tag))) {
                        self.collect(Part { selections, on, ..part }, groups);
                    }
                }
                (Selection::Inline(_) | Selection::Spread(_), _) => {}
            }
        }
    }

    fn tag(&mut self, outer: Tag, parent: TypeId) -> Tag {
        let object = (self.check.schema.ty(parent).kind == Kind::Object).then_some(parent);
        let fresh = Tag::try_from(self.tag_parts.len())
            .expect("there are as many tags as selections at most, which are limited");
        let tag = *self.tags.entry((outer, object)).or_insert(fresh);
        if tag == fresh {
            self.tag_parts.push((outer, object));
        }
        tag
    }

    /// Whether the members can be merged; if not, that is reported.
    fn group(&mut self, members: &[Member]) -> bool {
        let Some((first, others)) = members.split_first() else { return true };
        if others.is_empty() {
            return true;
        }
        if let Some(other) = others.iter().find(|other| !self.same_shape(first.ty, other.ty)) {
            self.conflict(first, other, "have different types");
            return false;
        }
        let label = self.label(first);
        let mut differs = false;
        for other in others {
            differs |= self.label(other) != label;
        }
        if !differs {
            return true;
        }
        let mut distinct: Vec<(Tag, u32, &Member)> = Vec::new();
        let mut seen = FxHashMap::default();
        for member in members {
            let label = self.label(member);
            let &mut (known, one) = seen.entry(member.tag).or_insert((label, member));
            if known != label {
                self.conflict(one, member, "differ in field or arguments");
                return false;
            }
            if std::ptr::eq(one, member) {
                distinct.push((member.tag, label, member));
            }
        }
        self.pairs(&distinct)
    }

    fn pairs(&mut self, distinct: &[(Tag, u32, &Member)]) -> bool {
        for (at, &(tag, label, member)) in distinct.iter().enumerate() {
            for &(other_tag, other_label, other) in &distinct[at + 1..] {
                let Some(left) = self.left.checked_sub(1) else {
                    let message = "too many fields with the same response key differ; use aliases";
                    self.check.error(Rule::MaxSelections, message, member.field.span);
                    return false;
                };
                self.left = left;
                if label != other_label && self.compatible(tag, other_tag) {
                    self.conflict(member, other, "differ in field or arguments");
                    return false;
                }
            }
        }
        true
    }

    /// Whether an object can have fields of both tags. Tags are as long as the path.
    fn compatible(&mut self, a: Tag, b: Tag) -> bool {
        if a == b {
            return true;
        }
        if let Some(&known) = self.compatible.get(&(a, b)) {
            return known;
        }
        let ((outer_a, object_a), (outer_b, object_b)) =
            (self.tag_parts[a as usize], self.tag_parts[b as usize]);
        let here = object_a.is_none() || object_b.is_none() || object_a == object_b;
        let compatible = here && self.compatible(outer_a, outer_b);
        self.compatible.insert((a, b), compatible);
        compatible
    }

    /// `SameResponseShape`, but for the fields below, which are a group of their own.
    fn same_shape(&self, a: Option<TypeRef>, b: Option<TypeRef>) -> bool {
        let schema = self.check.schema;
        match (a, b) {
            (None, None) => true,
            (Some(ty), None) | (None, Some(ty)) => schema.type_text(ty) == "String!",
            (Some(a), Some(b)) => {
                let composite = |ty: TypeRef| schema.is_composite(ty.named);
                a.wrap == b.wrap && (a.named == b.named || composite(a) && composite(b))
            }
        }
    }

    fn label(&mut self, member: &Member) -> u32 {
        if let Some(&label) = self.label_of.get(&member.place) {
            return label;
        }
        let doc = self.check.doc;
        let mut text = doc.text(member.field.name).to_owned();
        object(doc, member.field.arguments, &mut text);
        if self.check.options.stored {
            // Two shapes of one key can't both be written.
            let mut names: Vec<&str> =
                doc[member.field.directives].iter().map(|d| doc.text(d.name)).collect();
            names.retain(|name| !matches!(*name, "skip" | "include"));
            names.sort_unstable();
            text.extend(names.iter().flat_map(|name| ["@", name]));
        }
        let fresh = u32::try_from(self.labels.len()).expect("selections are limited");
        let label = *self.labels.entry(text).or_insert(fresh);
        self.label_of.insert(member.place, label);
        label
    }

    fn conflict(&mut self, one: &Member, other: &Member, why: &str) {
        let key = self.check.name(one.field.response_key());
        let message =
            format!("two fields with the response key `{key}` {why}; give one of them an alias");
        let spans = [one.field.span, other.field.span];
        self.check.errors.push(Rule::OverlappingFieldsCanBeMerged, message, &spans);
    }
}

impl<'a> Groups<'a> {
    fn add(&mut self, doc: &'a Document, member: Member) {
        let key = doc.text(member.field.response_key());
        let at = *self.by_key.entry(key).or_insert(self.members.len());
        match self.members.get_mut(at) {
            Some(group) => group.push(member),
            None => self.members.push(vec![member]),
        }
    }
}

/// Writes arguments so that equal ones have equal texts: sorted by name.
fn object(doc: &Document, arguments: List<Argument>, text: &mut String) {
    if arguments.is_empty() {
        return;
    }
    let mut sorted: Vec<&Argument> = doc[arguments].iter().collect();
    sorted.sort_by_key(|argument| doc.text(argument.name));
    text.push('{');
    for argument in sorted {
        text.push_str(doc.text(argument.name));
        text.push(':');
        canonical(doc, doc.value(argument.value), text);
    }
    text.push('}');
}

fn canonical(doc: &Document, value: &Value, text: &mut String) {
    match value.kind {
        ValueKind::String(string) => text.push_str(&format!("{:?}", doc.string(string))),
        ValueKind::List(items) => {
            text.push('[');
            for item in &doc[items] {
                canonical(doc, item, text);
                text.push(',');
            }
            text.push(']');
        }
        ValueKind::Object(fields) if fields.is_empty() => text.push_str("{}"),
        ValueKind::Object(fields) => object(doc, fields, text),
        ValueKind::Variable(name) => {
            text.push('$');
            text.push_str(doc.text(name));
            text.push(',');
        }
        ValueKind::Int
        | ValueKind::Float
        | ValueKind::Boolean(_)
        | ValueKind::Null
        | ValueKind::Enum => {
            text.push_str(doc.text(value.span));
            text.push(',');
        }
    }
}
