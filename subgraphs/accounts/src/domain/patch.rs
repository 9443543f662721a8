//! A change of one field that may also take its value away.

use async_graphql::{InputType, MaybeUndefined};

use crate::domain::problem::{Path, Problem};

/// What becomes of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change<T> {
    /// The argument is absent: it stays.
    Keep,
    /// The argument is null: it is emptied.
    Clear,
    /// It gets this value.
    Set(T),
}

impl<T: InputType> From<MaybeUndefined<T>> for Change<T> {
    fn from(argument: MaybeUndefined<T>) -> Self {
        match argument {
            MaybeUndefined::Undefined => Self::Keep,
            MaybeUndefined::Null => Self::Clear,
            MaybeUndefined::Value(value) => Self::Set(value),
        }
    }
}

impl<T> Change<T> {
    /// Whether anything is asked for.
    pub fn is_some(&self) -> bool {
        !matches!(self, Self::Keep)
    }

    /// Applies the change to a field that may be empty. `check` turns the new value into what is
    /// stored, or says what is wrong with it.
    pub fn apply<U>(self, field: &mut Option<U>, check: impl FnOnce(T) -> Option<U>) {
        match self {
            Self::Keep => {}
            Self::Clear => *field = None,
            Self::Set(value) => *field = check(value),
        }
    }

    /// Applies the change to a field that always has a value.
    pub fn apply_required<U>(
        self,
        path: Path,
        field: &mut U,
        problems: &mut Vec<Problem>,
        check: impl FnOnce(T, &mut Vec<Problem>) -> Option<U>,
    ) {
        match self {
            Self::Keep => {}
            Self::Clear => problems.push(Problem::invalid(path, "it cannot be empty")),
            Self::Set(value) => {
                if let Some(value) = check(value, problems) {
                    *field = value;
                }
            }
        }
    }
}
