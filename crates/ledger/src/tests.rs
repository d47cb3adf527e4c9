use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::thread;

use proptest::prelude::*;
use tempfile::TempDir;

use crate::chain::Walk;
use crate::entry::sha256;
use crate::{
    Damage, Disclosure, Entry, Head, Key, LedgerError, Recovered, Standing, Time, Verdicts, append,
    export, list, recover, verify,
};

fn key() -> Key {
    Key::new(b"0123456789abcdef").unwrap()
}

fn disclosure<'a>(subject: &'a str, outputs: &'a [String]) -> Disclosure<'a> {
    Disclosure {
        time: Time::from_unix_seconds(1_795_695_071),
        subject,
        recipient: "Institute of \"Examples\", 1 High Street",
        purpose: "ageing study",
        agreement: Some("DUA 2026-17"),
        outputs,
        verdicts: Verdicts { pass: outputs.len() as u64, review: 0, fail: 1 },
        consent: Some(Standing::Given),
        program: "efface 0.1.0",
    }
}

fn outputs(n: usize) -> Vec<String> {
    (0..n).map(|n| sha256(&n.to_le_bytes())).collect()
}

/// A folder and the path of a ledger in it that is not there yet.
fn nowhere() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.jsonl");
    (folder, path)
}

/// The lines of a ledger of six entries.
static LINES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let (_folder, path) = nowhere();
    for n in 0..6 {
        append(&path, &key(), &disclosure(&format!("sub-{:02}", n % 4), &outputs(n % 3 + 1)))
            .unwrap();
    }
    let bytes = fs::read(&path).unwrap();
    bytes.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect()
});

/// Goes through a ledger of these bytes.
fn walk(bytes: &[u8]) -> Result<Head, LedgerError> {
    let mut walk = Walk::over(bytes);
    walk.try_for_each(|entry| entry.map(drop))?;
    Ok(walk.head)
}

/// The line in which a ledger of these bytes is damaged, and how.
fn damage(bytes: &[u8]) -> (u64, Damage) {
    match walk(bytes) {
        Err(LedgerError::Damaged { line, what }) => (line, what),
        other => panic!("{other:?}"),
    }
}

#[test]
fn tells_what_was_told() {
    let (_folder, path) = nowhere();
    let (one, two) = (outputs(1), outputs(2));
    append(&path, &key(), &disclosure("sub-01", &two)).unwrap();
    let other = Disclosure { agreement: None, consent: None, ..disclosure("02", &one) };
    let head = append(&path, &key(), &other).unwrap();
    assert_eq!(head.n_entries, 2);
    assert_eq!(verify(&path, None).unwrap(), head);

    let entries: Vec<Entry> = list(&path).unwrap().map(Result::unwrap).collect();
    assert_eq!(entries.len(), 2);
    let [first, second] = &entries[..] else { panic!() };
    assert_eq!((first.sequence, second.sequence), (0, 1));
    assert_eq!(first.previous, "0".repeat(64));
    assert_eq!(first.time, Time::from_unix_seconds(1_795_695_071));
    assert_eq!(first.recipient, "Institute of \"Examples\", 1 High Street");
    assert_eq!(first.purpose, "ageing study");
    assert_eq!(first.agreement.as_deref(), Some("DUA 2026-17"));
    assert_eq!(first.outputs, two);
    assert_eq!(first.consent, Some(Standing::Given));
    assert_eq!(first.program, "efface 0.1.0");
    assert_eq!(first.description(), "2 head scans, face removed (of all: 2 passed, 1 failed)");
    assert_eq!((second.agreement.as_deref(), second.consent), (None, None));
    assert_ne!(first.subject, second.subject);
}

/// The form of a line is a promise: other programs, and later versions, read it.
#[test]
fn a_line_is_as_the_documentation_tells() {
    let (_folder, path) = nowhere();
    let head = append(&path, &key(), &disclosure("sub-07", &outputs(1))).unwrap();
    let line = fs::read(&path).unwrap();
    // sha256sum of the line, end of line included.
    assert_eq!(sha256(&line), head.hash);
    let json: serde_json::Value = serde_json::from_slice(&line).unwrap();
    let text = String::from_utf8(line).unwrap();
    let (body, _) = text.split_once(r#","hash":""#).unwrap();
    assert_eq!(json["hash"], sha256(body.as_bytes()));
    assert_eq!(json["time"], "2026-11-26T12:11:11Z");
    assert_eq!(json["consent"], "given");
    assert_eq!(json["verdicts"]["fail"], 1);
    // printf subject:07 | openssl dgst -sha256 -hmac 0123456789abcdef
    let name = "082197398ffae8cd05f68cee17d28976f3f97e3ea6164768b8b96597eecfce71";
    assert_eq!(json["subject"], name);
    let names: Vec<&str> = json.as_object().unwrap().keys().map(String::as_str).collect();
    let mut expected = [
        "sequence",
        "previous",
        "time",
        "key",
        "subject",
        "recipient",
        "purpose",
        "agreement",
        "outputs",
        "verdicts",
        "consent",
        "program",
        "hash",
    ];
    expected.sort_unstable();
    assert_eq!(names, expected);
}

#[test]
fn an_accounting_is_of_one_subject_and_tells_of_other_keys() {
    let (_folder, path) = nowhere();
    let new_key = Key::new(b"fedcba9876543210").unwrap();
    for (subject, key) in
        [("sub-01", &key()), ("02", &key()), ("01", &key()), ("01", &new_key), (" 01", &key())]
    {
        append(&path, key, &disclosure(subject, &outputs(1))).unwrap();
    }
    let sequences = |key: &Key, subject| {
        let found = export(&path, key, subject).unwrap();
        let sequences: Vec<u64> = found.entries.iter().map(|entry| entry.sequence).collect();
        (sequences, found.n_other_key)
    };
    assert_eq!(sequences(&key(), "sub-01"), (vec![0, 2, 4], 1));
    assert_eq!(sequences(&new_key, "01"), (vec![3], 4));
    assert_eq!(sequences(&key(), "03"), (vec![], 1));
    assert!(matches!(export(&path, &key(), "sub-"), Err(LedgerError::Empty { .. })));
}

#[test]
fn an_accounting_of_a_damaged_ledger_is_refused() {
    let (_folder, path) = nowhere();
    fs::write(&path, [&LINES[..3], &LINES[4..]].concat().concat()).unwrap();
    let error = export(&path, &key(), "sub-00").unwrap_err();
    assert!(matches!(error, LedgerError::Damaged { line: 4, what: Damage::OutOfChain }));
    let told: Vec<bool> = list(&path).unwrap().map(|entry| entry.is_ok()).collect();
    assert_eq!(told, [true, true, true, false]);
}

#[test]
fn any_flipped_bit_is_caught_in_its_line() {
    let bytes = LINES.concat();
    let whole = walk(&bytes).unwrap();
    assert_eq!(whole.n_entries, 6);
    let mut changed = bytes.clone();
    for at in 0..bytes.len() {
        let n_before = bytes[..at].iter().filter(|byte| **byte == b'\n').count() as u64;
        for bit in 0..8 {
            changed[at] = bytes[at] ^ (1 << bit);
            match walk(&changed) {
                Err(LedgerError::Damaged { line, .. } | LedgerError::Torn { line }) => {
                    assert_eq!(line, n_before + 1, "bit {bit} of byte {at}");
                }
                other => panic!("bit {bit} of byte {at}: {other:?}"),
            }
        }
        changed[at] = bytes[at];
    }
}

proptest! {
    #[test]
    fn any_changed_byte_is_caught(at: prop::sample::Index, change in 1_u8..) {
        let mut bytes = LINES.concat();
        let at = at.index(bytes.len());
        bytes[at] ^= change;
        prop_assert!(walk(&bytes).is_err());
    }

    #[test]
    fn any_byte_added_or_taken_away_is_caught(at: prop::sample::Index, byte: Option<u8>) {
        let mut bytes = LINES.concat();
        match byte {
            Some(byte) => bytes.insert(at.index(bytes.len() + 1), byte),
            None => drop(bytes.remove(at.index(bytes.len()))),
        }
        prop_assert!(walk(&bytes).is_err());
    }

    #[test]
    fn any_line_taken_out_is_caught(at in 0_usize..5) {
        let mut lines = LINES.clone();
        lines.remove(at);
        prop_assert_eq!(damage(&lines.concat()), (at as u64 + 1, Damage::OutOfChain));
    }

    #[test]
    fn any_two_lines_that_change_places_are_caught(one in 0_usize..6, other in 0_usize..6) {
        prop_assume!(one != other);
        let mut lines = LINES.clone();
        lines.swap(one, other);
        prop_assert_eq!(
            damage(&lines.concat()),
            (one.min(other) as u64 + 1, Damage::OutOfChain)
        );
    }

    #[test]
    fn any_line_put_in_again_is_caught(from in 0_usize..6, at in 0_usize..7) {
        let mut lines = LINES.clone();
        lines.insert(at, LINES[from].clone());
        prop_assert!(walk(&lines.concat()).is_err());
    }

    /// A line that is sound in itself, with the hash of the line before it, put in the middle.
    #[test]
    fn any_line_made_to_fit_is_caught_by_the_next(at in 0_usize..6, is_instead: bool) {
        let mut lines = LINES.clone();
        let previous = if at == 0 { Head::start().hash } else { sha256(&lines[at - 1]) };
        let one = outputs(1);
        let forged = Disclosure { recipient: "nobody", ..disclosure("01", &one) };
        let line = Entry::new(&forged, &key(), at as u64, &previous).unwrap().to_line().unwrap();
        if is_instead {
            lines[at] = line;
        } else {
            lines.insert(at, line);
        }
        if at + 1 < lines.len() {
            prop_assert_eq!(damage(&lines.concat()), (at as u64 + 2, Damage::OutOfChain));
        } else {
            // Nothing follows the last line: only a head that was noted tells.
            prop_assert!(walk(&lines.concat()).is_ok());
        }
    }

    #[test]
    fn no_label_is_ever_written(label in "[g-z]{6,20}", has_prefix: bool) {
        let (_folder, path) = nowhere();
        let subject = format!("{}{label}", if has_prefix { "sub-" } else { "" });
        append(&path, &key(), &disclosure(&subject, &outputs(1))).unwrap();
        prop_assert!(!fs::read_to_string(&path).unwrap().contains(&label));
        prop_assert_eq!(export(&path, &key(), &label).unwrap().entries.len(), 1);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = walk(&bytes);
        let _ = walk(&[&LINES[0][..], &bytes].concat());
    }
}

#[test]
fn counts_that_do_not_fit_are_caught() {
    let line = |n, previous: &str| {
        Entry::new(&disclosure("01", &outputs(1)), &key(), n, previous).unwrap().to_line().unwrap()
    };
    let start = Head::start().hash;
    assert_eq!(damage(&line(3, &start)), (1, Damage::Number { found: 3, wanted: 0 }));
    let first = line(0, &start);
    let second = line(0, &sha256(&first));
    assert_eq!(damage(&[first, second].concat()), (2, Damage::Number { found: 0, wanted: 1 }));
    let last = line(u64::MAX, &start);
    assert_eq!(Head::at(&last), Err(Damage::NotAnEntry));
}

#[test]
fn members_that_are_unknown_missing_or_twice_are_no_entry() {
    let whole = String::from_utf8(LINES[0].clone()).unwrap();
    let (body, _) = whole.split_once(r#","hash":""#).unwrap();
    let check = |body: &str| {
        let hash = sha256(body.as_bytes());
        let line = format!("{body},\"hash\":\"{hash}\"}}\n");
        assert_eq!(damage(line.as_bytes()), (1, Damage::NotAnEntry), "{line}");
    };
    check(&body.replace(r#""purpose":"ageing study","#, ""));
    check(&body.replace(r#""purpose""#, r#""purpose":"sale","purpose""#));
    check(&body.replace(r#""purpose""#, r#""goal":"sale","purpose""#));
    check(&body.replace("T12:", "T25:"));
    check(&body.replace("\"given\"", "\"Given\""));
}

#[test]
fn lines_cut_off_are_told_only_by_a_head_that_was_noted() {
    let (_folder, path) = nowhere();
    let noted: Vec<String> = LINES.iter().map(|line| sha256(line)).collect();
    fs::write(&path, LINES.concat()).unwrap();
    for hash in noted.iter().chain([&Head::start().hash]) {
        assert_eq!(verify(&path, Some(hash)).unwrap().n_entries, 6);
    }
    assert!(verify(&path, Some(&format!(" {}\n", noted[2].to_uppercase()))).is_ok());

    fs::write(&path, LINES[..4].concat()).unwrap();
    assert_eq!(verify(&path, None).unwrap().n_entries, 4);
    assert!(verify(&path, Some(&noted[3])).is_ok());
    let error = verify(&path, Some(&noted[5])).unwrap_err();
    assert!(matches!(&error, LedgerError::HeadMissing { noted: hash } if *hash == noted[5]));

    fs::write(&path, "").unwrap();
    assert_eq!(verify(&path, None).unwrap(), Head::start());
    assert!(verify(&path, Some(&noted[0])).is_err());
    assert!(verify(&path, Some("")).is_err());
}

#[test]
fn a_torn_line_is_told_and_never_written_behind() {
    let (_folder, path) = nowhere();
    for n_left in 1..LINES[2].len() {
        let torn = &LINES[2][..n_left];
        let bytes = [&LINES[0][..], &LINES[1], torn].concat();
        fs::write(&path, &bytes).unwrap();
        assert!(matches!(verify(&path, None), Err(LedgerError::Torn { line: 3 })));
        let error = append(&path, &key(), &disclosure("01", &outputs(1))).unwrap_err();
        assert!(matches!(error, LedgerError::Torn { line: 3 }));
        assert!(error.hint().contains("recover"));
        assert_eq!(fs::read(&path).unwrap(), bytes, "the ledger is untouched");

        let found = recover(&path).unwrap();
        if n_left == LINES[2].len() - 1 {
            assert_eq!(found, Recovered::Completed);
            assert_eq!(fs::read(&path).unwrap(), LINES[..3].concat());
        } else {
            assert_eq!(found, Recovered::Cut(torn.to_vec()));
            assert_eq!(fs::read(&path).unwrap(), LINES[..2].concat());
        }
        assert_eq!(recover(&path).unwrap(), Recovered::Whole);
    }
    assert_eq!(append(&path, &key(), &disclosure("01", &outputs(1))).unwrap().n_entries, 4);
    assert!(verify(&path, None).is_ok());
}

#[test]
fn a_torn_first_line_is_cut_off() {
    let (_folder, path) = nowhere();
    fs::write(&path, [0; 100]).unwrap();
    assert!(append(&path, &key(), &disclosure("01", &outputs(1))).is_err());
    assert_eq!(recover(&path).unwrap(), Recovered::Cut(vec![0; 100]));
    assert_eq!(append(&path, &key(), &disclosure("01", &outputs(1))).unwrap().n_entries, 1);
}

#[test]
fn a_damaged_ledger_is_not_mended() {
    let (_folder, path) = nowhere();
    let bytes = [&LINES[0][..], &LINES[2], b"{\"seq"].concat();
    fs::write(&path, &bytes).unwrap();
    let error = recover(&path).unwrap_err();
    assert!(matches!(error, LedgerError::Damaged { line: 2, what: Damage::OutOfChain }));
    assert_eq!(fs::read(&path).unwrap(), bytes);
}

#[test]
fn nothing_is_added_behind_a_line_that_is_damaged() {
    let (_folder, path) = nowhere();
    let check = |bytes: &[u8], expected_line| {
        fs::write(&path, bytes).unwrap();
        match append(&path, &key(), &disclosure("01", &outputs(1))) {
            Err(LedgerError::Damaged { line, .. }) => assert_eq!(line, expected_line),
            other => panic!("{other:?}"),
        }
        assert_eq!(fs::read(&path).unwrap(), bytes);
    };
    let mut bytes = LINES.concat();
    let at = bytes.len() - 100;
    bytes[at] ^= 1;
    check(&bytes, 6);
    check(&[&LINES.concat()[..], b"\n"].concat(), 7);
    check(&[&LINES[..5].concat()[..], &LINES[4]].concat(), 6);
    check(&LINES[1..2].concat(), 1);
    check(b"a file of another kind\n", 1);
}

#[test]
fn lines_longer_than_what_is_read_at_once_follow_each_other() {
    let (_folder, path) = nowhere();
    for n in [1, 900, 1, 1, 400, 300, 900, 2] {
        append(&path, &key(), &disclosure("01", &outputs(n))).unwrap();
    }
    assert_eq!(verify(&path, None).unwrap().n_entries, 8);
}

#[test]
fn several_writers_keep_one_chain() {
    let (_folder, path) = nowhere();
    let (n_threads, n_each) = (8, 12);
    thread::scope(|scope| {
        for n in 0..n_threads {
            let path = &path;
            scope.spawn(move || {
                for _ in 0..n_each {
                    append(path, &key(), &disclosure(&n.to_string(), &outputs(40))).unwrap();
                    verify(path, None).unwrap();
                }
            });
        }
    });
    assert_eq!(verify(&path, None).unwrap().n_entries, n_threads * n_each);
    for n in 0..n_threads {
        let found = export(&path, &key(), &n.to_string()).unwrap();
        assert_eq!(found.entries.len() as u64, n_each);
    }
}

#[test]
fn a_disclosure_that_says_too_little_is_refused_and_makes_no_file() {
    let (_folder, path) = nowhere();
    let one = outputs(1);
    let check = |disclosure: &Disclosure<'_>, expected: &str| {
        let error = append(&path, &key(), disclosure).unwrap_err();
        assert_eq!(error.to_string(), expected);
        assert!(!path.exists());
    };
    let good = disclosure("01", &one);
    check(&Disclosure { subject: "sub-", ..good.clone() }, "the disclosure has no subject");
    check(&Disclosure { recipient: " ", ..good.clone() }, "the disclosure has no recipient");
    check(&Disclosure { purpose: "", ..good.clone() }, "the disclosure has no purpose");
    check(&Disclosure { outputs: &[], ..good.clone() }, "the disclosure has no outputs");
    let not_hex = [one[0].clone(), one[0].to_uppercase()];
    check(
        &Disclosure { outputs: &not_hex, ..good },
        "the hash of output 2 is not SHA-256 in lower-case hex",
    );
}

#[test]
fn a_ledger_that_is_not_there_is_told() {
    let (_folder, path) = nowhere();
    let is_missing = |error: LedgerError| matches!(error, LedgerError::Io(_));
    assert!(is_missing(verify(&path, None).unwrap_err()));
    assert!(is_missing(recover(&path).unwrap_err()));
    assert!(is_missing(export(&path, &key(), "01").unwrap_err()));
    assert!(!path.exists());
}

#[test]
#[cfg(unix)]
fn a_new_ledger_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let (_folder, path) = nowhere();
    append(&path, &key(), &disclosure("01", &outputs(1))).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&path), 0o600);
}
