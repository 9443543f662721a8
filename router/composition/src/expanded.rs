//! Stage 2: links resolved, federation definitions added, plain GraphQL validated.
//!
//! A subgraph document usually says `extend type X` without a base, uses federation directives
//! without defining them and may have no query type. All of that is made good here, so that the
//! GraphQL layer can validate the document completely.

pub(crate) mod definitions;
pub(crate) mod known;
pub(crate) mod links;

use apollo_compiler::{
    Name as AstName, Node, Schema,
    ast::{self, Definition, OperationType},
    parser::FileId,
    validation::Valid,
};
use rustc_hash::FxHashSet;

use crate::{
    code::Code,
    diagnostic::Diagnostic,
    expanded::links::Links,
    parsed::{self, Parsed, invalid_graphql},
    source::{Source, Span},
};

/// A valid subgraph schema whose directive names are all resolved.
pub(crate) struct Expanded {
    pub(crate) source: Source,
    pub(crate) links: Links,
    pub(crate) schema: Valid<Schema>,
    /// Names with a definition in the document, `@`-prefixed for directives.
    pub(crate) defined: FxHashSet<String>,
    file: Option<FileId>,
}

impl Expanded {
    pub(crate) fn span(&self, location: Option<apollo_compiler::parser::SourceSpan>) -> Span {
        parsed::span_in(self.file, location)
    }

    /// Whether a location lies in the subgraph's own text.
    pub(crate) fn is_written(&self, location: Option<apollo_compiler::parser::SourceSpan>) -> bool {
        location.is_some_and(|at| Some(at.file_id()) == self.file)
    }
}

/// Expands one parsed subgraph.
pub(crate) fn expand(mut parsed: Parsed) -> Result<Expanded, Vec<Diagnostic>> {
    let mut errors = Vec::new();
    let links = links::resolve(&parsed, &mut errors);
    if !errors.is_empty() {
        return Err(errors);
    }
    let defined = defined_names(&parsed.document);
    definitions::check(&parsed, &links, &mut errors);
    let query = remove_federation_machinery(&mut parsed.document);
    let additions = additions(&links, &defined, &query);

    let federation = ast::Document::parse(additions, "federation.graphql").map_err(|broken| {
        // Only local names that came from the document vary in this text, and those were checked.
        let message = format!("the linked names do not make valid definitions: {}", broken.errors);
        vec![Diagnostic::in_subgraph(Code::InvalidLinkIdentifier, &parsed.source, &message)]
    })?;
    let schema = Schema::builder()
        .adopt_orphan_extensions()
        .ignore_builtin_redefinitions()
        .add_ast(&parsed.document)
        .add_ast(&federation)
        .build();
    let file = parsed.file();
    let validated = schema
        .map_err(|broken| broken.errors)
        .and_then(|schema| schema.validate().map_err(|broken| broken.errors));
    let schema = match validated {
        Ok(schema) => schema,
        Err(broken) => {
            errors.extend(with_import_help(invalid_graphql(&parsed.source, file, &broken), &links));
            return Err(errors);
        }
    };
    if !errors.is_empty() {
        return Err(errors);
    }
    Ok(Expanded { source: parsed.source, links, schema, defined, file })
}

fn defined_names(document: &ast::Document) -> FxHashSet<String> {
    let mut names = FxHashSet::default();
    for definition in &document.definitions {
        if definition.is_extension_definition() {
            continue;
        }
        match (definition, definition.name()) {
            (Definition::DirectiveDefinition(directive), _) => {
                names.insert(format!("@{}", directive.name));
            }
            (_, Some(name)) => {
                names.insert(name.to_string());
            }
            (_, None) => {}
        }
    }
    names
}

/// Name of the query type, and whether the document has to be told about it.
struct QueryRoot {
    name: AstName,
    needs_schema_extension: bool,
}

/// Removes `_service`, `_entities` and their types, which composition never merges.
fn remove_federation_machinery(document: &mut ast::Document) -> QueryRoot {
    let mut has_schema_definition = false;
    let mut query = None;
    for definition in &document.definitions {
        let operations = match definition {
            Definition::SchemaDefinition(schema) => {
                has_schema_definition = true;
                &schema.root_operations
            }
            Definition::SchemaExtension(schema) => &schema.root_operations,
            _ => continue,
        };
        if has_any(operations) {
            has_schema_definition = true;
        }
        let found = operations.iter().find(|operation| operation.0 == OperationType::Query);
        query = query.or_else(|| found.map(|operation| operation.1.clone()));
    }
    let needs_schema_extension = has_schema_definition && query.is_none();
    let name = query.unwrap_or_else(|| OperationType::Query.default_type_name().clone());
    document.definitions.retain(|definition| match definition.name() {
        Some(own) if !matches!(definition, Definition::DirectiveDefinition(_)) => {
            !["_Service", "_Any", "_Entity"].contains(&own.as_str())
        }
        _ => true,
    });
    let is_machinery =
        |field: &Node<ast::FieldDefinition>| field.name == "_service" || field.name == "_entities";
    for definition in &mut document.definitions {
        match definition {
            Definition::ObjectTypeDefinition(object) if object.name == name => {
                object.make_mut().fields.retain(|field| !is_machinery(field));
            }
            Definition::ObjectTypeExtension(object) if object.name == name => {
                object.make_mut().fields.retain(|field| !is_machinery(field));
            }
            _ => {}
        }
    }
    QueryRoot { name, needs_schema_extension }
}

fn has_any<T>(list: &[T]) -> bool {
    !list.is_empty()
}

/// The SDL that is added to the document before validation.
fn additions(links: &Links, defined: &FxHashSet<String>, query: &QueryRoot) -> String {
    let mut text = known::definitions(links, &|name| defined.contains(name));
    // Every subgraph has a query type, as the federation specification adds `_service` to it.
    text.push_str(&format!("extend type {} {{ _service: String }}\n", query.name));
    if query.needs_schema_extension {
        text.push_str(&format!("extend schema {{ query: {} }}\n", query.name));
    }
    text
}

/// Says how to reach a federation directive that was used without being imported.
fn with_import_help(errors: Vec<Diagnostic>, links: &Links) -> Vec<Diagnostic> {
    let explain = |mut error: Diagnostic| {
        for info in known::ALL {
            if !error.message.contains(&format!("`@{}`", info.name)) {
                continue;
            }
            error.help = match links.local(info.known) {
                Some(local) if local != info.name => Some(format!(
                    "use \"@{local}\" or add \"@{}\" to the imports of the federation link",
                    info.name
                )),
                Some(_) => continue,
                None if links.version.is_one() => Some(format!(
                    "link federation 2 to have it: extend schema @link(url: \
                     \"https://specs.apollo.dev/federation/v2.{}\", import: [\"@{}\"])",
                    info.since_minor, info.name
                )),
                None => Some(format!("it exists since federation v2.{}", info.since_minor)),
            };
        }
        error
    };
    errors.into_iter().map(explain).collect()
}
