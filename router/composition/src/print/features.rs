//! The linked specifications of a supergraph: which are used, how they are linked and defined.

use std::fmt::Write as _;

use crate::{
    expanded::known::FedVersion,
    ir::marks::Marks,
    merged::{Merged, graphs::Graph},
    print::element,
};

/// Versions of the join specification that are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum JoinVersion {
    V03,
    V04,
    V05,
}

impl JoinVersion {
    /// The highest federation version that any subgraph links decides (COMPOSITION notes,
    /// section 2).
    pub(crate) fn for_federation(highest: FedVersion) -> Self {
        match highest.minor() {
            Some(minor) if minor >= 8 => Self::V05,
            Some(7) => Self::V04,
            _ => Self::V03,
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::V03 => "v0.3",
            Self::V04 => "v0.4",
            Self::V05 => "v0.5",
        }
    }
}

/// Which directives of features the supergraph applies.
#[derive(Default)]
struct Used {
    inaccessible: bool,
    tag: bool,
    authenticated: bool,
    scopes: bool,
    policy: bool,
    cost: bool,
    list_size: bool,
}

impl Used {
    fn add(&mut self, marks: &Marks) {
        self.inaccessible |= marks.inaccessible.is_some();
        self.tag |= !marks.tags.is_empty();
        self.authenticated |= marks.authenticated.is_some();
        self.scopes |= marks.scopes.is_some();
        self.policy |= marks.policies.is_some();
        self.cost |= marks.cost.is_some();
        self.list_size |= marks.list_size.is_some();
    }
}

fn used(merged: &Merged) -> Used {
    let mut used = Used::default();
    used.add(&merged.schema_marks);
    for ty in &merged.types {
        used.add(&ty.marks);
        for field in &ty.fields {
            used.add(&field.marks);
            field.args.iter().for_each(|argument| used.add(&argument.marks));
        }
        ty.inputs.iter().for_each(|input| used.add(&input.marks));
        ty.values.iter().for_each(|value| used.add(&value.marks));
    }
    used
}

/// `@link` applications, one a line.
pub(crate) fn links(merged: &Merged, join: JoinVersion) -> Vec<String> {
    let used = used(merged);
    let spec =
        |name: &str, rest: &str| format!("@link(url: \"https://specs.apollo.dev/{name}\"{rest})");
    let mut links =
        vec![spec("link/v1.0", ""), spec(&format!("join/{}", join.as_str()), ", for: EXECUTION")];
    let mut add = |wanted: bool, name: &str, rest: &str| {
        if wanted {
            links.push(spec(name, rest));
        }
    };
    add(used.tag, "tag/v0.3", "");
    add(used.inaccessible, "inaccessible/v0.2", ", for: SECURITY");
    add(used.authenticated, "authenticated/v0.1", ", for: SECURITY");
    add(used.scopes, "requiresScopes/v0.1", ", for: SECURITY");
    add(used.policy, "policy/v0.1", ", for: SECURITY");
    let imports = [(used.cost, "\"@cost\""), (used.list_size, "\"@listSize\"")];
    let imports: Vec<&str> = imports.iter().filter(|item| item.0).map(|item| item.1).collect();
    add(!imports.is_empty(), "cost/v0.1", &format!(", import: [{}]", imports.join(", ")));
    for feature in &merged.composed_features {
        let imports: Vec<String> = feature
            .imports
            .iter()
            .map(|(local, spec)| match local == spec {
                true => element::quoted(local),
                false => {
                    format!("{{name: {}, as: {}}}", element::quoted(spec), element::quoted(local))
                }
            })
            .collect();
        links.push(format!(
            "@link(url: {}, import: [{}])",
            element::quoted(&feature.url),
            imports.join(", ")
        ));
    }
    links
}

/// Directive definitions of link, join and the used features, sorted.
pub(crate) fn directive_definitions(merged: &Merged, join: JoinVersion) -> Vec<String> {
    const EVERYWHERE: &str = "FIELD_DEFINITION | OBJECT | INTERFACE | UNION | ARGUMENT_DEFINITION \
                              | SCALAR | ENUM | ENUM_VALUE | INPUT_OBJECT | INPUT_FIELD_DEFINITION";
    const AUTH: &str = "FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM";
    let used = used(merged);
    let mut definitions = join_directives(join);
    definitions.push(
        "directive @link(url: String, as: String, for: link__Purpose, import: [link__Import]) \
         repeatable on SCHEMA"
            .to_owned(),
    );
    let mut add = |wanted: bool, definition: String| {
        if wanted {
            definitions.push(definition);
        }
    };
    add(used.tag, format!("directive @tag(name: String!) repeatable on {EVERYWHERE} | SCHEMA"));
    add(used.inaccessible, format!("directive @inaccessible on {EVERYWHERE}"));
    add(used.authenticated, format!("directive @authenticated on {AUTH}"));
    add(
        used.scopes,
        format!("directive @requiresScopes(scopes: [[requiresScopes__Scope!]!]!) on {AUTH}"),
    );
    add(used.policy, format!("directive @policy(policies: [[policy__Policy!]!]!) on {AUTH}"));
    add(
        used.cost,
        "directive @cost(weight: Int!) on ARGUMENT_DEFINITION | ENUM | FIELD_DEFINITION \
         | INPUT_FIELD_DEFINITION | OBJECT | SCALAR"
            .to_owned(),
    );
    add(
        used.list_size,
        "directive @listSize(assumedSize: Int, slicingArguments: [String!], sizedFields: [String!], \
         requireOneSlicingArgument: Boolean = true) on FIELD_DEFINITION"
            .to_owned(),
    );
    let one_of = merged.types.iter().any(|ty| ty.marks.one_of.is_some());
    add(one_of, "directive @oneOf on INPUT_OBJECT".to_owned());
    definitions.extend(merged.directives.iter().cloned());
    definitions.sort_unstable();
    definitions
}

fn join_directives(join: JoinVersion) -> Vec<String> {
    let label = if join >= JoinVersion::V04 { ", overrideLabel: String" } else { "" };
    let context = match join {
        JoinVersion::V05 => ", contextArguments: [join__ContextArgument!]",
        JoinVersion::V03 | JoinVersion::V04 => "",
    };
    let mut definitions = vec![
        "directive @join__enumValue(graph: join__Graph!) repeatable on ENUM_VALUE".to_owned(),
        format!(
            "directive @join__field(graph: join__Graph, requires: join__FieldSet, provides: \
             join__FieldSet, type: String, external: Boolean, override: String, usedOverridden: \
             Boolean{label}{context}) repeatable on FIELD_DEFINITION | INPUT_FIELD_DEFINITION"
        ),
        "directive @join__graph(name: String!, url: String!) on ENUM_VALUE".to_owned(),
        "directive @join__implements(graph: join__Graph!, interface: String!) repeatable on OBJECT \
         | INTERFACE"
            .to_owned(),
        "directive @join__type(graph: join__Graph!, key: join__FieldSet, extension: Boolean! = \
         false, resolvable: Boolean! = true, isInterfaceObject: Boolean! = false) repeatable on \
         OBJECT | INTERFACE | UNION | ENUM | INPUT_OBJECT | SCALAR"
            .to_owned(),
        "directive @join__unionMember(graph: join__Graph!, member: String!) repeatable on UNION"
            .to_owned(),
    ];
    if join >= JoinVersion::V04 {
        definitions.push(
            "directive @join__directive(graphs: [join__Graph!], name: String!, args: \
             join__DirectiveArguments) repeatable on SCHEMA | OBJECT | INTERFACE | FIELD_DEFINITION"
                .to_owned(),
        );
    }
    definitions
}

/// Type definitions of link, join and the used features, by name.
pub(crate) fn type_definitions(merged: &Merged, join: JoinVersion) -> Vec<(String, String)> {
    let used = used(merged);
    let mut types = vec![
        scalar("join__FieldSet"),
        ("join__Graph".to_owned(), graph_enum(&merged.graphs)),
        scalar("link__Import"),
        (
            "link__Purpose".to_owned(),
            "enum link__Purpose {\n  \"\"\"\n  Features that provide metadata necessary to securely \
             resolve fields.\n  \"\"\"\n  SECURITY\n\n  \"\"\"\n  Features that provide metadata \
             necessary for operation execution.\n  \"\"\"\n  EXECUTION\n}\n"
                .to_owned(),
        ),
    ];
    if join >= JoinVersion::V04 {
        types.push(scalar("join__DirectiveArguments"));
    }
    if join >= JoinVersion::V05 {
        types.push(scalar("join__FieldValue"));
        types.push((
            "join__ContextArgument".to_owned(),
            "input join__ContextArgument {\n  name: String!\n  type: String!\n  context: String!\n  \
             selection: join__FieldValue!\n}\n"
                .to_owned(),
        ));
    }
    if used.scopes {
        types.push(scalar("requiresScopes__Scope"));
    }
    if used.policy {
        types.push(scalar("policy__Policy"));
    }
    types
}

fn scalar(name: &str) -> (String, String) {
    (name.to_owned(), format!("scalar {name}\n"))
}

fn graph_enum(graphs: &[Graph]) -> String {
    let mut text = "enum join__Graph {\n".to_owned();
    for graph in graphs {
        _ = writeln!(
            text,
            "  {} @join__graph(name: {}, url: {})",
            graph.value,
            element::quoted(&graph.name),
            element::quoted(&graph.url)
        );
    }
    text.push_str("}\n");
    text
}
