//! Metadata in rustc's form, with one or more lists of one macro.

/// A LEB128 number.
pub(super) fn number(bytes: &mut Vec<u8>, mut value: usize) {
    while value >= 0x80 {
        bytes.push(u8::try_from(value & 0x7f).unwrap() | 0x80);
        value >>= 7;
    }
    bytes.push(u8::try_from(value).unwrap());
}

/// A string: its length, its bytes and the sentinel.
pub(super) fn text(bytes: &mut Vec<u8>, text: &[u8]) {
    number(bytes, text.len());
    bytes.extend(text);
    bytes.push(0xc1);
}

/// The header, a version, records, the root and the end.
pub(super) fn framed(records: &[u8], root: &[u8]) -> Vec<u8> {
    let mut bytes = b"rust\0\0\0\n\0\0\0\0\0\0\0\0".to_vec();
    text(&mut bytes, b"rustc 1.98.1");
    bytes.extend(records);
    let position = (bytes.len() as u64).to_le_bytes();
    bytes[8..16].copy_from_slice(&position);
    bytes.extend(root);
    bytes.extend(b"rust-end-file");
    bytes
}

/// The records that start here in metadata of [`framed`].
const START: usize = 16 + 1 + 12 + 1;

/// Records and a root. Each list is complete: its macro's kind, four records after it, the list,
/// and four tables that lead to these records.
pub(super) struct Blob {
    records: Vec<u8>,
    lists: Vec<usize>,
}

impl Blob {
    pub(super) fn new(names: &[&str]) -> Self {
        let (mut records, mut lists) = (Vec::new(), Vec::new());
        for name in names {
            let kind = START + records.len();
            records.push(2);
            text(&mut records, name.as_bytes());
            let after = START + records.len();
            records.extend([9; 4]);
            let list = START + records.len();
            lists.push(list);
            number(&mut records, 1);
            number(&mut records, list - kind);
            for table in 0..4 {
                let row = u16::try_from(after + table).unwrap();
                records.extend([0, 0]);
                records.extend(row.to_le_bytes());
            }
        }
        Self { records, lists }
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        let end = START + self.records.len();
        let (first, others) = self.lists.split_first().unwrap();
        let mut root = Vec::new();
        // Distances that lead, with the first list's own, to the others.
        let distance = end - first;
        for other in others {
            number(&mut root, end + distance - other);
        }
        root.extend([1, 7, 0, 1]);
        number(&mut root, distance);
        for table in 0..40 {
            let (width, rows, size) = if table < 4 { (2, 2, 4) } else { (0, 0, 0) };
            let distance = match table {
                0 => 2,
                4 => 4,
                _ => size,
            };
            for value in [width, rows, distance] {
                number(&mut root, value);
            }
        }
        framed(&self.records, &root)
    }
}
