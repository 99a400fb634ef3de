//! `--name-template`: a release's name as a template.

use std::cell::Cell;
use std::time::Instant;

use pilothouse_gotemplate::{Budget, Execution, MissingKey, TemplateSet, Value};

use crate::functions::{self, Surroundings};
use crate::{RenderContext, template_error};

/// Executes a template of a release's name; it sees no values.
///
/// # Errors
/// Go's text of what is wrong with the template.
pub fn render_name(template: &str, context: &RenderContext<'_>) -> Result<String, String> {
    const NAME: &str = "name-template";
    let mut set = TemplateSet::new(functions::table());
    set.parse(NAME, template.as_bytes()).map_err(|error| error.to_string())?;
    let surroundings = Surroundings::new(context);
    let deadline = Instant::now() + context.limits.time;
    let over = Cell::new(false);
    let is_over = || {
        over.set(over.get() || Instant::now() > deadline);
        over.get()
    };
    let budget = Budget { is_over: Some(&is_over), ..Budget::default() };
    let execution = Execution::new(&set, &surroundings, MissingKey::Zero, budget);
    let output = execution.execute(NAME, &Value::Nil).map_err(|error| match error.limit() {
        Some(_) => template_error::exec_error(&error).to_string(),
        None => error.to_string(),
    })?;
    Ok(String::from_utf8_lossy(&output).into_owned())
}
