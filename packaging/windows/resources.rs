//! What a Windows program shows of itself: its icon, its version, and its manifest, which says how
//! the system shall treat it. Both build scripts mount this file.

use std::{env, path::Path};

/// Puts the resources into the programs of the package that is being built, if they are for Windows.
/// Without a resource compiler the programs do without, and the build says so.
pub(crate) fn embed() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../packaging");
    let [icon, manifest, this] =
        ["icons/homeport.ico", "windows/homeport.manifest", "windows/resources.rs"]
            .map(|file| folder.join(file).display().to_string());
    for file in [&icon, &manifest, &this] {
        println!("cargo::rerun-if-changed={file}");
    }
    if env::var("CARGO_CFG_TARGET_OS").is_ok_and(|system| system == "windows") {
        let mut resources = winresource::WindowsResource::new();
        resources.set("ProductName", "Homeport").set_icon(&icon).set_manifest_file(&manifest);
        if let Err(error) = resources.compile() {
            println!("cargo::warning=no icon, version and manifest in the program: {error}");
        }
    }
}
