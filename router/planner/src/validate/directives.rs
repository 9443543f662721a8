//! Directives (specification, section 5.7).

use rustc_hash::FxHashSet;

use braid_model::schema::DirectiveDef;
use braid_model::syntax::{Directive, List, OperationKind};

use super::Check;
use super::error::Rule;

/// The shaping directives of stored documents, and where they may stand.
const SHAPING: [(&str, &[&str]); 3] =
    [("flatten", &["FIELD"]), ("hide", &["FIELD"]), ("omitNull", &["FIELD", "QUERY", "MUTATION"])];

/// The location that an operation's directives have.
pub(crate) fn operation(kind: OperationKind) -> &'static str {
    match kind {
        OperationKind::Query => "QUERY",
        OperationKind::Mutation => "MUTATION",
        OperationKind::Subscription => "SUBSCRIPTION",
    }
}

impl Check<'_> {
    /// The directives at one place.
    pub(super) fn directives(&mut self, list: List<Directive>, location: &str) {
        if list.is_empty() {
            return;
        }
        let (schema, doc) = (self.schema, self.doc);
        let mut seen = FxHashSet::default();
        for directive in &doc[list] {
            let name = doc.text(directive.name);
            let def = schema.directives.iter().find(|def| schema.text(def.name) == name);
            let shaping = SHAPING.iter().find(|shaping| self.options.stored && shaping.0 == name);
            match (def, shaping) {
                (_, Some((_, locations))) => {
                    self.location(directive, locations.contains(&location));
                    self.arguments(Some(&[]), directive.arguments, directive.name);
                }
                (Some(def), None) => {
                    self.location(directive, stands(def, location));
                    self.arguments(Some(&def.args), directive.arguments, directive.name);
                }
                (None, None) => {
                    let message = format!("there is no directive `@{}`", self.name(directive.name));
                    self.error(Rule::KnownDirectives, message, directive.span);
                    self.arguments(None, directive.arguments, directive.name);
                    continue;
                }
            }
            let repeatable = def.is_some_and(|def| def.repeatable);
            if !repeatable && !seen.insert(name) {
                let message = format!("`@{}` may stand here once", self.name(directive.name));
                self.error(Rule::UniqueDirectivesPerLocation, message, directive.span);
            }
        }
    }

    fn location(&mut self, directive: &Directive, allowed: bool) {
        if !allowed {
            let message = format!("`@{}` may not stand here", self.name(directive.name));
            self.error(Rule::KnownDirectives, message, directive.span);
        }
    }
}

fn stands(def: &DirectiveDef, location: &str) -> bool {
    def.locations.iter().any(|allowed| allowed == location)
}
