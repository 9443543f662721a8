//! Selections as planning sees them: one tree of units, made from the client's selections and from
//! the field sets of keys and `@requires` alike.
//!
//! A [`Unit`] is a response key with what it holds for a set of object types. Fragments are gone:
//! what they say is in the types of the units. Selections of one key are merged (GraphQL
//! specification 6.3.2, CollectFields), separately for types that differ.

use braid_model::bits::TypeSet;
use braid_model::ids::{FieldId, FieldSetId, Name, TypeId};
use braid_model::schema::{ConstValue, SetSelection, Supergraph, TypeRef};
use rustc_hash::FxHashMap;
use smallvec::{SmallVec, smallvec};
use std::rc::Rc;

use super::text;
use crate::operation::{Selection, Shaping, Value, VariableIndex};

/// A selection set.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub(super) struct SelId(u32);

/// The arguments of a field, interned by their text.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub(super) struct ArgsId(u32);

/// Arguments as a subgraph is sent them.
#[derive(Default, Debug)]
pub(super) struct Args {
    /// With parentheses; empty if there are none.
    pub(super) text: String,
    pub(super) variables: SmallVec<[VariableIndex; 2]>,
}

/// A selection set on a type.
#[derive(Debug)]
pub(super) struct Sel<'a> {
    pub(super) on: TypeId,
    /// The types of objects that it is for.
    pub(super) types: TypeSet,
    pub(super) units: Vec<Unit<'a>>,
    /// The object's type must be known to answer.
    pub(super) typed: bool,
    /// Part of a key or `@requires`, not of the operation.
    pub(super) is_set: bool,
}

/// What a response key holds, for objects of some types.
#[derive(Debug)]
pub(super) struct Unit<'a> {
    pub(super) key: &'a str,
    pub(super) types: TypeSet,
    pub(super) what: What,
    pub(super) shaping: Shaping,
}

/// What a response key holds.
#[derive(Debug)]
pub(super) enum What {
    Typename,
    Field(UnitField),
    /// A field that the caller may not see.
    Denied(FieldId, TypeRef),
}

/// A field to be fetched.
#[derive(Debug, Clone, Copy)]
pub(super) struct UnitField {
    pub(super) name: Name,
    /// As selected, possibly of an interface.
    pub(super) field: FieldId,
    /// The type in the API, of the object's field.
    pub(super) ty: TypeRef,
    pub(super) args: ArgsId,
    pub(super) child: Option<SelId>,
}

/// Selections as written.
#[derive(Clone, Copy)]
pub(super) enum Written<'a> {
    Client(&'a [Selection]),
    Set(&'a [SetSelection]),
}

impl Written<'_> {
    fn is_empty(self) -> bool {
        match self {
            Written::Client(list) => list.is_empty(),
            Written::Set(list) => list.is_empty(),
        }
    }
}

/// All selection sets of a plan.
pub(super) struct Selections<'a> {
    schema: &'a Supergraph,
    variables: Vec<&'a str>,
    sels: Vec<Rc<Sel<'a>>>,
    args: Vec<Args>,
    args_ids: FxHashMap<String, ArgsId>,
    sets: FxHashMap<(FieldSetId, TypeSet), SelId>,
    /// Null members are left out everywhere in the answer.
    pub(super) omit_null: bool,
}

struct Occurrence<'a> {
    key: &'a str,
    types: TypeSet,
    what: Occurs<'a>,
}

enum Occurs<'a> {
    Typename,
    Field { field: FieldId, args: ArgsId, below: Written<'a>, denied: bool, shaping: Shaping },
}

impl Occurrence<'_> {
    /// Restricts a field under a type condition to some of the types; false if none are left.
    fn restrict(&mut self, all: &TypeSet, members: &TypeSet) -> bool {
        if matches!(self.what, Occurs::Field { .. }) && !all.is_subset(&self.types) {
            self.types = self.types.intersection(members);
        }
        !self.types.is_empty()
    }
}

impl<'a> Selections<'a> {
    pub(super) fn new(schema: &'a Supergraph, variables: Vec<&'a str>) -> Self {
        Self {
            schema,
            variables,
            sels: Vec::new(),
            args: vec![Args::default()],
            args_ids: FxHashMap::default(),
            sets: FxHashMap::default(),
            omit_null: false,
        }
    }

    pub(super) fn get(&self, id: SelId) -> Rc<Sel<'a>> {
        Rc::clone(&self.sels[id.0 as usize])
    }

    pub(super) fn args(&self, id: ArgsId) -> &Args {
        &self.args[id.0 as usize]
    }

    /// The client's selections on a type.
    pub(super) fn of_client(&mut self, on: TypeId, selections: &'a [Selection]) -> SelId {
        let possible = self.schema.ty(on).possible.clone();
        self.build(on, &[(possible, Written::Client(selections))], None)
    }

    /// A field set, for objects of some types.
    pub(super) fn of_set(&mut self, set: FieldSetId, types: &TypeSet) -> SelId {
        if let Some(&known) = self.sets.get(&(set, types.clone())) {
            return known;
        }
        let def = self.schema.set(set);
        let id = self.build(def.on, &[(types.clone(), Written::Set(&def.selections))], None);
        self.sets.insert((set, types.clone()), id);
        id
    }

    /// The same selection set with only some of its units.
    pub(super) fn part(&mut self, of: SelId, units: std::ops::Range<usize>) -> SelId {
        let whole = self.get(of);
        let units = whole.units[units].iter().map(Unit::duplicate).collect();
        self.add(Sel {
            on: whole.on,
            types: whole.types.clone(),
            units,
            typed: whole.typed,
            is_set: whole.is_set,
        })
    }

    fn add(&mut self, sel: Sel<'a>) -> SelId {
        let id = u32::try_from(self.sels.len()).expect("operations are bounded far below 2^32");
        self.sels.push(Rc::new(sel));
        SelId(id)
    }

    /// Builds a selection set. Conditions on types that are not among the members, if there are
    /// such, are not met.
    fn build(
        &mut self,
        on: TypeId,
        parts: &[(TypeSet, Written<'a>)],
        members: Option<&TypeSet>,
    ) -> SelId {
        let is_set = matches!(parts.first(), Some((_, Written::Set(_))));
        let mut occurrences = Vec::new();
        let mut types = TypeSet::new();
        for (part_types, written) in parts {
            types.union_with(part_types);
            self.collect(part_types, *written, &mut occurrences);
        }
        if let Some(members) = members {
            occurrences.retain_mut(|occurrence| occurrence.restrict(&types, members));
        }
        let mut keys: FxHashMap<&'a str, usize> = FxHashMap::default();
        let mut groups: Vec<SmallVec<[usize; 2]>> = Vec::new();
        for (at, occurrence) in occurrences.iter().enumerate() {
            let group = *keys.entry(occurrence.key).or_insert_with(|| {
                groups.push(SmallVec::new());
                groups.len() - 1
            });
            groups[group].push(at);
        }
        let mut units = Vec::with_capacity(groups.len());
        for group in &groups {
            for (unit_types, members) in self.classes(&types, group, &occurrences) {
                units.push(self.unit(unit_types, &members, &occurrences));
            }
        }
        let is_abstract = self.schema.ty(on).possible != TypeSet::of(on);
        let conditional =
            |unit: &Unit<'_>| matches!(unit.what, What::Typename) || !types.is_subset(&unit.types);
        let hidden = |id: TypeId| self.schema.ty(id).inaccessible;
        // An object in a representation is of a type that the subgraph must be told.
        let typed =
            is_abstract && (is_set || units.iter().any(conditional) || types.iter().any(hidden));
        self.add(Sel { on, types, units, typed, is_set })
    }

    fn collect(&mut self, types: &TypeSet, written: Written<'a>, into: &mut Vec<Occurrence<'a>>) {
        let schema = self.schema;
        match written {
            Written::Client(list) => {
                for selection in list {
                    match selection {
                        Selection::Typename { key } => into.push(Occurrence {
                            key,
                            types: types.clone(),
                            what: Occurs::Typename,
                        }),
                        Selection::Field(field) => {
                            let args = self.client_args(&field.arguments);
                            let below = Written::Client(&field.selections);
                            let what = Occurs::Field {
                                field: field.field,
                                args,
                                below,
                                denied: field.denied,
                                shaping: field.shaping,
                            };
                            into.push(Occurrence { key: &field.key, types: types.clone(), what });
                        }
                        Selection::Fragment { on, selections } => {
                            let types = types.intersection(&schema.ty(*on).possible);
                            if !types.is_empty() {
                                self.collect(&types, Written::Client(selections), into);
                            }
                        }
                    }
                }
            }
            Written::Set(list) => self.collect_set(types, list, into),
        }
    }

    fn collect_set(
        &mut self,
        types: &TypeSet,
        list: &'a [SetSelection],
        into: &mut Vec<Occurrence<'a>>,
    ) {
        let schema = self.schema;
        for selection in list {
            match selection {
                SetSelection::Typename => into.push(Occurrence {
                    key: "__typename",
                    types: types.clone(),
                    what: Occurs::Typename,
                }),
                SetSelection::Field { field, arguments, selections } => {
                    let args = self.set_args(*field, arguments);
                    let what = Occurs::Field {
                        field: *field,
                        args,
                        below: Written::Set(selections),
                        denied: false,
                        shaping: Shaping::default(),
                    };
                    let key = schema.field_name(*field);
                    into.push(Occurrence { key, types: types.clone(), what });
                }
                SetSelection::Fragment { on, selections } => {
                    let types = types.intersection(&schema.ty(*on).possible);
                    if !types.is_empty() {
                        self.collect_set(&types, selections, into);
                    }
                }
            }
        }
    }

    /// Splits the types of one key's occurrences into those for which the same occurrences count
    /// and the field has the same type.
    fn classes(
        &self,
        all: &TypeSet,
        group: &[usize],
        occurrences: &[Occurrence<'a>],
    ) -> SmallVec<[(TypeSet, SmallVec<[usize; 2]>); 1]> {
        if all.len() == 1 {
            return smallvec![(all.clone(), group.into())];
        }
        type Class = (SmallVec<[usize; 2]>, Option<TypeRef>);
        let mut classes: SmallVec<[(TypeSet, Class); 1]> = SmallVec::new();
        for object in all.iter() {
            let counts = |&at: &usize| occurrences[at].types.contains(object);
            let members: SmallVec<[usize; 2]> = group.iter().copied().filter(counts).collect();
            let Some(&first) = members.first() else { continue };
            let ty = match &occurrences[first].what {
                Occurs::Typename => None,
                Occurs::Field { field, .. } => Some(self.object_field_type(object, *field)),
            };
            let class = (members, ty);
            match classes.iter_mut().find(|(_, known)| *known == class) {
                Some((types, _)) => {
                    types.insert(object);
                }
                None => classes.push((TypeSet::of(object), class)),
            }
        }
        classes.into_iter().map(|(types, (members, _))| (types, members)).collect()
    }

    fn object_field_type(&self, object: TypeId, field: FieldId) -> TypeRef {
        let def = self.schema.field_def(field);
        let own = self.schema.field(object, def.name);
        own.map_or(def.ty, |id| self.schema.field_def(id).ty)
    }

    fn unit(
        &mut self,
        types: TypeSet,
        members: &[usize],
        occurrences: &[Occurrence<'a>],
    ) -> Unit<'a> {
        let first = &occurrences[members[0]];
        let key = first.key;
        let Occurs::Field { field, args, .. } = first.what else {
            return Unit { key, types, what: What::Typename, shaping: Shaping::default() };
        };
        let object = types.iter().next();
        let ty = object.map_or(self.schema.field_def(field).ty, |object| {
            self.object_field_type(object, field)
        });
        let mut below = Vec::with_capacity(members.len());
        let mut shaped = Shaping { omit_null: self.omit_null, ..Shaping::default() };
        let mut refused = false;
        for &member in members {
            let Occurs::Field { below: written, denied, shaping, .. } = occurrences[member].what
            else {
                continue;
            };
            refused |= denied;
            shaped.flatten |= shaping.flatten;
            shaped.hide |= shaping.hide;
            shaped.omit_null |= shaping.omit_null;
            if !written.is_empty() {
                below.push((self.schema.ty(ty.named).possible.clone(), written));
            }
        }
        if refused {
            return Unit { key, types, what: What::Denied(field, ty), shaping: shaped };
        }
        let members = self.common_members(field, ty.named);
        let child = (!below.is_empty()).then(|| self.build(ty.named, &below, members.as_ref()));
        let name = self.schema.field_def(field).name;
        let what = What::Field(UnitField { name, field, ty, args, child });
        Unit { key, types, what, shaping: shaped }
    }

    /// Where several subgraphs resolve a field of abstract type, the types that all of them know:
    /// only these are asked for by condition, so that the answer does not depend on who is asked.
    fn common_members(&self, field: FieldId, on: TypeId) -> Option<TypeSet> {
        let schema = self.schema;
        let joins = &schema.field_def(field).joins;
        if joins.len() < 2 || schema.ty(on).possible == TypeSet::of(on) {
            return None;
        }
        let own = joins.iter().filter(|join| !join.external && !join.used_overridden);
        let known = own.filter(|join| !schema.is_interface_object(join.subgraph, join.ty.named));
        let common = known
            .map(|join| schema.possible_in(join.subgraph, join.ty.named))
            .reduce(|common, types| common.intersection(&types));
        common.filter(|common| !common.is_empty())
    }

    fn client_args(&mut self, arguments: &[(braid_model::ids::InputId, Value)]) -> ArgsId {
        if arguments.is_empty() {
            return ArgsId(0);
        }
        let named = arguments.iter().map(|(id, value)| {
            let name = self.schema.text(self.schema.input(*id).name);
            (name, value)
        });
        let args = text::arguments(named, &self.variables);
        self.intern_args(args)
    }

    fn set_args(&mut self, field: FieldId, arguments: &[(Name, ConstValue)]) -> ArgsId {
        if arguments.is_empty() {
            return ArgsId(0);
        }
        // In the order of the definition, as the client's are, so that equal ones have equal text.
        let defined = &self.schema.field_def(field).args;
        let place = |name: Name| defined.iter().position(|&id| self.schema.input(id).name == name);
        let mut ordered: Vec<(Name, Value)> =
            arguments.iter().map(|(name, value)| (*name, text::value_of(value))).collect();
        ordered.sort_by_key(|(name, _)| place(*name));
        let named = ordered.iter().map(|(name, value)| (self.schema.text(*name), value));
        let args = text::arguments(named, &self.variables);
        self.intern_args(args)
    }

    fn intern_args(&mut self, args: Args) -> ArgsId {
        if let Some(&known) = self.args_ids.get(&args.text) {
            return known;
        }
        let id = u32::try_from(self.args.len()).expect("operations are bounded far below 2^32");
        self.args_ids.insert(args.text.clone(), ArgsId(id));
        self.args.push(args);
        ArgsId(id)
    }
}

impl Unit<'_> {
    fn duplicate(&self) -> Self {
        let what = match &self.what {
            What::Typename => What::Typename,
            What::Field(field) => What::Field(*field),
            What::Denied(field, ty) => What::Denied(*field, *ty),
        };
        Self { key: self.key, types: self.types.clone(), what, shaping: self.shaping }
    }
}
