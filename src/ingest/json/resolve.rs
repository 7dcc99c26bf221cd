//! Follows the paths of format files through documents: from an item, its enclosing objects, or the document.
//! It knows tokens and steps, nothing of roles or messages.

use std::borrow::Cow;
use std::cell::Cell;

use super::tape::{Kind, Node};
use crate::ingest::formats::path::{Origin, Path, Step};

/// An item with all that encloses it.
#[derive(Clone, Debug)]
pub struct Item<'t> {
    /// The item itself.
    pub node: Node<'t>,
    /// The objects around it, the nearest first.
    pub around: Vec<Node<'t>>,
    /// The document.
    pub document: Node<'t>,
}

/// Follows steps from a node and gives every value reached, until `take` gives something.
///
/// `twice` is set where a key on the way stands in its object more than once.
pub fn find<'t, R>(
    node: Node<'t>,
    steps: &[Step],
    twice: &Cell<bool>,
    take: &mut dyn FnMut(Node<'t>) -> Option<R>,
) -> Option<R> {
    let Some((step, rest)) = steps.split_first() else { return take(node) };
    match step {
        Step::Key(key) => {
            let node = match node.kind() {
                Kind::List => node.elements().next()?,
                Kind::Embedded => node.embedded()?,
                _ => node,
            };
            let (value, more) = node.member(key)?;
            if more {
                twice.set(true);
            }
            find(value, rest, twice, take)
        }
        Step::Index(index) => find(node.elements().nth(*index)?, rest, twice, take),
        Step::Elements => node.elements().find_map(|element| find(element, rest, twice, take)),
        Step::Members => node.members().find_map(|(_, value)| find(value, rest, twice, take)),
        Step::Embedded => find(node.embedded()?, rest, twice, take),
    }
}

impl<'t> Item<'t> {
    /// Where a path begins.
    fn origin(&self, path: &Path) -> Option<Node<'t>> {
        match path.origin {
            Origin::Document => Some(self.document),
            Origin::Item(0) => Some(self.node),
            Origin::Item(up) => self.around.get(up - 1).copied(),
        }
    }

    /// The first filled value at a path.
    pub fn filled(&self, path: &Path, twice: &Cell<bool>) -> Option<Node<'t>> {
        find(self.origin(path)?, &path.steps, twice, &mut |node| node.is_filled().then_some(node))
    }

    /// The first filled text, number or truth value at a path; of a list its first element.
    pub fn text(&self, path: &Path, twice: &Cell<bool>) -> Option<Cow<'t, str>> {
        find(self.origin(path)?, &path.steps, twice, &mut |node| text_of(node))
    }

    /// Every value at a path, as an item within this one. `..` leads from each of them to this item.
    pub fn fan_out(&self, path: &Path, twice: &Cell<bool>) -> Vec<Self> {
        let mut found = Vec::new();
        let Some(origin) = self.origin(path) else { return found };
        find::<()>(origin, &path.steps, twice, &mut |node| {
            let around = std::iter::once(self.node).chain(self.around.iter().copied()).collect();
            found.push(Self { node, around, document: self.document });
            None
        });
        found
    }
}

/// A text, number or truth value; of a list the first.
pub fn text_of(node: Node<'_>) -> Option<Cow<'_, str>> {
    match node.kind() {
        Kind::List => node.elements().find_map(text_of),
        _ => node.scalar().filter(|text| !text.is_empty()),
    }
}

/// Every item at the end of `steps`, with the objects on the way.
pub fn items<'t>(start: &Item<'t>, steps: &[Step], twice: &Cell<bool>, found: &mut Vec<Item<'t>>) {
    let Some((step, rest)) = steps.split_first() else {
        found.push(start.clone());
        return;
    };
    // The object that is left stands around what it holds; a list does not.
    let within = |node: Node<'t>| {
        let mut around = start.around.clone();
        if start.node.kind() == Kind::Object {
            around.insert(0, start.node);
        }
        Item { node, around, document: start.document }
    };
    match step {
        Step::Key(key) => {
            if start.node.kind() == Kind::List {
                for element in start.node.elements().take(1) {
                    items(&Item { node: element, ..start.clone() }, steps, twice, found);
                }
            } else if let Some((value, more)) = start.node.member(key) {
                if more {
                    twice.set(true);
                }
                items(&within(value), rest, twice, found);
            }
        }
        Step::Index(index) => {
            if let Some(value) = start.node.elements().nth(*index) {
                items(&within(value), rest, twice, found);
            }
        }
        Step::Elements => {
            for value in start.node.elements() {
                items(&within(value), rest, twice, found);
            }
        }
        Step::Members => {
            for (_, value) in start.node.members() {
                items(&within(value), rest, twice, found);
            }
        }
        Step::Embedded => {
            if let Some(value) = start.node.embedded() {
                items(&within(value), rest, twice, found);
            }
        }
    }
}
