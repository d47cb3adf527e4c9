use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::fs;
use std::io;
use std::path::Path;

use csv::{ErrorKind, Position, StringRecord};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::subject;
use crate::time::{Date, Time};

/// A list of who consented to what, and who objected.
///
/// It is read as a whole before any scan is, and one cell that cannot be understood refuses the
/// whole list: a row that was passed over might be an objection.
pub struct Consent {
    rows: HashMap<String, Vec<Row>>,
}

impl fmt::Debug for Consent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Consent").field("n_subjects", &self.rows.len()).finish_non_exhaustive()
    }
}

/// What a subject said once.
struct Row {
    date: Date,
    is_given: bool,
    /// The purpose it holds for; `None` for every purpose.
    scope: Option<String>,
}

/// Where a subject stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    /// There is consent.
    Given,
    /// There is an objection, or consent to other purposes alone.
    Refused,
    /// The list says nothing of the subject that bears on the purpose.
    Unlisted,
}

impl Consent {
    /// Reads a list: CSV in UTF-8 with the columns `subject`, `consent`, `scope` and `date` in any
    /// order, others passed over. `now` tells which dates lie in the future.
    ///
    /// # Errors
    /// [`ConsentError`]: if the file cannot be read, has no row, lacks one of the columns or has it
    /// twice, or if one cell of them is not what it must be. No message tells what a cell holds.
    pub fn read(path: &Path, now: Time) -> Result<Self, ConsentError> {
        Self::from_text(&fs::read(path)?, now)
    }

    /// Where `subject` stands on the purpose `scope`.
    ///
    /// A row bears on a purpose if its scope is that purpose, whatever the case of its letters, or
    /// is empty or `all`. Of those rows the latest counts, and `no` before `yes` on the same day.
    /// Where none bears on the purpose, consent to other purposes is a refusal of this one.
    ///
    /// Without a scope, or for `all`, the question is about every purpose: consent is given if it
    /// is for all and no purpose is excepted.
    #[must_use]
    pub fn of(&self, subject: &str, scope: Option<&str>) -> Standing {
        let Some(rows) = subject::bare(subject).and_then(|bare| self.rows.get(bare)) else {
            return Standing::Unlisted;
        };
        if let Some(scope) = scope.and_then(purpose) {
            return standing(rows, Some(&scope));
        }
        let mut named = rows.iter().filter_map(|row| row.scope.as_deref());
        match named.any(|scope| standing(rows, Some(scope)) == Standing::Refused) {
            true => Standing::Refused,
            false => standing(rows, None),
        }
    }

    /// The purposes that the list names, in lower case. A purpose that is asked for and is none of
    /// them may be misspelled, and objections to it go unseen.
    #[must_use]
    pub fn scopes(&self) -> BTreeSet<&str> {
        self.rows.values().flatten().filter_map(|row| row.scope.as_deref()).collect()
    }

    fn from_text(text: &[u8], now: Time) -> Result<Self, ConsentError> {
        // Somewhere on earth it may be tomorrow already.
        let last = now.date().next();
        let mut reader = csv::Reader::from_reader(text);
        let columns = Columns::find(reader.headers().map_err(|e| in_words(e, text))?)?;
        let mut rows: HashMap<String, Vec<Row>> = HashMap::new();
        for record in reader.records() {
            let record = record.map_err(|e| in_words(e, text))?;
            let line = || line_of(record.position(), text);
            let (subject, row) = columns.row(&record, line, last)?;
            rows.entry(subject).or_default().push(row);
        }
        if rows.is_empty() { Err(ConsentError::NoRow) } else { Ok(Self { rows }) }
    }
}

/// What `rows`, which are of one subject, say on a purpose; `None` for those that none names.
fn standing(rows: &[Row], scope: Option<&str>) -> Standing {
    let bearing = rows.iter().filter(|row| row.scope.is_none() || row.scope.as_deref() == scope);
    match bearing.max_by_key(|row| (row.date, !row.is_given)) {
        Some(row) if row.is_given => Standing::Given,
        Some(_) => Standing::Refused,
        None if rows.iter().any(|row| row.is_given) => Standing::Refused,
        None => Standing::Unlisted,
    }
}

/// A purpose as it is compared; `None` for every purpose.
fn purpose(scope: &str) -> Option<String> {
    let scope = scope.trim().to_lowercase();
    (!scope.is_empty() && scope != "all").then_some(scope)
}

const NAMES: [&str; 4] = ["subject", "consent", "scope", "date"];

/// Which columns are those of [`NAMES`].
struct Columns([usize; 4]);

impl Columns {
    fn find(header: &StringRecord) -> Result<Self, ConsentError> {
        let mut columns = [0; 4];
        for (column, name) in columns.iter_mut().zip(NAMES) {
            let is_it = |cell: &str| cell.trim().eq_ignore_ascii_case(name);
            let mut found = (0..header.len()).filter(|n| header.get(*n).is_some_and(is_it));
            *column = found.next().ok_or(ConsentError::NoColumn { name })?;
            if found.next().is_some() {
                return Err(ConsentError::TwoColumns { name });
            }
        }
        Ok(Self(columns))
    }

    /// A subject and what it said, not after the day `last`.
    fn row(
        &self,
        record: &StringRecord,
        line: impl Fn() -> u64,
        last: Date,
    ) -> Result<(String, Row), ConsentError> {
        // A quote that is not closed takes the rows after it into its cell.
        if let Some(n) = record.iter().position(|cell| cell.contains(['\n', '\r'])) {
            return Err(ConsentError::LineBreak { line: line(), column: n + 1 });
        }
        let [subject, consent, scope, date] = self.0.map(|n| record.get(n).unwrap_or("").trim());
        let fault = |column, what| ConsentError::Cell { line: line(), column, what };
        let subject =
            subject::bare(subject).ok_or_else(|| fault("subject", CellFault::NoSubject))?;
        let is_given = match consent {
            yes if yes.eq_ignore_ascii_case("yes") => true,
            no if no.eq_ignore_ascii_case("no") => false,
            _ => return Err(fault("consent", CellFault::NeitherYesNorNo)),
        };
        if scope.contains([',', ';', '|']) {
            return Err(fault("scope", CellFault::SeveralScopes));
        }
        let date = Date::parse(date).ok_or_else(|| fault("date", CellFault::NoDate))?;
        if date > last {
            return Err(fault("date", CellFault::Future));
        }
        Ok((subject.to_owned(), Row { date, is_given, scope: purpose(scope) }))
    }
}

/// Why a list of consents is refused.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ConsentError {
    /// The file cannot be read.
    #[error("the list of consents cannot be read: {0}")]
    Io(#[from] io::Error),
    /// A column is missing.
    #[error("the header has no column `{name}`")]
    NoColumn {
        /// Its name.
        name: &'static str,
    },
    /// Two columns have one name.
    #[error("the header has two columns `{name}`")]
    TwoColumns {
        /// Their name.
        name: &'static str,
    },
    /// The list says nothing of anybody.
    #[error("the list of consents has no row")]
    NoRow,
    /// A row is longer or shorter than the header.
    #[error("line {line} has {found} columns, and the header has {wanted}")]
    Length {
        /// The line, from 1.
        line: u64,
        /// Its columns.
        found: u64,
        /// Those of the header.
        wanted: u64,
    },
    /// The text is not UTF-8.
    #[error("line {line}, column {column}: the text is not UTF-8")]
    NotUtf8 {
        /// The line, from 1.
        line: u64,
        /// The column, from 1.
        column: usize,
    },
    /// A cell goes on over the end of its line.
    #[error("line {line}, column {column}: the cell goes on in the next line")]
    LineBreak {
        /// The line on which the row begins, from 1.
        line: u64,
        /// The column, from 1.
        column: usize,
    },
    /// A cell is not what it must be.
    #[error("line {line}, column `{column}`: {what}")]
    Cell {
        /// The line, from 1.
        line: u64,
        /// The column.
        column: &'static str,
        /// What is wrong.
        what: CellFault,
    },
    /// The file is not CSV.
    #[error("the list of consents is not CSV")]
    NotCsv,
}

/// What is wrong with a cell of a list of consents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CellFault {
    /// Nobody is named.
    #[error("there is no subject")]
    NoSubject,
    /// Neither consent nor objection.
    #[error("this is neither `yes` nor `no`")]
    NeitherYesNorNo,
    /// More than one purpose, or a comma in its name.
    #[error("this is more than one scope")]
    SeveralScopes,
    /// No day of the calendar.
    #[error("this is no date like `2026-01-31`")]
    NoDate,
    /// Not said yet.
    #[error("the date lies in the future")]
    Future,
}

impl ConsentError {
    /// What the user can do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Io(_) => "check the path and the rights of the file",
            Self::NoColumn { .. } | Self::NotCsv => {
                "begin with the line `subject,consent,scope,date`, separated by commas"
            }
            Self::TwoColumns { .. } => "keep the one that counts, or name the other otherwise",
            Self::NoRow => "give the whole list; it may have been cut short",
            Self::Length { .. } => "give every row all columns, and put quotes around a comma",
            Self::NotUtf8 { .. } => "save the list as CSV in UTF-8",
            Self::LineBreak { .. } => "write each row on one line, and close every quote",
            Self::Cell { what, .. } => match what {
                CellFault::NoSubject => "name the subject, or remove the row",
                CellFault::NeitherYesNorNo => "write `yes` or `no`; nothing else is guessed at",
                CellFault::SeveralScopes => "write a row for each scope",
                CellFault::NoDate => "write the day as year-month-day, with four and two digits",
                CellFault::Future => "correct the date, or add the row when the day has come",
            },
        }
    }
}

/// What the reader of `text` says, without the text itself.
fn in_words(error: csv::Error, text: &[u8]) -> ConsentError {
    let line = line_of(error.position(), text);
    match error.into_kind() {
        ErrorKind::Io(e) => ConsentError::Io(e),
        ErrorKind::Utf8 { err, .. } => ConsentError::NotUtf8 { line, column: err.field() + 1 },
        ErrorKind::UnequalLengths { expected_len, len, .. } => {
            ConsentError::Length { line, found: len, wanted: expected_len }
        }
        _ => ConsentError::NotCsv,
    }
}

/// The line, from 1, on which a row of `text` begins.
///
/// The reader's own count leaves out empty lines right before the row: it has yet to read them.
fn line_of(position: Option<&Position>, text: &[u8]) -> u64 {
    let at = position.and_then(|p| usize::try_from(p.byte()).ok()).unwrap_or(0).min(text.len());
    let n_empty = text[at..].iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
    let before = &text[..at + n_empty];
    let is_end = |n: &usize| match before[*n] {
        b'\n' => true,
        b'\r' => before.get(n + 1) != Some(&b'\n'),
        _ => false,
    };
    1 + (0..before.len()).filter(is_end).count() as u64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// 2026-11-26T12:11:11Z.
    const NOW: u64 = 1_795_695_071;

    fn read(text: impl AsRef<[u8]>) -> Result<Consent, ConsentError> {
        Consent::from_text(text.as_ref(), Time::from_unix_seconds(NOW))
    }

    /// A list of the rows of one subject, 07.
    fn rows(rows: &[&str]) -> Consent {
        let lines: String = rows.iter().map(|row| format!("07,{row}\n")).collect();
        read(format!("subject,consent,scope,date\n{lines}")).unwrap()
    }

    fn told(text: impl AsRef<[u8]>) -> String {
        let error = read(text).unwrap_err();
        assert!(!error.hint().is_empty());
        error.to_string()
    }

    #[test]
    fn the_latest_row_counts_and_no_before_yes_on_one_day() {
        let check = |list: &[&str], expected| {
            assert_eq!(rows(list).of("07", None), expected, "{list:?}");
            let reversed: Vec<&str> = list.iter().rev().copied().collect();
            assert_eq!(rows(&reversed).of("07", None), expected, "{reversed:?}");
        };
        check(&["yes,,2024-01-01"], Standing::Given);
        check(&["no,,2024-01-01"], Standing::Refused);
        check(&["yes,,2024-01-01", "no,,2024-01-02"], Standing::Refused);
        check(&["no,,2024-01-01", "yes,,2024-01-02"], Standing::Given);
        check(&["no,,2024-01-01", "yes,,2024-01-01"], Standing::Refused);
        check(&["no,all,2024-01-01", "yes,,2024-01-01"], Standing::Refused);
        check(&["no,,2023-12-31", "yes,,2024-01-01", "no,,0999-01-01"], Standing::Given);
    }

    #[test]
    fn a_scope_bounds_what_a_row_says() {
        let check = |list: &[&str], asked, expected| {
            assert_eq!(rows(list).of("07", asked), expected, "{list:?} {asked:?}");
        };
        let (care, sale) = (Some("care"), Some("sale"));
        for all in ["", "all", "ALL", " all "] {
            let row: &[&str] = &[&format!("yes,{all},2024-01-01")];
            for asked in [None, care, sale, Some("all"), Some(" "), Some("")] {
                check(row, asked, Standing::Given);
            }
        }
        let only_care: &[&str] = &["yes,care,2024-01-01"];
        check(only_care, care, Standing::Given);
        check(only_care, Some(" Care "), Standing::Given);
        check(only_care, sale, Standing::Refused);
        check(only_care, None, Standing::Refused);

        let no_sale: &[&str] = &["no,Sale,2024-01-01"];
        check(no_sale, sale, Standing::Refused);
        check(no_sale, care, Standing::Unlisted);
        check(no_sale, None, Standing::Refused);

        let but_sale: &[&str] = &["yes,all,2024-01-01", "no,sale,2024-01-02"];
        check(but_sale, care, Standing::Given);
        check(but_sale, sale, Standing::Refused);
        check(but_sale, None, Standing::Refused);

        let taken_back: &[&str] = &["no,sale,2024-01-01", "yes,all,2024-01-02"];
        check(taken_back, sale, Standing::Given);
        check(taken_back, None, Standing::Given);

        let none_but_care: &[&str] = &["no,all,2024-01-01", "yes,care,2024-01-02"];
        check(none_but_care, care, Standing::Given);
        check(none_but_care, sale, Standing::Refused);
        check(none_but_care, None, Standing::Refused);
    }

    #[test]
    fn labels_match_with_and_without_the_prefix_and_else_exactly() {
        let list = read(
            "subject,consent,scope,date\nsub-01,no,,2024-01-01\n 02 ,no,,2024-01-01\nsub-03,yes,,2024-01-01\n03,no,,2024-01-02\n",
        )
        .unwrap();
        for label in ["01", "sub-01", " sub-01 ", "02", "sub-02", "sub-03"] {
            assert_eq!(list.of(label, None), Standing::Refused, "{label:?}");
        }
        for label in ["1", "001", "Sub-01", "sub-sub-01", "04", "", "sub-"] {
            assert_eq!(list.of(label, None), Standing::Unlisted, "{label:?}");
        }
    }

    #[test]
    fn reads_what_spreadsheets_write() {
        let refused =
            |text: &[u8]| assert_eq!(read(text).unwrap().of("01", None), Standing::Refused);
        refused(b"subject,consent,scope,date\n01,no,,2024-01-01\n");
        refused(b"\xef\xbb\xbfsubject,consent,scope,date\n01,no,,2024-01-01\n");
        refused(b"\xef\xbb\xbf\"subject\",\"consent\",\"scope\",\"date\"\r\n\"01\",\"no\",\"\",\"2024-01-01\"\r\n");
        refused(b"Date, Note ,SCOPE,Consent, subject\n2024-01-01,\"a, \"\"b\"\"\",,NO,01");
        refused(b"\n\nsubject,consent,scope,date\n\n01, no , , 2024-01-01 \n\n");
    }

    #[test]
    fn messages_tell_line_and_column() {
        let head = "subject,consent,scope,date,note\n";
        let check = |text: &str, expected| assert_eq!(told(format!("{head}{text}")), expected);
        let (consent, date, scope) = (
            "line 2, column `consent`: this is neither `yes` nor `no`",
            "line 2, column `date`: this is no date like `2026-01-31`",
            "line 2, column `scope`: this is more than one scope",
        );
        check("01,,,2024-01-01,\n", consent);
        check("01,y,,2024-01-01,\n", consent);
        check("01,true,,2024-01-01,\n", consent);
        check("01,yes no,,2024-01-01,\n", consent);
        check("01,yes,,,\n", date);
        check("01,yes,,01.02.2024,\n", date);
        check("01,yes,,2024-02-30,\n", date);
        check("01,yes,care;sale,2024-01-01,\n", scope);
        check("01,yes,\"care,sale\",2024-01-01,\n", scope);
        check(" ,no,,2024-01-01,\n", "line 2, column `subject`: there is no subject");
        check("sub-,no,,2024-01-01,\n", "line 2, column `subject`: there is no subject");
        check("01,no,,2024-01-01\n", "line 2 has 4 columns, and the header has 5");
        check("", "the list of consents has no row");
        check(
            "01,no,,2024-01-01,\r\n\r\n02,no,,2024-01-01,\r\n03,no,,2024,\r\n",
            "line 5, column `date`: this is no date like `2026-01-31`",
        );
        for end in ["\n", "\r\n", "\r"] {
            for start in ["", "\u{feff}"] {
                let lines = [head.trim(), "", "01,no,,2024-01-01,", "", "", "02,no,,2024-01-01"];
                let expected = "line 6 has 4 columns, and the header has 5";
                assert_eq!(told(format!("{start}{}{end}", lines.join(end))), expected);
            }
        }
        let not_utf8 = [head.as_bytes(), b"01,no,,2024-01-01,M\xfcller\n"].concat();
        assert_eq!(told(not_utf8), "line 2, column 5: the text is not UTF-8");
        let utf16: Vec<u8> = head.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let utf16 = [b"\xff\xfe".as_slice(), &utf16].concat();
        assert_eq!(told(utf16), "line 1, column 1: the text is not UTF-8");
        let no_column = "the header has no column `subject`";
        assert_eq!(told(""), no_column);
        assert_eq!(told("01,no,,2024-01-01\n"), no_column);
        assert_eq!(told("subject;consent;scope;date\n01;no;;2024-01-01\n"), no_column);
        assert_eq!(told("subject,consent,date\n"), "the header has no column `scope`");
        assert_eq!(told("subject,consent,scope,date,Date\n"), "the header has two columns `date`");
    }

    #[test]
    fn an_objection_is_not_lost_in_a_quote_that_is_not_closed() {
        let text = "subject,consent,scope,date,note\n01,yes,,2024-01-01,\"a\n02,no,,2024-01-01,b\n03,no,,2024-01-01,c\"\n";
        assert_eq!(told(text), "line 2, column 5: the cell goes on in the next line");
        let to_the_end = text.replace("c\"", "c");
        assert_eq!(told(to_the_end), "line 2, column 5: the cell goes on in the next line");
    }

    #[test]
    fn refuses_a_date_that_has_come_nowhere_yet() {
        let list = |date| read(format!("subject,consent,scope,date\n01,yes,,{date}\n"));
        assert!(list("2026-11-26").is_ok());
        assert!(list("2026-11-27").is_ok());
        let error = list("2026-11-28").unwrap_err();
        assert_eq!(error.to_string(), "line 2, column `date`: the date lies in the future");
    }

    #[test]
    fn tells_the_scopes_that_it_names() {
        let list = rows(&["yes,Sale,2024-01-01", "no,care,2024-01-01", "yes,all,2024-01-01"]);
        assert_eq!(list.scopes().into_iter().collect::<Vec<_>>(), ["care", "sale"]);
    }

    proptest! {
        #[test]
        fn no_message_tells_a_subject(
            label in "zq[a-z]{8}", consent in "[a-z]{0,3}", date in "20[0-9]{2}-[0-9]{2}-3[0-9]",
            end in "[,\"\n\u{e9}]{0,4}",
        ) {
            let text = format!("subject,consent,scope,date\n{label},{consent},{label};,{date}{end}");
            if let Err(error) = read(text) {
                let told = format!("{error} {error:?} {}", error.hint());
                prop_assert!(!told.contains(&label));
            }
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(&bytes);
            let _ = read([b"subject,consent,scope,date\n".as_slice(), &bytes].concat());
        }
    }
}
