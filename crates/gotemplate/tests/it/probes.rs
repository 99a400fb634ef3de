use std::sync::Arc;

use pilothouse_gotemplate::{Budget, Execution, FunctionTable, MissingKey, TemplateSet, Value};

const NAME: &str = "c/templates/t.yaml";

/// What Helm would show: the output without `<no value>`, or the error.
fn answer(template: &str, data: &Value) -> Result<String, String> {
    let mut set = TemplateSet::new(Arc::new(FunctionTable::new()));
    set.parse(NAME, template.as_bytes()).map_err(|error| {
        let text = error.to_string();
        let last = text.rsplit(": ").next().unwrap();
        format!("parse error at ({NAME}:{}): {last}", error.line)
    })?;
    let execution = Execution::new(&set, &(), MissingKey::Zero, Budget::default());
    let output = execution.execute(NAME, data).map_err(|error| error.to_string())?;
    Ok(String::from_utf8(output).unwrap().replace("<no value>", ""))
}

#[test]
fn templates_give_the_output_or_the_error_of_go() {
    let data: serde_json::Value = serde_json::from_str(include_str!("../fixtures/data.json")).unwrap();
    let data = super::value(&data);
    let mut different = Vec::new();
    let mut count = 0;
    for line in include_str!("../fixtures/probes.jsonl").lines() {
        let probe: serde_json::Value = serde_json::from_str(line).unwrap();
        let got = answer(probe["template"].as_str().unwrap(), &data);
        let wanted = match probe["output"].as_str() {
            Some(output) => Ok(output.to_owned()),
            None => Err(probe["error"].as_str().unwrap().to_owned()),
        };
        count += 1;
        if got != wanted {
            different
                .push(format!("{}: {}\n want {wanted:?}\n got  {got:?}", probe["id"], probe["template"]));
        }
    }
    assert!(count > 800, "only {count} probes");
    assert!(different.is_empty(), "{} differ\n{}", different.len(), different.join("\n"));
}
