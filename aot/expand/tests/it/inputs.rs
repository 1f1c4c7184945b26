//! What each macro is given. What is expected here, macros of these names printed in rustc 1.96; but
//! for the call site of an attribute in a `cfg_attr`, which rustc has as the attribute alone.

use crate::run::{declarations, describe, identity, run, run_selected};
use pm_abi::MacroKind;
use pm_expand::Selection;

fn check(text: &str, expect: &str) {
    let mut seen = String::new();
    let run = run(text, |backend, one| {
        seen += &describe(backend, &one);
        Ok(identity(one.input))
    });
    run.result.expect("expanded");
    let expect: String = expect.lines().map(|line| format!("{line}\n")).collect();
    assert_eq!(seen, expect, "{text}");
}

#[test]
fn derives() {
    check(
        "/// doc\n#[derive(Clone, P, Debug)] #[h(a+b)] #[derive(pp::Q)]\npub(crate) struct A(u8);",
        r##"@P "/// doc\n#[h(a+b)] #[derive(pp::Q)] pub(crate) struct A(u8);"
  `P`
@Q "/// doc\n#[h(a+b)] pub(crate) struct A(u8);"
  `pp::Q`"##,
    );
    check(
        "mod m { #![allow(x)] #[derive(super::P)] struct Deep<T>(T) where T: Clone; }",
        "@P \"struct Deep<T>(T) where T: Clone;\"\n  `super::P`",
    );
    check(
        "fn f() { #[derive(P)] struct Inner { x: u8 } }",
        "@P \"struct Inner { x: u8 }\"\n  `P`",
    );
    check(
        "#[derive(P)] union U { a: u8 }",
        "@P \"union U { a: u8 }\"\n  `P`",
    );
    check("#[derive(Clone)] struct A;", "");
}

/// Macros of std are told by their path where they have one: tokio's `test` makes a `core` one.
#[test]
fn macros_of_std() {
    for path in ["core", "::core", "std", "::alloc"] {
        check(&format!("#[derive({path}::x::P)] struct A;"), "");
        check(&format!("#[{path}::x::at] fn f() {{}}"), "");
        check(&format!("{path}::ba!();"), "");
    }
    check(
        "#[derive(core_::P)] struct A;",
        "@P \"struct A;\"\n  `core_::P`",
    );
}

#[test]
fn conditions_in_an_item() {
    check(
        "#[derive(P)] struct A<'a, #[cfg(true)] T, #[cfg(false)] U>{ #[cfg(unix)] /** x */ pub x:&'a T, #[cfg(windows)] y: u8, #[cfg_attr(unix, h, h(b))] #[cfg_attr(windows, h(c))] z:(T,T), #[cfg(windows)] last: u8 }",
        r##"@P "struct A<'a, #[cfg(true)] T,\n>{\n    #[cfg(unix)] /** x */\n     pub x:&'a T, #[h] #[h(b)] z:(T,T),\n}"
  `P`"##,
    );
    check(
        "#[derive(P)] enum E { #[cfg(false)] A, #[cfg(true)] B(#[cfg(false)] u8, u16), C { #[cfg(false)] x: u8 }, #[cfg(false)] D }",
        "@P \"enum E { #[cfg(true)] B(u16), C {}, }\"\n  `P`",
    );
    check(
        "#[derive(P)] union Un { a: u8, b: [u8; { #[cfg(false)] const X: u8 = 1; 1 }] }",
        "@P \"union Un { a: u8, b: [u8; { 1 }] }\"\n  `P`",
    );
}

#[test]
fn conditions_on_an_item() {
    check(
        "#[cfg(unix)] #[at[ ]] #[cfg(true)] fn f<T>(x : T) { #[cfg(false)] let y = 1; }",
        "@at \"\" \"fn f<T>(x : T) { #[cfg(false)] let y = 1; }\"\n  `#[at[ ]]`",
    );
    check("#[cfg(windows)] #[at] fn f() {}", "");
    check("#[cfg(windows)] mod m { #[at] fn f() {} }", "");
    check(
        "#[cfg(all(unix, not(windows), any(x, target_os = \"linux\")))] #[at] fn f() {}",
        "@at \"\" \"fn f() {}\"\n  `#[at]`",
    );
    check("#[cfg_attr(windows, at)] fn f() {}", "");
    check(
        "#[cfg_attr(feature = \"a\", derive(P))] struct A;",
        "@P \"struct A;\"\n  `P`",
    );
    let all = "#[cfg_attr(unix, at {z}, derive(P), bt)]";
    check(
        &format!("{all} struct S3(u8,);"),
        &format!(
            r##"@at "z" "#[derive(P)] #[bt] struct S3(u8,);"
  `{all}`
@P "#[bt] struct S3(u8,);"
  `P`
@bt "" "struct S3(u8,);"
  `{all}`"##
        ),
    );
}

#[test]
fn attributes() {
    check(
        "#[inline] #[bt] #[at(x , y)] #[must_use] fn g() -> u8 { 1 }",
        r##"@bt "" "#[inline] #[at(x, y)] #[must_use] fn g() -> u8 { 1 }"
  `#[bt]`
@at "x, y" "#[inline] #[must_use] fn g() -> u8 { 1 }"
  `#[at(x , y)]`"##,
    );
    check(
        "#[at] #[derive(P)] struct S1;",
        "@at \"\" \"#[derive(P)] struct S1;\"\n  `#[at]`\n@P \"struct S1;\"\n  `P`",
    );
    check(
        "#[derive(P)] #[at(x , y)] struct S2 ;",
        "@P \"#[at(x, y)] struct S2;\"\n  `P`\n@at \"x, y\" \"struct S2;\"\n  `#[at(x , y)]`",
    );
    check(
        "#[a::b::at = \"v\"] mod m {}",
        "@at \"\\\"v\\\"\" \"mod m {}\"\n  `#[a::b::at = \"v\"]`",
    );
    check(
        "impl T1 { /// d\n #[at(m)] pub fn m(&self) { } #[at] const C: u8 = 1; }",
        r##"@at "m" "/// d\npub fn m(&self) {}"
  `#[at(m)]`
@at "" "const C: u8 = 1;"
  `#[at]`"##,
    );
    check(
        "trait Tr { #[at] fn t(&self); #[at] type X; } extern \"C\" { #[at] fn ext(); }",
        "@at \"\" \"fn t(&self);\"\n  `#[at]`\n@at \"\" \"type X;\"\n  `#[at]`\n@at \"\" \"fn ext();\"\n  `#[at]`",
    );
    check(
        "fn f() { #[at] let l = 1; }",
        "@at \"\" \"let l = 1;\"\n  `#[at]`",
    );
}

#[test]
fn functions() {
    check(
        "ba!{ fn in_item() {} }",
        "@ba \"fn in_item() {}\"\n  `ba!{ fn in_item() {} }`",
    );
    check(
        "ba!(struct Paren;);",
        "@ba \"struct Paren;\"\n  `ba!(struct Paren;)`",
    );
    check(
        "fn main() { let x = ba!( 1 + 2 ) * 2; ba! { let z = 3; } let t: ba!(u8) = 1; \
         if let ba!(1 | 2) = 1u8 {} pp::ba!(println!(\"x\")); 2 * pp::bb!(3) }",
        r##"@ba "1 + 2"
  `ba!( 1 + 2 )`
@ba "let z = 3;"
  `ba! { let z = 3; }`
@ba "u8"
  `ba!(u8)`
@ba "1 | 2"
  `ba!(1 | 2)`
@ba "println!(\"x\")"
  `pp::ba!(println!("x"))`
@bb "3"
  `pp::bb!(3)`"##,
    );
    check(
        "impl A { ba!(fn f(&self) {}); } trait B { ba!{} }",
        "@ba \"fn f(&self) {}\"\n  `ba!(fn f(&self) {})`\n@ba \"\"\n  `ba!{}`",
    );
    check("macro_rules! ba { () => {} } fn f() { other!(ba!()) }", "");
}

/// A standard derive's name is the standard derive, unless the file says otherwise.
#[test]
fn standard_names() {
    check("#[derive(Debug)] struct A;", "");
    let expect = "@Debug \"struct A;\"\n  `Debug`";
    check(
        "use derive_more::{Debug}; #[derive(Debug)] struct A;",
        expect,
    );
    check(
        "#[derive(m::Debug)] struct A;",
        "@Debug \"struct A;\"\n  `m::Debug`",
    );
}

#[test]
fn selections() {
    let declarations = declarations();
    assert!(Selection::one(&declarations, MacroKind::Derive, "at").is_none());
    let selection = Selection::one(&declarations, MacroKind::Derive, "P").expect("known");
    let mut seen = String::new();
    let text = "#[at] #[derive(P, Q)] struct A; ba!{}";
    let run = run_selected(text, &selection, |backend, one| {
        seen += &describe(backend, &one);
        Ok(identity(one.input))
    });
    let file = run.result.expect("expanded").file;
    assert_eq!(seen, "@P \"#[at] struct A;\"\n  `P`\n");
    assert_eq!(
        run.backend.print(&file),
        "#[at] #[derive(Q)] struct A; ba!{}"
    );
}
