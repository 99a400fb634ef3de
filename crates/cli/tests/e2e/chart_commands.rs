//! The commands that work on charts without a server, beside the real helm.

use std::{
    fs,
    io::Write,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use serde_json::Value;
use tempfile::TempDir;

use crate::{
    charts,
    pilothouse::Pilothouse,
    registry::{PASSWORD, Registry, USER, free_port},
    tools::{docker_registry, eventually, fail, helm, helm_tool, kubectl_tool, present, succeed},
};

/// The binary in a directory, with a configuration of Helm's that is empty.
fn pilothouse(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pilothouse"));
    command.args(arguments).current_dir(directory).env_clear().env("HOME", directory);
    command
}

/// The real helm's answer.
fn real(directory: &Path, arguments: &[&str]) -> Value {
    let mut command = helm();
    command.args(arguments).current_dir(directory);
    serde_json::from_str(&succeed(&mut command)).unwrap()
}

fn write(directory: &Path, files: &[(&str, &str)]) {
    for (name, text) in files {
        let file = directory.join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }
}

const CHART: &str = "apiVersion: v2\nname: app\nversion: 0.1.0\nappVersion: \"1.0\"\ndescription: A <small> chart & more\n\
                     home: https://example.com\nsources: [https://example.com/src]\nmaintainers:\n- {name: Ann, email: \
                     ann@example.com}\n- {name: Bo}\nannotations:\n  example.com/a: b\n";
const SERVICE: &str =
    "apiVersion: v1\nkind: Service\nmetadata: {name: \"{{ .Release.Name }}\"}\nspec: {ports: [{port: 80}]}\n";

/// A chart with everything that `show` shows.
fn full_chart() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    write(
        directory.path(),
        &[
            ("app/Chart.yaml", CHART),
            ("app/values.yaml", "# a comment\na: 1\n"),
            ("app/README.md", "# app\n"),
            ("app/crds/things.yaml", "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n"),
            ("app/templates/service.yaml", SERVICE),
        ],
    );
    directory
}

#[test]
fn lint_finds_what_helm_lint_finds() {
    if !present("lint", &[helm_tool()]) {
        return;
    }
    let good = ("Chart.yaml", CHART);
    let template = |text: &'static str| ("templates/x.yaml", text);
    let cases: Vec<Vec<(&str, &str)>> = vec![
        vec![good, template(SERVICE), ("values.yaml", "a: 1\n")],
        vec![good],
        vec![(
            "Chart.yaml",
            "apiVersion: v1\nname: app\nversion: 1\nappVersion: 2\ntype: library\nicon: no\n",
        )],
        vec![(
            "Chart.yaml",
            "apiVersion: v2\nname: a/b\nversion: 0.0.0-0\nmaintainers: [{name: a, email: b}]\n",
        )],
        vec![(
            "Chart.yaml",
            "apiVersion: v3\nname: app\nversion: 1.0\nsources: [x]\nname: twice\nunknown: 1\n",
        )],
        vec![(
            "Chart.yaml",
            "apiVersion: v2\nname: app\nversion: 1.0.0\nunknown: 1\nmaintainers: [{name: a, url: 'http://a b'}]\n",
        )],
        vec![("Chart.yaml", "a: b: c\n")],
        vec![("Chart.yaml", "name: [1]\n")],
        vec![good, template("{{ fail \"no\" }}"), ("values.yaml", "a: b: c\n")],
        vec![good, template("{{ .Values.a.b.c }}"), ("values.yaml", "{}\n")],
        vec![
            good,
            template(
                "{{ required \"needed\" .Values.a }}a: {{ .Release.IsInstall }}{{ .Release.Revision }}\n",
            ),
        ],
        vec![good, template("  a: 1\n"), ("templates/y.json", "{}"), ("templates/_z.tpl", "")],
        vec![
            good,
            template("kind: Deployment\napiVersion: extensions/v1beta1\nmetadata: {name: Bad_Name}\n"),
        ],
        vec![
            good,
            template(
                "kind: Service\nmetadata: {name: 1a}\n---\nkind: Namespace\nmetadata: {name: a.b}\n---\nkind: Role\nmetadata: {name: a%b}\n",
            ),
        ],
        vec![
            good,
            template(
                "kind: List\napiVersion: v1\nmetadata: {name: x}\nitems: [{metadata: {annotations: {helm.sh/resource-policy: keep}}}]\n",
            ),
        ],
        vec![good, template("a: 1\n---b\n")],
        vec![
            good,
            template("metadata: text\n"),
            ("crds/a.yaml", "kind: Other\n"),
            ("crds/b.yaml", "{{ a }}\n"),
        ],
        vec![
            good,
            template(SERVICE),
            ("values.yaml", "a: text\n"),
            (
                "values.schema.json",
                "{\"properties\": {\"a\": {\"type\": \"number\"}}, \"required\": [\"b\"]}",
            ),
        ],
        vec![
            (
                "Chart.yaml",
                "apiVersion: v2\nname: app\nversion: 1.0.0\ndependencies: [{name: gone, version: '1'}]\n",
            ),
            ("charts/extra/Chart.yaml", "apiVersion: v2\nname: extra\nversion: 1.0.0\n"),
            template(SERVICE),
        ],
    ];
    for files in cases {
        let directory = tempfile::tempdir().unwrap();
        write(&directory.path().join("app"), &files);
        let expected: Vec<String> = serde_json::from_value(real(directory.path(), &["lint", "app"])).unwrap();
        let output = pilothouse(directory.path(), &["lint", "app"]).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let text = text.strip_prefix("==> Linting app\n").unwrap();
        let findings = text.rsplit_once("\n\n").map_or(text, |(findings, _)| findings);
        assert_eq!(findings.trim_end(), expected.join("\n").trim_end(), "{files:?}");
        let fails = expected.iter().any(|line| line.starts_with("[ERROR]"));
        assert_eq!(output.status.success(), !fails, "{files:?}");
    }
}

#[test]
fn show_prints_what_helm_show_prints() {
    if !present("show", &[helm_tool()]) {
        return;
    }
    let directory = full_chart();
    for part in ["all", "chart", "values", "readme", "crds"] {
        let expected = real(directory.path(), &["show", part, "./app"]);
        let shown = succeed(&mut pilothouse(directory.path(), &["show", part, "app"]));
        assert_eq!(shown, expected.as_str().unwrap(), "{part}");
    }
    let refused = fail(&mut pilothouse(directory.path(), &["show", "chart", "./nowhere"]));
    assert_eq!(refused, "error: path \"./nowhere\" not found\n");
}

#[test]
fn a_packaged_chart_is_helms_and_the_same_every_time() {
    if !present("package", &[helm_tool()]) {
        return;
    }
    let directory = full_chart();
    let path = directory.path();
    let said = succeed(&mut pilothouse(path, &["package", "app", "--destination", "one"]));
    assert_eq!(said, "Successfully packaged chart and saved it to: one/app-0.1.0.tgz\n");
    fs::File::open(path.join("app/values.yaml"))
        .unwrap()
        .set_modified(std::time::SystemTime::UNIX_EPOCH)
        .unwrap();
    succeed(&mut pilothouse(path, &["package", "app", "--destination", "two"]));
    assert_eq!(
        fs::read(path.join("one/app-0.1.0.tgz")).unwrap(),
        fs::read(path.join("two/app-0.1.0.tgz")).unwrap()
    );
    let theirs = real(path, &["package", "app", "three"]);
    for part in ["all", "chart"] {
        let ours = real(path, &["show", part, "./one/app-0.1.0.tgz"]);
        assert_eq!(ours, real(path, &["show", part, theirs.as_str().unwrap()]));
    }
    let other = ["package", "app", "--version", "2.0.0", "--app-version", "9", "-d", "one"];
    succeed(&mut pilothouse(path, &other));
    let shown = real(path, &["show", "chart", "./one/app-2.0.0.tgz"]);
    assert!(shown.as_str().unwrap().contains("appVersion: \"9\""), "{shown}");
    let refused = fail(&mut pilothouse(path, &["package", "app", "--version", "latest"]));
    assert_eq!(refused, "error: invalid semantic version\n");
}

#[test]
fn helm_reads_what_was_pushed_and_the_other_way_round() {
    if !present("push and pull", &[docker_registry(), helm_tool()]) {
        return;
    }
    let registry = Registry::open();
    let directory = full_chart();
    let path = directory.path();
    succeed(&mut pilothouse(path, &["package", "app"]));
    succeed(&mut pilothouse(path, &["package", "app", "--version", "0.2.0+build.1"]));
    let (ours, theirs) =
        (format!("oci://{}/ours", registry.host()), format!("oci://{}/theirs", registry.host()));
    let mut digests = Vec::new();
    for archive in ["app-0.1.0.tgz", "app-0.2.0+build.1.tgz"] {
        let said = succeed(&mut pilothouse(path, &["push", archive, &ours, "--plain-http"]));
        digests.push(said.lines().find_map(|line| line.strip_prefix("Digest: ")).unwrap().to_owned());
        real(path, &["push", archive, &theirs]);
    }
    assert_eq!(real(path, &["tags", &format!("{}/ours/app", registry.host())]).as_array().unwrap().len(), 2);
    fs::create_dir(path.join("got")).unwrap();
    real(path, &["pull", &format!("{ours}/app"), "got", "--version", "0.1.0"]);
    assert_eq!(
        fs::read(path.join("got/app-0.1.0.tgz")).unwrap(),
        fs::read(path.join("app-0.1.0.tgz")).unwrap()
    );

    // The same archive is the same manifest, whoever pushed it.
    for (version, file, digest) in
        [("<0.2", "app-0.1.0.tgz", &digests[0]), ("^0.2", "app-0.2.0+build.1.tgz", &digests[1])]
    {
        let chart = format!("{theirs}/app");
        let said = succeed(&mut pilothouse(
            path,
            &["pull", &chart, "--version", version, "-d", "got", "--plain-http"],
        ));
        assert!(said.contains(&format!("Digest: {digest}\n")), "{digest} is not in: {said}");
        assert_eq!(fs::read(path.join("got").join(file)).unwrap(), fs::read(path.join(file)).unwrap());
    }
    let untar = ["pull", &format!("{ours}/app:0.1.0"), "--untar", "-d", "plain", "--plain-http"];
    succeed(&mut pilothouse(path, &untar));
    assert_eq!(fs::read_to_string(path.join("plain/app/values.yaml")).unwrap(), "# a comment\na: 1\n");
    let refused = fail(&mut pilothouse(path, &untar));
    assert!(refused.contains("already exists"), "{refused}");
    let rendered = succeed(&mut pilothouse(path, &["template", "r", &format!("{ours}/app"), "--plain-http"]));
    assert!(rendered.starts_with("---\n# Source: app/templates/service.yaml\n"), "{rendered}");
    for (version, words) in
        [("9.9.9", "app:9.9.9"), (">9", "could not locate a version matching provided version string >9")]
    {
        let chart = format!("{ours}/app");
        let refused = fail(&mut pilothouse(path, &["pull", &chart, "--version", version, "--plain-http"]));
        assert!(refused.contains(words), "{refused}");
    }
}

#[test]
fn a_registry_with_passwords_takes_the_flags_or_a_saved_login() {
    if !present("push with a password", &[docker_registry()]) {
        return;
    }
    let registry = Registry::with_password();
    let directory = full_chart();
    let path = directory.path();
    succeed(&mut pilothouse(path, &["package", "app"]));
    let remote = format!("oci://{}/charts", registry.host());
    let push = ["push", "app-0.1.0.tgz", remote.as_str(), "--plain-http"];
    let refused = fail(&mut pilothouse(path, &push));
    assert!(refused.contains("--username"), "no hint: {refused}");
    let with = |password: &str| {
        let mut command = pilothouse(path, &push);
        command.args(["--username", USER, "--password-stdin"]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(format!("{password}\n").as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        (output.status.success(), format!("{output:?}"))
    };
    let (done, said) = with("wrong-password-7");
    assert!(!done && !said.contains("wrong-password-7"), "{said}");
    assert!(with(PASSWORD).0);
    // `helm registry login` and `docker login` write this form; the text is base64 of `pilot:fair-winds-42`.
    write(
        path,
        &[(
            "config/helm/registry/config.json",
            &format!(
                "{{\"auths\": {{\"{}\": {{\"auth\": \"cGlsb3Q6ZmFpci13aW5kcy00Mg==\"}}}}}}",
                registry.host()
            ),
        )],
    );
    let chart = format!("{remote}/app");
    let mut pull = pilothouse(path, &["pull", &chart, "--plain-http", "-d", "."]);
    succeed(pull.env("XDG_CONFIG_HOME", path.join("config")));
}

/// Serves a directory on loopback.
struct WebServer(Child, u16);

impl WebServer {
    fn start(directory: &Path) -> Self {
        let port = free_port();
        let child = Command::new("python3")
            .args(["-m", "http.server", "--bind", "127.0.0.1", &port.to_string()])
            .current_dir(directory)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        eventually("the web server answers", Duration::from_secs(20), || {
            std::net::TcpStream::connect(("127.0.0.1", port)).map_err(|error| error.to_string())
        });
        Self(child, port)
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.1)
    }
}

impl Drop for WebServer {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A repository with two versions of the chart `app`.
fn repository() -> (TempDir, WebServer) {
    let directory = full_chart();
    let path = directory.path();
    fs::create_dir(path.join("web")).unwrap();
    for version in ["0.1.0", "0.2.0"] {
        succeed(&mut pilothouse(path, &["package", "app", "--version", version, "-d", "web"]));
    }
    real(path, &["index", "web"]);
    let server = WebServer::start(&path.join("web"));
    (directory, server)
}

#[test]
fn charts_come_from_http_repositories_with_the_digest_of_the_index() {
    if !present("pull from a repository", &[helm_tool()]) {
        return;
    }
    let (directory, server) = repository();
    let path = directory.path();
    let url = server.url();
    for (range, file) in [("*", "app-0.2.0.tgz"), ("<0.2", "app-0.1.0.tgz")] {
        succeed(&mut pilothouse(path, &["pull", "app", "--repo", &url, "--version", range]));
        assert_eq!(fs::read(path.join(file)).unwrap(), fs::read(path.join("web").join(file)).unwrap());
    }
    let refused = fail(&mut pilothouse(path, &["pull", "app", "--repo", &url, "--version", "7"]));
    assert_eq!(refused, format!("error: chart \"app\" version \"7\" not found in {url} repository\n"));
    fs::copy(path.join("web/app-0.1.0.tgz"), path.join("web/app-0.2.0.tgz")).unwrap();
    let refused = fail(&mut pilothouse(path, &["pull", "app", "--repo", &url, "-d", "elsewhere"]));
    assert!(refused.contains("the repository's index says"), "{refused}");
    assert!(!path.join("elsewhere/app-0.2.0.tgz").exists());
}

#[test]
fn dependencies_are_locked_with_helms_digest() {
    if !present("dependencies", &[docker_registry(), helm_tool()]) {
        return;
    }
    let (directory, server) = repository();
    let path = directory.path();
    let registry = Registry::open();
    // Helm takes dependencies of one name for those of one repository.
    write(path, &[("other/Chart.yaml", "apiVersion: v2\nname: other\nversion: 0.1.7\n")]);
    real(path, &["package", "other", "."]);
    real(path, &["push", "other-0.1.7.tgz", &format!("oci://{}/charts", registry.host())]);
    let chart = |name: &str| {
        let text = format!(
            "apiVersion: v2\nname: parent\nversion: 1.0.0\ndependencies:\n- {{name: app, version: \">=0.1.0 <1\", \
             repository: \"{}\", condition: app.enabled, tags: [a]}}\n- {{name: other, version: 0.1.x, repository: \
             \"oci://{}/charts\", alias: second, import-values: [x, {{child: a, parent: \"b<c\"}}]}}\n",
            server.url(),
            registry.host()
        );
        write(&path.join(name), &[("Chart.yaml", text.as_str())]);
        text
    };
    chart("ours");
    chart("theirs");
    let said = succeed(&mut pilothouse(path, &["dependency", "update", "ours", "--plain-http"]));
    assert!(said.starts_with("Getting updates for unmanaged Helm repositories...\n"), "{said}");
    assert!(said.ends_with("Deleting outdated charts\n"), "{said}");
    real(path, &["dependency", "update", "theirs"]);
    let lock = |name: &str| {
        let text = fs::read_to_string(path.join(name).join("Chart.lock")).unwrap();
        text.lines().filter(|line| !line.starts_with("generated")).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(lock("ours"), lock("theirs"));
    fs::remove_dir_all(path.join("ours/charts")).unwrap();
    real(path, &["dependency", "build", "ours"]);
    fs::remove_dir_all(path.join("ours/charts")).unwrap();
    succeed(&mut pilothouse(path, &["dependency", "build", "ours", "--plain-http"]));
    let listed = succeed(&mut pilothouse(path, &["dependency", "list", "ours"]));
    for row in real(path, &["dependency", "list", "ours"]).as_array().unwrap() {
        let cells = ["name", "version", "repository", "status"].map(|cell| row[cell].as_str().unwrap());
        let found = listed.lines().any(|line| line.split('\t').map(str::trim).eq(cells));
        assert!(found, "{cells:?} is not in:\n{listed}");
    }
    let changed = chart("ours").replace(">=0.1.0", ">=0.2.0");
    fs::write(path.join("ours/Chart.yaml"), changed).unwrap();
    let refused = fail(&mut pilothouse(path, &["dependency", "build", "ours", "--plain-http"]));
    assert!(refused.contains("the lock file (Chart.lock) is out of sync"), "{refused}");
}

#[test]
fn template_validates_against_a_cluster_and_changes_nothing() {
    if !present("template --validate", &[kubectl_tool()]) {
        return;
    }
    let cluster = Pilothouse::start();
    let directory = tempfile::tempdir().unwrap();
    let lookup = "{{ with lookup \"v1\" \"Namespace\" \"\" \"default\" }}{{ .metadata.name }}{{ end }}";
    let template = format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: seen}}\ndata:\n  namespace: {lookup}\n  has: \"{{{{ \
         .Capabilities.APIVersions.Has \"apps/v1/Deployment\" }}}}\"\n"
    );
    write(directory.path(), &[("app/Chart.yaml", CHART), ("app/templates/x.yaml", &template)]);
    let run = |extra: &[&str]| {
        let mut command = pilothouse(directory.path(), &["template", "r", "app"]);
        command.args(extra).arg("--kubeconfig").arg(cluster.kubeconfig());
        command
    };
    let rendered = succeed(&mut run(&["--validate"]));
    assert!(rendered.contains("namespace: default\n") && rendered.contains("has: \"true\"\n"), "{rendered}");
    assert!(cluster.object("default", "configmap", "seen").is_err(), "--validate made an object");
    assert!(succeed(&mut run(&["--dry-run=client"])).contains("namespace: \n"));
    let wrong = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndate: {}\n---\napiVersion: no/v1\nkind: Such\nmetadata: {name: y}\n";
    fs::write(directory.path().join("app/templates/x.yaml"), wrong).unwrap();
    let refused = fail(&mut run(&["--dry-run=server"]));
    assert!(refused.contains("no matches for kind \"Such\"") && refused.contains("date"), "{refused}");
}

#[test]
fn a_packaged_sample_chart_renders_as_its_directory_does() {
    if !present("sample charts", &[helm_tool()]) {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let theirs = charts::package("webapp", "2.0.0", directory.path());
    let rendered = succeed(&mut pilothouse(directory.path(), &["template", "r", theirs.to_str().unwrap()]));
    assert!(rendered.contains("# Source: webapp/templates/"), "{rendered}");
    let names = ["--name-template", "n-{{ \"A\" | lower }}"];
    let mut named = pilothouse(directory.path(), &["template", theirs.to_str().unwrap()]);
    assert!(succeed(named.args(names)).contains("n-a"));
}
