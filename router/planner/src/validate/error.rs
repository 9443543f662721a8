//! What is told about a document that is refused.

use braid_model::syntax::Span;

/// Something wrong with a document. `Display` is the message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct DocumentError {
    /// What is wrong and what to do about it, for the client.
    pub message: String,
    /// Where: line and column, counted from one.
    pub locations: Vec<(u32, u32)>,
    /// The rule that is broken.
    pub rule: Rule,
    /// The schema element that it is about (`Type.field`). Only there where suggestions are on,
    /// because it may name what the client does not know.
    pub coordinate: Option<String>,
}

impl DocumentError {
    /// The machine-readable code, for `extensions.code`.
    pub fn code(&self) -> &'static str {
        self.rule.code()
    }
}

macro_rules! rules {
    ($($(#[$doc:meta])* $rule:ident $code:literal,)*) => {
        /// The rules, in the order of section 5 of the specification, and the limits.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Rule {
            $($(#[$doc])* $rule,)*
        }

        impl Rule {
            /// The rule's name.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$rule => stringify!($rule),)*
                }
            }

            /// The code of its errors.
            pub fn code(self) -> &'static str {
                match self {
                    $(Self::$rule => $code,)*
                }
            }
        }
    };
}
rules! {
    /// Section 2: the grammar.
    Syntax "GRAPHQL_PARSE_FAILED",
    /// 5.1.1
    ExecutableDefinitions "GRAPHQL_VALIDATION_FAILED",
    /// 5.2.1.1
    KnownOperationTypes "GRAPHQL_VALIDATION_FAILED",
    /// 5.2.2.1
    UniqueOperationNames "GRAPHQL_VALIDATION_FAILED",
    /// 5.2.3.1
    LoneAnonymousOperation "GRAPHQL_VALIDATION_FAILED",
    /// 5.2.4.1
    SingleFieldSubscriptions "GRAPHQL_VALIDATION_FAILED",
    /// 5.3.1
    FieldsOnCorrectType "GRAPHQL_VALIDATION_FAILED",
    /// `Options::introspection`
    IntrospectionClosed "INTROSPECTION_DISABLED",
    /// 5.3.2
    OverlappingFieldsCanBeMerged "GRAPHQL_VALIDATION_FAILED",
    /// 5.3.3
    ScalarLeafs "GRAPHQL_VALIDATION_FAILED",
    /// 5.4.1
    KnownArgumentNames "GRAPHQL_VALIDATION_FAILED",
    /// 5.4.2
    UniqueArgumentNames "GRAPHQL_VALIDATION_FAILED",
    /// 5.4.3
    ProvidedRequiredArguments "GRAPHQL_VALIDATION_FAILED",
    /// 5.5.1.1
    UniqueFragmentNames "GRAPHQL_VALIDATION_FAILED",
    /// 5.5.1.2, 5.8.2
    KnownTypeNames "GRAPHQL_VALIDATION_FAILED",
    /// 5.5.1.3
    FragmentsOnCompositeTypes "GRAPHQL_VALIDATION_FAILED",
    /// 5.5.1.4
    NoUnusedFragments "GRAPHQL_VALIDATION_FAILED",
    /// 5.5.2.1
    KnownFragmentNames "GRAPHQL_VALIDATION_FAILED",
    /// 5.5.2.2
    NoFragmentCycles "GRAPHQL_VALIDATION_FAILED",
    /// 5.5.2.3
    PossibleFragmentSpreads "GRAPHQL_VALIDATION_FAILED",
    /// 5.6.1, 5.6.2, 5.6.4
    ValuesOfCorrectType "GRAPHQL_VALIDATION_FAILED",
    /// 5.6.3
    UniqueInputFieldNames "GRAPHQL_VALIDATION_FAILED",
    /// 5.7.1, 5.7.2
    KnownDirectives "GRAPHQL_VALIDATION_FAILED",
    /// 5.7.3
    UniqueDirectivesPerLocation "GRAPHQL_VALIDATION_FAILED",
    /// 5.8.1
    UniqueVariableNames "GRAPHQL_VALIDATION_FAILED",
    /// 5.8.2
    VariablesAreInputTypes "GRAPHQL_VALIDATION_FAILED",
    /// 5.8.3
    NoUndefinedVariables "GRAPHQL_VALIDATION_FAILED",
    /// 5.8.4
    NoUnusedVariables "GRAPHQL_VALIDATION_FAILED",
    /// 5.8.5
    VariablesInAllowedPosition "GRAPHQL_VALIDATION_FAILED",
    /// 6.1: the request does not say which of the document's operations is meant, or names one
    /// that is not there.
    KnownOperation "OPERATION_RESOLUTION_FAILURE",
    /// 6.1.2: the value of a variable.
    VariableValues "BAD_USER_INPUT",
    /// `Limits::tokens`
    MaxTokens "MAX_TOKENS",
    /// `Limits::nesting`
    MaxNesting "MAX_NESTING",
    /// `Limits::depth`
    MaxDepth "MAX_DEPTH",
    /// `Limits::introspection_depth` and `Limits::introspection_lists`
    MaxIntrospectionDepth "MAX_INTROSPECTION_DEPTH",
    /// `Limits::aliases`
    MaxAliases "MAX_ALIASES",
    /// `Limits::root_fields`
    MaxRootFields "MAX_ROOT_FIELDS",
    /// `Limits::directives` and `Limits::directives_per_place`
    MaxDirectives "MAX_DIRECTIVES",
    /// `Limits::definitions`
    MaxDefinitions "MAX_DEFINITIONS",
    /// `Limits::variables`
    MaxVariables "MAX_VARIABLES",
    /// `Limits::selections` and `Limits::comparisons`
    MaxSelections "MAX_SELECTIONS",
    /// More than 64 variables decide `@skip` and `@include`.
    MaxConditions "MAX_CONDITIONS",
}

/// The errors of one document: the first few, and whether to go on looking.
pub(crate) struct Errors {
    found: Vec<(DocumentError, Vec<Span>)>,
    max: usize,
}

impl Errors {
    pub(crate) fn new(max: usize) -> Self {
        Self { found: Vec::new(), max: max.max(1) }
    }

    /// Whether as many errors were found as are reported; nobody needs to look for more.
    pub(crate) fn is_full(&self) -> bool {
        self.found.len() >= self.max
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    pub(crate) fn push(&mut self, rule: Rule, message: String, spans: &[Span]) {
        self.push_about(rule, message, spans, None);
    }

    pub(crate) fn push_about(
        &mut self,
        rule: Rule,
        message: String,
        spans: &[Span],
        coordinate: Option<String>,
    ) {
        if !self.is_full() {
            let error = DocumentError { message, locations: Vec::new(), rule, coordinate };
            self.found.push((error, spans.to_vec()));
        }
    }

    /// The errors in the order of the document. Positions are only counted now: it takes time in
    /// proportion to the document for each.
    pub(crate) fn finish(self, position: impl Fn(u32) -> (u32, u32)) -> Vec<DocumentError> {
        let mut found = self.found;
        found.sort_by_key(|(_, spans)| spans.first().map(|span| span.start));
        let located = found.into_iter().map(|(mut error, spans)| {
            error.locations = spans.iter().take(4).map(|span| position(span.start)).collect();
            error
        });
        located.collect()
    }
}

/// At most 100 characters of something that a client wrote, to be repeated in a message.
pub(crate) fn excerpt(text: &str) -> String {
    match text.char_indices().nth(100) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text.to_owned(),
    }
}
