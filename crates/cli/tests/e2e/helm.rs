//! The real helm with releases of its own in the embedded cluster.

use crate::{
    charts,
    pilothouse::Pilothouse,
    tools::{helm, helm_tool, kubectl_tool, present, succeed},
};

#[test]
fn helm_installs_upgrades_rolls_back_tests_and_uninstalls() {
    if !present("helm on the embedded cluster", &[helm_tool(), kubectl_tool()]) {
        return;
    }
    let pilothouse = Pilothouse::start();
    let directory = tempfile::tempdir().unwrap();
    let [first, .., last] =
        charts::WEBAPP.map(|version| charts::package("webapp", version, directory.path()));
    let run = |arguments: &[&str]| {
        let mut command = helm();
        command.args(arguments).arg("--kubeconfig").arg(pilothouse.kubeconfig());
        serde_json::from_str::<serde_json::Value>(&succeed(&mut command)).unwrap()
    };
    run(&["install", "own", first.to_str().unwrap(), "--wait"]);
    assert_eq!(
        pilothouse.object("default", "deployment", "own-webapp").unwrap()["status"]["readyReplicas"],
        2
    );
    run(&["upgrade", "own", last.to_str().unwrap(), "--values", r#"{"replicaCount": 3}"#, "--wait"]);
    assert_eq!(pilothouse.object("default", "deployment", "own-webapp").unwrap()["spec"]["replicas"], 3);
    run(&["rollback", "own", "1", "--wait"]);
    assert_eq!(pilothouse.object("default", "deployment", "own-webapp").unwrap()["spec"]["replicas"], 2);
    run(&["test", "own"]);
    assert_eq!(run(&["history", "own"]).as_array().unwrap().len(), 3);
    run(&["uninstall", "own", "--wait"]);
    assert!(pilothouse.object("default", "deployment", "own-webapp").is_err());
    assert_eq!(run(&["list"]).as_array().unwrap().len(), 0);
}
