pub(super) const STANDARD: &str = "{ __schema { types { name } } }";
