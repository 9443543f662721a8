//! The schema as composition wants it.
//!
//! async-graphql exports federation 2.5 with a fixed list of imports, re-declares built-in
//! directives, cannot say `@authenticated`, `@listSize`, `@cost` and others, and turns Rust
//! documentation into descriptions. [`finalise`] reads its export, drops what is not ours to say,
//! adds what the subgraph declares beside its types ([`Extra`]), and prints the result.

pub mod compare;
mod print;

use std::collections::{BTreeMap, BTreeSet};

use async_graphql::parser::types::{
    ConstDirective, ServiceDocument, TypeDefinition, TypeKind, TypeSystemDefinition,
};
use async_graphql::{ObjectType, Positioned, SDLExportOptions, Schema, SubscriptionType};

/// What async-graphql cannot say about one coordinate: `("User.email", r#"@tag(name: "pii")"#)`.
///
/// The coordinate is `Type`, `Type.field`, `Type.field(argument:)` or `Enum.VALUE`. The text is an
/// optional description in double quotes and then directives; they are added to those that
/// async-graphql exports, a repeated one is kept once. The text `drop` removes a type that exists
/// for async-graphql only.
pub type Extra = (&'static str, &'static str);

/// The head of every subgraph schema of the product.
pub const LINK: &str = r#"extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key","@external","@requires","@provides","@shareable","@interfaceObject","@override","@tag","@inaccessible","@authenticated","@requiresScopes","@cost","@listSize"])"#;

/// Extras of the types that every subgraph has.
pub const COMMON_EXTRAS: &[Extra] = &[
    ("Decimal", r#""Exact decimal as a string; stored as integer minor units""#),
    ("CurrencyCode", r#""ISO 4217""#),
    ("Money", r#"@shareable @tag(name: "partner")"#),
    ("PageInfo", r#"@shareable @tag(name: "partner")"#),
    ("UserError", r#"@tag(name: "partner")"#),
];

/// Why a schema cannot be finalised: a mistake in the subgraph's code.
#[derive(Debug, thiserror::Error)]
pub enum SdlError {
    /// A schema that does not parse.
    #[error("parsing a schema: {0}")]
    Parse(#[from] async_graphql::parser::Error),
    /// An extra that does not parse.
    #[error("extra for `{coordinate}`: {problem}")]
    Extra {
        /// The coordinate.
        coordinate: String,
        /// What is wrong.
        problem: String,
    },
}

/// What an extra adds.
struct Addition {
    description: Option<String>,
    directives: Vec<Positioned<ConstDirective>>,
    drops: bool,
}

/// What async-graphql says.
pub fn export<Q, M, S>(schema: &Schema<Q, M, S>) -> String
where
    Q: ObjectType + 'static,
    M: ObjectType + 'static,
    S: SubscriptionType + 'static,
{
    schema.sdl_with_options(SDLExportOptions::new().federation())
}

/// The contract's form of an export; see the module's documentation.
///
/// # Errors
/// A coordinate that does not exist, an extra that does not parse.
pub fn finalise(exported: &str, extras: &[Extra]) -> Result<String, SdlError> {
    let document = async_graphql::parser::parse_schema(exported)?;
    let mut additions = BTreeMap::new();
    for (coordinate, text) in COMMON_EXTRAS.iter().chain(extras) {
        let addition = Addition::parse(coordinate, text)?;
        match additions.entry(*coordinate) {
            std::collections::btree_map::Entry::Vacant(entry) => {
                entry.insert(addition);
            }
            std::collections::btree_map::Entry::Occupied(mut entry) => {
                let known: &mut Addition = entry.get_mut();
                known.directives.extend(addition.directives);
                known.description = known.description.take().or(addition.description);
            }
        }
    }
    let mut used = BTreeSet::new();
    let types: Vec<TypeDefinition> = document
        .definitions
        .into_iter()
        .filter_map(|definition| match definition {
            TypeSystemDefinition::Type(definition) => Some(definition.node),
            TypeSystemDefinition::Schema(_) | TypeSystemDefinition::Directive(_) => None,
        })
        .filter(|definition| {
            let name = definition.name.node.as_str();
            let drops = additions.get(name).is_some_and(|addition| addition.drops);
            if drops {
                used.insert(name.to_owned());
            }
            !drops
        })
        .collect();
    let mut finished = Vec::with_capacity(types.len());
    for mut definition in types {
        apply(&mut definition, &additions, &mut used);
        finished.push(definition);
    }
    if let Some((coordinate, _)) = extras.iter().find(|(coordinate, _)| !used.contains(*coordinate))
    {
        return Err(SdlError::Extra {
            coordinate: (*coordinate).to_owned(),
            problem: "no such element in the exported schema".to_owned(),
        });
    }
    Ok(print::document(LINK, &finished))
}

/// Parses SDL, for comparing and for tools.
pub(crate) fn parse(sdl: &str) -> Result<ServiceDocument, SdlError> {
    Ok(async_graphql::parser::parse_schema(sdl)?)
}

impl Addition {
    /// By way of a scalar definition, which takes a description and directives.
    fn parse(coordinate: &str, text: &str) -> Result<Self, SdlError> {
        if text == "drop" {
            return Ok(Self { description: None, directives: Vec::new(), drops: true });
        }
        let problem =
            |problem: String| SdlError::Extra { coordinate: coordinate.to_owned(), problem };
        let (description, directives) = match text.strip_prefix('"') {
            Some(rest) => {
                let (description, directives) =
                    rest.split_once('"').ok_or_else(|| problem("unclosed string".to_owned()))?;
                (Some(description.to_owned()), directives)
            }
            None => (None, text),
        };
        let document = async_graphql::parser::parse_schema(format!("scalar X {directives}"))
            .map_err(|error| problem(error.to_string()))?;
        let directives = document
            .definitions
            .into_iter()
            .find_map(|definition| match definition {
                TypeSystemDefinition::Type(definition) => Some(definition.node.directives),
                TypeSystemDefinition::Schema(_) | TypeSystemDefinition::Directive(_) => None,
            })
            .unwrap_or_default();
        Ok(Self { description, directives, drops: false })
    }
}

/// Adds what the extras say about a type and everything in it; descriptions come from them only.
fn apply(
    definition: &mut TypeDefinition,
    additions: &BTreeMap<&str, Addition>,
    used: &mut BTreeSet<String>,
) {
    let type_name = definition.name.node.to_string();
    let mut add = |coordinate: String,
                   description: &mut Option<Positioned<String>>,
                   directives: &mut Vec<Positioned<ConstDirective>>| {
        *description = None;
        if let Some(addition) = additions.get(coordinate.as_str()) {
            *description = addition
                .description
                .clone()
                .map(|text| Positioned::new(text, async_graphql::Pos::default()));
            let known: BTreeSet<String> = directives.iter().map(print::directive).collect();
            let new = addition.directives.iter();
            directives.extend(
                new.filter(|directive| !known.contains(&print::directive(directive))).cloned(),
            );
            used.insert(coordinate);
        }
    };
    add(type_name.clone(), &mut definition.description, &mut definition.directives);
    let fields = match &mut definition.kind {
        TypeKind::Object(object) => &mut object.fields,
        TypeKind::Interface(interface) => &mut interface.fields,
        TypeKind::Enum(values) => {
            for value in &mut values.values {
                let node = &mut value.node;
                let coordinate = format!("{type_name}.{}", node.value.node);
                add(coordinate, &mut node.description, &mut node.directives);
            }
            return;
        }
        TypeKind::InputObject(input) => {
            for field in &mut input.fields {
                let node = &mut field.node;
                let coordinate = format!("{type_name}.{}", node.name.node);
                add(coordinate, &mut node.description, &mut node.directives);
            }
            return;
        }
        TypeKind::Scalar | TypeKind::Union(_) => return,
    };
    for field in fields {
        let node = &mut field.node;
        let coordinate = format!("{type_name}.{}", node.name.node);
        add(coordinate.clone(), &mut node.description, &mut node.directives);
        for argument in &mut node.arguments {
            let inner = &mut argument.node;
            let coordinate = format!("{coordinate}({}:)", inner.name.node);
            add(coordinate, &mut inner.description, &mut inner.directives);
        }
    }
}
