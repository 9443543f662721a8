//! What a caller may not see, decided before anything is planned.

use braid_model::Supergraph;
use braid_model::bits::AuthSet;
use braid_model::schema::AuthRequirement;
use braid_vouch::Caller;

/// Those of an operation's requirements that the caller does not meet.
pub(super) fn denied(schema: &Supergraph, of: &AuthSet, caller: Option<&Caller>) -> AuthSet {
    of.iter().filter(|id| !is_met(schema, &schema.auth[id.index()], caller)).collect()
}

/// `@authenticated`, `@requiresScopes` and `@policy`: all that are there must hold. Scopes are a
/// disjunction of conjunctions. Nothing here decides policies, so none holds.
fn is_met(schema: &Supergraph, requirement: &AuthRequirement, caller: Option<&Caller>) -> bool {
    let AuthRequirement { authenticated, scopes, policies } = requirement;
    let holds = |scope: &_| caller.is_some_and(|caller| caller.has_scope(schema.text(*scope)));
    (!authenticated || caller.is_some())
        && (scopes.is_empty() || scopes.iter().any(|group| group.iter().all(holds)))
        && policies.is_empty()
}
