//! Which types are subtypes of which, seen over all subgraphs.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::{
    ir::{Ir, Kind, TypeRef},
    names::Name,
};

/// Union membership and interface implementation anywhere in the graph.
pub(crate) struct Membership {
    supertypes: FxHashMap<Name, FxHashSet<Name>>,
}

pub(crate) fn collect(ir: &Ir) -> Membership {
    let mut supertypes: FxHashMap<Name, FxHashSet<Name>> = FxHashMap::default();
    for sub in &ir.subgraphs {
        for ty in &sub.types {
            let interfaces = sub.interfaces_of(ty).iter().map(|link| link.0);
            supertypes.entry(ty.name).or_default().extend(interfaces);
            if ty.kind == Kind::Union {
                for (member, _) in sub.members_of(ty) {
                    supertypes.entry(*member).or_default().insert(ty.name);
                }
            }
        }
    }
    Membership { supertypes }
}

impl Membership {
    fn is_named_subtype(&self, sub: Name, of: Name) -> bool {
        sub == of || self.supertypes.get(&sub).is_some_and(|supers| supers.contains(&of))
    }

    /// Whether a value of `sub` can always stand where `of` is promised (GraphQL 3.6.1,
    /// `IsValidImplementationFieldType`).
    pub(crate) fn is_subtype(&self, sub: TypeRef, of: TypeRef) -> bool {
        sub.depth == of.depth
            && of.non_null & !sub.non_null == 0
            && self.is_named_subtype(sub.base, of.base)
    }

    /// The least strict of `types`: the one that all others are subtypes of.
    pub(crate) fn common_supertype(&self, types: &[TypeRef]) -> Option<TypeRef> {
        types.iter().copied().find(|of| types.iter().all(|sub| self.is_subtype(*sub, *of)))
    }

    /// The most strict of `types`: the one that is a subtype of all others.
    pub(crate) fn common_subtype(&self, types: &[TypeRef]) -> Option<TypeRef> {
        types.iter().copied().find(|sub| types.iter().all(|of| self.is_subtype(*sub, *of)))
    }
}
