//! A tree as a zip, with the permissions that Unix wants and the times that the source has.

use crate::{
    date::Date,
    problem::PackagingError,
    tree::{Tree, TreeEntry},
};
use std::io::{Cursor, Write};
use zip::{CompressionMethod, ZipWriter, result::ZipError, write::SimpleFileOptions};

pub(crate) fn zip(tree: &Tree, date: Date) -> Result<Vec<u8>, PackagingError> {
    try_zip(tree, date).map_err(PackagingError::of("the zip"))
}

fn try_zip(tree: &Tree, date: Date) -> Result<Vec<u8>, ZipError> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(9))
        .last_modified_time(date.in_zip());
    for (path, entry) in tree.entries() {
        let options = options.unix_permissions(entry.mode());
        match entry {
            TreeEntry::Link(target) => zip.add_symlink(path, target, options)?,
            TreeEntry::File(bytes) | TreeEntry::Program(bytes) => {
                zip.start_file(path, options)?;
                zip.write_all(bytes)?;
            }
        }
    }
    Ok(zip.finish()?.into_inner())
}

#[cfg(test)]
mod test {
    use super::*;
    use crate::date::test::some;
    use std::io::Read;

    #[test]
    fn a_tree_comes_out_as_it_went_in_and_every_time_with_the_same_bytes() {
        let mut tree = Tree::default();
        tree.file("a/readme", "text");
        tree.put("a/program", TreeEntry::Program(vec![0; 1000]));
        let bytes = zip(&tree, some()).unwrap();
        assert_eq!(bytes, zip(&tree.clone(), some()).unwrap());

        let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
        let mut program = archive.by_name("a/program").unwrap();
        assert_eq!(program.unix_mode().unwrap() & 0o777, 0o755);
        let mut content = Vec::new();
        program.read_to_end(&mut content).unwrap();
        assert_eq!(content, vec![0; 1000]);
    }
}
