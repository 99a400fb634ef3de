//! `typeOf`, `kindOf` and their kin.

use pilothouse_gotemplate::{Context, Function, Param, Value};

use super::deep::deep_equal;
use super::{Outcome, text};

const NAME_AND_VALUE: &[Param] = &[Param::String, Param::Any];

pub(super) const FUNCTIONS: [Function; 6] = [
    Function::new("typeOf", &[Param::Any], |_, args| Ok(args[0].type_name().into_owned().into())),
    Function::new("typeIs", NAME_AND_VALUE, type_is),
    Function::new("typeIsLike", NAME_AND_VALUE, type_is_like),
    Function::new("kindOf", &[Param::Any], |_, args| Ok(args[0].kind().name().into())),
    Function::new("kindIs", NAME_AND_VALUE, |_, args| {
        Ok((text(&args[0]) == args[1].kind().name().as_bytes()).into())
    }),
    Function::new("deepEqual", &[Param::Any, Param::Any], |context, args| {
        Ok(deep_equal(context, &args[0], &args[1])?.into())
    }),
];

fn type_is(_: &Context<'_>, args: &mut [Value]) -> Outcome {
    Ok((text(&args[0]) == args[1].type_name().as_bytes()).into())
}

fn type_is_like(_: &Context<'_>, args: &mut [Value]) -> Outcome {
    let wanted = text(&args[0]);
    let name = args[1].type_name();
    let pointed_to = name.strip_prefix('*').is_some_and(|name| name.as_bytes() == wanted);
    Ok((wanted == name.as_bytes() || pointed_to).into())
}
