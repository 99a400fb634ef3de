//! Label selectors: `k8s.io/apimachinery/pkg/labels` v0.37, its grammar and its words.

use serde_json::Value;

use crate::names;
use crate::status::go_quote;

/// A parsed label selector: all requirements must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LabelSelector(Vec<Requirement>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Requirement {
    key: String,
    operator: Operator,
    values: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Exists,
    DoesNotExist,
    In,
    NotIn,
    Equals,
    NotEquals,
    GreaterThan,
    LessThan,
}

impl LabelSelector {
    /// Parses the text of a `labelSelector` parameter.
    ///
    /// # Errors
    /// The message of the API server's 400.
    pub fn parse(text: &str) -> Result<Self, String> {
        Parser { tokens: lex(text), position: 0 }.parse().map(Self)
    }

    /// From a `metav1.LabelSelector` (`matchLabels`, `matchExpressions`); `None` for null and invalid operators.
    pub fn from_object(selector: &Value) -> Option<Self> {
        let mut requirements = Vec::new();
        let object = selector.as_object()?;
        for (key, value) in object.get("matchLabels").and_then(Value::as_object).into_iter().flatten() {
            let values = vec![value.as_str()?.to_owned()];
            requirements.push(Requirement { key: key.clone(), operator: Operator::In, values });
        }
        for expression in object.get("matchExpressions").and_then(Value::as_array).into_iter().flatten() {
            let operator = match expression["operator"].as_str()? {
                "In" => Operator::In,
                "NotIn" => Operator::NotIn,
                "Exists" => Operator::Exists,
                "DoesNotExist" => Operator::DoesNotExist,
                _ => return None,
            };
            let values = expression["values"].as_array().into_iter().flatten();
            requirements.push(Requirement {
                key: expression["key"].as_str()?.to_owned(),
                operator,
                values: values.filter_map(|v| v.as_str().map(str::to_owned)).collect(),
            });
        }
        Some(Self(requirements))
    }

    /// From a map of equal labels (`Service.spec.selector`).
    pub fn from_map(labels: &Value) -> Self {
        let pairs = labels.as_object().into_iter().flatten();
        Self(
            pairs
                .map(|(key, value)| Requirement {
                    key: key.clone(),
                    operator: Operator::In,
                    values: vec![value.as_str().unwrap_or_default().to_owned()],
                })
                .collect(),
        )
    }

    /// Whether everything is selected.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether labels, looked up by `label`, are selected.
    pub fn matches<'a>(&self, label: impl Fn(&str) -> Option<&'a str>) -> bool {
        self.0.iter().all(|requirement| requirement.matches(label(&requirement.key)))
    }

    /// Whether the labels of an object (`metadata.labels` as JSON) are selected.
    pub fn matches_json(&self, labels: &Value) -> bool {
        self.matches(|key| labels.get(key).and_then(Value::as_str))
    }
}

impl Requirement {
    fn matches(&self, value: Option<&str>) -> bool {
        let listed = |value: &str| self.values.iter().any(|v| v == value);
        let bound = || self.values.first().and_then(|v| v.parse::<i64>().ok());
        let number = |value: Option<&str>| value.and_then(|v| v.parse::<i64>().ok());
        match self.operator {
            Operator::Exists => value.is_some(),
            Operator::DoesNotExist => value.is_none(),
            Operator::In | Operator::Equals => value.is_some_and(listed),
            Operator::NotIn | Operator::NotEquals => !value.is_some_and(listed),
            Operator::GreaterThan => number(value).zip(bound()).is_some_and(|(n, limit)| n > limit),
            Operator::LessThan => number(value).zip(bound()).is_some_and(|(n, limit)| n < limit),
        }
    }

    fn check(self) -> Result<Self, String> {
        let mut errors: Vec<String> = Vec::new();
        if matches!(self.operator, Operator::GreaterThan | Operator::LessThan) {
            for (i, value) in self.values.iter().enumerate() {
                if value.parse::<i64>().is_err() {
                    let quoted = go_quote(value);
                    errors.push(format!(
                        "values[{i}]: Invalid value: {quoted}: for 'Gt', 'Lt' operators, the value must be an integer"
                    ));
                }
            }
        }
        for (i, value) in self.values.iter().enumerate() {
            let wrong = names::label_value(value);
            if !wrong.is_empty() {
                let (key, quoted) = (&self.key, go_quote(value));
                errors.push(format!("values[{i}][{key}]: Invalid value: {quoted}: {}", wrong.join("; ")));
            }
        }
        match errors.as_slice() {
            [] => Ok(self),
            [one] => Err(one.clone()),
            many => Err(format!("[{}]", many.join(", "))),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Identifier,
    Keyword(Operator),
    Symbol(&'static str),
    End,
    Wrong,
}

fn is_symbol(c: char) -> bool {
    matches!(c, '=' | '!' | '(' | ')' | ',' | '>' | '<')
}

fn lex(text: &str) -> Vec<(Token, String)> {
    let mut out = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches([' ', '\t', '\r', '\n']);
        let Some(first) = rest.chars().next() else {
            out.push((Token::End, String::new()));
            return out;
        };
        if is_symbol(first) {
            const SYMBOLS: [&str; 9] = ["==", "!=", "=", "!", "(", ")", ",", ">", "<"];
            let symbol = SYMBOLS.iter().find(|s| rest.starts_with(**s));
            let (token, literal) = symbol.map_or((Token::Wrong, "="), |s| (Token::Symbol(s), *s));
            out.push((token, literal.to_owned()));
            rest = &rest[literal.len()..];
        } else {
            let end =
                rest.find(|c| is_symbol(c) || matches!(c, ' ' | '\t' | '\r' | '\n')).unwrap_or(rest.len());
            let literal = &rest[..end];
            let token = match literal {
                "in" => Token::Keyword(Operator::In),
                "notin" => Token::Keyword(Operator::NotIn),
                _ => Token::Identifier,
            };
            out.push((token, literal.to_owned()));
            rest = &rest[end..];
        }
    }
}

struct Parser {
    tokens: Vec<(Token, String)>,
    position: usize,
}

impl Parser {
    /// The next token; keywords are identifiers where a key or value is read.
    fn look(&self) -> (Token, String) {
        match self.tokens.get(self.position) {
            Some((Token::Keyword(_), literal)) => (Token::Identifier, literal.clone()),
            Some(token) => token.clone(),
            None => (Token::End, String::new()),
        }
    }

    fn take(&mut self) -> (Token, String) {
        let token = self.look();
        self.position += 1;
        token
    }

    fn parse(&mut self) -> Result<Vec<Requirement>, String> {
        let mut out = Vec::new();
        loop {
            let (token, literal) = self.look();
            match token {
                Token::Identifier | Token::Symbol("!") => {
                    let requirement = self
                        .requirement()
                        .map_err(|error| format!("unable to parse requirement: {error}"))?;
                    out.push(requirement);
                }
                Token::End => return Ok(out),
                _ => return Err(format!("found '{literal}', expected: !, identifier, or 'end of string'")),
            }
            match self.take() {
                (Token::End, _) => return Ok(out),
                (Token::Symbol(","), _) => {
                    let (token, literal) = self.look();
                    if !matches!(token, Token::Identifier | Token::Symbol("!")) {
                        return Err(format!("found '{literal}', expected: identifier after ','"));
                    }
                }
                (_, literal) => return Err(format!("found '{literal}', expected: ',' or 'end of string'")),
            }
        }
    }

    fn requirement(&mut self) -> Result<Requirement, String> {
        let (mut token, mut key) = self.take();
        let negated = token == Token::Symbol("!");
        if negated {
            (token, key) = self.take();
        }
        if token != Token::Identifier {
            return Err(format!("found '{key}', expected: identifier"));
        }
        let wrong = names::qualified_name(&key);
        if !wrong.is_empty() {
            return Err(format!("<nil>: Invalid value: {}: {}", go_quote(&key), wrong.join("; ")));
        }
        if negated {
            return Requirement { key, operator: Operator::DoesNotExist, values: Vec::new() }.check();
        }
        if matches!(self.look().0, Token::End | Token::Symbol(",")) {
            return Requirement { key, operator: Operator::Exists, values: Vec::new() }.check();
        }
        let operator = self.operator()?;
        let values = match operator {
            Operator::In | Operator::NotIn => self.values()?,
            _ => vec![self.exact_value()?],
        };
        Requirement { key, operator, values }.check()
    }

    fn operator(&mut self) -> Result<Operator, String> {
        let token = self.tokens.get(self.position).cloned().unwrap_or((Token::End, String::new()));
        self.position += 1;
        match token {
            (Token::Keyword(operator), _) => Ok(operator),
            (Token::Symbol("=" | "=="), _) => Ok(Operator::Equals),
            (Token::Symbol("!="), _) => Ok(Operator::NotEquals),
            (Token::Symbol(">"), _) => Ok(Operator::GreaterThan),
            (Token::Symbol("<"), _) => Ok(Operator::LessThan),
            (_, literal) => Err(format!("found '{literal}', expected: in, notin, =, ==, !=, gt, lt")),
        }
    }

    fn values(&mut self) -> Result<Vec<String>, String> {
        let (token, literal) = self.take();
        if token != Token::Symbol("(") {
            return Err(format!("found '{literal}' expected: '('"));
        }
        let (token, literal) = self.look();
        match token {
            Token::Identifier | Token::Symbol(",") => {
                let mut values = self.identifiers()?;
                if self.take().0 != Token::Symbol(")") {
                    return Err(format!("found '{literal}', expected: ')'"));
                }
                values.sort();
                values.dedup();
                Ok(values)
            }
            Token::Symbol(")") => {
                self.position += 1;
                Ok(vec![String::new()])
            }
            _ => Err(format!("found '{literal}', expected: ',', ')' or identifier")),
        }
    }

    fn identifiers(&mut self) -> Result<Vec<String>, String> {
        let mut out: Vec<String> = Vec::new();
        loop {
            match self.take() {
                (Token::Identifier, literal) => {
                    out.push(literal);
                    match self.look() {
                        (Token::Symbol(","), _) => {}
                        (Token::Symbol(")"), _) => return Ok(out),
                        (_, literal) => return Err(format!("found '{literal}', expected: ',' or ')'")),
                    }
                }
                (Token::Symbol(","), _) => {
                    if out.is_empty() {
                        out.push(String::new());
                    }
                    match self.look().0 {
                        Token::Symbol(")") => {
                            out.push(String::new());
                            return Ok(out);
                        }
                        Token::Symbol(",") => {
                            self.position += 1;
                            out.push(String::new());
                        }
                        _ => {}
                    }
                }
                (_, literal) => return Err(format!("found '{literal}', expected: ',', or identifier")),
            }
        }
    }

    fn exact_value(&mut self) -> Result<String, String> {
        if matches!(self.look().0, Token::End | Token::Symbol(",")) {
            return Ok(String::new());
        }
        match self.take() {
            (Token::Identifier, literal) => Ok(literal),
            (_, literal) => Err(format!("found '{literal}', expected: identifier")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selects(selector: &str, labels: &[(&str, &str)]) -> bool {
        let selector = LabelSelector::parse(selector).unwrap();
        selector.matches(|key| labels.iter().find(|(k, _)| *k == key).map(|(_, v)| *v))
    }

    #[test]
    fn selectors_match_as_kubernetes_matches() {
        let labels = [("a", "1"), ("env", "dev")];
        for (selector, expected) in [
            ("", true),
            ("a=1,env==dev", true),
            ("a!=1", false),
            ("b!=1", true),
            ("env in (dev, prod)", true),
            ("env notin (dev)", false),
            ("!b,a", true),
            ("a>0", true),
            ("a<1", false),
            ("b in ()", false),
        ] {
            assert_eq!(selects(selector, &labels), expected, "{selector}");
        }
    }

    #[test]
    fn errors_have_kubernetes_words() {
        for (selector, expected) in [
            ("a,", "found '', expected: identifier after ','"),
            (",a", "found ',', expected: !, identifier, or 'end of string'"),
            ("a five", "unable to parse requirement: found 'five', expected: in, notin, =, ==, !=, gt, lt"),
            ("a in 1", "unable to parse requirement: found '1' expected: '('"),
            ("a in (1", "unable to parse requirement: found '', expected: ',' or ')'"),
            (
                "/a=b",
                "unable to parse requirement: <nil>: Invalid value: \"/a\": prefix part must be non-empty",
            ),
        ] {
            assert_eq!(LabelSelector::parse(selector).unwrap_err(), expected, "{selector}");
        }
    }
}
