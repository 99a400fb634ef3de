//! `.helmignore`, as Helm 4.2.3's `pkg/ignore` applies it.

use crate::glob::Glob;

/// The rules of one chart directory.
#[derive(Debug)]
pub(super) struct Rules(Vec<Rule>);

#[derive(Debug)]
struct Rule {
    glob: Glob,
    negate: bool,
    must_be_dir: bool,
    /// Matches the last element of a path only.
    base_only: bool,
}

impl Rules {
    /// Rules from the file's text, then the one that hides dot files in `templates/`.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut rules = Vec::new();
        for line in text.strip_prefix('\u{FEFF}').unwrap_or(text).lines().chain(["templates/.?*"]) {
            if let Some(rule) = Rule::parse(line)? {
                rules.push(rule);
            }
        }
        Ok(Self(rules))
    }

    /// Whether a file, or one of the directories it stands in, is ignored.
    pub(super) fn ignores_file(&self, path: &str) -> bool {
        let directories = path.match_indices('/').map(|(at, _)| &path[..at]);
        directories.into_iter().any(|directory| self.ignores(directory, true)) || self.ignores(path, false)
    }

    fn ignores(&self, path: &str, is_dir: bool) -> bool {
        for rule in &self.0 {
            if rule.negate {
                if (rule.must_be_dir && !is_dir) || !rule.matches(path) {
                    return true;
                }
            } else if (is_dir || !rule.must_be_dir) && rule.matches(path) {
                return true;
            }
        }
        false
    }
}

impl Rule {
    fn parse(line: &str) -> Result<Option<Self>, String> {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            return Ok(None);
        }
        if line.contains("**") {
            return Err("double-star (**) syntax is not supported".to_owned());
        }
        Glob::new(line).map_err(|error| error.to_string())?;
        let (negate, rule) = match line.strip_prefix('!') {
            Some(rest) => (true, rest),
            None => (false, line),
        };
        let (must_be_dir, rule) = match rule.strip_suffix('/') {
            Some(rest) => (true, rest),
            None => (false, rule),
        };
        let (base_only, rule) = match rule.strip_prefix('/') {
            Some(rest) => (false, rest),
            None => (!rule.contains('/'), rule),
        };
        let glob = Glob::new(rule).map_err(|error| error.to_string())?;
        Ok(Some(Self { glob, negate, must_be_dir, base_only }))
    }

    fn matches(&self, path: &str) -> bool {
        let name = if self.base_only { path.rsplit('/').next().unwrap_or(path) } else { path };
        self.glob.matches(name)
    }
}
