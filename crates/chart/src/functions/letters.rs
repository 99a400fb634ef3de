//! Letters: Go's simple case mappings, and random strings.

use pilothouse_gotemplate::unicode::{is_digit, runes};
use pilothouse_gotemplate::{CallError, Context, Function, Param, Value};

use rand_core::RngCore;

use super::surroundings::{generator, random};
use super::{Outcome, int, string, text};

const INT: &[Param] = &[Param::Int];

pub(super) const FUNCTIONS: [Function; 6] = [
    Function::new("randAlpha", INT, |context, args| characters(context, &args[0], &ALPHABET[10..])),
    Function::new("randNumeric", INT, |context, args| characters(context, &args[0], &ALPHABET[..10])),
    Function::new("randAlphaNum", INT, rand_alpha_num),
    Function::new("randAscii", INT, rand_ascii),
    Function::new("randBytes", INT, rand_bytes),
    Function::new("shuffle", &[Param::String], shuffle),
];

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// `unicode.ToUpper`: one rune for one rune.
pub(super) fn to_upper(rune: char) -> char {
    // Where the full mapping has several runes, Go's simple one differs.
    match rune {
        '\u{1f80}'..='\u{1faf}' if (rune as u32) & 8 == 0 => char::from_u32(rune as u32 + 8).unwrap_or(rune),
        '\u{1fb3}' => '\u{1fbc}',
        '\u{1fc3}' => '\u{1fcc}',
        '\u{1ff3}' => '\u{1ffc}',
        _ => single(rune.to_uppercase(), rune),
    }
}

/// `unicode.ToLower`.
pub(super) fn to_lower(rune: char) -> char {
    if rune == '\u{130}' { 'i' } else { single(rune.to_lowercase(), rune) }
}

/// `unicode.ToTitle`.
pub(super) fn to_title(rune: char) -> char {
    match rune {
        '\u{1c4}'..='\u{1c6}' => '\u{1c5}',
        '\u{1c7}'..='\u{1c9}' => '\u{1c8}',
        '\u{1ca}'..='\u{1cc}' => '\u{1cb}',
        '\u{1f1}'..='\u{1f3}' => '\u{1f2}',
        // Georgian has capitals, but titles do not use them.
        '\u{10d0}'..='\u{10ff}' => rune,
        _ => to_upper(rune),
    }
}

fn single(mut mapped: impl ExactSizeIterator<Item = char>, rune: char) -> char {
    if mapped.len() == 1 { mapped.next().unwrap_or(rune) } else { rune }
}

/// Go's `strings.Map`.
pub(super) fn map_runes(text: &[u8], mapping: fn(char) -> char) -> Vec<u8> {
    let mapped: String = runes(text).map(|(_, rune)| mapping(rune)).collect();
    mapped.into_bytes()
}

/// A random number below `bound`, each equally likely.
pub(super) fn below(context: &Context<'_>, bound: u64) -> Result<u64, CallError> {
    if bound <= 1 {
        return Ok(0);
    }
    let fair = u64::MAX - u64::MAX % bound;
    let mut generator = generator(context)?;
    loop {
        let number = generator.next_u64();
        if number < fair {
            return Ok(number % bound);
        }
    }
}

/// `count` characters of `alphabet`; nothing if the count is negative, as Sprig drops the error.
fn pick(context: &Context<'_>, count: i64, alphabet: &[u8]) -> Result<Vec<u8>, CallError> {
    let count = usize::try_from(count).unwrap_or(0);
    context.charge_string(count)?;
    // 256 is no multiple of the alphabet: bytes beyond the last full multiple are thrown away.
    let fair = 256 - 256 % alphabet.len();
    let mut out = Vec::with_capacity(count);
    let mut generator = generator(context)?;
    while out.len() < count {
        let mut bytes = [0; 64];
        generator.fill_bytes(&mut bytes);
        let fitting = bytes.iter().filter(|&&byte| usize::from(byte) < fair).take(count - out.len());
        out.extend(fitting.map(|&byte| alphabet[usize::from(byte) % alphabet.len()]));
    }
    Ok(out)
}

fn characters(context: &Context<'_>, count: &Value, alphabet: &[u8]) -> Outcome {
    Ok(pick(context, int(count), alphabet)?.into())
}

/// Goutils puts a digit in if there is none.
fn rand_alpha_num(context: &Context<'_>, args: &mut [Value]) -> Outcome {
    let mut out = pick(context, int(&args[0]), ALPHABET)?;
    if !out.is_empty() && !out.iter().any(|&byte| is_digit(char::from(byte))) {
        let place = usize::try_from(below(context, out.len() as u64)?).unwrap_or(0);
        out[place] = pick(context, 1, &ALPHABET[..10])?[0];
    }
    Ok(out.into())
}

fn rand_ascii(context: &Context<'_>, args: &mut [Value]) -> Outcome {
    let printable: Vec<u8> = (32..127).collect();
    characters(context, &args[0], &printable)
}

fn rand_bytes(context: &Context<'_>, args: &mut [Value]) -> Outcome {
    let Ok(count) = usize::try_from(int(&args[0])) else {
        return Err("runtime error: makeslice: len out of range".into());
    };
    context.charge_string(count.saturating_mul(2))?;
    let bytes = random(context, count)?;
    string(context, base64::Engine::encode(&base64::engine::general_purpose::STANDARD, bytes).into_bytes())
}

fn shuffle(context: &Context<'_>, args: &mut [Value]) -> Outcome {
    let mut shuffled: Vec<char> = runes(text(&args[0])).map(|(_, rune)| rune).collect();
    let mut generator = generator(context)?;
    for last in (1..shuffled.len()).rev() {
        let other = usize::try_from(generator.next_u64() % (last as u64 + 1)).unwrap_or(0);
        shuffled.swap(last, other);
    }
    string(context, shuffled.into_iter().collect::<String>().into_bytes())
}
