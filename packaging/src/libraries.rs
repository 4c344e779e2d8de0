//! Which packages of the system a Linux program needs, read from the program itself.

use crate::problem::PackagingError;
use object::{
    Endianness,
    elf::FileHeader64,
    read::elf::{FileHeader, SectionHeader},
};
use std::collections::{BTreeMap, BTreeSet};

/// A version of a library, number by number, so that 2.34 comes after 2.4.
type Version = Vec<u32>;

/// The `Depends` of the package with these programs: each library of the system with the newest
/// version that one of them wants a symbol of.
pub(crate) fn depends<'a>(
    programs: impl IntoIterator<Item = &'a [u8]>,
) -> Result<String, PackagingError> {
    let mut newest = BTreeMap::<&str, Version>::new();
    for program in programs {
        for wanted in wanted(program).map_err(PackagingError::of("the list of libraries"))? {
            let unknown =
                || PackagingError::of("the list of libraries")(format!("{wanted}: whose is it?"));
            let Some((package, version)) = package(&wanted) else { return Err(unknown()) };
            let known = newest.entry(package).or_default();
            *known = version.max(std::mem::take(known));
        }
    }
    let dotted =
        |version: Version| version.iter().map(u32::to_string).collect::<Vec<_>>().join(".");
    let list = newest.into_iter().map(|(name, version)| format!("{name} (>= {})", dotted(version)));
    Ok(list.collect::<Vec<_>>().join(", "))
}

/// The versions that a program wants of its libraries, such as `GLIBC_2.34`.
fn wanted(program: &[u8]) -> object::Result<BTreeSet<String>> {
    let header = FileHeader64::<Endianness>::parse(program)?;
    let endian = header.endian()?;
    let sections = header.sections(endian, program)?;
    let mut versions = BTreeSet::new();
    for section in sections.iter() {
        let Some((mut needs, link)) = section.gnu_verneed(endian, program)? else { continue };
        let strings = sections.strings(endian, program, link)?;
        while let Some((_, mut wants)) = needs.next()? {
            while let Some(want) = wants.next()? {
                versions.insert(String::from_utf8_lossy(want.name(endian, strings)?).into_owned());
            }
        }
    }
    Ok(versions)
}

/// The package that brings a version of a library.
fn package(wanted: &str) -> Option<(&'static str, Version)> {
    let (library, version) = wanted.split_once('_')?;
    let package = match library {
        "GLIBC" => "libc6",
        "GCC" => "libgcc-s1",
        _ => return None,
    };
    Some((package, version.split('.').map(|part| part.parse().ok()).collect::<Option<_>>()?))
}

#[cfg(test)]
mod test {
    use super::*;

    #[test]
    fn the_newest_version_is_the_one_with_the_highest_numbers() {
        assert_eq!(package("GLIBC_2.34"), Some(("libc6", vec![2, 34])));
        assert!(package("GLIBC_2.34") > package("GLIBC_2.4"));
        assert_eq!(package("OPENSSL_3.0.0"), None);
        assert_eq!(package("GLIBC_PRIVATE"), None);
    }

    /// This test is a program itself.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_rust_program_needs_the_c_library_and_little_else() {
        let own = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        let depends = depends([own.as_slice()]).unwrap();
        assert!(depends.starts_with("libc6 (>= 2."), "{depends}");
        assert!(depends.split(", ").count() <= 2, "{depends}");
    }
}
