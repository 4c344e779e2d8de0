//! `SHA256SUMS`: one line for each file, as `sha256sum --check` reads them.

use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

pub(crate) const NAME: &str = "SHA256SUMS";

/// The list for these files, in the order of their names.
pub(crate) fn list(files: &BTreeMap<String, Vec<u8>>) -> String {
    let line = |(name, bytes): (&String, &Vec<u8>)| {
        format!("{}  {name}\n", hex::encode(Sha256::digest(bytes)))
    };
    files.iter().map(line).collect()
}

#[cfg(test)]
mod test {
    use super::*;

    #[test]
    fn a_line_is_what_the_tool_of_the_system_prints() {
        let files = BTreeMap::from([("b.zip".to_owned(), b"abc".to_vec())]);
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(list(&files), format!("{abc}  b.zip\n"));
    }
}
