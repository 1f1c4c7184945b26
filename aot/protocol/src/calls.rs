//! The form of a request: its tag, the order of its arguments, and the parts of each.

use crate::ProtocolError;
use crate::api::Form;
use crate::pattern::{Lacking, count, find};
use crate::source::{Item, Items};
use pm_abi::ArgumentOrder;

const MOD: &str = "bridge/mod.rs";

/// Each argument after the one before it.
const ENCODE_FORWARD: &str = "$($_arg.encode(&mut _buf, &mut ());)*";
const ENCODE_REVERSE: &str = "reverse_encode!(_buf; $($_arg),*);";

const DECODE_FORWARD: [&str; 2] = [
    "$(let $_arg = <$_arg_ty>::decode(&mut _reader, _store);)*",
    "$(let $_arg = <$_arg_ty>::decode(&mut _reader, _store).unmark();)*",
];
const DECODE_REVERSE: &str = "reverse_decode!(_reader, _store; $($_arg: $_arg_ty),*);";

/// The parts of `rpc_encode_decode`: integers are little-endian, a struct is its fields in order,
/// and an enum is the place of a variant in one byte, and what that holds.
const ENCODINGS: [&[&str]; 3] = [
    &[
        "(le $_ty:ty) => {",
        "_w.extend_from_array(&self.to_le_bytes());",
        "_bytes.copy_from_slice(&_r[.._N]);",
        "*_r = &_r[_N..];",
        "Self::from_le_bytes(_bytes)",
    ],
    &[
        "(struct $_name:ident",
        "{ $($_field:ident),* $(,)? }) => {",
        "{ $(self.$_field.encode(_w, _s);)* }",
        "$_name { $($_field: _Decode::decode(_r, _s)),* }",
    ],
    &[
        "(enum $_name:ident",
        "{ $($_variant:ident $(($_payload:ident))*),* $(,)? }) => {",
        "#[repr(u8)] enum _Tag { $($_variant),* }",
        "const $_variant: u8 = _Tag::$_variant as u8;",
        "$_variant.encode(_w, _s); $($_payload.encode(_w, _s);)*",
        "match u8::decode(_r, _s2) {",
        "$(let $_payload = _Decode::decode(_r, _s2);)*",
    ],
];

/// Checks the tags and reads the order, in which both sides agree.
pub(crate) fn read(items: &Items<'_>, form: Form) -> Result<ArgumentOrder, ProtocolError> {
    let encodings = items.one("bridge/rpc.rs", "macro_rules! rpc_encode_decode")?;
    for parts in ENCODINGS {
        check(encodings, parts)?;
    }
    let compound = items.one(MOD, "macro_rules! compound_traits")?;
    check(
        compound,
        &["($($_t:tt)*) => { rpc_encode_decode!($($_t)*);"],
    )?;
    tags(items.one(MOD, "macro_rules! declare_tags")?, form)?;
    let encode = items.one("bridge/client.rs", "macro_rules! define_client_side")?;
    let order = encoded(encode, form)?;
    let decode = match form {
        Form::Flat => "macro_rules! define_dispatcher",
        Form::Grouped => "macro_rules! define_dispatcher_impl",
    };
    let decode = items.one("bridge/server.rs", decode)?;
    let decoded = decoded(decode, form)?;
    if order != decoded {
        return Err(ProtocolError::Differs {
            place: decode.place(),
            item: decode.name.clone(),
            found: text(decoded).to_owned(),
            expected: format!("{}, as `{}` has it", text(order), encode.name),
        });
    }
    if order == ArgumentOrder::Reverse {
        reverse(items)?;
    }
    Ok(order)
}

/// An order, for messages.
pub(crate) fn text(order: ArgumentOrder) -> &'static str {
    match order {
        ArgumentOrder::Forward => "the first argument first",
        ArgumentOrder::Reverse => "the last argument first",
    }
}

/// An item without a part that it should have.
fn lacks(item: &Item<'_>, part: Lacking) -> ProtocolError {
    item.unknown(format!("`{}` is not where it is expected", part.text))
}

/// The one that was found after more of the others.
fn further(a: Lacking, b: Lacking) -> Lacking {
    if b.index > a.index { b } else { a }
}

fn check(item: &Item<'_>, patterns: &[&str]) -> Result<(), ProtocolError> {
    find(&item.tokens, patterns).map_err(|part| lacks(item, part))?;
    Ok(())
}

/// A name is there as often as is understood.
fn check_count(item: &Item<'_>, name: &str, expected: usize) -> Result<(), ProtocolError> {
    let found = count(&item.tokens, name);
    if found == expected {
        return Ok(());
    }
    let reason = format!("`{name}` is there {found} times, expected {expected}");
    Err(item.unknown(reason))
}

/// A tag is the place of a method.
fn tags(item: &Item<'_>, form: Form) -> Result<(), ProtocolError> {
    let (pattern, enums) = match form {
        Form::Flat => (
            "{ pub(super) enum _Tags { $($_method),* } \
             rpc_encode_decode!(enum _Tags { $($_method),* }); }",
            1,
        ),
        Form::Grouped => (
            "{ $( \
                 pub(super) enum $_name { $($_method),* } \
                 rpc_encode_decode!(enum $_name { $($_method),* }); \
             )* \
             pub(super) enum _Method { $($_name($_name)),* } \
             rpc_encode_decode!(enum _Method { $($_name(_m)),* }); }",
            2,
        ),
    };
    check(item, &[pattern])?;
    check_count(item, "rpc_encode_decode", enums)
}

fn encoded(item: &Item<'_>, form: Form) -> Result<ArgumentOrder, ProtocolError> {
    let tag = match form {
        Form::Flat => "_Tags::$_method.encode(&mut _buf, &mut ());",
        Form::Grouped => {
            "_tags::_Method::$_name(_tags::$_name::$_method).encode(&mut _buf, &mut ());"
        }
    };
    let tag_and = |arguments: &str| format!("{tag} {arguments}");
    let rest = [
        "_buf = _bridge.dispatch.call(_buf);",
        "Result::<_, PanicMessage>::decode(",
    ];
    let with = |arguments: &str| {
        let start = tag_and(arguments);
        find(&item.tokens, &[&start, rest[0], rest[1]])
    };
    let (order, encodes) = match (with(ENCODE_FORWARD), with(ENCODE_REVERSE)) {
        (Ok(_), _) => (ArgumentOrder::Forward, 2),
        (_, Ok(_)) => (ArgumentOrder::Reverse, 1),
        (Err(a), Err(b)) => return Err(lacks(item, further(a, b))),
    };
    check_count(item, "encode", encodes)?;
    check_count(item, "decode", 1)?;
    Ok(order)
}

fn decoded(item: &Item<'_>, form: Form) -> Result<ArgumentOrder, ProtocolError> {
    let (tag, call) = match form {
        Form::Flat => (
            "match _Tags::decode(&mut _reader, &mut ()) { $(_Tags::$_method => {",
            "_server.$_method($($_arg),*)",
        ),
        Form::Grouped => (
            "match _tags::_Method::decode(&mut _reader, &mut ()) { \
                 $(_tags::_Method::$_name(_m) => match _m { \
                     $(_tags::$_name::$_method => {",
            "$_name::$_method(_server, $($_arg),*)",
        ),
    };
    let reply = "_r.encode(&mut _buf, _store);";
    let with = |arguments: &str| find(&item.tokens, &[tag, arguments, call, reply]);
    let [plain, marked] = DECODE_FORWARD.map(with);
    let (order, decodes) = match (plain.or(marked), with(DECODE_REVERSE)) {
        (Ok(_), _) => (ArgumentOrder::Forward, 2),
        (_, Ok(_)) => (ArgumentOrder::Reverse, 1),
        (Err(a), Err(b)) => return Err(lacks(item, further(a, b))),
    };
    check_count(item, "decode", decodes)?;
    check_count(item, "encode", 1)?;
    Ok(order)
}

/// The macros that reverse do so.
fn reverse(items: &Items<'_>) -> Result<(), ProtocolError> {
    let encode = items.one(MOD, "macro_rules! reverse_encode")?;
    check(
        encode,
        &["($_writer:ident; $_first:ident $(, $_rest:ident)*) => { \
             reverse_encode!($_writer; $($_rest),*); \
             $_first.encode(&mut $_writer, &mut ()); \
           }"],
    )?;
    check_count(encode, "encode", 1)?;
    let decode = items.one(MOD, "macro_rules! reverse_decode")?;
    check(
        decode,
        &["($_reader:ident, $_s:ident; \
            $_first:ident: $_first_ty:ty $(, $_rest:ident: $_rest_ty:ty)*) => { \
             reverse_decode!($_reader, $_s; $($_rest: $_rest_ty),*); \
             let $_first = <$_first_ty>::decode(&mut $_reader, $_s); \
           }"],
    )?;
    check_count(decode, "decode", 1)
}
