//! Enums that GraphQL, database and events write alike.

/// A text that is none of an enum's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unknown value")]
pub struct UnknownText;

macro_rules! text_enum {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, Hash, async_graphql::Enum,
            serde::Serialize, serde::Deserialize,
        )]
        #[serde(rename_all = "SCREAMING_SNAKE_CASE")]
        pub enum $name { $($(#[$variant_doc])* $variant),* }

        impl $name {
            /// The text in database and events.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),* }
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::domain::text::UnknownText;
            fn from_str(text: &str) -> Result<Self, $crate::domain::text::UnknownText> {
                match text {
                    $($text => Ok(Self::$variant),)*
                    _ => Err($crate::domain::text::UnknownText),
                }
            }
        }
    };
}

pub(crate) use text_enum;
