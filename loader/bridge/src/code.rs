//! A schema, prepared for walking: fixed parts are joined to runs that are copied at once.

use crate::SchemaError;
use crate::check::{Check, Kind};
use crate::schema::{Schema, Type, TypeId, Variant};

/// The most types that are believed; rustc 1.96 has some fifty.
const MAX_TYPES: usize = 1024;

/// A tag is a byte.
const MAX_TAGS: usize = 256;

/// The most bytes of a run; the longest of rustc 1.96 has twenty.
const MAX_RUN: usize = 1024;

/// The most checks and steps altogether, so that a small schema can't ask for much memory.
const MAX_STEPS: usize = 1 << 16;

/// What is done with one part of a value.
#[derive(Clone, Debug)]
pub(crate) enum Op {
    /// Bytes that both sides encode the same.
    Run(Run),
    /// A number.
    Usize,
    /// A string.
    Str,
    /// A vector of this type.
    Vec(TypeId),
    /// An enum, of which some variant has a payload; its name is the type's.
    Enum(TypeId, Box<[Option<TypeId>]>),
    /// A struct with parts of other kinds.
    Struct(TypeId),
}

/// Bytes that are copied as they are.
#[derive(Clone, Debug, Default)]
pub(crate) struct Run {
    pub(crate) size: usize,
    pub(crate) checks: Vec<Check>,
}

impl Run {
    fn one(size: usize, kind: Option<Kind>) -> Self {
        let checks = kind.map(|kind| Check { at: 0, kind });
        Self {
            size,
            checks: checks.into_iter().collect(),
        }
    }
}

/// How values of one type are walked.
#[derive(Clone, Debug)]
pub(crate) struct Code {
    pub(crate) ops: Vec<Op>,
    /// No value is encoded in fewer bytes, on either side.
    pub(crate) smallest: usize,
}

impl Code {
    fn one(op: Op, smallest: usize) -> Self {
        Self {
            ops: vec![op],
            smallest,
        }
    }

    fn run(size: usize, kind: Option<Kind>) -> Self {
        Self::one(Op::Run(Run::one(size, kind)), size)
    }

    /// The run, if that is all.
    pub(crate) fn as_run(&self) -> Option<&Run> {
        match self.ops.as_slice() {
            [Op::Run(run)] => Some(run),
            _ => None,
        }
    }

    /// Appends the bytes of a run to those that end here.
    fn push_run(&mut self, run: &Run) {
        if run.size == 0 {
            return;
        }
        if !matches!(self.ops.last(), Some(Op::Run(_))) {
            self.ops.push(Op::Run(Run::default()));
        }
        if let Some(Op::Run(last)) = self.ops.last_mut() {
            let shifted = run.checks.iter().map(|check| check.shifted(last.size));
            last.checks.extend(shifted);
            last.size += run.size;
        }
    }

    fn steps(&self) -> usize {
        let steps = self.ops.iter().map(|op| match op {
            Op::Run(run) => 1 + run.checks.len(),
            Op::Enum(_, payloads) => 1 + payloads.len(),
            Op::Usize | Op::Str | Op::Vec(_) | Op::Struct(_) => 1,
        });
        steps.sum()
    }
}

/// All types' code, in the order of [`Schema::types`], and how a panic is answered.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    codes: Vec<Code>,
    /// What stands before the text in `Err(PanicMessage::String(text))`.
    pub(crate) panic_prefix: [u8; 2],
}

impl Program {
    /// Prepares a schema, or says what is wrong with it.
    pub(crate) fn new(schema: &Schema) -> Result<Self, SchemaError> {
        check_references(schema)?;
        let codes = codes(&schema.types)?;
        for (id, ty) in schema.types.iter().enumerate() {
            // Otherwise a message of a few bytes could keep us busy for as long as it likes.
            if let Type::Vec(element) = ty
                && codes[element.0 as usize].smallest == 0
            {
                return Err(SchemaError::EmptyElements(id as u32));
            }
        }
        Ok(Self {
            codes,
            panic_prefix: panic_prefix(schema)?,
        })
    }

    /// The code of a type of the schema that this was made from.
    pub(crate) fn code(&self, id: TypeId) -> &Code {
        &self.codes[id.0 as usize]
    }
}

fn limit(what: &'static str, count: usize, limit: usize) -> Result<(), SchemaError> {
    if count > limit {
        return Err(SchemaError::TooMany { what, count, limit });
    }
    Ok(())
}

/// Every type that is referred to exists, and there are not too many of anything.
fn check_references(schema: &Schema) -> Result<(), SchemaError> {
    // Destructured, so that a new reference can't be forgotten.
    let Schema {
        types,
        methods,
        one_stream,
        two_streams,
        output,
        panic,
    } = schema;
    let count = types.len();
    limit("types", count, MAX_TYPES)?;
    limit("methods", methods.len(), MAX_TAGS)?;
    let exists = |what: &dyn Fn() -> String, id: &TypeId| {
        if (id.0 as usize) < count {
            return Ok(());
        }
        let (what, id) = (what(), id.0);
        Err(SchemaError::NoSuchType { what, id, count })
    };
    for (id, ty) in types.iter().enumerate() {
        let what = || format!("the type {id}");
        match ty {
            Type::Bool | Type::U8 | Type::U32 | Type::Usize | Type::Handle | Type::Str => {}
            Type::Vec(element) => exists(&what, element)?,
            Type::Struct(fields) => fields.iter().try_for_each(|id| exists(&what, id))?,
            Type::Enum { variants, .. } => {
                limit("variants of an enum", variants.len(), MAX_TAGS)?;
                let mut payloads = variants.iter().filter_map(|v| v.payload.as_ref());
                payloads.try_for_each(|id| exists(&what, id))?;
            }
        }
    }
    for method in methods {
        let what = || format!("the method `{}`", method.name);
        let mut ids = method.arguments.iter().chain([&method.reply]);
        ids.try_for_each(|id| exists(&what, id))?;
    }
    let entry = || "the entry point".to_owned();
    let mut ids = [one_stream, two_streams, output, panic].into_iter();
    ids.try_for_each(|id| exists(&entry, id))
}

/// Structs wait for their fields; everything else can be prepared on its own.
fn codes(types: &[Type]) -> Result<Vec<Code>, SchemaError> {
    let mut codes: Vec<Option<Code>> = vec![None; types.len()];
    let mut steps = 0;
    loop {
        let (mut waiting, mut made) = (None, false);
        for (id, ty) in types.iter().enumerate() {
            if codes[id].is_some() {
                continue;
            }
            let Some(code) = code(TypeId(id as u32), ty, &codes)? else {
                waiting = waiting.or(Some(id as u32));
                continue;
            };
            steps += code.steps();
            limit("steps", steps, MAX_STEPS)?;
            codes[id] = Some(code);
            made = true;
        }
        match waiting {
            None => return Ok(codes.into_iter().flatten().collect()),
            Some(id) if !made => return Err(SchemaError::Endless(id)),
            Some(_) => {}
        }
    }
}

/// The code of a type, or nothing if it is a struct and its fields have none yet.
fn code(id: TypeId, ty: &Type, codes: &[Option<Code>]) -> Result<Option<Code>, SchemaError> {
    Ok(Some(match ty {
        Type::Bool => Code::run(1, Some(Kind::Bool)),
        Type::U8 => Code::run(1, None),
        Type::U32 => Code::run(4, None),
        Type::Handle => Code::run(4, Some(Kind::Handle)),
        Type::Usize => Code::one(Op::Usize, 4),
        Type::Str => Code::one(Op::Str, 4),
        Type::Vec(element) => Code::one(Op::Vec(*element), 4),
        Type::Enum { variants, .. } if variants.iter().all(|v| v.payload.is_none()) => {
            Code::run(1, Some(Kind::Tag(id, variants.len())))
        }
        Type::Enum { variants, .. } => {
            let payloads = variants.iter().map(|variant| variant.payload);
            Code::one(Op::Enum(id, payloads.collect()), 1)
        }
        Type::Struct(fields) => {
            let mut joined = Code {
                ops: Vec::new(),
                smallest: 0,
            };
            let mut steps = 0;
            for &field in fields {
                let Some(code) = &codes[field.0 as usize] else {
                    return Ok(None);
                };
                joined.smallest = joined.smallest.saturating_add(code.smallest);
                match code.ops.as_slice() {
                    [] => continue,
                    [Op::Run(run)] => joined.push_run(run),
                    [op] => joined.ops.push(op.clone()),
                    [_, ..] => joined.ops.push(Op::Struct(field)),
                }
                steps += match code.ops.as_slice() {
                    [_] => code.steps(),
                    _ => 1,
                };
                limit("steps", steps, MAX_STEPS)?;
                let size = match joined.ops.last() {
                    Some(Op::Run(run)) => run.size,
                    _ => 0,
                };
                if size > MAX_RUN {
                    let (id, limit) = (id.0, MAX_RUN);
                    return Err(SchemaError::TooLarge { id, size, limit });
                }
            }
            joined
        }
    }))
}

/// The tags of `Err` and, in the panic message, `Some`.
fn panic_prefix(schema: &Schema) -> Result<[u8; 2], SchemaError> {
    let ty = |id: TypeId| &schema.types[id.0 as usize];
    let variants = |id: TypeId| match ty(id) {
        Type::Enum { variants, .. } => variants.as_slice(),
        _ => &[],
    };
    let tag = |variants: &[Variant], name: &str, is_payload: &dyn Fn(Option<TypeId>) -> bool| {
        let is_it = |v: &Variant| v.name == name && is_payload(v.payload);
        let tag = variants.iter().position(is_it)?;
        u8::try_from(tag).ok()
    };
    let message = variants(schema.panic);
    let some = tag(message, "Some", &|id| {
        id.is_some_and(|id| *ty(id) == Type::Str)
    });
    let none = tag(message, "None", &|id| id.is_none());
    let (Some(some), Some(_), 2) = (some, none, message.len()) else {
        return Err(SchemaError::NoPanicMessage);
    };

    let err = |answer: TypeId| {
        let variants = variants(answer);
        let is_result = variants.len() == 2 && variants.iter().any(|v| v.name == "Ok");
        is_result.then(|| tag(variants, "Err", &|id| id == Some(schema.panic)))?
    };
    let output = err(schema.output);
    let first = output.ok_or_else(|| SchemaError::NoAnswer("the entry point's output".into()))?;
    for method in &schema.methods {
        if err(method.reply) != output {
            let what = format!("the reply of `{}`", method.name);
            return Err(SchemaError::NoAnswer(what));
        }
    }
    Ok([first, some])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::schema;

    #[track_caller]
    fn refused(change: impl FnOnce(&mut Schema), expect: &str) {
        let mut schema = schema();
        change(&mut schema);
        let error = schema.validate().unwrap_err();
        assert_eq!(error.to_string(), expect);
    }

    /// The place of the next type that is added.
    fn next(schema: &Schema) -> TypeId {
        TypeId(schema.types.len() as u32)
    }

    /// The number of types, so the place of the first that is added.
    fn count() -> u32 {
        next(&schema()).0
    }

    #[test]
    fn joins_what_is_fixed() {
        let schema = schema();
        let program = Program::new(&schema).unwrap();
        let run = |id| {
            let run = program.code(id).as_run();
            run.map(|run| (run.size, run.checks.len()))
        };
        assert_eq!(run(schema.two_streams), Some((20, 5)));
        assert_eq!(run(schema.methods[5].arguments[0]), Some((6, 2)));
        assert_eq!(run(schema.output), None);
        let diagnostic = program.code(schema.methods[2].arguments[0]);
        assert_eq!((diagnostic.ops.len(), diagnostic.smallest), (4, 13));
        assert_eq!(program.panic_prefix, [1, 0]);
    }

    #[test]
    fn references() {
        let count = count();
        let far = TypeId(count);
        let check = |change: &dyn Fn(&mut Schema), what: &str| {
            let expect = format!("{what} refers to the type {count}, but there are {count}");
            refused(change, &expect);
        };
        check(&|schema| schema.output = far, "the entry point");
        check(&|schema| schema.panic = far, "the entry point");
        check(&|schema| schema.one_stream = far, "the entry point");
        check(&|schema| schema.two_streams = far, "the entry point");
        check(
            &|schema| schema.methods[1].arguments[1] = far,
            "the method `concat`",
        );
        check(
            &|schema| schema.methods[1].reply = far,
            "the method `concat`",
        );
        check(&|schema| schema.types[0] = Type::Vec(far), "the type 0");
        check(
            &|schema| schema.types[0] = Type::Struct(vec![TypeId(1), far]),
            "the type 0",
        );
        let payload = |payload| Type::Enum {
            name: "E".to_owned(),
            variants: vec![Variant {
                name: "V".to_owned(),
                payload,
            }],
        };
        check(&|schema| schema.types[0] = payload(Some(far)), "the type 0");
    }

    #[test]
    fn endless_types() {
        refused(
            |schema| schema.types[0] = Type::Struct(vec![TypeId(1), TypeId(0)]),
            "the type 0 is or contains a struct that contains itself",
        );
        refused(
            |schema| {
                let own = next(schema);
                schema.types.push(Type::Vec(own));
                schema.types.push(Type::Struct(vec![TypeId(own.0 + 2)]));
                schema.types.push(Type::Struct(vec![TypeId(own.0 + 1)]));
            },
            &format!(
                "the type {} is or contains a struct that contains itself",
                count() + 1
            ),
        );
        let mut schema = schema();
        let own = next(&schema);
        schema.types.push(Type::Vec(own));
        assert_eq!(schema.validate(), Ok(()), "each level has a length");
    }

    #[test]
    fn elements_of_no_size() {
        refused(
            |schema| {
                let unit = next(schema);
                schema.types.push(Type::Struct(vec![]));
                schema.types.push(Type::Struct(vec![unit, unit]));
                schema.types.push(Type::Vec(TypeId(unit.0 + 1)));
            },
            &format!(
                "the type {} is a vector of elements that can be empty",
                count() + 2
            ),
        );
    }

    /// A short schema can't ask for much memory or time.
    #[test]
    fn sizes() {
        let doubling = |times: u32, first: Type| {
            move |schema: &mut Schema| {
                let start = next(schema).0;
                schema.types.push(first);
                for id in (start..).map(TypeId).take(times as usize) {
                    schema.types.push(Type::Struct(vec![id, id]));
                }
            }
        };
        refused(
            doubling(60, Type::Bool),
            &format!(
                "the type {} has a part of 2048 bytes, where at most 1024 are believed",
                count() + 11
            ),
        );
        let mut empty = schema();
        doubling(60, Type::Struct(vec![]))(&mut empty);
        assert_eq!(empty.validate(), Ok(()));
        let mut numbers = schema();
        doubling(60, Type::Usize)(&mut numbers);
        assert_eq!(numbers.validate(), Ok(()));
        refused(
            |schema| schema.types.resize(1025, Type::U8),
            "the schema has 1025 types, where at most 1024 are believed",
        );
        refused(
            |schema| {
                let method = schema.methods[0].clone();
                schema.methods.resize(257, method);
            },
            "the schema has 257 methods, where at most 256 are believed",
        );
        refused(
            |schema| {
                let number = next(schema);
                schema.types.push(Type::Usize);
                schema.types.push(Type::Struct(vec![number; 70_000]));
            },
            "the schema has 65537 steps, where at most 65536 are believed",
        );
    }

    #[test]
    fn answers() {
        let what =
            "is no `Result` whose `Err` is the panic message, with the same tag as everywhere";
        refused(
            |schema| schema.output = schema.one_stream,
            &format!("the entry point's output {what}"),
        );
        refused(
            |schema| {
                let reply = schema.methods[3].reply.0 as usize;
                if let Type::Enum { variants, .. } = &mut schema.types[reply] {
                    variants.reverse();
                }
            },
            &format!("the reply of `range` {what}"),
        );
        refused(
            |schema| schema.panic = schema.one_stream,
            "the panic message is no `Option` of a string",
        );
    }
}
