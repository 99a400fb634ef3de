//! Names of Kubernetes objects: which are allowed, by kind, and how the API says what is wrong.

/// What a kind's names have to be.
enum Rule {
    Subdomain,
    /// RFC 1123.
    Label,
    /// RFC 1035.
    ServiceLabel,
    PathSegment,
    Anything,
}

impl Rule {
    fn of(kind: &str) -> Self {
        match kind.to_lowercase().as_str() {
            "service" => Self::ServiceLabel,
            "namespace" => Self::Label,
            "certificatesigningrequest" => Self::Anything,
            "role" | "clusterrole" | "rolebinding" | "clusterrolebinding" => Self::PathSegment,
            _ => Self::Subdomain,
        }
    }
}

/// Whether an object of a kind may have the name.
///
/// # Errors
/// The text of `helm lint`.
pub(super) fn check(kind: &str, name: &str) -> Result<(), String> {
    let problems: Vec<String> = match Rule::of(kind) {
        Rule::Anything => Vec::new(),
        Rule::PathSegment => path_segment(name),
        Rule::Subdomain => subdomain(name),
        Rule::Label => label(name),
        Rule::ServiceLabel => service_label(name),
    };
    let errors: Vec<String> =
        problems.iter().map(|problem| format!("metadata.name: Invalid value: {name:?}: {problem}")).collect();
    let text = match errors.as_slice() {
        [] => return Ok(()),
        [one] => one.clone(),
        several => format!("[{}]", several.join(", ")),
    };
    Err(format!("object name does not conform to Kubernetes naming requirements: {name:?}: {text}"))
}

const SUBDOMAIN_LENGTH: usize = 253;
const LABEL_LENGTH: usize = 63;
const LABEL: &str = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";

fn is_inside(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit()
}

fn is_label(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.first().is_some_and(|b| is_inside(*b))
        && bytes.last().is_some_and(|b| is_inside(*b))
        && bytes.iter().all(|b| is_inside(*b) || *b == b'-')
}

fn is_subdomain(text: &str) -> bool {
    text.split('.').all(is_label)
}

fn too_long(text: &str, most: usize) -> Option<String> {
    (text.len() > most).then(|| format!("must be no more than {most} bytes"))
}

fn subdomain(name: &str) -> Vec<String> {
    let mut problems: Vec<String> = too_long(name, SUBDOMAIN_LENGTH).into_iter().collect();
    if !is_subdomain(name) {
        problems.push(format!(
            "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must \
             start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is \
             '{LABEL}(\\.{LABEL})*')"
        ));
    }
    problems
}

fn label(name: &str) -> Vec<String> {
    let mut problems: Vec<String> = too_long(name, LABEL_LENGTH).into_iter().collect();
    if !is_label(name) {
        problems.push(if is_subdomain(name) {
            "must not contain dots".to_owned()
        } else {
            format!(
                "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start \
                 and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is \
                 '{LABEL}')"
            )
        });
    }
    problems
}

fn service_label(name: &str) -> Vec<String> {
    let mut problems: Vec<String> = too_long(name, LABEL_LENGTH).into_iter().collect();
    if !is_label(name) || !name.starts_with(|c: char| c.is_ascii_lowercase()) {
        problems.push(
            "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic \
             character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for \
             validation is '[a-z]([-a-z0-9]*[a-z0-9])?')"
                .to_owned(),
        );
    }
    problems
}

fn path_segment(name: &str) -> Vec<String> {
    if matches!(name, "." | "..") {
        return vec![format!("may not be '{name}'")];
    }
    ["/", "%"]
        .iter()
        .filter(|bad| name.contains(**bad))
        .map(|bad| format!("may not contain '{bad}'"))
        .collect()
}
