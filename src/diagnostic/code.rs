//! The registry of codes: TypeScript's numbers, and our own.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Severity;

/// A stable number. `MS1xxx` syntax, `MS2xxx` expansion, `MS3xxx` permissions and inputs,
/// `MS4xxx` performance; `TS…` where the rule is TypeScript's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Code {
    Ts(u32),
    Ms(u16),
}

/// One row of the registry.
pub struct Entry {
    pub code: u16,
    pub severity: Severity,
    /// A few words for lists.
    pub title: &'static str,
    /// What `msc explain` prints.
    pub page: &'static str,
}

macro_rules! registry {
    ($($name:ident = $number:literal, $severity:ident, $title:literal;)*) => {
        impl Code {
            $(#[doc = $title] pub const $name: Code = Code::Ms($number);)*
        }
        /// Every `MS` code, in order.
        pub const REGISTRY: &[Entry] = &[
            $(Entry {
                code: $number,
                severity: Severity::$severity,
                title: $title,
                page: include_str!(concat!("../../docs/diagnostics/MS", stringify!($number), ".md")),
            },)*
        ];
    };
}

registry! {
    SYNTAX = 1001, Error, "Syntax error";
    MACRO_ASYNC = 1002, Error, "A macro cannot be async";
    DEFER_WITHOUT_BLOCK = 1003, Error, "`defer` does not stand in a block";
    UNKNOWN_MACRO = 2001, Error, "Unknown macro";
    MACRO_THREW = 2002, Error, "A macro threw an error";
    MACRO_REPORTED = 2003, Error, "A macro reported an error";
    BAD_ARGUMENT = 2004, Error, "A macro argument has the wrong form";
    MACRO_STOPPED = 2005, Error, "A macro ran too long and was stopped";
    MACRO_MEMORY = 2006, Error, "A macro used too much memory";
    MACRO_CRASHED = 2007, Error, "The process that ran a macro ended";
    MACRO_MODULE = 2008, Error, "A macro's module could not be loaded";
    BAD_SPLICE = 2009, Error, "A value cannot be spliced here";
    GENERATED_SYNTAX = 2010, Error, "A macro generated text that does not parse";
    RECURSION = 2011, Error, "Macros expand each other too deeply";
    TWO_REPLACE = 2012, Error, "Two macros replace one declaration";
    MACRO_BANNED = 2013, Error, "A macro is not run again until its source changes";
    COMPTIME_VALUE = 2014, Error, "A compile-time value has no literal form";
    MACRO_WARNED = 2015, Warning, "A macro reported a warning";
    MISPLACED_MACRO = 2016, Error, "A macro stands on what it does not take";
    MACRO_AT_RUN_TIME = 2017, Error, "A macro is used as a value";
    DEFAULT_MACRO = 2018, Error, "A macro cannot be a default export";
    INPUT_MISSING = 3001, Error, "An input of a macro cannot be read";
    NOT_PERMITTED = 3002, Error, "A macro may not read this file";
    MACRO_LOG = 3003, Hint, "Output of console.log in a macro";
    NET_NOT_PERMITTED = 3004, Error, "A macro may not reach this host";
    ENV_NOT_PERMITTED = 3005, Error, "A macro may not read this environment variable";
    RUN_NOT_PERMITTED = 3006, Error, "A macro may not run this program";
    NOT_GRANTED = 3007, Error, "The project asks for a permission that nobody granted";
    PRIVATE_ADDRESS = 3008, Error, "A macro may not reach a private address";
    ALLOW_ENTRY = 3009, Error, "An entry of macros.allow is no permission";
    NOT_IN_MACROS = 3010, Error, "A macro has no clock and no random numbers";
    EXPIRED_RESPONSE = 3011, Warning, "A host did not answer, and what it answered before is used";
    SLOW_REQUEST = 3012, Warning, "A host took long to answer a macro";
    SLOW_MACRO = 4001, Warning, "A slow macro";
    ENGINE_FAULT = 9001, Error, "Internal error in the type engine";
    CONFIG = 9002, Error, "The project file cannot be used";
    UNREADABLE = 9003, Error, "A file cannot be read";
}

impl Code {
    /// The registry's row; `None` for TypeScript's codes.
    pub fn entry(self) -> Option<&'static Entry> {
        match self {
            Code::Ts(_) => None,
            Code::Ms(number) => REGISTRY.iter().find(|entry| entry.code == number),
        }
    }

    /// What severity a diagnostic of this code has unless said otherwise.
    pub fn severity(self) -> Severity {
        self.entry().map_or(Severity::Error, |entry| entry.severity)
    }

    /// Reads `MS2005` or `TS2322`.
    pub fn parse(text: &str) -> Option<Code> {
        let text = text.trim().to_ascii_uppercase();
        if let Some(number) = text.strip_prefix("MS") {
            number.parse().ok().map(Code::Ms)
        } else {
            text.strip_prefix("TS").unwrap_or(&text).parse().ok().map(Code::Ts)
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Code::Ts(number) => write!(f, "TS{number}"),
            Code::Ms(number) => write!(f, "MS{number:04}"),
        }
    }
}
