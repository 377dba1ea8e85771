//! Words that have a meaning without a declaration: tokens of the grammar by their number, and the
//! names that every program has.

use std::sync::LazyLock;

use crate::ide::semantic_tokens::{Modifiers, TokenKind};
use crate::syntax::kinds;

/// What a token of the grammar is by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    Nothing,
    Is(TokenKind, Modifiers),
    /// `<` and `>`: an operator, unless they are brackets of types.
    Angle,
    /// `?` and `!`: an operator in an expression.
    Mark,
}

static BY_SYMBOL: LazyLock<Vec<Word>> = LazyLock::new(|| {
    let mut words = Vec::new();
    for (symbol, text) in kinds::symbols() {
        words.resize((symbol as usize + 1).max(words.len()), Word::Nothing);
        words[symbol as usize] = word(text);
    }
    words
});

/// By the number of a token without a name in the grammar.
pub fn of_symbol(symbol: u16) -> Word {
    BY_SYMBOL.get(symbol as usize).copied().unwrap_or(Word::Nothing)
}

fn word(text: &str) -> Word {
    match text {
        "<" | ">" => Word::Angle,
        "?" | "!" => Word::Mark,
        "abstract" | "accessor" | "declare" | "override" | "private" | "protected" | "public" | "readonly"
        | "static" => Word::Is(TokenKind::Modifier, Modifiers::default()),
        "async" => Word::Is(TokenKind::Modifier, Modifiers::ASYNC),
        "await" | "break" | "case" | "catch" | "continue" | "default" | "defer" | "do" | "else" | "finally" | "for"
        | "if" | "return" | "switch" | "throw" | "try" | "while" | "yield" => {
            Word::Is(TokenKind::Keyword, Modifiers::CONTROL_FLOW)
        }
        "quote" => Word::Is(TokenKind::Keyword, Modifiers::COMPILE_TIME),
        "@" | "(" | ")" | "[" | "]" | "{" | "}" | "${" | ";" | "," | "." | ":" | "?." | "\"" | "'" | "`" => {
            Word::Nothing
        }
        _ if text.starts_with(|first: char| first.is_ascii_lowercase())
            && text.chars().all(|ch| ch.is_ascii_lowercase() || ch == ' ') =>
        {
            Word::Is(TokenKind::Keyword, Modifiers::default())
        }
        _ if text.chars().all(|ch| ch.is_ascii_punctuation()) => Word::Is(TokenKind::Operator, Modifiers::default()),
        _ => Word::Nothing,
    }
}

/// Values that ECMAScript and its hosts declare, other than classes.
const GLOBAL_VALUES: &[&str] = &[
    "Atomics",
    "Infinity",
    "Intl",
    "JSON",
    "Math",
    "NaN",
    "Reflect",
    "WebAssembly",
    "arguments",
    "console",
    "document",
    "global",
    "globalThis",
    "navigator",
    "process",
    "self",
    "window",
];

const GLOBAL_FUNCTIONS: &[&str] = &[
    "BigInt",
    "Symbol",
    "alert",
    "atob",
    "btoa",
    "clearInterval",
    "clearTimeout",
    "decodeURI",
    "decodeURIComponent",
    "encodeURI",
    "encodeURIComponent",
    "eval",
    "fetch",
    "isFinite",
    "isNaN",
    "parseFloat",
    "parseInt",
    "queueMicrotask",
    "requestAnimationFrame",
    "setInterval",
    "setTimeout",
    "structuredClone",
];

const GLOBAL_CLASSES: &[&str] = &[
    "AbortController",
    "AbortSignal",
    "AggregateError",
    "Array",
    "ArrayBuffer",
    "BigInt64Array",
    "BigUint64Array",
    "Blob",
    "Boolean",
    "DataView",
    "Date",
    "Error",
    "EvalError",
    "Event",
    "EventTarget",
    "FinalizationRegistry",
    "Float32Array",
    "Float64Array",
    "FormData",
    "Function",
    "Headers",
    "Int16Array",
    "Int32Array",
    "Int8Array",
    "Iterator",
    "Map",
    "Number",
    "Object",
    "Promise",
    "Proxy",
    "RangeError",
    "ReferenceError",
    "RegExp",
    "Request",
    "Response",
    "Set",
    "SharedArrayBuffer",
    "String",
    "SuppressedError",
    "SyntaxError",
    "TextDecoder",
    "TextEncoder",
    "TypeError",
    "URIError",
    "URL",
    "URLSearchParams",
    "Uint16Array",
    "Uint32Array",
    "Uint8Array",
    "Uint8ClampedArray",
    "WeakMap",
    "WeakRef",
    "WeakSet",
    "Worker",
];

const GLOBAL_TYPES: &[&str] = &[
    "ArrayLike",
    "AsyncGenerator",
    "AsyncIterable",
    "AsyncIterableIterator",
    "AsyncIterator",
    "Awaited",
    "Capitalize",
    "ConstructorParameters",
    "Disposable",
    "Exclude",
    "Extract",
    "Generator",
    "InstanceType",
    "Iterable",
    "IterableIterator",
    "IteratorResult",
    "Lowercase",
    "NoInfer",
    "NonNullable",
    "Omit",
    "OmitThisParameter",
    "Parameters",
    "Partial",
    "Pick",
    "PromiseLike",
    "PropertyDescriptor",
    "PropertyKey",
    "Readonly",
    "ReadonlyArray",
    "ReadonlyMap",
    "ReadonlySet",
    "Record",
    "Required",
    "ReturnType",
    "ThisParameterType",
    "ThisType",
    "Uncapitalize",
    "Uppercase",
];

fn has(list: &[&str], name: &str) -> bool {
    list.binary_search(&name).is_ok()
}

/// What a value is that no scope of the file declares; `None` for names that nobody knows.
pub fn global_value(name: &str) -> Option<TokenKind> {
    if has(GLOBAL_CLASSES, name) {
        Some(TokenKind::Class)
    } else if has(GLOBAL_FUNCTIONS, name) {
        Some(TokenKind::Function)
    } else if has(GLOBAL_VALUES, name) {
        Some(TokenKind::Variable)
    } else {
        None
    }
}

pub fn global_type(name: &str) -> Option<TokenKind> {
    if has(GLOBAL_TYPES, name) {
        Some(TokenKind::Type)
    } else if has(GLOBAL_CLASSES, name) || matches!(name, "Symbol" | "BigInt") {
        Some(TokenKind::Class)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_sorted() {
        for list in [GLOBAL_VALUES, GLOBAL_FUNCTIONS, GLOBAL_CLASSES, GLOBAL_TYPES] {
            assert!(list.is_sorted(), "{list:?}");
        }
    }
}
