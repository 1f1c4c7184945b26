//! The encoding of `usize`.

use crate::ProtocolError;
use crate::pattern::{Lacking, count, find};
use crate::source::{Item, Items, missing, text};
use pm_abi::UsizeEncoding;

/// The invocation that encodes it as it lies in memory.
pub(crate) const NATIVE: &str = "rpc_encode_decode!(le usize)";

/// The condition under which that is so in a bridge that uses eight bytes.
const FOR_64: &str = "#[cfg(target_pointer_width = \"64\")]";

/// The condition of the items that pad it.
pub(crate) const FOR_OTHERS: &str = "#[cfg(not(target_pointer_width = \"64\"))]";

const RPC: &str = "bridge/rpc.rs";

/// Returns true if an item may depend on the width.
pub(crate) fn is_part(name: &str) -> bool {
    name.starts_with("const ")
        || (name.starts_with("impl Encode<") || name.starts_with("impl Decode"))
            && name.ends_with(" for usize")
}

/// Reads it.
pub(crate) fn read(items: &Items<'_>) -> Result<UsizeEncoding, ProtocolError> {
    let native = items.one(RPC, NATIVE)?;
    let is_codec = |it: &&Item<'_>| is_part(&it.name) && it.name.ends_with(" for usize");
    let codecs: Vec<&Item<'_>> = items.0.iter().filter(is_codec).collect();
    let attributes: Vec<&str> = native.attributes.iter().map(String::as_str).collect();
    match (attributes.as_slice(), codecs.as_slice()) {
        ([], []) => Ok(UsizeEncoding::Native),
        ([], [codec, ..]) => Err(codec.unknown("`usize` has a second encoding")),
        ([FOR_64], _) => {
            check_padded(items, &codecs)?;
            Ok(UsizeEncoding::Eight)
        }
        _ => {
            let reason = format!("the condition `{}` is not known", attributes.join(" "));
            Err(native.unknown(reason))
        }
    }
}

/// On other targets it is padded with zeros to eight bytes.
fn check_padded(items: &Items<'_>, codecs: &[&Item<'_>]) -> Result<(), ProtocolError> {
    let codec = |start: &str| {
        let mut codecs = codecs.iter().filter(|it| it.name.starts_with(start));
        let name = || format!("{start}…> for usize");
        codecs.next().ok_or_else(|| missing(RPC, &name()))
    };
    let (encode, decode) = (codec("impl Encode<")?, codec("impl Decode")?);
    for item in [encode, decode] {
        check_condition(item)?;
    }
    let lacks = |item: &Item<'_>, part: Lacking| {
        item.unknown(format!("`{}` is not where it is expected", part.text))
    };
    let bytes = "const _N: usize = size_of::<usize>();";
    let encoded = [
        bytes,
        "let mut _bytes = [0; _MAX_USIZE_SIZE];",
        "_bytes[.._N].copy_from_slice(&self.to_le_bytes());",
        "_w.extend_from_array(&_bytes);",
    ];
    let encoded = find(&encode.tokens, &encoded).map_err(|part| lacks(encode, part))?;
    let decoded = [
        bytes,
        "let mut _bytes = [0; _N];",
        "_bytes.copy_from_slice(&_r[.._N]);",
        "*_r = &_r[_MAX_USIZE_SIZE..];",
        "Self::from_le_bytes(_bytes)",
    ];
    let decoded = find(&decode.tokens, &decoded).map_err(|part| lacks(decode, part))?;
    let size = encoded.get("MAX_USIZE_SIZE");
    if decoded.get("MAX_USIZE_SIZE") != size {
        return Err(decode.unknown(format!("it doesn't use `{size}`, as the encoding does")));
    }
    for (item, used) in [(encode, "extend_from_array"), (decode, "copy_from_slice")] {
        if count(&item.tokens, used) != 1 {
            return Err(item.unknown(format!("`{used}` is there more than once")));
        }
    }
    let constant = items.one(RPC, &format!("const {size}"))?;
    check_condition(constant)?;
    let value = match constant.syntax {
        syn::Item::Const(constant) => text(&constant.expr),
        _ => String::new(),
    };
    if value == "8" {
        return Ok(());
    }
    Err(ProtocolError::Differs {
        place: constant.place(),
        item: constant.name.clone(),
        found: format!("`{value}`"),
        expected: "`8`".to_owned(),
    })
}

fn check_condition(item: &Item<'_>) -> Result<(), ProtocolError> {
    match item.attributes.as_slice() {
        [condition] if condition == FOR_OTHERS => Ok(()),
        other => {
            let other = other.join(" ");
            let reason = format!("found the condition `{other}`, expected `{FOR_OTHERS}`");
            Err(item.unknown(reason))
        }
    }
}
