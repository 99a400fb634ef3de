//! Slash-separated paths. The `os` forms are the same on the systems Helm's charts are written for.

use pilothouse_gotemplate::{Context, Function, Param, Str, Value};

use super::{Outcome, string, text};

const STRING: &[Param] = &[Param::String];

pub(super) const FUNCTIONS: [Function; 10] = [
    Function::new("base", STRING, base),
    Function::new("dir", STRING, dir),
    Function::new("clean", STRING, |context, args| string(context, clean_path(text(&args[0])))),
    Function::new("ext", STRING, ext),
    Function::new("isAbs", STRING, |_, args| Ok(text(&args[0]).starts_with(b"/").into())),
    Function::new("osBase", STRING, base),
    Function::new("osDir", STRING, dir),
    Function::new("osClean", STRING, |context, args| string(context, clean_path(text(&args[0])))),
    Function::new("osExt", STRING, ext),
    Function::new("osIsAbs", STRING, |_, args| Ok(text(&args[0]).starts_with(b"/").into())),
];

fn base(_: &Context<'_>, args: &mut [Value]) -> Outcome {
    let path = text(&args[0]);
    if path.is_empty() {
        return Ok(".".into());
    }
    let end = path.iter().rposition(|&byte| byte != b'/').map_or(0, |at| at + 1);
    if end == 0 {
        return Ok("/".into());
    }
    let path = &path[..end];
    let start = path.iter().rposition(|&byte| byte == b'/').map_or(0, |at| at + 1);
    Ok(Str::from(&path[start..]).into())
}

fn dir(context: &Context<'_>, args: &mut [Value]) -> Outcome {
    let path = text(&args[0]);
    let end = path.iter().rposition(|&byte| byte == b'/').map_or(0, |at| at + 1);
    string(context, clean_path(&path[..end]))
}

fn ext(_: &Context<'_>, args: &mut [Value]) -> Outcome {
    let path = text(&args[0]);
    let name = path.rsplit(|&byte| byte == b'/').next().unwrap_or_default();
    let start = name.iter().rposition(|&byte| byte == b'.').unwrap_or(name.len());
    Ok(Str::from(&name[start..]).into())
}

/// Go's `path.Clean`: without `.`, empty and, where possible, `..` elements.
fn clean_path(path: &[u8]) -> Vec<u8> {
    let rooted = path.starts_with(b"/");
    let mut kept: Vec<&[u8]> = Vec::new();
    for element in path.split(|&byte| byte == b'/') {
        match element {
            b"" | b"." => {}
            b".." => match kept.last() {
                Some(&last) if last != b".." => {
                    kept.pop();
                }
                _ if rooted => {}
                _ => kept.push(element),
            },
            _ => kept.push(element),
        }
    }
    let joined = kept.join(&b'/');
    match (rooted, joined.is_empty()) {
        (true, _) => [b"/", joined.as_slice()].concat(),
        (false, true) => b".".to_vec(),
        (false, false) => joined,
    }
}
