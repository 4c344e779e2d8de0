//! The paths that a piece of Rust names: `crate::a::b`, `self::c`, `super::d` and those that begin with
//! a child of the module, in `use` lines with their braces, in expressions, types and the arguments of
//! macros.

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// One path, as its segments; `crate`, `self`, `super` or a child of the module comes first.
pub(crate) type Segments = Vec<String>;

/// All the paths of `tokens` that begin at the crate, at the module itself, at one of its `children` or
/// above it.
pub(crate) fn named(tokens: TokenStream, children: &[&str]) -> Vec<Segments> {
    let mut found = Vec::new();
    collect(tokens, children, &mut found);
    found
}

fn collect(tokens: TokenStream, children: &[&str], found: &mut Vec<Segments>) {
    let trees: Vec<_> = tokens.into_iter().collect();
    let mut at = 0;
    while at < trees.len() {
        at = match &trees[at] {
            TokenTree::Ident(first)
                if begins_a_path(&first.to_string(), children)
                    && is_separator(&trees, at + 1)
                    && !(at > 1 && is_separator(&trees, at - 2)) =>
            {
                follow(&trees, at + 1, vec![first.to_string()], found)
            }
            TokenTree::Group(group) => {
                collect(group.stream(), children, found);
                at + 1
            }
            _ => at + 1,
        };
    }
}

fn begins_a_path(word: &str, children: &[&str]) -> bool {
    matches!(word, "crate" | "self" | "super") || children.contains(&word)
}

/// Whether `::` stands at this place.
fn is_separator(trees: &[TokenTree], at: usize) -> bool {
    let is_colon = |at| matches!(trees.get(at), Some(TokenTree::Punct(p)) if p.as_char() == ':');
    is_colon(at) && is_colon(at + 1)
}

/// Reads on behind `prefix`; returns the place of the first token that is no part of the path.
fn follow(
    trees: &[TokenTree],
    mut at: usize,
    mut prefix: Segments,
    found: &mut Vec<Segments>,
) -> usize {
    while is_separator(trees, at) {
        match trees.get(at + 2) {
            Some(TokenTree::Ident(segment)) => prefix.push(segment.to_string()),
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                alternatives(group.stream(), &prefix, found);
                return at + 3;
            }
            // `::*` or the `::<` of a generic function.
            _ => break,
        }
        at += 3;
    }
    found.push(prefix);
    at
}

/// The branches of `{a::b, c as d, self}` behind `prefix`.
fn alternatives(tokens: TokenStream, prefix: &Segments, found: &mut Vec<Segments>) {
    let trees: Vec<_> = tokens.into_iter().collect();
    let is_comma = |tree: &TokenTree| matches!(tree, TokenTree::Punct(p) if p.as_char() == ',');
    for branch in trees.split(is_comma) {
        match branch.first() {
            Some(TokenTree::Ident(first)) if first == "self" => found.push(prefix.clone()),
            Some(TokenTree::Ident(first)) => {
                let path = prefix.iter().cloned().chain([first.to_string()]).collect();
                follow(branch, 1, path, found);
            }
            Some(TokenTree::Punct(_)) => found.push(prefix.clone()),
            _ => {}
        }
    }
}

#[cfg(test)]
mod test {
    use super::*;

    fn paths(code: &str) -> Vec<String> {
        let tokens: TokenStream = code.parse().unwrap();
        named(tokens, &["child"]).iter().map(|segments| segments.join("::")).collect()
    }

    #[test]
    fn the_braces_of_a_use_line_are_opened() {
        let code = "use crate::{a::{self, B, c::D as E}, f::*}; use std::{io, mem};";
        let wanted = ["crate::a", "crate::a::B", "crate::a::c::D", "crate::f"];
        assert_eq!(paths(code), wanted);
    }

    #[test]
    fn paths_within_code_and_macros_count_too() {
        let code =
            "fn f(x: super::X) { println!(\"{}\", self::y::<u8>(x)); child::g(std::child::h()); }";
        assert_eq!(paths(code), ["super::X", "self::y", "child::g"]);
    }
}
