//! What can go wrong, in Helm's words.

/// Why a chart could not be loaded. `Display` is Helm's text where Helm has one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The archive is not a chart archive, or holds what a chart may not hold.
    #[error("{0}")]
    Archive(String),
    /// A limit of [`crate::Limits`] was exceeded; the text names it.
    #[error("{0}")]
    Limit(String),
    /// A file of the chart cannot be read (`cannot load Chart.yaml: …`).
    #[error("cannot load {file}: {message}")]
    File {
        /// Path in the chart.
        file: String,
        /// What is wrong with it.
        message: String,
    },
    /// The chart's metadata is incomplete or wrong.
    #[error("validation: {0}")]
    Validation(String),
    /// There is no `Chart.yaml`.
    #[error("Chart.yaml file is missing")]
    NoChartYaml,
    /// A subchart could not be loaded.
    #[error("error unpacking subchart {name} in {parent}: {error}")]
    Subchart {
        /// Folder or file name under `charts/`.
        name: String,
        /// Name of the chart it stands in.
        parent: String,
        /// The subchart's own error.
        error: Box<Self>,
    },
}

/// Why a chart could not be rendered. `Display` is the text Helm prints after `Error: `.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RenderError {
    /// The values of chart and user do not fit together.
    #[error("{0}")]
    Values(String),
    /// The values do not satisfy a `values.schema.json`.
    #[error("values don't meet the specifications of the schema(s) in the following chart(s):\n{0}")]
    Schema(String),
    /// The chart cannot be installed (library chart, missing dependency, `kubeVersion`).
    #[error("{0}")]
    Chart(String),
    /// A template failed to parse or to execute.
    #[error("{message}")]
    Template {
        /// Helm's text.
        message: String,
        /// The template line with the place marked, and the chain of includes, for people.
        excerpt: Option<String>,
    },
    /// A rendered document is not YAML.
    #[error("{0}")]
    Document(String),
    /// A limit of [`crate::RenderLimits`] was exceeded; the text names it.
    #[error("{0}")]
    Limit(String),
}

impl RenderError {
    /// Helm's text, then the place in the template, the chain of includes and the missing value, where they are known.
    pub fn explained(&self) -> String {
        match self {
            Self::Template { message, excerpt: Some(excerpt) } => format!("{message}\n\n{excerpt}"),
            other => other.to_string(),
        }
    }
}
