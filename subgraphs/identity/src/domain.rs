//! The words of identity and their rules: groups, states, purposes, and what input must look like.

pub mod access;
pub mod password;
pub mod problem;
pub mod scopes;

use async_graphql::Enum;
use braid_service::id_type;

id_type!(
    /// A user.
    UserId,
    "usr"
);

id_type!(
    /// A request for export or erasure.
    PrivacyRequestId,
    "prv"
);

id_type!(
    /// A third party's program.
    ClientId,
    "cli"
);

/// A text that is no value of an enum of this module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown value")]
pub struct UnknownValue;

/// Declares an enum that is stored as text and shown by GraphQL under the same names.
macro_rules! text_enum {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Enum)]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)*
        }

        impl $name {
            /// All values.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// As stored, and as in the graph.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }

        impl std::str::FromStr for $name {
            type Err = UnknownValue;

            fn from_str(text: &str) -> Result<Self, UnknownValue> {
                match text { $($text => Ok(Self::$variant),)* _ => Err(UnknownValue) }
            }
        }

        impl From<$name> for braid_service::db::Value {
            fn from(value: $name) -> Self {
                Self::from(value.as_str())
            }
        }
    };
}

text_enum! {
    /// What a user is; a user holds a set of them.
    UserGroup {
        /// Works for Corridor.
        Staff = "STAFF",
        /// Rides.
        Passenger = "PASSENGER",
        /// Drives.
        Driver = "DRIVER",
        /// Runs a fleet.
        FleetManager = "FLEET_MANAGER",
        /// Operates the platform.
        SystemAdmin = "SYSTEM_ADMIN",
    }
}

text_enum! {
    /// Whether a user may sign in.
    UserStatus {
        /// May.
        Active = "ACTIVE",
        /// May not, for now.
        Suspended = "SUSPENDED",
        /// Is gone; only the id remains.
        Erased = "ERASED",
    }
}

text_enum! {
    /// A user's role in an account.
    AccountRole {
        /// Rides on the account.
        Member = "MEMBER",
        /// Buys for the account.
        Buyer = "BUYER",
        /// Manages the account.
        Admin = "ADMIN",
    }
}

text_enum! {
    /// What personal data may be used for.
    ConsentPurpose {
        /// News and offers.
        Marketing = "MARKETING",
        /// Keeping where somebody rode.
        LocationHistory = "LOCATION_HISTORY",
        /// Learning what somebody likes.
        Recommendations = "RECOMMENDATIONS",
    }
}

text_enum! {
    /// What a privacy request asks for.
    PrivacyKind {
        /// A copy of everything (GDPR articles 15 and 20).
        Export = "EXPORT",
        /// To be forgotten (article 17).
        Erasure = "ERASURE",
    }
}

text_enum! {
    /// How far a privacy request is.
    PrivacyStatus {
        /// Noted.
        Requested = "REQUESTED",
        /// Services are at it.
        Running = "RUNNING",
        /// All done.
        Completed = "COMPLETED",
        /// Done but for what the law keeps.
        Partial = "PARTIAL",
        /// Not done.
        Failed = "FAILED",
    }
}

text_enum! {
    /// What one service did for a privacy request.
    PrivacyResult {
        /// Nothing yet.
        Pending = "PENDING",
        /// Gave its part.
        Exported = "EXPORTED",
        /// Deleted its data.
        Erased = "ERASED",
        /// Made its data nobody's.
        Anonymised = "ANONYMISED",
        /// Keeps its data for a reason.
        Retained = "RETAINED",
        /// Had none.
        NothingHeld = "NOTHING_HELD",
        /// Could not.
        Failed = "FAILED",
    }
}

/// How long a privacy request may take: 30 days (GDPR article 12.3).
pub const PRIVACY_DUE_US: i64 = 30 * braid_service::scalars::DAY_US;

impl UserGroup {
    /// The group's bit in `groups_mask`.
    pub fn bit(self) -> i64 {
        1 << (self as i64)
    }

    /// The groups of a mask.
    pub fn of_mask(mask: i64) -> Vec<Self> {
        Self::ALL.iter().copied().filter(|group| mask & group.bit() != 0).collect()
    }

    /// The mask of groups.
    pub fn mask(groups: &[Self]) -> i64 {
        groups.iter().fold(0, |mask, group| mask | group.bit())
    }
}

/// A name people see: 1 to 100 characters, not blank, no control characters.
pub fn is_display_name(text: &str) -> bool {
    let length = text.chars().count();
    (1..=100).contains(&length) && !text.trim().is_empty() && !text.chars().any(char::is_control)
}

/// A phone number by E.164: `+` and 7 to 15 digits; spaces may separate them.
pub fn is_phone(text: &str) -> bool {
    let Some(rest) = text.strip_prefix('+') else { return false };
    let digits = rest.chars().filter(char::is_ascii_digit).count();
    (7..=15).contains(&digits)
        && rest.len() <= 30
        && rest.chars().all(|c| c.is_ascii_digit() || c == ' ')
}

/// A language tag such as `de` or `en-GB`: 2 or 3 letters and at most two short subtags.
pub fn is_locale(text: &str) -> bool {
    let mut parts = text.split('-');
    let language = parts.next().unwrap_or_default();
    let rest: Vec<&str> = parts.collect();
    (2..=3).contains(&language.len())
        && language.bytes().all(|c| c.is_ascii_lowercase())
        && rest.len() <= 2
        && rest.iter().all(|part| {
            (2..=4).contains(&part.len()) && part.bytes().all(|c| c.is_ascii_alphanumeric())
        })
}

/// What two spellings of an e-mail address have in common: it identifies the user who signs in.
pub fn email_key(email: &str) -> String {
    email.trim().to_lowercase()
}
