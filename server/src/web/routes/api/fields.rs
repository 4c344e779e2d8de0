//! The named values of a request, read by serde into the struct that describes them.
//!
//! The struct denies unknown fields. What is unknown, given twice or wrong is reported with its name.

use std::fmt::Display;

use serde::{
    Deserialize, Serialize,
    de::{
        self, DeserializeSeed, Deserializer, IntoDeserializer, MapAccess,
        value::MapAccessDeserializer,
    },
};
use utoipa::ToSchema;

/// How much of an unknown name is repeated.
const SHOWN: usize = 40;

/// An empty object.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Nothing)]
#[serde(deny_unknown_fields)]
pub(super) struct Empty {}

/// A value that is unknown, given twice or wrong.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub(super) struct WrongField {
    /// Its name.
    pub(super) field: String,
    /// What is wrong, for a person.
    pub(super) detail: String,
}

impl WrongField {
    fn new(field: &str, detail: impl Display) -> Self {
        Self { field: field.to_owned(), detail: detail.to_string() }
    }
}

impl de::Error for WrongField {
    fn custom<T: Display>(detail: T) -> Self {
        Self::new("", detail)
    }

    fn unknown_field(field: &str, known: &'static [&'static str]) -> Self {
        let shown: String = field.chars().take(SHOWN).collect();
        match known {
            [] => Self::new(&shown, "unknown: nothing is expected here"),
            known => Self::new(&shown, format_args!("unknown: expected {}", known.join(", "))),
        }
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new(field, "missing")
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::new(field, "given more than once")
    }
}

/// Reads a struct from its values.
///
/// # Errors
///
/// [`WrongField`] names the first value that is wrong.
pub(super) fn read<'de, T: Deserialize<'de>, V: Deserializer<'de>>(
    values: impl IntoIterator<Item = (String, V)>,
) -> Result<T, WrongField> {
    let fields = Fields { names: values.into_iter(), value: None };
    T::deserialize(MapAccessDeserializer::new(fields))
}

struct Fields<I, V> {
    names: I,
    /// The value whose name was read last.
    value: Option<(String, V)>,
}

impl<'de, I, V> MapAccess<'de> for Fields<I, V>
where
    I: Iterator<Item = (String, V)>,
    V: Deserializer<'de>,
{
    type Error = WrongField;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, WrongField> {
        self.value = self.names.next();
        let name = self.value.as_ref().map(|(name, _)| name.as_str().into_deserializer());
        name.map(|name| seed.deserialize(name)).transpose()
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<S::Value, WrongField> {
        let (field, value) =
            self.value.take().ok_or_else(|| de::Error::custom("no value is left"))?;
        seed.deserialize(value).map_err(|error| WrongField::new(&field, error))
    }
}
