/// The lines of a table of tab-separated values whose cell in `column` is kept, with what `keep`
/// makes of that cell; all other text stays as it was. `None` if there is no such column. A line
/// too short to have the cell goes.
pub(crate) fn rows(
    text: &str,
    column: &str,
    mut keep: impl FnMut(&str) -> Option<String>,
) -> Option<String> {
    let mut lines = text.split_inclusive('\n');
    let header = lines.next()?;
    let mut cells =
        header.trim_start_matches('\u{feff}').trim_end_matches(['\r', '\n']).split('\t');
    let at = cells.position(|cell| cell == column)?;
    let mut kept = header.to_owned();
    for line in lines {
        let content = line.trim_end_matches(['\r', '\n']);
        let mut cells: Vec<&str> = content.split('\t').collect();
        let Some(cell) = cells.get(at).and_then(|cell| keep(cell)) else { continue };
        cells[at] = &cell;
        kept += &cells.join("\t");
        kept += &line[content.len()..];
    }
    Some(kept)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn keeps_the_rows_asked_for_as_they_were() {
        let check = |text: &str, expected: Option<&str>| {
            let keep = |cell: &str| (cell != "b").then(|| cell.to_owned());
            assert_eq!(rows(text, "id", keep).as_deref(), expected, "{text:?}");
        };
        check("id\tage\na\t1\nb\t2\nc\t \n", Some("id\tage\na\t1\nc\t \n"));
        check("\u{feff}age\tid\r\n1\ta\r\n2\tb", Some("\u{feff}age\tid\r\n1\ta\r\n"));
        check("age\tid\n1\n\n2\ta", Some("age\tid\n2\ta"));
        check("id", Some("id"));
        check("ID\na\n", None);
        check("", None);
    }

    proptest! {
        #[test]
        fn a_table_of_which_all_is_kept_stays_the_same(
            rows_there in prop::collection::vec("[a-c\t]{0,6}", 0..6), end in "(\n|\r\n)",
        ) {
            let text: String = rows_there.iter().map(|row| format!("{row}{end}")).collect();
            let text = format!("id{end}{text}");
            let kept = rows(&text, "id", |cell| Some(cell.to_owned()));
            prop_assert_eq!(kept, Some(text));
        }
    }
}
