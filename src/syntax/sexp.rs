//! A tree in print.

use std::fmt::Write;

use super::{Field, Node};

/// Nodes below this are not indented further: of deep nesting indentation would be all that is printed. What
/// closes what is said by the parentheses.
const DEEPEST_SHOWN: usize = 200;

/// Named nodes and what is missing, indented by depth, with fields and 0-based line:column ranges.
pub(super) fn print(root: Node<'_>) -> String {
    let mut out = String::new();
    let mut stack = vec![(0usize, None::<Field>, root)];
    while let Some((depth, field, node)) = stack.pop() {
        let _ = write!(out, "{:indent$}", "", indent = depth.min(DEEPEST_SHOWN) * 2);
        if let Some(field) = field {
            let _ = write!(out, "{}: ", field.name());
        }
        let ((from_line, from_col), (to_line, to_col)) = node.positions();
        let missing = if node.is_missing() { "MISSING " } else { "" };
        let _ = write!(out, "({missing}{} [{from_line}:{from_col} - {to_line}:{to_col}]", node.name());
        let children: Vec<_> = node
            .children_with_fields()
            .filter(|(_, child)| child.is_named() || child.is_missing())
            .map(|(field, child)| (depth + 1, field, child))
            .collect();
        if children.is_empty() {
            // A leaf closes itself and every ancestor whose last child it was.
            let next = stack.last().map_or(0, |&(depth, _, _)| depth);
            let _ = writeln!(out, "{}", ")".repeat(depth + 1 - next.min(depth + 1)));
        } else {
            out.push('\n');
            stack.extend(children.into_iter().rev());
        }
    }
    out
}
