//! A value of a closed set in a column: the database holds its name, the row the value.

use std::{fmt, ops::Deref};

use domain::named::Named;
use sea_orm::{
    ColIdx, QueryResult, TryGetError, TryGetable, Value,
    sea_query::{ArrayType, ColumnType, Nullable, ValueType, ValueTypeErr},
};

/// A named value, stored by its name. A name that the set does not have is an error when the row is read.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name<T>(pub T);

impl<T: fmt::Debug> fmt::Debug for Name<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<T> Deref for Name<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> From<T> for Name<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

impl<T: Named> From<Name<T>> for Value {
    fn from(name: Name<T>) -> Self {
        name.0.as_str().into()
    }
}

impl<T: Named> TryGetable for Name<T> {
    fn try_get_by<I: ColIdx>(row: &QueryResult, index: I) -> Result<Self, TryGetError> {
        let text = String::try_get_by(row, index)?;
        let unknown = || {
            let set = std::any::type_name::<T>();
            TryGetError::DbErr(sea_orm::DbErr::Type(format!("{set} has no value named {text:?}")))
        };
        T::parse(&text).map(Self).ok_or_else(unknown)
    }
}

impl<T: Named> ValueType for Name<T> {
    fn try_from(value: Value) -> Result<Self, ValueTypeErr> {
        let text = <String as ValueType>::try_from(value)?;
        T::parse(&text).map(Self).ok_or(ValueTypeErr)
    }

    fn type_name() -> String {
        "Name".to_owned()
    }

    fn array_type() -> ArrayType {
        ArrayType::String
    }

    fn column_type() -> ColumnType {
        ColumnType::Text
    }
}

impl<T: Named> Nullable for Name<T> {
    fn null() -> Value {
        <String as Nullable>::null()
    }
}

#[cfg(test)]
mod tests {
    use domain::job::Status;

    use super::*;

    #[test]
    fn a_column_holds_the_name_and_a_row_the_value() {
        let value = Value::from(Name(Status::Queued));
        assert_eq!(value, Value::from("QUEUED"));
        assert_eq!(<Name<Status> as ValueType>::try_from(value).ok(), Some(Name(Status::Queued)));
        assert!(<Name<Status> as ValueType>::try_from(Value::from("LOST")).is_err());
    }
}
