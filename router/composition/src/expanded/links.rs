//! The link table of one subgraph: which local name means which federation element.
//!
//! Federation directives may be renamed by `import` and by `as`, so nothing after this file looks
//! at a bare directive name. (link v1.0; COMPOSITION notes section 2.)

use apollo_compiler::ast::{self, Value};
use rustc_hash::FxHashMap;

use crate::{
    code::Code,
    diagnostic::Diagnostic,
    expanded::known::{self, FedVersion, Known},
    parsed::Parsed,
    source::Span,
};

/// `https://specs.apollo.dev/` precedes every specification of the ecosystem.
const SPECS: &str = "https://specs.apollo.dev/";

/// One `@link` application.
#[derive(Clone, Debug)]
pub(crate) struct Feature {
    /// The url without its version, such as `https://specs.apollo.dev/federation`.
    pub(crate) identity: String,
    pub(crate) url: String,
    /// The last path segment of the identity.
    pub(crate) name: String,
    /// The name used in this document: `as`, else `name`.
    pub(crate) alias: String,
    pub(crate) version: Option<(u32, u32)>,
    /// (name in the specification, local name), both with `@` for directives.
    pub(crate) imports: Vec<(String, String)>,
    pub(crate) span: Span,
}

impl Feature {
    /// The local name of the feature's directive `element` (without `@`).
    pub(crate) fn local_directive(&self, element: &str) -> String {
        let imported = self.imports.iter().find_map(|(spec, local)| {
            (spec.strip_prefix('@')? == element).then(|| local.strip_prefix('@')).flatten()
        });
        match imported {
            Some(local) => local.to_owned(),
            None if element == self.name => self.alias.clone(),
            None => format!("{}__{element}", self.alias),
        }
    }

    /// The local name of the feature's type `element`.
    pub(crate) fn local_type(&self, element: &str) -> String {
        let imported = self.imports.iter().find(|(spec, _)| spec == element);
        imported.map_or_else(|| format!("{}__{element}", self.alias), |(_, local)| local.clone())
    }
}

/// The meaning of directive names in one subgraph.
#[derive(Clone, Debug, Default)]
pub(crate) struct Links {
    pub(crate) version: FedVersion,
    pub(crate) features: Vec<Feature>,
    by_local: FxHashMap<String, Known>,
    locals: FxHashMap<Known, String>,
    /// Local name of the `FieldSet` scalar, and of the other federation types.
    pub(crate) field_set: String,
    pub(crate) scope: String,
    pub(crate) policy: String,
    /// Local name of `@link`.
    pub(crate) link: String,
}

impl Links {
    /// What the directive called `local` here means.
    pub(crate) fn known(&self, local: &str) -> Option<Known> {
        self.by_local.get(local).copied()
    }

    /// How `known` is called here, if this document has it.
    pub(crate) fn local(&self, known: Known) -> Option<&str> {
        self.locals.get(&known).map(String::as_str)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (Known, &str)> {
        known::ALL.iter().filter_map(|info| Some((info.known, self.local(info.known)?)))
    }

    fn bind(&mut self, known: Known, local: String) {
        if let Some(previous) = self.locals.insert(known, local.clone()) {
            self.by_local.remove(&previous);
        }
        self.by_local.insert(local, known);
    }
}

/// Reads every `@link` of the document and builds its table.
pub(crate) fn resolve(parsed: &Parsed, errors: &mut Vec<Diagnostic>) -> Links {
    let applications = schema_directives(&parsed.document);
    let link_name = link_directive_name(&applications);
    let mut links = Links { link: link_name.clone(), ..Links::default() };
    for directive in applications.iter().filter(|directive| *directive.name == *link_name) {
        let span = parsed.span(directive.location());
        match read_feature(directive, span) {
            Ok(Some(feature)) => links.features.push(feature),
            Ok(None) => {}
            Err((code, message)) => {
                errors.push(Diagnostic::in_subgraph(code, &parsed.source, &message).label(
                    &parsed.source,
                    span,
                    "in this link",
                ));
            }
        }
    }
    bind_features(&mut links, parsed, errors);
    check_features(&links, parsed, errors);
    links
}

fn schema_directives(document: &ast::Document) -> Vec<&apollo_compiler::Node<ast::Directive>> {
    let mut all = Vec::new();
    for definition in &document.definitions {
        match definition {
            ast::Definition::SchemaDefinition(schema) => all.extend(schema.directives.iter()),
            ast::Definition::SchemaExtension(schema) => all.extend(schema.directives.iter()),
            _ => {}
        }
    }
    all
}

/// `@link` may itself be renamed by the link that imports the link specification.
fn link_directive_name(applications: &[&apollo_compiler::Node<ast::Directive>]) -> String {
    let own = format!("{SPECS}link/");
    for directive in applications {
        let url = string_argument(directive, "url").unwrap_or_default();
        if url.starts_with(&own) {
            let alias = string_argument(directive, "as").unwrap_or("link");
            if directive.name == alias {
                return alias.to_owned();
            }
        }
    }
    "link".to_owned()
}

fn string_argument<'d>(directive: &'d ast::Directive, name: &str) -> Option<&'d str> {
    directive.specified_argument_by_name(name)?.as_str()
}

type Refusal = (Code, String);

fn read_feature(directive: &ast::Directive, span: Span) -> Result<Option<Feature>, Refusal> {
    let Some(url) = string_argument(directive, "url") else {
        return Err((
            Code::InvalidLinkDirectiveUsage,
            "the \"url\" argument of @link must be a string".to_owned(),
        ));
    };
    let (identity, version) = split_url(url)?;
    let name = identity.rsplit('/').next().unwrap_or_default().to_owned();
    let alias = string_argument(directive, "as").unwrap_or(&name).to_owned();
    if !is_name(&alias) || alias.contains("__") {
        return Err((
            Code::InvalidLinkIdentifier,
            format!("\"{alias}\" cannot be the name of a linked specification"),
        ));
    }
    let imports = match directive.specified_argument_by_name("import") {
        Some(value) => read_imports(value)?,
        None => Vec::new(),
    };
    Ok(Some(Feature { identity, url: url.to_owned(), name, alias, version, imports, span }))
}

fn split_url(url: &str) -> Result<(String, Option<(u32, u32)>), Refusal> {
    let trimmed = url.trim_end_matches('/');
    let after_scheme = trimmed.split_once("://").map_or(trimmed, |(_, rest)| rest);
    let Some((head, last)) = trimmed.rsplit_once('/') else {
        return Err((Code::InvalidLinkIdentifier, format!("\"{url}\" is not a specification url")));
    };
    if after_scheme.is_empty() || !trimmed.contains("://") {
        return Err((Code::InvalidLinkIdentifier, format!("\"{url}\" is not a specification url")));
    }
    let version = last.strip_prefix('v').and_then(|digits| {
        let (major, minor) = digits.split_once('.')?;
        Some((major.parse().ok()?, minor.parse().ok()?))
    });
    Ok(match version {
        Some(version) => (head.to_owned(), Some(version)),
        None => (trimmed.to_owned(), None),
    })
}

fn read_imports(value: &Value) -> Result<Vec<(String, String)>, Refusal> {
    let invalid = |what: String| (Code::InvalidLinkDirectiveUsage, what);
    let Value::List(items) = value else {
        return Err(invalid("the \"import\" argument of @link must be a list".to_owned()));
    };
    let mut imports = Vec::with_capacity(items.len());
    for item in items {
        let (spec, local) = match &**item {
            Value::String(name) => (name.as_str(), name.as_str()),
            Value::Object(fields) => {
                let get = |key: &str| {
                    fields
                        .iter()
                        .find(|(name, _)| *name == key)
                        .and_then(|(_, value)| value.as_str())
                };
                let Some(name) = get("name") else {
                    return Err(invalid(
                        "an import object of @link needs a string \"name\"".to_owned(),
                    ));
                };
                (name, get("as").unwrap_or(name))
            }
            _ => return Err(invalid(format!("invalid import \"{item}\" in @link"))),
        };
        if spec.starts_with('@') != local.starts_with('@') {
            return Err(invalid(format!(
                "invalid import of \"{spec}\" as \"{local}\": both or neither must start with \"@\""
            )));
        }
        if !is_name(local.trim_start_matches('@')) {
            return Err((Code::InvalidLinkIdentifier, format!("\"{local}\" is not a valid name")));
        }
        imports.push((spec.to_owned(), local.to_owned()));
    }
    Ok(imports)
}

fn is_name(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.next().is_some_and(|first| first == b'_' || first.is_ascii_alphabetic())
        && bytes.all(|byte| byte == b'_' || byte.is_ascii_alphanumeric())
}

/// Binds the known directives that the linked features (or their absence: Federation 1) bring.
fn bind_features(links: &mut Links, parsed: &Parsed, errors: &mut Vec<Diagnostic>) {
    let federation = format!("{SPECS}federation");
    let features = links.features.clone();
    let Some(feature) = features.iter().find(|feature| feature.identity == federation) else {
        bind_federation_1(links);
        bind_single_features(links, &features);
        return;
    };
    match feature.version {
        Some((2, minor)) if minor <= known::LATEST_MINOR => links.version = FedVersion::two(minor),
        Some((1, 0)) => {
            bind_federation_1(links);
            return;
        }
        _ => {
            let message =
                format!("\"{}\" is not a federation version this composer knows", feature.url);
            errors.push(
                Diagnostic::in_subgraph(
                    Code::UnknownFederationLinkVersion,
                    &parsed.source,
                    &message,
                )
                .label(&parsed.source, feature.span, "linked here")
                .help(format!("the latest is v2.{}", known::LATEST_MINOR)),
            );
            links.version = FedVersion::two(known::LATEST_MINOR);
        }
    }
    let version = links.version;
    for info in known::ALL.iter().filter(|info| info.exists_in(version)) {
        links.bind(info.known, feature.local_directive(info.name));
    }
    check_imports(links.version, feature, parsed, errors);
    links.field_set = feature.local_type("FieldSet");
    links.scope = feature.local_type("Scope");
    links.policy = feature.local_type("Policy");
    bind_single_features(links, &features);
}

fn bind_federation_1(links: &mut Links) {
    links.version = FedVersion::ONE;
    for info in known::ALL.iter().filter(|info| info.exists_in(FedVersion::ONE)) {
        links.bind(info.known, info.name.to_owned());
    }
    links.field_set = "_FieldSet".to_owned();
    links.scope = "federation__Scope".to_owned();
    links.policy = "federation__Policy".to_owned();
}

/// `tag`, `inaccessible`, `cost` and others may also be linked by their own specifications.
fn bind_single_features(links: &mut Links, features: &[Feature]) {
    for feature in features {
        let Some(name) = feature.identity.strip_prefix(SPECS) else { continue };
        for info in
            known::ALL.iter().filter(|info| info.own_spec.is_some_and(|spec| spec.0 == name))
        {
            links.bind(info.known, feature.local_directive(info.name));
        }
    }
}

/// Features that would change what the graph means, and versions nobody published.
fn check_features(links: &Links, parsed: &Parsed, errors: &mut Vec<Diagnostic>) {
    for feature in &links.features {
        let name = feature.identity.strip_prefix(SPECS).unwrap_or_default();
        let (code, what) = match name {
            "connect" | "source" => {
                (Code::UnsupportedLinkedFeature, "is not supported by this composer")
            }
            "link" if feature.version != Some((1, 0)) => {
                (Code::UnknownLinkVersion, "is not a version of the link specification")
            }
            _ => continue,
        };
        let message = format!("\"{}\" {what}", feature.url);
        errors.push(Diagnostic::in_subgraph(code, &parsed.source, &message).label(
            &parsed.source,
            feature.span,
            "linked here",
        ));
    }
}

fn check_imports(
    version: FedVersion,
    feature: &Feature,
    parsed: &Parsed,
    errors: &mut Vec<Diagnostic>,
) {
    for (spec, _) in &feature.imports {
        let exists = match spec.strip_prefix('@') {
            Some(directive) => {
                known::ALL.iter().any(|info| info.name == directive && info.exists_in(version))
            }
            None => ["FieldSet", "Scope", "Policy"].contains(&spec.as_str()),
        };
        if exists {
            continue;
        }
        let message = format!("cannot import unknown element \"{spec}\" from \"{}\"", feature.url);
        if known::UNSUPPORTED.contains(&spec.as_str()) {
            let message = format!("\"{spec}\" is not supported by this composer");
            errors.push(
                Diagnostic::in_subgraph(Code::UnsupportedFeature, &parsed.source, &message).label(
                    &parsed.source,
                    feature.span,
                    "imported here",
                ),
            );
            continue;
        }
        let mut report =
            Diagnostic::in_subgraph(Code::InvalidLinkDirectiveUsage, &parsed.source, &message)
                .label(&parsed.source, feature.span, "imported here");
        if known::ALL.iter().any(|info| info.name == spec) {
            report = report.help(format!("directives are imported with \"@\": \"@{spec}\""));
        } else if let Some(info) =
            known::ALL.iter().find(|info| Some(info.name) == spec.strip_prefix('@'))
        {
            report = report.help(format!("it exists since federation v2.{}", info.since_minor));
        }
        errors.push(report);
    }
}
