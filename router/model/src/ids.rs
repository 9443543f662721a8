//! Ids of the model's elements: indexes into the arenas of [`crate::Supergraph`], and interned names.

use rustc_hash::FxHashMap;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u32);

        impl $name {
            /// The id of the element at `index`. Arenas are bounded by the size of a document
            /// (under 4 GiB), so the index fits.
            pub fn new(index: usize) -> Self {
                Self(u32::try_from(index).expect("arenas hold fewer than 2^32 elements"))
            }

            /// The element's place in its arena.
            pub fn index(self) -> usize {
                self.0 as usize
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }
    };
}

id!(
    /// A named type of the supergraph.
    TypeId
);
id!(
    /// A field of an object or interface type; two types' fields of one name have two ids.
    FieldId
);
id!(
    /// An argument, or a field of an input object.
    InputId
);
id!(
    /// A subgraph.
    SubgraphId
);
id!(
    /// An interned name.
    Name
);
id!(
    /// A parsed field set of `@key`, `@requires` or `@provides`.
    FieldSetId
);
id!(
    /// A requirement on the caller: `@authenticated`, `@requiresScopes`, `@policy`.
    AuthId
);

/// Names, each held once.
#[derive(Default, Debug, Clone)]
pub struct Interner {
    ids: FxHashMap<Box<str>, Name>,
    names: Vec<Box<str>>,
}

impl Interner {
    /// The id of `name`, which is added if it is new.
    pub fn intern(&mut self, name: &str) -> Name {
        if let Some(&id) = self.ids.get(name) {
            return id;
        }
        let id = Name::new(self.names.len());
        self.names.push(name.into());
        self.ids.insert(name.into(), id);
        id
    }

    /// The id of `name`, if anything has it.
    pub fn get(&self, name: &str) -> Option<Name> {
        self.ids.get(name).copied()
    }

    /// The text of a name of this interner.
    pub fn text(&self, name: Name) -> &str {
        &self.names[name.index()]
    }
}
