//! Templates that can call each other by name.

use std::collections::HashMap;
use std::sync::Arc;

use crate::ast::Template;
use crate::error::ParseError;
use crate::function::FunctionTable;
use crate::parser;

/// What a missing key of a `map[string]interface {}` gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MissingKey {
    /// The zero value of the map's elements (`missingkey=zero`): nil, which prints `<no value>`.
    #[default]
    Zero,
    /// An error (`missingkey=error`).
    Error,
}

/// Parsed templates by name. Parse once, execute often and from any thread.
#[derive(Clone, Default)]
pub struct TemplateSet {
    functions: Arc<FunctionTable>,
    templates: HashMap<Arc<[u8]>, Arc<Template>>,
}

impl TemplateSet {
    /// An empty set whose templates may call `functions`.
    pub fn new(functions: Arc<FunctionTable>) -> Self {
        Self { functions, templates: HashMap::new() }
    }

    /// Parses `text` as the template `name`, and the templates it defines. A template of the same name is
    /// replaced, unless the new one is empty.
    ///
    /// # Errors
    /// Go's message; the set is unchanged then.
    pub fn parse(&mut self, name: &str, text: &[u8]) -> Result<(), ParseError> {
        self.insert(parser::parse(name.as_bytes(), text, &self.functions)?.into_iter().map(Arc::new));
        Ok(())
    }

    /// Adds templates that were parsed with the same functions.
    pub(crate) fn insert(&mut self, templates: impl IntoIterator<Item = Arc<Template>>) {
        for template in templates {
            if template.is_empty() && self.templates.contains_key(&template.name) {
                continue;
            }
            self.templates.insert(template.name.clone(), template);
        }
    }

    /// Parses `text` without adding it, for [`insert`](Self::insert) into sets of the same functions.
    pub(crate) fn parse_apart(&self, name: &str, text: &[u8]) -> Result<Vec<Arc<Template>>, ParseError> {
        Ok(parser::parse(name.as_bytes(), text, &self.functions)?.into_iter().map(Arc::new).collect())
    }

    /// The template of this name.
    pub fn get(&self, name: &[u8]) -> Option<&Arc<Template>> {
        self.templates.get(name)
    }

    /// Names of all templates, in no order.
    pub fn names(&self) -> impl Iterator<Item = &[u8]> {
        self.templates.keys().map(AsRef::as_ref)
    }

    /// The functions templates may call.
    pub fn functions(&self) -> &FunctionTable {
        &self.functions
    }
}
