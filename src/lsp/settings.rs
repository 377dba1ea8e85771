//! What a person set in the editor: in `initializationOptions`, and in `workspace/didChangeConfiguration`
//! later on, either at the top or under `metascript`.
//!
//! Invariant: an unknown or malformed setting is its default, never an error. Settings of a
//! project live in its files and not here.

use serde::Deserialize;
use serde_json::Value;

use crate::engine::InlayOptions;

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Settings {
    pub inlay_hints: InlayHints,
    pub code_lens: CodeLens,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct InlayHints {
    /// Names of parameters before literal arguments.
    pub parameter_names: bool,
    pub variable_types: bool,
    pub parameter_types: bool,
    pub return_types: bool,
    pub property_types: bool,
    pub enum_values: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct CodeLens {
    /// What a use of a macro adds.
    pub expansions: bool,
    /// How often a declaration is used.
    pub references: bool,
}

impl Default for InlayHints {
    fn default() -> InlayHints {
        InlayHints {
            parameter_names: true,
            variable_types: true,
            parameter_types: true,
            return_types: false,
            property_types: false,
            enum_values: true,
        }
    }
}

impl Default for CodeLens {
    fn default() -> CodeLens {
        CodeLens { expansions: true, references: false }
    }
}

impl Settings {
    pub fn of(value: &Value) -> Settings {
        let own = value.get("metascript").unwrap_or(value);
        match serde_json::from_value(own.clone()) {
            Ok(settings) => settings,
            Err(error) => {
                if !own.is_null() {
                    tracing::warn!("the editor's settings for metascript cannot be read: {error}");
                }
                Settings::default()
            }
        }
    }
}

impl InlayHints {
    pub fn options(self) -> InlayOptions {
        InlayOptions {
            parameter_names: self.parameter_names,
            variable_types: self.variable_types,
            parameter_types: self.parameter_types,
            return_types: self.return_types,
            property_types: self.property_types,
            enum_values: self.enum_values,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Settings;

    #[test]
    fn settings_are_read_leniently() {
        assert_eq!(Settings::of(&json!(null)), Settings::default());
        assert_eq!(Settings::of(&json!({ "inlayHints": 5 })), Settings::default());
        let set = Settings::of(&json!({ "metascript": { "codeLens": { "references": true }, "other": 1 } }));
        assert!(set.code_lens.references && set.code_lens.expansions);
    }
}
