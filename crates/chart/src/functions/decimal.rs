//! Float arithmetic as shopspring/decimal does it: on the shortest decimal form of each float, exactly,
//! except division, which keeps 16 places.

use num_bigint::{BigInt, Sign};
use pilothouse_gotemplate::{CallError, Context, Function, Param, Value, format};

use super::Outcome;
use super::cast::to_float64;

const ONE: &[Param] = &[Param::Any];
const TWO: &[Param] = &[Param::Any, Param::Any];

pub(super) const FUNCTIONS: [Function; 5] = [
    Function::new("add1f", ONE, |context, args| compute(context, to_float64(&args[0]), &[1.0.into()], add)),
    Function::variadic("addf", ONE, |context, args| compute(context, 0.0, args, add)),
    Function::variadic("subf", TWO, |context, args| {
        compute(context, to_float64(&args[0]), &args[1..], subtract)
    }),
    Function::variadic("mulf", TWO, |context, args| {
        compute(context, to_float64(&args[0]), &args[1..], multiply)
    }),
    Function::variadic("divf", TWO, |context, args| {
        compute(context, to_float64(&args[0]), &args[1..], divide)
    }),
];

/// Decimal places that a division keeps.
const DIVISION_PLACES: i64 = 16;

/// `coefficient × 10^exponent`.
struct Decimal {
    coefficient: BigInt,
    exponent: i64,
}

type Operation = fn(Decimal, Decimal) -> Result<Decimal, CallError>;

fn compute(context: &Context<'_>, start: f64, operands: &[Value], operation: Operation) -> Outcome {
    let mut result = Decimal::new(start)?;
    for operand in operands {
        // A product gains digits with every factor.
        context.charge_steps(usize::try_from(result.coefficient.bits() / 64).unwrap_or(usize::MAX))?;
        result = operation(result, Decimal::new(to_float64(operand))?)?;
    }
    Ok(result.to_float().into())
}

impl Decimal {
    fn new(value: f64) -> Result<Self, CallError> {
        if !value.is_finite() {
            let printed = format::format_float(value, b'g', -1, 64);
            return Err(format!("Cannot create a Decimal from {printed}").into());
        }
        let text = format!("{value:e}");
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let coefficient = format!("{whole}{fraction}").parse().unwrap_or_default();
        let places = i64::try_from(fraction.len()).unwrap_or(0);
        Ok(Self { coefficient, exponent: exponent.parse::<i64>().unwrap_or(0) - places })
    }

    /// The same value with a lower exponent.
    fn rescaled(self, exponent: i64) -> Self {
        if exponent >= self.exponent {
            return self;
        }
        Self { coefficient: self.coefficient * power_of_ten(self.exponent - exponent), exponent }
    }

    fn to_float(&self) -> f64 {
        format!("{}e{}", self.coefficient, self.exponent).parse().unwrap_or(0.0)
    }
}

fn power_of_ten(exponent: i64) -> BigInt {
    BigInt::from(10).pow(u32::try_from(exponent).unwrap_or(0))
}

fn aligned(a: Decimal, b: Decimal) -> (Decimal, Decimal) {
    let exponent = a.exponent.min(b.exponent);
    (a.rescaled(exponent), b.rescaled(exponent))
}

#[expect(clippy::unnecessary_wraps, reason = "an Operation")]
fn add(a: Decimal, b: Decimal) -> Result<Decimal, CallError> {
    let (a, b) = aligned(a, b);
    Ok(Decimal { coefficient: a.coefficient + b.coefficient, exponent: a.exponent })
}

#[expect(clippy::unnecessary_wraps, reason = "an Operation")]
fn subtract(a: Decimal, b: Decimal) -> Result<Decimal, CallError> {
    let (a, b) = aligned(a, b);
    Ok(Decimal { coefficient: a.coefficient - b.coefficient, exponent: a.exponent })
}

fn multiply(a: Decimal, b: Decimal) -> Result<Decimal, CallError> {
    Ok(Decimal { coefficient: a.coefficient * b.coefficient, exponent: a.exponent + b.exponent })
}

/// Rounds the last place half away from zero.
fn divide(a: Decimal, b: Decimal) -> Result<Decimal, CallError> {
    if b.coefficient.sign() == Sign::NoSign {
        return Err("decimal division by 0".into());
    }
    let shift = a.exponent - b.exponent + DIVISION_PLACES;
    let (mut numerator, mut denominator) = (a.coefficient, b.coefficient);
    if shift >= 0 {
        numerator *= power_of_ten(shift);
    } else {
        denominator *= power_of_ten(-shift);
    }
    let mut quotient = &numerator / &denominator;
    let rest = &numerator % &denominator;
    if rest.magnitude() * 2u32 >= *denominator.magnitude() {
        if (numerator.sign() == Sign::Minus) == (denominator.sign() == Sign::Minus) {
            quotient += 1;
        } else {
            quotient -= 1;
        }
    }
    Ok(Decimal { coefficient: quotient, exponent: -DIVISION_PLACES })
}
