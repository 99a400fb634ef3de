//! What a chart says of itself, as Helm 4.2.3's `helm show` prints it.

use crate::Chart;

/// A part of a chart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// `Chart.yaml`, as it was read.
    Chart,
    /// `values.yaml`, as it is written.
    Values,
    /// The readme.
    Readme,
    /// The files under `crds/`, subcharts' too.
    Crds,
    /// Everything, separated by `---`.
    All,
}

/// The text of a part; empty where the chart has none.
///
/// # Errors
/// The metadata cannot be written as YAML.
pub fn show(chart: &Chart, part: Part) -> Result<String, String> {
    let mut out = String::new();
    let all = part == Part::All;
    if all || part == Part::Chart {
        out.push_str(&metadata_yaml(chart)?);
        out.push('\n');
    }
    if (all || part == Part::Values) && chart.contents().has_values {
        separate(&mut out, all);
        for file in chart.raw().iter().filter(|file| file.name == "values.yaml") {
            add(&mut out, &file.data);
        }
    }
    if (all || part == Part::Readme)
        && let Some(readme) = chart.readme()
    {
        separate(&mut out, all);
        add(&mut out, &readme.data);
    }
    if all || part == Part::Crds {
        for crd in chart.crds() {
            separate(&mut out, !crd.file.data.starts_with(b"---"));
            add(&mut out, &crd.file.data);
        }
    }
    Ok(out)
}

/// `Chart.yaml` as Helm writes it: what it knows of the file, without comments, keys in order.
pub(crate) fn metadata_yaml(chart: &Chart) -> Result<String, String> {
    let json = serde_json::to_value(chart.metadata()).map_err(|error| error.to_string())?;
    pilothouse_goyaml::json_to_yaml(&json).map_err(|error| error.to_string())
}

fn separate(out: &mut String, wanted: bool) {
    if wanted {
        out.push_str("---\n");
    }
}

fn add(out: &mut String, data: &[u8]) {
    out.push_str(&String::from_utf8_lossy(data));
    out.push('\n');
}
