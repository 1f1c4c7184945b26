//! The messages of a run, as `probe/recorder.rs` writes them, and their comparison.

use pm_abi::Profile;

/// A kind of message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Input,
    Request,
    Reply,
    Output,
}

/// A recorded message, in the encoding of the compiler's side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) kind: Kind,
    pub(crate) bytes: Vec<u8>,
}

/// Reads a log; `None` for one that is cut off.
pub(crate) fn parse(mut log: &[u8]) -> Option<Vec<Message>> {
    let mut messages = Vec::new();
    while let Some((kind, rest)) = log.split_first() {
        let kind = match kind {
            0 => Kind::Input,
            1 => Kind::Request,
            2 => Kind::Reply,
            3 => Kind::Output,
            _ => return None,
        };
        let (len, rest) = rest.split_first_chunk()?;
        let len = usize::try_from(u64::from_le_bytes(*len)).ok()?;
        let (bytes, rest) = rest.split_at_checked(len)?;
        messages.push(Message {
            kind,
            bytes: bytes.to_vec(),
        });
        log = rest;
    }
    Some(messages)
}

/// The first message in which two runs differ, as a text for people: its number, and both sides.
pub(crate) fn difference(
    profile: &Profile,
    native: &[Message],
    wasm: &[Message],
) -> Option<String> {
    let pairs = native.iter().zip(wasm);
    let place = pairs.take_while(|(native, wasm)| native == wasm).count();
    if place == native.len() && place == wasm.len() {
        return None;
    }
    let side = |messages: &[Message]| match messages.get(place) {
        Some(message) => describe(profile, &messages[..=place], message),
        None => "nothing more".to_owned(),
    };
    Some(format!(
        "message {place} is {} natively and {} from wasm",
        side(native),
        side(wasm)
    ))
}

/// A message with the method that it is about.
fn describe(profile: &Profile, before: &[Message], message: &Message) -> String {
    let method = |bytes: &[u8]| match profile.method_of(bytes) {
        Some(id) => format!("`{}`", profile.method(id).name),
        None => "an unknown method".to_owned(),
    };
    let bytes = bytes(&message.bytes);
    match message.kind {
        Kind::Input => format!("an input {bytes}"),
        Kind::Request => format!("a request of {} {bytes}", method(&message.bytes)),
        Kind::Reply => {
            let request = before.iter().rev().find(|it| it.kind == Kind::Request);
            let method = request.map_or_else(String::new, |it| method(&it.bytes));
            format!("a reply to {method} {bytes}")
        }
        Kind::Output => format!("an output {bytes}"),
    }
}

/// The first bytes in hexadecimal.
fn bytes(bytes: &[u8]) -> String {
    const SHOWN: usize = 24;
    let shown: String = bytes
        .iter()
        .take(SHOWN)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let more = if bytes.len() > SHOWN { "…" } else { "" };
    format!("({shown}{more})")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(messages: &[(u8, &[u8])]) -> Vec<u8> {
        let mut log = Vec::new();
        for (kind, bytes) in messages {
            log.push(*kind);
            log.extend((bytes.len() as u64).to_le_bytes());
            log.extend(*bytes);
        }
        log
    }

    #[test]
    fn a_log_is_whole_or_nothing() {
        let whole = log(&[(0, b"abc"), (1, &[6]), (2, b""), (3, b"x")]);
        assert_eq!(parse(&whole).unwrap().len(), 4);
        let ends = [0, 12, 22, 31];
        for len in 0..whole.len() {
            assert_eq!(parse(&whole[..len]).is_some(), ends.contains(&len), "{len}");
        }
        assert_eq!(parse(&log(&[(4, b"")])), None);
    }

    #[test]
    fn the_first_difference_is_named() {
        let profile = Profile::by_name("1.95").unwrap();
        let read = |messages: &[(u8, &[u8])]| parse(&log(messages)).unwrap();
        let native = read(&[(0, &[1]), (1, &[6, 1, 0, 0, 0]), (2, &[0, 2, 0, 0, 0])]);
        assert_eq!(difference(profile, &native, &native), None);
        let check = |wasm: &[(u8, &[u8])], expect: &str| {
            let found = difference(profile, &native, &read(wasm)).unwrap();
            assert_eq!(found, expect);
        };
        check(
            &[(0, &[1]), (1, &[7, 1, 0, 0, 0])],
            "message 1 is a request of `ts_clone` (0601000000) natively and a request of \
             `ts_is_empty` (0701000000) from wasm",
        );
        check(
            &[(0, &[1]), (1, &[6, 1, 0, 0, 0]), (2, &[1, 1])],
            "message 2 is a reply to `ts_clone` (0002000000) natively and a reply to `ts_clone` \
             (0101) from wasm",
        );
        check(
            &[(0, &[1])],
            "message 1 is a request of `ts_clone` (0601000000) natively and nothing more from wasm",
        );
    }
}
