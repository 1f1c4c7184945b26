//! Edits that change no message: they are known, or the items that they change are unknown.

use super::Tree;

#[track_caller]
fn check(tree: &Tree, edited: &Tree, expect: &[&str]) {
    let known = tree.digests();
    let (profile, _) = tree.reading(&known);
    let (same, unknown) = edited.reading(&known);
    assert_eq!(same, profile);
    assert_eq!(unknown, expect);
}

fn both(edit: impl Fn(Tree) -> Tree, expect: &[&str]) {
    for tree in [Tree::flat(), Tree::grouped()] {
        check(&tree, &edit(tree.clone()), expect);
    }
}

#[test]
fn comments_and_attributes() {
    let edit = |tree: Tree| {
        tree.with(
            "bridge/rpc.rs",
            "w.push(self);",
            "/* One byte. */ w.push(self);",
        )
        .with(
            "bridge/handle.rs",
            "pub(super)",
            "/// A handle.\n#[expect(x)]\npub(super)",
        )
        .with("bridge/buffer.rs", "#[inline]", "#[inline(always)]")
    };
    both(edit, &[]);
}

#[test]
fn order_of_impls() {
    let first = "impl<S> Encode<S> for () { fn encode(self, _: &mut Buffer, _: &mut S) {} }\n";
    let edit = |tree: Tree| {
        tree.with("bridge/rpc.rs", first, "")
            .and("bridge/rpc.rs", first)
    };
    both(edit, &[]);
}

#[test]
fn items_that_do_not_matter() {
    let edit = |tree: Tree| {
        tree.with("bridge/buffer.rs", "fn new() ->", "fn new(size: u8) ->")
            .and(
                "bridge/client.rs",
                "fn more() {}\nstruct More;\nimpl Clone for More {}\n",
            )
    };
    both(edit, &[]);
}

#[test]
fn renamed_locals() {
    let byte = |tree: Tree| {
        tree.with("bridge/rpc.rs", "let x = r[0];", "let byte = r[0];")
            .with("bridge/rpc.rs", "        x\n", "        byte\n")
    };
    let tree = Tree::flat();
    check(
        &tree,
        &byte(tree.clone()),
        &["impl Decode<'_, '_, S> for u8"],
    );
    let tree = Tree::grouped();
    check(
        &tree,
        &byte(tree.clone()),
        &["impl DecodeMut<'_, '_, S> for u8"],
    );

    let call = |mut tree: Tree| {
        let client = tree.0.get_mut("bridge/client.rs").unwrap();
        *client = client.replace("buf", "bytes").replace("$arg", "$argument");
        tree
    };
    both(call, &["macro_rules! define_client_side"]);

    let server = |mut tree: Tree| {
        let server = tree.0.get_mut("bridge/server.rs").unwrap();
        *server = server
            .replace("reader", "input")
            .replace("handle_store", "store");
        tree
    };
    let tree = Tree::flat();
    check(
        &tree,
        &server(tree.clone()),
        &["macro_rules! define_dispatcher"],
    );
    let tree = Tree::grouped();
    check(
        &tree,
        &server(tree.clone()),
        &["macro_rules! define_dispatcher_impl"],
    );
}

#[test]
fn renamed_locals_of_usize() {
    let tree = Tree::flat();
    let edited = tree
        .clone()
        .with(
            "bridge/rpc.rs",
            "w.extend_from_array(&bytes)",
            "w.extend_from_array(&padded)",
        )
        .with(
            "bridge/rpc.rs",
            "let mut bytes = [0; MAX_USIZE_SIZE]",
            "let mut padded = [0; MAX_USIZE_SIZE]",
        )
        .with("bridge/rpc.rs", "bytes[..N].copy", "padded[..N].copy");
    check(&tree, &edited, &["impl Encode<S> for usize"]);
}

/// An encoding of a type that no message has.
#[test]
fn more_encodings() {
    let edit = |tree: Tree| tree.and("bridge/rpc.rs", "impl<S> Encode<S> for char {}\n");
    both(edit, &["impl Encode<S> for char"]);
}

#[test]
fn other_bodies() {
    let edit = |tree: Tree| {
        tree.with(
            "bridge/client.rs",
            "fn run_client() {}",
            "fn run_client() { f(); }",
        )
    };
    both(edit, &["fn run_client"]);
}
