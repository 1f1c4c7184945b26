//! `TokenStream::to_string`: of tokens as they come from source text, and of the same tokens after
//! a macro took them apart and built them again. What is expected here, rustc 1.96 printed.

use crate::client::Client;

fn check(text: &str, source: &str, rebuilt: &str) {
    let mut client = Client::new(text, 0);
    let input = client.input;
    assert_eq!(client.print(input), source, "{text}");
    let stream = client.rebuild(input);
    assert_eq!(client.print(stream), rebuilt, "{text}");
}

#[test]
fn spaces() {
    check("a+b - c", "a+b - c", "a + b - c");
    check("x , y ;", "x, y;", "x, y;");
    check("a . b .await", "a.b.await", "a.b.await");
    check("a::<b>(c)", "a::<b>(c)", "a ::< b > (c)");
    check("!x !=y&&z", "!x !=y&&z", "! x != y && z");
    check(
        "println ! (\"{}\",x)",
        "println! (\"{}\",x)",
        "println! (\"{}\", x)",
    );
    check(
        "f (3) Self (1) fn (x) pub (crate)",
        "f(3) Self(1) fn(x) pub(crate)",
        "f(3) Self(1) fn(x) pub(crate)",
    );
    check(
        "let(a,b) if(x) {}",
        "let(a,b) if(x) {}",
        "let (a, b) if (x) {}",
    );
    check(
        "if !x macro_rules ! y",
        "if !x macro_rules! y",
        "if ! x macro_rules! y",
    );
    check("# [a] #! [b] $ x", "#[a] #! [b] $x", "#[a] #! [b] $x");
    check("&'a mut x &T", "&'a mut x &T", "& 'a mut x & T");
    check("'a : 'b 'l:loop", "'a : 'b 'l:loop", "'a : 'b 'l : loop");
    check(
        "{a} { a} {a } { } {}",
        "{a} { a } {a} {} {}",
        "{ a } { a } { a } {} {}",
    );
    check("( a ) [ a ]", "(a) [a]", "(a) [a]");
    check("a..=b ... ..", "a..=b ... ..", "a ..= b ... ..");
    check("- 1 -1", "- 1 -1", "- 1 - 1");
    check("$crate::x", "$crate::x", "$crate :: x");
    check("r#type r#\"x\"#", "r#type r#\"x\"#", "r#type r#\"x\"#");
}

#[test]
fn doc_comments() {
    check(
        "/// a\nfn f();",
        "/// a\nfn f();",
        "#[doc = \" a\"] fn f();",
    );
    check("//! a\n", "//! a\n", "# ! [doc = \" a\"]");
    check("/** a */ x", "/** a */\n x", "#[doc = \" a \"] x");
}

#[test]
fn line_breaks() {
    check(
        "impl<'a, T: ?Sized + 'static> Display for Wrapper<'a, T> where T: Display { fn f(&self) {} }",
        "impl<'a, T: ?Sized + 'static> Display for Wrapper<'a, T> where T: Display\n{ fn f(&self) {} }",
        "impl < 'a, T : ? Sized + 'static > Display for Wrapper < 'a, T > where T :\nDisplay { fn f(& self) {} }",
    );
    check(
        "fn f() { let a = function(argument_one, argument_two, three); match x { Some(value) => value, None => return Err(Error::new()), } }",
        "fn f()\n{\n    let a = function(argument_one, argument_two, three); match x\n    { Some(value) => value, None => return Err(Error::new()), }\n}",
        "fn f()\n{\n    let a = function(argument_one, argument_two, three); match x\n    { Some(value) => value, None => return Err(Error :: new()), }\n}",
    );
    check(
        "enum E { /// first\n A(u8), /** second */ B { x: u8 } }",
        "enum E\n{\n    /// first\n    A(u8), /** second */\n     B { x: u8 }\n}",
        "enum E { #[doc = \" first\"] A(u8), #[doc = \" second \"] B { x : u8 } }",
    );
    check(
        "static TABLE: &[(&str, u32)] = &[(\"alpha\", 1), (\"beta\", 2), (\"gamma\", 3), (\"delta\", 4), (\"epsilon\", 5)];",
        "static TABLE: &[(&str, u32)] =\n&[(\"alpha\", 1), (\"beta\", 2), (\"gamma\", 3), (\"delta\", 4), (\"epsilon\", 5)];",
        "static TABLE : & [(& str, u32)] = &\n[(\"alpha\", 1), (\"beta\", 2), (\"gamma\", 3), (\"delta\", 4), (\"epsilon\", 5)];",
    );
    check(
        "mod a { mod b { mod c { mod d { mod e { fn deeply_nested_function_with_a_long_name(argument: u32) -> u32 { argument } } } } } }",
        "mod a\n{\n    mod b\n    {\n        mod c\n        {\n            mod d\n            {\n                mod e\n                {\n                    fn deeply_nested_function_with_a_long_name(argument: u32) ->\n                    u32 { argument }\n                }\n            }\n        }\n    }\n}",
        "mod a\n{\n    mod b\n    {\n        mod c\n        {\n            mod d\n            {\n                mod e\n                {\n                    fn deeply_nested_function_with_a_long_name(argument : u32)\n                    -> u32 { argument }\n                }\n            }\n        }\n    }\n}",
    );
}
