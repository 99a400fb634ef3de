//! ARCHITECTURE.md tells the truth: its files hold the items it names, its crates depend as it says.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The rows of the table below a heading, as trimmed cells without code marks.
fn table(heading: &str) -> Vec<Vec<String>> {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let (_, section) =
        text.split_once(&format!("\n## {heading}\n")).unwrap_or_else(|| panic!("no heading {heading}"));
    let section = section.split("\n## ").next().unwrap();
    let rows: Vec<Vec<String>> = section
        .lines()
        .filter(|line| line.starts_with('|'))
        .skip(2)
        .map(|line| line.trim_matches('|').split('|').map(|cell| cell.trim().replace('`', "")).collect())
        .collect();
    assert!(!rows.is_empty(), "no table below {heading}");
    rows
}

#[test]
fn every_place_in_the_table_exists() {
    let mut wrong = Vec::new();
    for row in table("Find it in a minute") {
        let [question, file, item] = &row[..] else { panic!("three cells expected: {row:?}") };
        let path = root().join(file);
        if path.is_dir() {
            continue;
        }
        let Ok(text) = fs::read_to_string(&path) else {
            wrong.push(format!("{question}: no file {file}"));
            continue;
        };
        let defined = ["fn", "struct", "enum", "trait", "const", "static", "mod", "type", "function"]
            .iter()
            .any(|keyword| text.contains(&format!("{keyword} {item}")));
        if !defined {
            wrong.push(format!("{question}: {file} defines no {item}"));
        }
    }
    assert!(wrong.is_empty(), "ARCHITECTURE.md is out of date:\n{}", wrong.join("\n"));
}

#[test]
fn crates_depend_as_the_table_says() {
    let said: BTreeMap<String, BTreeSet<String>> = table("Crates")
        .into_iter()
        .map(|row| {
            let may = row[2].split(',').map(|name| name.trim().to_owned()).filter(|name| name != "–");
            (row[0].clone(), may.collect())
        })
        .collect();
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(root().join("crates")).unwrap() {
        let directory = entry.unwrap().path();
        let manifest = fs::read_to_string(directory.join("Cargo.toml")).unwrap();
        let (_, dependencies) = manifest.split_once("[dependencies]\n").unwrap();
        let ours: BTreeSet<String> = dependencies
            .lines()
            .take_while(|line| !line.starts_with('['))
            .filter_map(|line| line.strip_prefix("pilothouse-"))
            .map(|line| line.split(['.', ' ', '=']).next().unwrap().to_owned())
            .collect();
        found.insert(directory.file_name().unwrap().to_str().unwrap().to_owned(), ours);
    }
    assert_eq!(
        said.keys().collect::<Vec<_>>(),
        found.keys().collect::<Vec<_>>(),
        "the table of crates names other crates than there are"
    );
    for (name, ours) in found {
        let may = &said[&name];
        assert!(
            may.contains("all") || ours.is_subset(may),
            "{name} depends on {ours:?}, the table allows {may:?}"
        );
    }
}
