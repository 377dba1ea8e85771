//! Source maps (version 3), read only as far as stack frames need: generated position to source
//! position.

use serde::Deserialize;

/// The mappings of one module, by generated line.
#[derive(Debug, Default)]
pub(super) struct SourceMap {
    lines: Vec<Vec<Mapping>>,
}

#[derive(Clone, Copy, Debug)]
struct Mapping {
    generated_col: u32,
    line: u32,
    col: u32,
}

#[derive(Deserialize)]
struct Json<'a> {
    #[serde(borrow)]
    mappings: std::borrow::Cow<'a, str>,
}

impl SourceMap {
    /// `None` where the text is no source map.
    pub fn parse(json: &str) -> Option<SourceMap> {
        let parsed: Json = serde_json::from_str(json).ok()?;
        let (mut line, mut col) = (0i64, 0i64);
        let mut lines = Vec::new();
        for group in parsed.mappings.split(';') {
            let mut mappings = Vec::new();
            let mut generated_col = 0i64;
            for segment in group.split(',').filter(|segment| !segment.is_empty()) {
                let mut fields = segment.bytes();
                generated_col += vlq(&mut fields)?;
                // A segment of one field maps to no source.
                if fields.len() == 0 {
                    continue;
                }
                let _source = vlq(&mut fields)?;
                line += vlq(&mut fields)?;
                col += vlq(&mut fields)?;
                mappings.push(Mapping {
                    generated_col: u32::try_from(generated_col).ok()?,
                    line: u32::try_from(line).ok()?,
                    col: u32::try_from(col).ok()?,
                });
            }
            mappings.sort_by_key(|mapping| mapping.generated_col);
            lines.push(mappings);
        }
        Some(SourceMap { lines })
    }

    /// Source line and column (0-based, UTF-16) of a generated position of the same kind: those of
    /// the last mapping at or before it on its line, else of the first one after.
    pub fn lookup(&self, line: u32, col: u32) -> Option<(u32, u32)> {
        let mappings = self.lines.get(line as usize)?;
        let after = mappings.partition_point(|mapping| mapping.generated_col <= col);
        let found = mappings.get(after.saturating_sub(1))?;
        Some((found.line, found.col))
    }
}

/// One base-64 variable-length quantity; `None` at the end or at a byte that is no digit.
fn vlq(bytes: &mut std::str::Bytes<'_>) -> Option<i64> {
    let (mut value, mut shift) = (0i64, 0);
    loop {
        let digit = match bytes.next()? {
            byte @ b'A'..=b'Z' => byte - b'A',
            byte @ b'a'..=b'z' => byte - b'a' + 26,
            byte @ b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        value |= i64::from(digit & 31) << shift;
        if digit & 32 == 0 {
            return Some(if value & 1 == 1 { -(value >> 1) } else { value >> 1 });
        }
        shift += 5;
        if shift > 40 {
            return None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::SourceMap;

    #[test]
    fn positions_between_mappings_belong_to_the_one_before() {
        // Line 0: column 0 to 0:0, column 4 to 0:6. Line 1: column 2 to 2:1.
        let map = SourceMap::parse(r#"{"version":3,"sources":["a.ms"],"names":[],"mappings":"AAAA,IAAM;EAEL"}"#)
            .expect("a source map");
        assert_eq!(map.lookup(0, 0), Some((0, 0)));
        assert_eq!(map.lookup(0, 5), Some((0, 6)));
        assert_eq!(map.lookup(1, 9), Some((2, 1)));
        assert_eq!(map.lookup(1, 0), Some((2, 1)));
        assert_eq!(map.lookup(7, 0), None);
        assert!(SourceMap::parse("no map").is_none());
        assert!(SourceMap::parse(r#"{"mappings":"A*"}"#).is_none());
    }
}
