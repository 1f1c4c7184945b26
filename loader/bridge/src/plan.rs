//! The plan of a visit to each type of a schema: parts of fixed size are joined to runs.

use crate::check::{Check, Kind};
use crate::text::Texts;
use pm_abi::schema::{Schema, Type, TypeId};

/// A step of a visit.
#[derive(Clone, Debug)]
pub(crate) enum Step {
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

/// The steps of a visit to values of one type.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) steps: Vec<Step>,
    /// No value is encoded in fewer bytes, on either side.
    pub(crate) smallest: usize,
    /// The checks of the texts in it.
    pub(crate) texts: Option<Texts>,
}

impl Plan {
    fn one(step: Step, smallest: usize) -> Self {
        Self {
            steps: vec![step],
            smallest,
            texts: None,
        }
    }

    fn run(size: usize, kind: Option<Kind>) -> Self {
        Self::one(Step::Run(Run::one(size, kind)), size)
    }

    /// The run, if that is all.
    pub(crate) fn as_run(&self) -> Option<&Run> {
        match self.steps.as_slice() {
            [Step::Run(run)] => Some(run),
            _ => None,
        }
    }

    /// Appends the bytes of a run to those that end here.
    fn push_run(&mut self, run: &Run) {
        if run.size == 0 {
            return;
        }
        if !matches!(self.steps.last(), Some(Step::Run(_))) {
            self.steps.push(Step::Run(Run::default()));
        }
        if let Some(Step::Run(last)) = self.steps.last_mut() {
            let shifted = run.checks.iter().map(|check| check.shifted(last.size));
            last.checks.extend(shifted);
            last.size += run.size;
        }
    }
}

/// The plans of all types, in the order of [`Schema::types`].
///
/// # Panics
///
/// If a struct of the schema contains itself other than by way of a vector or an enum, or a vector has
/// elements that can be empty: the number of these would not be bounded by the message. No profile has
/// either, as the tests show.
pub(crate) fn plans(schema: &Schema) -> Vec<Plan> {
    let mut plans: Vec<Option<Plan>> = vec![None; schema.types.len()];
    // Structs wait for their fields; everything else can be planned on its own.
    while plans.iter().any(Option::is_none) {
        let mut made = false;
        for (id, ty) in (0..).zip(&schema.types) {
            if plans[id as usize].is_none() {
                let plan = plan(TypeId(id), ty, schema, &plans);
                made |= plan.is_some();
                plans[id as usize] = plan;
            }
        }
        assert!(made, "a struct contains itself");
    }
    let plans: Vec<Plan> = plans.into_iter().flatten().collect();
    for ty in &schema.types {
        if let Type::Vec(element) = ty {
            let smallest = plans[element.0 as usize].smallest;
            assert!(smallest > 0, "a vector's elements can be empty");
        }
    }
    plans
}

/// The plan of a type, or nothing if it is a struct and its fields have none yet.
fn plan(id: TypeId, ty: &Type, schema: &Schema, plans: &[Option<Plan>]) -> Option<Plan> {
    Some(match ty {
        Type::Bool => Plan::run(1, Some(Kind::Bool)),
        Type::U8 => Plan::run(1, None),
        Type::Punctuation => Plan::run(1, Some(Kind::Punctuation)),
        Type::U32 => Plan::run(4, None),
        Type::Handle(kind, access) => Plan::run(4, Some(Kind::Handle(*kind, *access))),
        Type::Usize => Plan::one(Step::Usize, 4),
        Type::Str => Plan::one(Step::Str, 4),
        Type::Vec(element) => Plan::one(Step::Vec(*element), 4),
        Type::Enum { variants, .. } if variants.iter().all(|v| v.payload.is_none()) => {
            Plan::run(1, Some(Kind::Tag(id, variants.len())))
        }
        Type::Enum { variants, .. } => {
            let payloads = variants.iter().map(|variant| variant.payload);
            Plan::one(Step::Enum(id, payloads.collect()), 1)
        }
        Type::Struct { name, fields } => {
            let mut joined = Plan {
                steps: Vec::new(),
                smallest: 0,
                texts: Texts::of(name, fields, schema),
            };
            for field in fields {
                let plan = plans[field.ty.0 as usize].as_ref()?;
                joined.smallest += plan.smallest;
                match plan.steps.as_slice() {
                    [] => {}
                    [Step::Run(run)] => joined.push_run(run),
                    [step] if plan.texts.is_none() => joined.steps.push(step.clone()),
                    _ => joined.steps.push(Step::Struct(field.ty)),
                }
            }
            joined
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use pm_abi::Profile;

    #[test]
    fn joins_what_is_fixed() {
        for profile in Profile::all() {
            let schema = &profile.schema;
            let plans = plans(schema);
            let run = |id: TypeId| {
                let run = plans[id.0 as usize].as_run();
                run.map(|run| (run.size, run.checks.len()))
            };
            assert_eq!(run(schema.one_stream), Some((16, 4)), "{profile}");
            assert_eq!(run(schema.two_streams), Some((20, 5)), "{profile}");
            assert_eq!(run(schema.output), None, "{profile}");
            let emit = schema
                .methods
                .iter()
                .find(|it| it.name == "emit_diagnostic");
            let diagnostic = &plans[emit.unwrap().arguments[0].0 as usize];
            assert_eq!((diagnostic.steps.len(), diagnostic.smallest), (4, 13));
        }
    }
}
