//! What is made of the rows of the [table](super::table) of settings: the types, the keys, the
//! defaults, the reading of variables and the order of the layers.

/// Makes the types and tables of settings from their rows.
macro_rules! settings {
    ($(
        $(#[doc = $doc:literal])+
        $(#[cfg_attr($($described:tt)+)])?
        $key:ident: $field:ty $(= $default:expr)?,
            $(flag $flag:literal,)? $(variable $variable:literal,)? $(of $program:ident,)? example $example:literal;
    )+) => {
        /// The settings of an app. A key that is null or absent is not set: its default holds.
        #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
        #[cfg_attr(feature = "schema", schema(example = super::schema::example))]
        #[serde(default)]
        pub struct Settings {
            $($(#[doc = $doc])+ $(#[cfg_attr($($described)+)])? pub $key: $field,)+
        }

        /// The settings that hold, each with the layer that it comes from.
        #[derive(Debug, Clone)]
        pub struct Effective {
            $($(#[doc = $doc])+ pub $key: effective!($field $(= $default)?),)+
        }

        /// In the order of [`TABLE`].
        pub const KEYS: [&str; TABLE.len()] = [$(stringify!($key)),+];

        /// Every setting, in the order in which they are shown.
        pub const TABLE: &[Setting] = &[$(Setting {
            key: stringify!($key),
            kind: <$field as Field>::KIND,
            flag: optional!($($flag)?),
            variable: optional!($($variable)?),
            meaning: concat!($($doc),+).trim_ascii(),
            example: $example,
            is_of_program: optional!($(stringify!($program))?).is_some(),
        }),+];

        impl Settings {
            /// The keys whose values are others in `other`.
            pub(super) fn differing(&self, other: &Self) -> impl Iterator<Item = &'static str> {
                let is_other = [$((stringify!($key), self.$key != other.$key)),+];
                is_other.into_iter().filter(|(_, is_other)| *is_other).map(|(key, _)| key)
            }

            /// What holds where nothing is set.
            pub fn defaults() -> Self {
                let mut defaults = Self::default();
                $($(defaults.$key = Field::of($default);)?)+
                defaults
            }

            /// The settings of the environment.
            ///
            /// # Errors
            ///
            /// [`VariableError`] names the first variable with a wrong value.
            pub fn from_environment(environment: &Environment) -> Result<Self, VariableError> {
                let mut settings = Self::default();
                $($(settings.$key = from_variable(environment, $variable)?;)?)+
                Ok(settings)
            }
        }

        /// The settings of each place, the strongest first.
        #[derive(Debug)]
        pub struct Layers<'a> {
            /// The options of the command line.
            pub flags: Settings,
            /// The settings of the environment.
            pub variables: Settings,
            /// What the person's file sets.
            pub file: &'a Settings,
            /// The path of that file.
            pub path: &'a Path,
        }

        impl Layers<'_> {
            /// Takes each value from the strongest layer that sets it, or else the default.
            pub fn effective(self) -> Effective {
                let Self { flags, variables, file, path } = self;
                Effective {$(
                    $key: {
                        let flag = || SettingSource::Flag(optional!($($flag)?).unwrap_or(stringify!($key)));
                        let variable =
                            || SettingSource::Variable(optional!($($variable)?).unwrap_or(stringify!($key)));
                        Sourced::of(flags.$key.set(), flag)
                            .or_else(|| Sourced::of(variables.$key.set(), variable))
                            .or_else(|| Sourced::from_file(file.$key.clone().set(), path))
                            $(.unwrap_or_else(|| Sourced { value: $default, source: SettingSource::Default }))?
                    },
                )+}
            }
        }
    };
}

/// The type of a value that holds: there always is one if there is a default.
macro_rules! effective {
    ($field:ty = $default:expr) => { Sourced<<$field as Field>::Value> };
    ($field:ty) => { Option<Sourced<<$field as Field>::Value>> };
}

macro_rules! optional {
    () => {
        None::<&'static str>
    };
    ($value:expr) => {
        Some($value)
    };
}

pub(super) use {effective, optional, settings};
