//! The bill of materials: every crate that is in the programs, in the form of CycloneDX.
//!
//! It has no serial number and no time: both are optional, and would make two builds of one source
//! differ.

use crate::{problem::PackagingError, version::VERSION};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    error::Error,
    process::Command,
};
use toml_edit::DocumentMut;

/// The programs, by their packages.
const PROGRAMS: [&str; 2] = ["launcher", "server"];

/// Any manifest of the workspace leads to all of it.
const MANIFEST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");

/// The name of the file.
pub(crate) fn name() -> String {
    format!("homeport-{VERSION}.cdx.json")
}

/// The bill of what `cargo metadata` prints.
pub(crate) fn make() -> Result<String, PackagingError> {
    let make = || -> Result<_, Box<dyn Error + Send + Sync>> {
        let cargo = env::var_os("CARGO").unwrap_or("cargo".into());
        let asked = Command::new(cargo)
            .args(["metadata", "--locked", "--format-version=1", "--manifest-path", MANIFEST])
            .output()?;
        if !asked.status.success() {
            return Err(String::from_utf8_lossy(&asked.stderr).into());
        }
        let metadata = serde_json::from_slice(&asked.stdout)?;
        let lock = include_str!("../../Cargo.lock").parse()?;
        Ok(serde_json::to_string_pretty(&bill(&metadata, &lock))? + "\n")
    };
    make().map_err(PackagingError::of("the bill of materials"))
}

/// The bill for this output of `cargo metadata`, with the sums that the lock file has.
fn bill(metadata: &Value, lock: &DocumentMut) -> Value {
    let list = |value: &'_ Value| value.as_array().cloned().unwrap_or_default();
    let packages: BTreeMap<String, Value> =
        list(&metadata["packages"]).into_iter().map(|p| (text(&p["id"]), p)).collect();
    let needs: BTreeMap<String, Vec<String>> = list(&metadata["resolve"]["nodes"])
        .iter()
        .map(|node| (text(&node["id"]), list(&node["deps"]).iter().filter_map(need).collect()))
        .collect();
    let sums = sums(lock);

    let is_program = |p: &&Value| PROGRAMS.contains(&text(&p["name"]).as_str());
    let mut open: Vec<String> =
        packages.values().filter(is_program).map(|p| text(&p["id"])).collect();
    let mut found = BTreeMap::new();
    while let Some(id) = open.pop() {
        let Some(package) = packages.get(&id) else { continue };
        let needed = needs.get(&id).cloned().unwrap_or_default();
        let refs: BTreeSet<_> = needed.iter().filter_map(|id| packages.get(id)).map(purl).collect();
        if found.insert(purl(package), (component(package, &sums), refs)).is_none() {
            open.extend(needed);
        }
    }
    json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application", "bom-ref": "homeport", "name": "homeport", "version": VERSION,
            },
        },
        "components": found.values().map(|(component, _)| component).collect::<Vec<_>>(),
        "dependencies": found
            .iter()
            .map(|(purl, (_, needs))| json!({ "ref": purl, "dependsOn": needs }))
            .collect::<Vec<_>>(),
    })
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// Whom a package needs to be built or to run; what only its tests need is in no program.
fn need(dependency: &Value) -> Option<String> {
    let kinds = dependency["dep_kinds"].as_array()?;
    kinds.iter().any(|kind| kind["kind"] != "dev").then(|| text(&dependency["pkg"]))
}

/// The package URL of a crate, which names it to every tool.
fn purl(package: &Value) -> String {
    format!("pkg:cargo/{}@{}", text(&package["name"]), text(&package["version"]))
}

fn component(package: &Value, sums: &BTreeMap<(String, String), String>) -> Value {
    let (name, version) = (text(&package["name"]), text(&package["version"]));
    let is_ours = package["source"].is_null();
    let mut component = json!({
        "type": if is_ours { "application" } else { "library" },
        "bom-ref": purl(package),
        "name": name,
        "version": version,
        "purl": purl(package),
    });
    if let Some(licence) = package["license"].as_str() {
        // The old way to write "or" is no expression of SPDX.
        let expression = licence.replace('/', " OR ");
        component["licenses"] = json!([{ "expression": expression }]);
    }
    if let Some(sum) = sums.get(&(name, version)) {
        component["hashes"] = json!([{ "alg": "SHA-256", "content": sum }]);
    }
    component
}

/// The sum of each crate's archive, by name and version.
fn sums(lock: &DocumentMut) -> BTreeMap<(String, String), String> {
    let packages = lock["package"].as_array_of_tables().into_iter().flatten();
    let field = |table: &toml_edit::Table, key| Some(table.get(key)?.as_str()?.to_owned());
    let sum = |table| {
        Some(((field(table, "name")?, field(table, "version")?), field(table, "checksum")?))
    };
    packages.filter_map(sum).collect()
}

#[cfg(test)]
mod test {
    use super::*;

    #[test]
    fn it_lists_what_is_in_the_programs_and_not_what_only_tests_need() {
        let bill: Value = serde_json::from_str(&make().unwrap()).unwrap();
        let components = bill["components"].as_array().unwrap();
        let component = |name: &str| components.iter().find(|component| component["name"] == name);
        let actix = component("actix-web").expect("it serves");
        assert_eq!(actix["hashes"][0]["content"].as_str().unwrap().len(), 64);
        assert_eq!(actix["licenses"][0]["expression"], "MIT OR Apache-2.0");
        assert!(component("launcher").is_some() && component("windows-sys").is_some());
        assert!(component("proptest").is_none() && component("zip").is_none());
    }

    #[test]
    fn every_reference_leads_to_a_component_and_each_is_listed_once() {
        let bill: Value = serde_json::from_str(&make().unwrap()).unwrap();
        let list = |key: &str| bill[key].as_array().unwrap().clone();
        let refs: Vec<_> = list("components").iter().map(|c| text(&c["bom-ref"])).collect();
        assert!(refs.is_sorted_by(|a, b| a < b));
        for dependency in list("dependencies") {
            for needed in dependency["dependsOn"].as_array().unwrap() {
                assert!(refs.contains(&text(needed)), "{needed}");
            }
        }
    }
}
