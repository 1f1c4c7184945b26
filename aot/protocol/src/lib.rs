//! The types of the bridge's messages, read from a rustc's own sources.
//!
//! The protocol between a procedural macro and rustc belongs to one version of rustc and is written
//! down nowhere but in its `library/proc_macro/src/bridge/`. [`read`] takes it from there, so that a
//! new rustc needs no release of this project:
//!
//! - **derived** are the methods (`with_api!`), the types that they name, and the order in which
//!   fields and variants are encoded (`rpc_encode_decode!`, `compound_traits!`);
//! - **checked** is what can't be derived: how primitives are encoded, that a request is a tag and
//!   the arguments in order, that a reply is a `Result`, what an entry point is given and returns,
//!   and what lies where in memory. The items of the sources that say so must be, but for comments
//!   and some attributes, token for token rustc 1.96's, whose digests are in `src/expected.rs`.
//!
//! A rustc that differs in any of them is refused with the file and the item. Its messages are never
//! misread.

mod api;
mod definitions;
mod encodings;
mod error;
mod expected;
mod source;
mod tokens;
mod types;

#[cfg(test)]
mod tests;

pub use error::{Place, ProtocolError};

use definitions::Definitions;
use pm_bridge::{Method, Schema};
use source::Sources;
use std::path::Path;
use types::Types;

/// Reads the protocol from the folder `library/` of a rustc's sources.
pub fn read(library: &Path) -> Result<Schema, ProtocolError> {
    let sources = Sources::read(library)?;
    expected::check(&sources)?;
    derive(&sources)
}

/// The protocol of sources that were checked.
fn derive(sources: &Sources) -> Result<Schema, ProtocolError> {
    let definitions = Definitions::new(sources);
    let encodings = encodings::read(sources)?;
    let api = api::read(&sources.bridge)?;
    let mut types = Types::new(&definitions, &encodings);

    let panic = types.panic_message()?;
    let mut methods = Vec::new();
    for method in &api {
        let arguments = method.arguments.iter();
        let arguments = arguments.map(|ty| types.argument(ty));
        let arguments = arguments.collect::<Result<_, _>>()?;
        let result = match &method.result {
            Some(ty) => types.argument(ty)?,
            None => types.unit(),
        };
        methods.push(Method {
            name: method.name.clone(),
            arguments,
            reply: types.result(result, panic)?,
        });
    }

    // `run_client` and `run_server`, which were checked.
    let (globals, stream) = (types.globals()?, types.stream());
    let one_stream = types.tuple(vec![globals, stream]);
    let streams = types.tuple(vec![stream, stream]);
    let two_streams = types.tuple(vec![globals, streams]);
    let output = types.option(stream)?;
    let output = types.result(output, panic)?;
    let schema = Schema {
        types: types.finish(),
        methods,
        one_stream,
        two_streams,
        output,
        panic,
    };
    schema.validate()?;
    Ok(schema)
}
