//! docs/FORMAT.md is in step with the code.

use pm_artifact::{FOOTER_LEN, FORMAT_VERSION, Footer, MAGIC};
use pm_compile as compile;
use pm_loader::RefusalCode;

const FORMAT: &str = include_str!("../../docs/FORMAT.md");

/// The cells of the rows of the table under a heading or sentence.
fn table(after: &str) -> Vec<Vec<&'static str>> {
    let (_, rest) = FORMAT
        .split_once(after)
        .unwrap_or_else(|| panic!("no {after:?}"));
    rest.lines()
        .skip_while(|line| !line.starts_with('|'))
        .take_while(|line| line.starts_with('|'))
        .skip(2)
        .map(|row| row.trim_matches('|').split('|').map(str::trim).collect())
        .collect()
}

fn backticked(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

#[test]
fn the_footer_is_as_documented() {
    let rows = table("## Footer");
    let digest = [7; 32];
    let footer = Footer {
        manifest_digest: digest,
        manifest_len: 0x0102,
        version: FORMAT_VERSION,
    };
    let bytes = footer.to_bytes();
    let field = |name: &str| {
        let row = rows
            .iter()
            .find(|row| row[2].starts_with(name))
            .expect(name);
        let (offset, size): (usize, usize) = (row[0].parse().unwrap(), row[1].parse().unwrap());
        &bytes[offset..offset + size]
    };
    assert_eq!(field("blake3 of the manifest"), digest);
    assert_eq!(field("length of the manifest"), 0x0102u64.to_le_bytes());
    assert_eq!(field("format version"), FORMAT_VERSION.to_le_bytes());
    assert_eq!(field("magic"), MAGIC);
    let last = rows.last().unwrap();
    let end: usize = last[0].parse::<usize>().unwrap() + last[1].parse::<usize>().unwrap();
    assert_eq!(end, FOOTER_LEN);
    assert!(FORMAT.contains(&format!("Format version: `{FORMAT_VERSION}`")));
    assert!(FORMAT.contains(&format!("the last {FOOTER_LEN} bytes")));
    assert!(FORMAT.contains(std::str::from_utf8(&MAGIC).unwrap()));
}

/// The field names of a struct's pretty debug text, at one depth of indentation.
fn fields(debug: &str, depth: usize) -> Vec<&str> {
    let indent = " ".repeat(depth * 4);
    debug
        .lines()
        .filter_map(|line| line.strip_prefix(&indent))
        .filter(|line| !line.starts_with(' '))
        .filter_map(|line| line.split_once(": ").map(|(name, _)| name))
        .collect()
}

#[test]
fn the_manifest_is_as_documented() {
    let (bytes, manifest) = compile::precompile(&crate::module::wasm()).unwrap();
    let names = |after| -> Vec<&str> {
        table(after)
            .iter()
            .map(|row| backticked(row[0])[0])
            .collect()
    };
    assert_eq!(names("## Manifest"), fields(&format!("{manifest:#?}"), 1));
    assert_eq!(
        names("`settings`, all"),
        fields(&format!("{:#?}", manifest.settings), 1)
    );
    assert_eq!(
        names("`module`:"),
        fields(&format!("{:#?}", manifest.module), 1)
    );

    // The parts lie where the page says, and the manifest begins with the fields it names first.
    let footer_at = bytes.len() - FOOTER_LEN;
    let len = u64::from_le_bytes(bytes[footer_at + 32..][..8].try_into().unwrap()) as usize;
    let text = &bytes[footer_at - len..footer_at];
    assert_eq!(&bytes[..4], b"\x7fELF");
    assert_eq!(manifest.body.len as usize, footer_at - len);
    assert_eq!(u32::from(text[0]), manifest.abi);
    let mut at = 1;
    for text_field in [&manifest.profile, &manifest.rustc] {
        assert_eq!(usize::from(text[at]), text_field.len());
        let bytes = &text[at + 1..][..text_field.len()];
        assert_eq!(bytes, text_field.as_bytes());
        at += 1 + text_field.len();
    }
    assert_eq!(text[len - 32..], manifest.body.digest.0);
}

#[test]
fn every_refusal_of_content_is_documented() {
    let rows = table("## What is checked when");
    let documented: Vec<&str> = rows.iter().flat_map(|row| backticked(row[3])).collect();
    for code in RefusalCode::ALL {
        // These two are about the file, not about what is in it.
        let about_the_file = matches!(code, RefusalCode::Missing | RefusalCode::Io);
        assert!(
            about_the_file || documented.contains(&code.as_str()),
            "{code}"
        );
    }
    for code in documented {
        assert!(
            RefusalCode::ALL.iter().any(|known| known.as_str() == code),
            "{code}"
        );
    }
}
