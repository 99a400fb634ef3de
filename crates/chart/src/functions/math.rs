//! Integers and floats.

use pilothouse_gotemplate::{CallError, Context, Function, List, ListKind, Param, Value, format};

use super::cast::{to_float64, to_int64};
use super::{Outcome, int, text};

const ONE: &[Param] = &[Param::Any];
const TWO: &[Param] = &[Param::Any, Param::Any];

pub(super) const FUNCTIONS: [Function; 24] = [
    Function::new("atoi", &[Param::String], atoi),
    Function::new("int", ONE, |_, args| Ok(Value::Int(to_int64(&args[0])))),
    Function::new("int64", ONE, |_, args| Ok(Value::Int64(to_int64(&args[0])))),
    Function::new("float64", ONE, |_, args| Ok(to_float64(&args[0]).into())),
    Function::new("toDecimal", ONE, to_decimal),
    Function::variadic("add", ONE, |_, args| Ok(fold(0, args, i64::wrapping_add))),
    Function::new("add1", ONE, |_, args| Ok(fold(1, args, i64::wrapping_add))),
    Function::new("sub", TWO, |_, args| Ok(fold_first(args, i64::wrapping_sub))),
    Function::new("div", TWO, |_, args| divide(args, i64::wrapping_div)),
    Function::new("mod", TWO, |_, args| divide(args, i64::wrapping_rem)),
    Function::variadic("mul", TWO, |_, args| Ok(fold_first(args, i64::wrapping_mul))),
    Function::variadic("max", TWO, |_, args| Ok(fold_first(args, i64::max))),
    Function::variadic("biggest", TWO, |_, args| Ok(fold_first(args, i64::max))),
    Function::variadic("min", TWO, |_, args| Ok(fold_first(args, i64::min))),
    Function::variadic("maxf", TWO, |_, args| Ok(fold_floats(args, max_float))),
    Function::variadic("minf", TWO, |_, args| Ok(fold_floats(args, min_float))),
    Function::new("floor", ONE, |_, args| Ok(to_float64(&args[0]).floor().into())),
    Function::new("ceil", ONE, |_, args| Ok(to_float64(&args[0]).ceil().into())),
    Function::variadic("round", &[Param::Any, Param::Int, Param::Float], round),
    Function::new("until", &[Param::Int], until),
    Function::new("untilStep", &[Param::Int, Param::Int, Param::Int], until_step),
    Function::variadic("seq", &[Param::Int], seq),
    Function::new("randInt", &[Param::Int, Param::Int], rand_int),
    Function::new("uuidv4", &[], uuid),
];

fn atoi(_: &Context<'_>, args: &mut [Value]) -> Outcome {
    let digits = text(&args[0]);
    let unsigned = digits.strip_prefix(b"-").or_else(|| digits.strip_prefix(b"+")).unwrap_or(digits);
    if unsigned.is_empty() || !unsigned.iter().all(u8::is_ascii_digit) {
        return Ok(Value::Int(0));
    }
    let clamped = if digits.starts_with(b"-") { i64::MIN } else { i64::MAX };
    let number = std::str::from_utf8(digits).ok().and_then(|text| text.parse().ok());
    Ok(Value::Int(number.unwrap_or(clamped)))
}

/// Reads what `print` gives for the argument as an octal number.
fn to_decimal(context: &Context<'_>, args: &mut [Value]) -> Outcome {
    let printed = format::sprint(args, context.budget().string_length)?;
    let number = std::str::from_utf8(&printed).ok().and_then(|text| i64::from_str_radix(text, 8).ok());
    Ok(Value::Int64(number.unwrap_or(0)))
}

fn fold(start: i64, args: &[Value], operation: fn(i64, i64) -> i64) -> Value {
    Value::Int64(args.iter().map(to_int64).fold(start, operation))
}

fn fold_first(args: &[Value], operation: fn(i64, i64) -> i64) -> Value {
    Value::Int64(args.iter().map(to_int64).reduce(operation).unwrap_or(0))
}

fn divide(args: &[Value], operation: fn(i64, i64) -> i64) -> Outcome {
    let divisor = to_int64(&args[1]);
    if divisor == 0 {
        return Err("runtime error: integer divide by zero".into());
    }
    Ok(Value::Int64(operation(to_int64(&args[0]), divisor)))
}

fn fold_floats(args: &[Value], operation: fn(f64, f64) -> f64) -> Value {
    args.iter().map(to_float64).reduce(operation).unwrap_or(0.0).into()
}

/// Go's `math.Max`: infinity wins, then NaN, and 0 is greater than -0.
fn max_float(a: f64, b: f64) -> f64 {
    if a == f64::INFINITY || b == f64::INFINITY {
        f64::INFINITY
    } else if a.is_nan() || b.is_nan() {
        f64::NAN
    } else if a == 0.0 && b == 0.0 {
        if a.is_sign_negative() { b } else { a }
    } else {
        a.max(b)
    }
}

/// Go's `math.Min`.
fn min_float(a: f64, b: f64) -> f64 {
    -max_float(-a, -b)
}

/// Go's `math.Pow(10, exponent)` for an integer exponent, in Go's order of operations.
fn power_of_ten(exponent: i64) -> f64 {
    let exponent = exponent.clamp(-2000, 2000);
    // 10 = 0.625 × 2⁴; powers are kept as a fraction and a binary exponent.
    let (mut result, mut result_exponent) = (1.0f64, 0i32);
    let (mut base, mut base_exponent) = (0.625f64, 4i32);
    let mut rest = exponent.unsigned_abs();
    while rest != 0 {
        if rest & 1 == 1 {
            result *= base;
            result_exponent += base_exponent;
        }
        base *= base;
        base_exponent *= 2;
        if base < 0.5 {
            base += base;
            base_exponent -= 1;
        }
        rest >>= 1;
    }
    if exponent < 0 {
        result = 1.0 / result;
        result_exponent = -result_exponent;
    }
    scale(result, result_exponent)
}

/// `value × 2^exponent`, without overflow on the way.
fn scale(value: f64, exponent: i32) -> f64 {
    let half = exponent / 2;
    value * 2f64.powi(half) * 2f64.powi(exponent - half)
}

fn round(_: &Context<'_>, args: &mut [Value]) -> Outcome {
    let threshold = match args.get(2) {
        Some(Value::Float(threshold)) => *threshold,
        _ => 0.5,
    };
    let power = power_of_ten(int(&args[1]));
    let digit = power * to_float64(&args[0]);
    let rounded = if digit.fract() >= threshold { digit.ceil() } else { digit.floor() };
    Ok((rounded / power).into())
}

/// Numbers from `start` until `stop` is reached.
fn range(context: &Context<'_>, start: i64, stop: i64, step: i64) -> Result<Vec<i64>, CallError> {
    let runs = if stop < start { step < 0 } else { step > 0 };
    if !runs {
        return Ok(Vec::new());
    }
    let distance = start.abs_diff(stop);
    context.charge_list(distance.div_ceil(step.unsigned_abs()))?;
    let mut numbers = Vec::new();
    let mut next = Some(start);
    while let Some(number) = next.filter(|&n| if step > 0 { n < stop } else { n > stop }) {
        numbers.push(number);
        next = number.checked_add(step);
    }
    Ok(numbers)
}

fn int_list(numbers: Vec<i64>) -> Value {
    List::with_kind(ListKind::Int, numbers.into_iter().map(Value::Int).collect()).into()
}

fn until(context: &Context<'_>, args: &mut [Value]) -> Outcome {
    let count = int(&args[0]);
    Ok(int_list(range(context, 0, count, if count < 0 { -1 } else { 1 })?))
}

fn until_step(context: &Context<'_>, args: &mut [Value]) -> Outcome {
    Ok(int_list(range(context, int(&args[0]), int(&args[1]), int(&args[2]))?))
}

fn seq(context: &Context<'_>, args: &mut [Value]) -> Outcome {
    let numbers: Vec<i64> = args.iter().map(int).collect();
    let (start, step, end) = match numbers.as_slice() {
        [end] => (1, None, *end),
        [start, end] => (*start, None, *end),
        [start, step, end] => (*start, Some(*step), *end),
        _ => return Ok("".into()),
    };
    let direction = if end < start { -1 } else { 1 };
    if end < start && step.is_some_and(|step| step > 0) {
        return Ok("".into());
    }
    let numbers = range(context, start, end.wrapping_add(direction), step.unwrap_or(direction))?;
    let texts: Vec<String> = numbers.iter().map(ToString::to_string).collect();
    super::string(context, texts.join(" ").into_bytes())
}

fn rand_int(context: &Context<'_>, args: &mut [Value]) -> Outcome {
    let (least, bound) = (int(&args[0]), int(&args[1]));
    let span = bound.wrapping_sub(least);
    if span <= 0 {
        return Err("invalid argument to Intn".into());
    }
    let number = super::letters::below(context, span.unsigned_abs())?;
    Ok(Value::Int(number.cast_signed().wrapping_add(least)))
}

fn uuid(context: &Context<'_>, _: &mut [Value]) -> Outcome {
    let mut bytes = super::surroundings::random(context, 16)?;
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let groups = [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]];
    Ok(groups.join("-").into())
}

#[cfg(test)]
mod tests {
    use super::power_of_ten;
    use crate::functions::cast::float_to_int;

    #[test]
    fn powers_of_ten_are_those_of_go() {
        assert_eq!(power_of_ten(2).to_bits(), 100f64.to_bits());
        assert_eq!(power_of_ten(22).to_bits(), 1e22f64.to_bits());
        assert_eq!(power_of_ten(-1).to_bits(), 0.1f64.to_bits());
    }

    #[test]
    fn floats_out_of_range_become_the_least_integer() {
        assert_eq!(float_to_int(1e30), i64::MIN);
        assert_eq!(float_to_int(-1.9), -1);
    }
}
