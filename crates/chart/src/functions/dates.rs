//! Dates (only what JSON needs yet).

use super::json::TextForm;
use pilothouse_gotemplate::Object;
pub(super) fn json_text(object: &dyn Object) -> TextForm {
    TextForm::Underlying(object.underlying())
}
