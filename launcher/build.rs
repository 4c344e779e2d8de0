//! Gives the Windows program its icon, version and manifest.

#[path = "../packaging/windows/resources.rs"]
mod resources;

fn main() {
    resources::embed();
}
