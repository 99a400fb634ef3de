//! `--output-dir`: one file a template.

use std::{
    collections::BTreeMap,
    fs,
    path::{Component, Path, PathBuf},
};

use anyhow::{Context, bail};
use pilothouse_chart::{Crd, HookEvent, Rendered, TemplateOptions};

use crate::output;

/// Writes the CRDs, then the manifest's documents and the hooks, and says so, as `helm template` does.
///
/// # Errors
/// A template's path leaves the directory, or a file cannot be written.
pub(super) fn write(
    directory: &Path,
    release: Option<&str>,
    crds: &[Crd],
    rendered: &Rendered,
    options: &TemplateOptions,
) -> anyhow::Result<()> {
    let below = release.map_or_else(|| directory.to_owned(), |name| directory.join(name));
    let mut files = Files(BTreeMap::new());
    for crd in crds {
        files.add(directory, &crd.path, &String::from_utf8_lossy(&crd.file.data))?;
    }
    for manifest in &rendered.manifests {
        files.add(&below, &manifest.path, &manifest.content)?;
    }
    let is_test = |events: &[HookEvent]| events.contains(&HookEvent::Test);
    let hooks = rendered.hooks.iter().filter(|_| !options.no_hooks);
    for hook in hooks.filter(|hook| !options.skip_tests || !is_test(&hook.events)) {
        files.add(&below, &hook.path, &hook.manifest)?;
    }
    if let Some(path) = options.show_only.first() {
        bail!("could not find template {path} in chart");
    }
    output::line("");
    Ok(())
}

/// Files and their texts so far.
struct Files(BTreeMap<PathBuf, String>);

impl Files {
    fn add(&mut self, directory: &Path, source: &str, text: &str) -> anyhow::Result<()> {
        let relative = Path::new(source);
        if relative.components().any(|part| !matches!(part, Component::Normal(_))) {
            bail!("the template path {source} leaves the output directory");
        }
        let file = directory.join(relative);
        let whole = self.0.entry(file.clone()).or_default();
        whole.push_str(&format!("---\n# Source: {source}\n{text}\n"));
        let write = || -> std::io::Result<()> {
            if let Some(parent) = file.parent() {
                fs::create_dir_all(parent)?;
            }
            fs::write(&file, &*whole)
        };
        write().with_context(|| format!("cannot write {}", file.display()))?;
        output::line(format!("wrote {}", file.display()));
        Ok(())
    }
}
