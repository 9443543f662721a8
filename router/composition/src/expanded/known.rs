//! The federation directives this composer knows, with the versions that have them and their
//! definitions (COMPOSITION notes section 2).

use std::fmt::Write as _;

use crate::expanded::links::Links;

/// The newest federation specification accepted in `@link`.
pub(crate) const LATEST_MINOR: u32 = 12;

/// Federation elements that this composer refuses with a message of their own.
pub(crate) const UNSUPPORTED: &[&str] =
    &["@context", "@fromContext", "@cacheTag", "@connect", "@source", "ContextFieldValue"];

/// The federation version of one subgraph; Federation 1 sorts first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct FedVersion(Option<u32>);

impl FedVersion {
    pub(crate) const ONE: Self = Self(None);

    pub(crate) fn two(minor: u32) -> Self {
        Self(Some(minor))
    }

    pub(crate) fn is_one(self) -> bool {
        self.0.is_none()
    }

    /// The minor version of Federation 2, if it is that.
    pub(crate) fn minor(self) -> Option<u32> {
        self.0
    }
}

/// A directive with a meaning for composition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Known {
    Key,
    External,
    Requires,
    Provides,
    Extends,
    Shareable,
    InterfaceObject,
    Override,
    Inaccessible,
    Tag,
    Authenticated,
    RequiresScopes,
    Policy,
    Cost,
    ListSize,
    ComposeDirective,
}

/// When a known directive exists and how it is defined.
pub(crate) struct Info {
    pub(crate) known: Known,
    pub(crate) name: &'static str,
    pub(crate) since_minor: u32,
    in_federation_1: bool,
    /// The specification of its own that the supergraph links, and its version.
    pub(crate) own_spec: Option<(&'static str, &'static str)>,
}

impl Info {
    pub(crate) fn exists_in(&self, version: FedVersion) -> bool {
        match version.minor() {
            None => self.in_federation_1,
            Some(minor) => minor >= self.since_minor,
        }
    }
}

const fn info(
    known: Known,
    name: &'static str,
    since_minor: u32,
    in_federation_1: bool,
    own_spec: Option<(&'static str, &'static str)>,
) -> Info {
    Info { known, name, since_minor, in_federation_1, own_spec }
}

/// Every known directive.
pub(crate) const ALL: &[Info] = &[
    info(Known::Key, "key", 0, true, None),
    info(Known::External, "external", 0, true, None),
    info(Known::Requires, "requires", 0, true, None),
    info(Known::Provides, "provides", 0, true, None),
    info(Known::Extends, "extends", 0, true, None),
    info(Known::Shareable, "shareable", 0, false, None),
    info(Known::InterfaceObject, "interfaceObject", 3, false, None),
    info(Known::Override, "override", 0, false, None),
    info(Known::Inaccessible, "inaccessible", 0, false, Some(("inaccessible", "v0.2"))),
    info(Known::Tag, "tag", 0, true, Some(("tag", "v0.3"))),
    info(Known::Authenticated, "authenticated", 5, false, Some(("authenticated", "v0.1"))),
    info(Known::RequiresScopes, "requiresScopes", 5, false, Some(("requiresScopes", "v0.1"))),
    info(Known::Policy, "policy", 6, false, Some(("policy", "v0.1"))),
    info(Known::Cost, "cost", 9, false, Some(("cost", "v0.1"))),
    info(Known::ListSize, "listSize", 9, false, Some(("cost", "v0.1"))),
    info(Known::ComposeDirective, "composeDirective", 1, false, None),
];

/// Definitions of everything the document's links bring, under its local names.
///
/// Elements that the document defines itself (`is_defined`) are left out: those are compared with
/// the ones printed here by [`crate::expanded::definitions`].
pub(crate) fn definitions(links: &Links, is_defined: &dyn Fn(&str) -> bool) -> String {
    let mut text = String::with_capacity(2048);
    for scalar in [&links.field_set, &links.scope, &links.policy] {
        if !is_defined(scalar) {
            push(&mut text, format_args!("scalar {scalar}"));
        }
    }
    for (known, local) in links.iter() {
        if !is_defined(&format!("@{local}")) {
            push(&mut text, format_args!("{}", directive(links, known, local)));
        }
    }
    if !is_defined("@oneOf") && links.known("oneOf").is_none() {
        push(&mut text, format_args!("directive @oneOf on INPUT_OBJECT"));
    }
    let link = &links.link;
    if !is_defined(&format!("@{link}")) && links.known(link).is_none() {
        push(
            &mut text,
            format_args!(
                "directive @{link}(url: String, as: String, for: {link}__Purpose, \
                 import: [{link}__Import]) repeatable on SCHEMA"
            ),
        );
    }
    if !is_defined(&format!("{link}__Purpose")) {
        push(&mut text, format_args!("enum {link}__Purpose {{ SECURITY EXECUTION }}"));
    }
    if !is_defined(&format!("{link}__Import")) {
        push(&mut text, format_args!("scalar {link}__Import"));
    }
    text
}

fn push(text: &mut String, line: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    _ = writeln!(text, "{line}");
}

/// The definition of one directive in the version that `links` chose.
pub(crate) fn directive(links: &Links, known: Known, local: &str) -> String {
    let field_set = &links.field_set;
    let minor = links.version.minor();
    let one = links.version.is_one();
    let bang = if one { "" } else { "!" };
    match known {
        Known::Key => format!(
            "directive @{local}(fields: {field_set}!, resolvable: Boolean = true) repeatable on OBJECT | INTERFACE"
        ),
        Known::External => {
            format!("directive @{local}(reason: String) on OBJECT | FIELD_DEFINITION")
        }
        Known::Requires | Known::Provides => {
            format!("directive @{local}(fields: {field_set}{bang}) on FIELD_DEFINITION")
        }
        Known::Extends => format!("directive @{local} on OBJECT | INTERFACE"),
        Known::Shareable => {
            let repeatable = if minor.is_some_and(|minor| minor >= 2) { "repeatable " } else { "" };
            format!("directive @{local} {repeatable}on OBJECT | FIELD_DEFINITION")
        }
        Known::InterfaceObject => format!("directive @{local} on OBJECT"),
        Known::Override => {
            let label = if minor.is_some_and(|minor| minor >= 7) { ", label: String" } else { "" };
            format!("directive @{local}(from: String!{label}) on FIELD_DEFINITION")
        }
        Known::ComposeDirective => {
            format!("directive @{local}(name: String!) repeatable on SCHEMA")
        }
        Known::Inaccessible
        | Known::Tag
        | Known::Authenticated
        | Known::RequiresScopes
        | Known::Policy
        | Known::Cost
        | Known::ListSize => travelling(links, known, local),
    }
}

/// Definitions of the directives that appear in the supergraph, too.
fn travelling(links: &Links, known: Known, local: &str) -> String {
    const AUTH: &str = "FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM";
    const EVERYWHERE: &str = "FIELD_DEFINITION | OBJECT | INTERFACE | UNION | ARGUMENT_DEFINITION \
                              | SCALAR | ENUM | ENUM_VALUE | INPUT_OBJECT | INPUT_FIELD_DEFINITION";
    match known {
        Known::Inaccessible => format!("directive @{local} on {EVERYWHERE}"),
        Known::Tag => {
            let schema =
                if links.version.minor().is_some_and(|minor| minor < 3) { "" } else { " | SCHEMA" };
            format!("directive @{local}(name: String!) repeatable on {EVERYWHERE}{schema}")
        }
        Known::Authenticated => format!("directive @{local} on {AUTH}"),
        Known::RequiresScopes => {
            format!("directive @{local}(scopes: [[{}!]!]!) on {AUTH}", links.scope)
        }
        Known::Policy => format!("directive @{local}(policies: [[{}!]!]!) on {AUTH}", links.policy),
        Known::Cost => format!(
            "directive @{local}(weight: Int!) on ARGUMENT_DEFINITION | ENUM | FIELD_DEFINITION \
             | INPUT_FIELD_DEFINITION | OBJECT | SCALAR"
        ),
        _ => format!(
            "directive @{local}(assumedSize: Int, slicingArguments: [String!], sizedFields: [String!], \
             requireOneSlicingArgument: Boolean = true) on FIELD_DEFINITION"
        ),
    }
}
