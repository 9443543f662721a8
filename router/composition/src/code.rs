//! The closed set of error and hint codes, spelled as the federation ecosystem spells them.

use std::fmt;

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $text:literal,)*) => {
        /// What a diagnostic is about. Tools match on the spelling of [`Code::as_str`].
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Code {
            $($(#[$doc])* #[doc = concat!("`", $text, "`")] $variant,)*
        }

        impl Code {
            /// The published spelling, such as `INVALID_FIELD_SHARING`.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Code::$variant => $text,)*
                }
            }
        }
    };
}

codes! {
    // ---- parsing and linking
    InvalidGraphql = "INVALID_GRAPHQL",
    InvalidSubgraphName = "INVALID_SUBGRAPH_NAME",
    /// Two subgraphs carry one name (published composers throw this without a code).
    DuplicateSubgraphName = "DUPLICATE_SUBGRAPH_NAME",
    /// An input is larger, deeper or more numerous than this composer accepts.
    CompositionLimitExceeded = "COMPOSITION_LIMIT_EXCEEDED",
    DirectiveDefinitionInvalid = "DIRECTIVE_DEFINITION_INVALID",
    TypeDefinitionInvalid = "TYPE_DEFINITION_INVALID",
    UnsupportedLinkedFeature = "UNSUPPORTED_LINKED_FEATURE",
    UnknownFederationLinkVersion = "UNKNOWN_FEDERATION_LINK_VERSION",
    UnknownLinkVersion = "UNKNOWN_LINK_VERSION",
    InvalidLinkDirectiveUsage = "INVALID_LINK_DIRECTIVE_USAGE",
    InvalidLinkIdentifier = "INVALID_LINK_IDENTIFIER",
    LinkImportNameMismatch = "LINK_IMPORT_NAME_MISMATCH",
    UnsupportedFeature = "UNSUPPORTED_FEATURE",

    // ---- one subgraph
    KeyInvalidFields = "KEY_INVALID_FIELDS",
    ProvidesInvalidFields = "PROVIDES_INVALID_FIELDS",
    RequiresInvalidFields = "REQUIRES_INVALID_FIELDS",
    KeyInvalidFieldsType = "KEY_INVALID_FIELDS_TYPE",
    ProvidesInvalidFieldsType = "PROVIDES_INVALID_FIELDS_TYPE",
    RequiresInvalidFieldsType = "REQUIRES_INVALID_FIELDS_TYPE",
    KeyDirectiveInFieldsArg = "KEY_DIRECTIVE_IN_FIELDS_ARG",
    ProvidesDirectiveInFieldsArg = "PROVIDES_DIRECTIVE_IN_FIELDS_ARG",
    RequiresDirectiveInFieldsArg = "REQUIRES_DIRECTIVE_IN_FIELDS_ARG",
    KeyUnsupportedOnInterface = "KEY_UNSUPPORTED_ON_INTERFACE",
    ProvidesUnsupportedOnInterface = "PROVIDES_UNSUPPORTED_ON_INTERFACE",
    RequiresUnsupportedOnInterface = "REQUIRES_UNSUPPORTED_ON_INTERFACE",
    KeyFieldsHasArgs = "KEY_FIELDS_HAS_ARGS",
    ProvidesFieldsHasArgs = "PROVIDES_FIELDS_HAS_ARGS",
    KeyFieldsSelectInvalidType = "KEY_FIELDS_SELECT_INVALID_TYPE",
    ProvidesFieldsMissingExternal = "PROVIDES_FIELDS_MISSING_EXTERNAL",
    RequiresFieldsMissingExternal = "REQUIRES_FIELDS_MISSING_EXTERNAL",
    ProvidesOnNonObjectField = "PROVIDES_ON_NON_OBJECT_FIELD",
    ExternalUnused = "EXTERNAL_UNUSED",
    ExternalOnInterface = "EXTERNAL_ON_INTERFACE",
    MergedDirectiveApplicationOnExternal = "MERGED_DIRECTIVE_APPLICATION_ON_EXTERNAL",
    ExternalCollisionWithAnotherDirective = "EXTERNAL_COLLISION_WITH_ANOTHER_DIRECTIVE",
    InvalidShareableUsage = "INVALID_SHAREABLE_USAGE",
    RootQueryUsed = "ROOT_QUERY_USED",
    RootMutationUsed = "ROOT_MUTATION_USED",
    RootSubscriptionUsed = "ROOT_SUBSCRIPTION_USED",
    OverrideFromSelfError = "OVERRIDE_FROM_SELF_ERROR",
    OverrideOnInterface = "OVERRIDE_ON_INTERFACE",
    OverrideLabelInvalid = "OVERRIDE_LABEL_INVALID",
    InterfaceKeyNotOnImplementation = "INTERFACE_KEY_NOT_ON_IMPLEMENTATION",
    CostAppliedToInterfaceField = "COST_APPLIED_TO_INTERFACE_FIELD",
    ListSizeAppliedToNonList = "LIST_SIZE_APPLIED_TO_NON_LIST",
    ListSizeInvalidAssumedSize = "LIST_SIZE_INVALID_ASSUMED_SIZE",
    ListSizeInvalidSizedField = "LIST_SIZE_INVALID_SIZED_FIELD",
    ListSizeInvalidSlicingArgument = "LIST_SIZE_INVALID_SLICING_ARGUMENT",
    AuthRequirementsAppliedOnInterface = "AUTH_REQUIREMENTS_APPLIED_ON_INTERFACE",

    // ---- merging
    NoQueries = "NO_QUERIES",
    TypeKindMismatch = "TYPE_KIND_MISMATCH",
    ExtensionWithNoBase = "EXTENSION_WITH_NO_BASE",
    FieldTypeMismatch = "FIELD_TYPE_MISMATCH",
    FieldArgumentTypeMismatch = "FIELD_ARGUMENT_TYPE_MISMATCH",
    FieldArgumentDefaultMismatch = "FIELD_ARGUMENT_DEFAULT_MISMATCH",
    InputFieldDefaultMismatch = "INPUT_FIELD_DEFAULT_MISMATCH",
    RequiredArgumentMissingInSomeSubgraph = "REQUIRED_ARGUMENT_MISSING_IN_SOME_SUBGRAPH",
    RequiredInputFieldMissingInSomeSubgraph = "REQUIRED_INPUT_FIELD_MISSING_IN_SOME_SUBGRAPH",
    EmptyMergedInputType = "EMPTY_MERGED_INPUT_TYPE",
    EmptyMergedEnumType = "EMPTY_MERGED_ENUM_TYPE",
    EnumValueMismatch = "ENUM_VALUE_MISMATCH",
    InvalidFieldSharing = "INVALID_FIELD_SHARING",
    ExternalMissingOnBase = "EXTERNAL_MISSING_ON_BASE",
    ExternalTypeMismatch = "EXTERNAL_TYPE_MISMATCH",
    ExternalArgumentMissing = "EXTERNAL_ARGUMENT_MISSING",
    ExternalArgumentTypeMismatch = "EXTERNAL_ARGUMENT_TYPE_MISMATCH",
    ExternalArgumentDefaultMismatch = "EXTERNAL_ARGUMENT_DEFAULT_MISMATCH",
    OverrideCollisionWithAnotherDirective = "OVERRIDE_COLLISION_WITH_ANOTHER_DIRECTIVE",
    OverrideSourceHasOverride = "OVERRIDE_SOURCE_HAS_OVERRIDE",
    InterfaceObjectUsageError = "INTERFACE_OBJECT_USAGE_ERROR",
    InterfaceKeyMissingImplementationType = "INTERFACE_KEY_MISSING_IMPLEMENTATION_TYPE",
    DirectiveCompositionError = "DIRECTIVE_COMPOSITION_ERROR",

    // ---- after merging
    InterfaceFieldNoImplem = "INTERFACE_FIELD_NO_IMPLEM",
    MissingTransitiveAuthRequirements = "MISSING_TRANSITIVE_AUTH_REQUIREMENTS",
    ReferencedInaccessible = "REFERENCED_INACCESSIBLE",
    OnlyInaccessibleChildren = "ONLY_INACCESSIBLE_CHILDREN",
    RequiredInaccessible = "REQUIRED_INACCESSIBLE",
    QueryRootTypeInaccessible = "QUERY_ROOT_TYPE_INACCESSIBLE",
    ImplementedByInaccessible = "IMPLEMENTED_BY_INACCESSIBLE",
    DefaultValueUsesInaccessible = "DEFAULT_VALUE_USES_INACCESSIBLE",
    DisallowedInaccessible = "DISALLOWED_INACCESSIBLE",
    SatisfiabilityError = "SATISFIABILITY_ERROR",
    ShareableHasMismatchedRuntimeTypes = "SHAREABLE_HAS_MISMATCHED_RUNTIME_TYPES",
    /// The work of one check passed its bound; nothing was proved.
    SatisfiabilityLimitExceeded = "MAX_VALIDATION_SUBGRAPH_PATHS_EXCEEDED",

    // ---- hints
    InconsistentButCompatibleFieldType = "INCONSISTENT_BUT_COMPATIBLE_FIELD_TYPE",
    InconsistentButCompatibleArgumentType = "INCONSISTENT_BUT_COMPATIBLE_ARGUMENT_TYPE",
    InconsistentDefaultValuePresence = "INCONSISTENT_DEFAULT_VALUE_PRESENCE",
    InconsistentEntity = "INCONSISTENT_ENTITY",
    InconsistentObjectValueTypeField = "INCONSISTENT_OBJECT_VALUE_TYPE_FIELD",
    InconsistentInterfaceValueTypeField = "INCONSISTENT_INTERFACE_VALUE_TYPE_FIELD",
    InconsistentInputObjectField = "INCONSISTENT_INPUT_OBJECT_FIELD",
    InconsistentUnionMember = "INCONSISTENT_UNION_MEMBER",
    InconsistentEnumValueForInputEnum = "INCONSISTENT_ENUM_VALUE_FOR_INPUT_ENUM",
    InconsistentEnumValueForOutputEnum = "INCONSISTENT_ENUM_VALUE_FOR_OUTPUT_ENUM",
    UnusedEnumType = "UNUSED_ENUM_TYPE",
    InconsistentExecutableDirectivePresence = "INCONSISTENT_EXECUTABLE_DIRECTIVE_PRESENCE",
    InconsistentExecutableDirectiveRepeatable = "INCONSISTENT_EXECUTABLE_DIRECTIVE_REPEATABLE",
    InconsistentExecutableDirectiveLocations = "INCONSISTENT_EXECUTABLE_DIRECTIVE_LOCATIONS",
    NoExecutableDirectiveIntersection = "NO_EXECUTABLE_DIRECTIVE_INTERSECTION",
    InconsistentDescription = "INCONSISTENT_DESCRIPTION",
    InconsistentArgumentPresence = "INCONSISTENT_ARGUMENT_PRESENCE",
    FromSubgraphDoesNotExist = "FROM_SUBGRAPH_DOES_NOT_EXIST",
    OverriddenFieldCanBeRemoved = "OVERRIDDEN_FIELD_CAN_BE_REMOVED",
    OverrideDirectiveCanBeRemoved = "OVERRIDE_DIRECTIVE_CAN_BE_REMOVED",
    OverrideMigrationInProgress = "OVERRIDE_MIGRATION_IN_PROGRESS",
    InconsistentNonRepeatableDirectiveArguments = "INCONSISTENT_NON_REPEATABLE_DIRECTIVE_ARGUMENTS",
    MergedNonRepeatableDirectiveArguments = "MERGED_NON_REPEATABLE_DIRECTIVE_ARGUMENTS",
    DirectiveCompositionInfo = "DIRECTIVE_COMPOSITION_INFO",
    InconsistentRuntimeTypesForShareableReturn = "INCONSISTENT_RUNTIME_TYPES_FOR_SHAREABLE_RETURN",
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
