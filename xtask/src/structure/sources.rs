//! The files of a crate as a tree of modules, without what is compiled for tests alone.

use super::paths::{self, Segments};
use proc_macro2::TokenStream;
use quote::ToTokens;
use std::{
    collections::HashMap,
    fs, io,
    path::{Path, PathBuf},
};
use syn::{Attribute, Item, UseTree, Visibility, ext::IdentExt};

/// One file.
pub(crate) struct Source {
    /// Its modules from the crate's root on; empty for the root itself.
    pub(crate) module: Segments,
    /// Where it is, from the workspace's root on.
    pub(crate) file: PathBuf,
    /// How many lines it has, tests and comments among them.
    pub(crate) lines: usize,
    /// The modules that it declares, in their order, which have files of their own.
    pub(crate) children: Vec<String>,
    /// The paths that it names.
    pub(crate) paths: Vec<Segments>,
    /// What it hands on from elsewhere: the name here, and the path there.
    pub(crate) reexports: HashMap<String, Segments>,
    /// The macros that it puts at the root of the crate, with their paths here.
    pub(crate) macros: Vec<(String, Segments)>,
    /// The types that it defines: structures, enums, traits and aliases, and whether for others too.
    pub(crate) types: Vec<(String, bool)>,
}

/// The files of the crate in `folder`, the root first, each before its children.
///
/// # Errors
///
/// If a file cannot be read, is not Rust, or declares a module that has no file.
pub(crate) fn read(workspace: &Path, folder: &str) -> io::Result<Vec<Source>> {
    let mut sources = Vec::new();
    let root = Path::new(folder).join("src/lib.rs");
    let root = match workspace.join(&root).exists() {
        true => root,
        false => root.with_file_name("main.rs"),
    };
    visit(workspace, &root, &Vec::new(), &mut sources)?;
    let macros: Vec<_> = sources.iter().flat_map(|source| source.macros.clone()).collect();
    sources[0].reexports.extend(macros);
    Ok(sources)
}

fn visit(
    workspace: &Path,
    file: &Path,
    module: &Segments,
    sources: &mut Vec<Source>,
) -> io::Result<()> {
    let text = fs::read_to_string(workspace.join(file))?;
    let told =
        |error: &dyn std::fmt::Display| io::Error::other(format!("{}: {error}", file.display()));
    let mut items = syn::parse_file(&text).map_err(|error| told(&error))?.items;
    drop_tests(&mut items);
    let children: Vec<_> = items.iter().filter_map(declared).collect();
    let aliases: Vec<_> = children.iter().map(|child| child.alias.as_str()).collect();
    let named = |item: &Item| paths::named(item.to_token_stream(), &aliases);
    let mut reexports: HashMap<_, _> = items.iter().flat_map(reexported).collect();
    for child in children.iter().filter(|child| child.alias != child.name) {
        let path = vec!["self".to_owned(), child.name.clone()];
        reexports.entry(child.alias.clone()).or_insert(path);
    }
    sources.push(Source {
        module: module.clone(),
        file: file.to_owned(),
        lines: text.lines().count(),
        children: children.iter().map(|child| child.name.clone()).collect(),
        paths: items.iter().flat_map(named).collect(),
        reexports,
        macros: items.iter().filter_map(|item| exported_macro(item, module)).collect(),
        types: items.iter().flat_map(types).collect(),
    });
    for Child { name, path, .. } in children {
        let folder = file.with_file_name("");
        let places = match path {
            Some(path) => vec![folder.join(path)],
            None => vec![folder.join(format!("{name}.rs")), folder.join(&name).join("mod.rs")],
        };
        let place = places.iter().find(|place| workspace.join(place).exists());
        let place = place.ok_or_else(|| told(&format_args!("no file for its module {name}")))?;
        let module: Segments = module.iter().cloned().chain([name]).collect();
        visit(workspace, place, &module, sources)?;
    }
    Ok(())
}

/// Removes the modules, functions and other items that are for tests alone.
fn drop_tests(items: &mut Vec<Item>) {
    items.retain(|item| !attributes(item).iter().any(is_for_tests));
    for item in items {
        match item {
            Item::Mod(module) => {
                if let Some((_, items)) = &mut module.content {
                    drop_tests(items);
                }
            }
            Item::Impl(block) => block.items.retain(|item| match item {
                syn::ImplItem::Fn(function) => !function.attrs.iter().any(is_for_tests),
                _ => true,
            }),
            _ => {}
        }
    }
}

fn is_for_tests(attribute: &Attribute) -> bool {
    attribute.path().is_ident("cfg") && {
        let condition = attribute.meta.to_token_stream().to_string().replace(' ', "");
        condition == "cfg(test)" || condition.starts_with("cfg(all(test,")
    }
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

/// A module with a file of its own.
struct Child {
    /// What the code calls it. The twins of the operating systems are all called the same.
    alias: String,
    /// What tells it from its twins: the beginning of its `#[path]`, or the same again.
    name: String,
    path: Option<String>,
}

fn declared(item: &Item) -> Option<Child> {
    let Item::Mod(module) = item else { return None };
    if module.content.is_some() {
        return None;
    }
    let path = module.attrs.iter().find(|attribute| attribute.path().is_ident("path"));
    let path = path.and_then(|attribute| match &attribute.meta.require_name_value().ok()?.value {
        syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) => Some(text.value()),
        _ => None,
    });
    let alias = module.ident.unraw().to_string();
    let folder = path.as_ref().and_then(|path| path.split(['/', '.']).next());
    let name = folder.map_or_else(|| alias.clone(), str::to_owned);
    Some(Child { alias, name, path })
}

fn reexported(item: &Item) -> Vec<(String, Segments)> {
    let mut found = Vec::new();
    if let Item::Use(item) = item
        && !matches!(item.vis, Visibility::Inherited)
    {
        leaves(&item.tree, &Vec::new(), &mut found);
    }
    found
}

/// A macro with `#[macro_export]`: code names it as if the root of the crate defined it.
fn exported_macro(item: &Item, module: &Segments) -> Option<(String, Segments)> {
    let Item::Macro(item) = item else { return None };
    item.attrs.iter().find(|attribute| attribute.path().is_ident("macro_export"))?;
    let name = item.ident.as_ref()?.to_string();
    let path = ["crate".to_owned()].into_iter().chain(module.iter().cloned()).chain([name.clone()]);
    Some((name, path.collect()))
}

fn leaves(tree: &UseTree, prefix: &Segments, found: &mut Vec<(String, Segments)>) {
    let with = |name: &syn::Ident| prefix.iter().cloned().chain([name.to_string()]).collect();
    match tree {
        UseTree::Path(path) => leaves(&path.tree, &with(&path.ident), found),
        UseTree::Group(group) => {
            group.items.iter().for_each(|tree| leaves(tree, prefix, found));
        }
        UseTree::Name(name) if name.ident == "self" => {
            found.extend(prefix.last().map(|last| (last.clone(), prefix.clone())));
        }
        UseTree::Name(name) => found.push((name.ident.to_string(), with(&name.ident))),
        UseTree::Rename(renamed) => {
            found.push((renamed.rename.to_string(), with(&renamed.ident)));
        }
        UseTree::Glob(_) => found.push(("*".to_owned(), prefix.clone())),
    }
}

/// The types of an item; those of a macro are found by their keywords, and are for others.
fn types(item: &Item) -> Vec<(String, bool)> {
    let (visibility, name) = match item {
        Item::Enum(item) => (&item.vis, &item.ident),
        Item::Struct(item) => (&item.vis, &item.ident),
        Item::Trait(item) => (&item.vis, &item.ident),
        Item::Type(item) => (&item.vis, &item.ident),
        Item::Macro(item) if item.ident.is_none() => return types_in(item.mac.tokens.clone()),
        _ => return Vec::new(),
    };
    vec![(name.to_string(), !matches!(visibility, Visibility::Inherited))]
}

fn types_in(tokens: TokenStream) -> Vec<(String, bool)> {
    let words: Vec<_> = tokens.into_iter().map(|tree| tree.to_string()).collect();
    let defined = words.windows(2).filter(|pair| pair[0] == "enum" || pair[0] == "struct");
    defined.map(|pair| (pair[1].clone(), true)).collect()
}
