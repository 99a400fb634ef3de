//! `getHostByName`.

use pilothouse_gotemplate::{Function, Param};

use super::surroundings::resolve;
use super::text;

pub(super) const FUNCTIONS: [Function; 1] = [
    // Without DNS (Helm's default) the address is empty.
    Function::new("getHostByName", &[Param::String], |context, args| {
        Ok(resolve(context, &String::from_utf8_lossy(text(&args[0]))).unwrap_or_default().into())
    }),
];
