//! Who may see what of a user (DOMAIN section 10).
//!
//! | who asks | sees |
//! |---|---|
//! | the user | everything |
//! | `users:read` (system admins) | everything |
//! | staff | the name and picture of everybody |
//! | who is in an account with the user | name and picture |
//! | any user, of a driver | name and picture |
//! | a third party's client, and nobody | nothing |
//!
//! Who sees nothing gets the same answer as for a user who does not exist.

use braid_vouch::{Caller, CallerKind};

use super::UserGroup;

/// How much of a user somebody may see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Access {
    /// Not even that they exist.
    Nothing,
    /// Name and picture.
    Name,
    /// Everything.
    Everything,
}

/// What is known of the user and decides.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The user's id.
    pub id: &'a str,
    /// The user's groups.
    pub groups_mask: i64,
    /// Whether the caller is in an account with the user.
    pub shares_account: bool,
}

/// What `caller` may see of `subject`.
pub fn of(caller: Option<&Caller>, subject: Subject<'_>) -> Access {
    let Some(caller) = caller.filter(|caller| caller.kind == CallerKind::User) else {
        return Access::Nothing;
    };
    if caller.subject == subject.id || caller.has_scope("users:read") {
        return Access::Everything;
    }
    let is_driver = subject.groups_mask & UserGroup::Driver.bit() != 0;
    if caller.is_in(UserGroup::Staff.as_str()) || is_driver || subject.shares_account {
        return Access::Name;
    }
    Access::Nothing
}
