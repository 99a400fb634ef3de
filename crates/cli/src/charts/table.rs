//! Tables in the form of Helm's dependency list.

/// Rows with cells padded to their column's width and separated by tabs; longer cells are cut.
pub(crate) fn render(rows: &[Vec<String>], most: usize) -> String {
    let cut = |cell: &str| {
        if cell.chars().count() <= most {
            return cell.to_owned();
        }
        let kept: String = cell.chars().take(most.saturating_sub(3)).collect();
        format!("{kept}...")
    };
    let rows: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(|cell| cut(cell)).collect()).collect();
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let line = |row: &Vec<String>| {
        let cells: Vec<String> = row
            .iter()
            .enumerate()
            .map(|(column, cell)| format!("{cell:<width$}", width = width(column)))
            .collect();
        cells.join("\t")
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    #[test]
    fn cells_are_padded_and_cut() {
        let rows =
            [vec!["NAME".to_owned(), "VERSION".to_owned()], vec!["a-long-name".to_owned(), "1".to_owned()]];
        assert_eq!(super::render(&rows, 80), "NAME       \tVERSION\na-long-name\t1      ");
        assert_eq!(super::render(&rows, 8), "NAME    \tVERSION\na-lon...\t1      ");
    }
}
