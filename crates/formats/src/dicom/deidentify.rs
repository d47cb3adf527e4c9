//! The basic profile of PS3.15 annex E on a data set, at any depth.
//!
//! What the table names gets its action. What it does not name stays if it is a number, a code or
//! a sequence, which is looked into; any other text, date or bytes go: people write names into
//! every field that takes them. Private elements and those that the standard does not know go.

use super::elements::{Element, Elements};
use super::profile::{Action, look_up};
use super::rewrite::Edit;
use super::syntax::Encoding;
use super::tag::{PATIENT_ID, Tag};
use super::uids::UidMap;

/// What is done to the attributes that name a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deidentify {
    /// Retain Longitudinal Temporal Information with Modified Dates: dates are moved, all of a
    /// patient by the same number of days, instead of being removed.
    pub keep_shifted_dates: bool,
    /// Retain Patient Characteristics: sex, age, size, weight, smoking and pregnancy stay.
    pub keep_characteristics: bool,
}

/// [`Deidentify`] at work on one file.
pub(super) struct Cleaner<'a> {
    how: Deidentify,
    uids: &'a UidMap,
    patient: &'a [u8],
    bytes: &'a [u8],
    /// Whether the code that is being walked through is one of a published scheme.
    is_known_code: bool,
}

impl<'a> Cleaner<'a> {
    /// For the file `bytes` of the patient whose trimmed Patient ID is `patient`.
    pub(super) fn new(
        how: Deidentify,
        uids: &'a UidMap,
        patient: &'a [u8],
        bytes: &'a [u8],
    ) -> Self {
        Self { how, uids, patient, bytes, is_known_code: false }
    }

    /// What becomes of an element in the sequences of `path`; `encoding` is that of the data set.
    pub(super) fn edit(&mut self, element: &Element, path: &[Tag], encoding: Encoding) -> Edit {
        let tag = element.tag;
        let Some((vr, action)) = look_up(tag) else { return Edit::Drop };
        let value = &self.bytes[element.value.clone()];
        let written = element.vr.unwrap_or(vr);
        if written == *b"UN" && vr != *b"UN" {
            return Edit::Drop;
        }
        if self.how.keep_characteristics && path.is_empty() && CHARACTERISTICS.contains(&tag) {
            return Edit::Keep;
        }
        if self.how.keep_shifted_dates && tag.0 != 0x0010 {
            match &vr {
                b"DA" | b"DT" => return self.moved(value),
                b"TM" => return Edit::Keep,
                _ => {}
            }
        }
        match action {
            Action::Remove => Edit::Drop,
            Action::Empty if vr == *b"SQ" => Edit::Drop,
            Action::Empty => Edit::Value(Vec::new()),
            Action::OtherUid => Edit::Value(self.uids.value(value)),
            Action::Dummy if tag == PATIENT_ID.tag && path.is_empty() => {
                Edit::Value(self.pseudonym())
            }
            Action::Dummy => dummy(vr),
            Action::Unlisted => self.unlisted(element, path, vr, encoding),
        }
    }

    /// What becomes of an attribute that the table does not name.
    fn unlisted(
        &mut self,
        element: &Element,
        path: &[Tag],
        vr: [u8; 2],
        encoding: Encoding,
    ) -> Edit {
        let value = &self.bytes[element.value.clone()];
        let tag = element.tag;
        match &vr {
            b"SQ" | b"CS" | b"IS" | b"DS" | b"FL" | b"FD" | b"US" | b"SS" | b"UL" | b"SL"
            | b"UV" | b"SV" | b"AT" => Edit::Keep,
            b"UI" => Edit::Value(self.uids.value(value)),
            // Lookup tables.
            b"OW" if tag.0 == 0x0028 => Edit::Keep,
            _ if path.is_empty() => match tag {
                Tag(0x0008, 0x0070) if is_vendor(value) => Edit::Keep,
                // Of type 2: they must be there.
                Tag(0x0008, 0x0070) | Tag(0x0020, 0x1040) => Edit::Value(Vec::new()),
                // Of type 1 where there are echoes or sequences of an enhanced object.
                Tag(0x0018, 0x9005) => dummy(vr),
                _ => Edit::Drop,
            },
            _ => match tag {
                Tag(0x0008, 0x0100) => {
                    self.is_known_code = self.is_known_scheme_next(element, encoding);
                    if self.is_known_code { Edit::Keep } else { Edit::Drop }
                }
                Tag(0x0008, 0x0102..=0x0104) if self.is_known_code => Edit::Keep,
                // Stack ID.
                Tag(0x0020, 0x9056) if value.len() <= 4 && is_number(value) => Edit::Keep,
                Tag(0x0020, 0x9056) => Edit::Value(b"1".to_vec()),
                _ => Edit::Drop,
            },
        }
    }

    /// Whether the coding scheme behind the code value `element` is one whose codes and meanings
    /// are published.
    fn is_known_scheme_next(&self, element: &Element, encoding: Encoding) -> bool {
        const SCHEMES: &[&[u8]] = &[b"DCM", b"SCT", b"SRT", b"SNM3", b"UCUM", b"LN", b"FMA"];
        let mut next = Elements::new(self.bytes, element.value.end, encoding);
        match next.next() {
            Ok(Some(scheme)) if scheme.tag == Tag(0x0008, 0x0102) => {
                SCHEMES.contains(&self.bytes[scheme.value].trim_ascii())
            }
            _ => false,
        }
    }

    /// What stands in for the Patient ID: the same for all files of a patient.
    fn pseudonym(&self) -> Vec<u8> {
        let hash = self.uids.hash("patient", self.patient);
        hash[..6].iter().fold("EFFACE-".to_owned(), |id, b| id + &format!("{b:02X}")).into_bytes()
    }

    /// A date or a date and time, moved by days.
    fn moved(&self, value: &[u8]) -> Edit {
        let hash = self.uids.hash("days", self.patient);
        let back = i64::from(u16::from_be_bytes([hash[0], hash[1]])) % 3288 + 365;
        let mut moved = Vec::with_capacity(value.len());
        for (n, part) in value.split(|b| *b == b'\\').enumerate() {
            let part = part.trim_ascii();
            if n > 0 {
                moved.push(b'\\');
            }
            if part.is_empty() {
                continue;
            }
            let date = part.first_chunk::<8>().and_then(day_of);
            let is_time = part[8.min(part.len())..].iter().all(|b| b"0123456789.+-".contains(b));
            let Some(day) = date.filter(|_| is_time) else { return Edit::Drop };
            moved.extend(date_of(day - back).bytes());
            moved.extend(&part[8..]);
        }
        Edit::Value(moved)
    }
}

/// Attributes of a patient that Retain Patient Characteristics keeps, those of free text aside.
const CHARACTERISTICS: &[Tag] = &[
    Tag(0x0010, 0x0040), // Patient's Sex
    Tag(0x0010, 0x1010), // Patient's Age
    Tag(0x0010, 0x1020), // Patient's Size
    Tag(0x0010, 0x1030), // Patient's Weight
    Tag(0x0010, 0x21a0), // Smoking Status
    Tag(0x0010, 0x21c0), // Pregnancy Status
    Tag(0x0010, 0x2203), // Patient's Sex Neutered
];

/// A value of its kind that says nothing.
fn dummy(vr: [u8; 2]) -> Edit {
    Edit::Value(match &vr {
        b"DA" => b"19000101".to_vec(),
        b"DT" => b"19000101000000".to_vec(),
        b"TM" => b"000000".to_vec(),
        b"AS" => b"000Y".to_vec(),
        b"DS" | b"IS" => b"0".to_vec(),
        b"US" | b"SS" => vec![0; 2],
        b"UL" | b"SL" | b"FL" => vec![0; 4],
        b"FD" | b"UV" | b"SV" => vec![0; 8],
        b"LO" | b"SH" | b"ST" | b"LT" | b"UT" | b"UC" | b"PN" | b"CS" | b"AE" => {
            b"REMOVED".to_vec()
        }
        _ => return Edit::Drop,
    })
}

fn is_vendor(value: &[u8]) -> bool {
    const VENDORS: &[&str] = &[
        "SIEMENS",
        "SIEMENS HEALTHINEERS",
        "GE MEDICAL SYSTEMS",
        "GE HEALTHCARE",
        "PHILIPS",
        "PHILIPS MEDICAL SYSTEMS",
        "PHILIPS HEALTHCARE",
        "TOSHIBA",
        "TOSHIBA_MEC",
        "CANON",
        "CANON_MEC",
        "HITACHI",
        "HITACHI MEDICAL CORPORATION",
        "UIH",
        "BRUKER BIOSPIN MRI GMBH",
    ];
    let value = String::from_utf8_lossy(value).trim_matches(['\0', ' ']).to_uppercase();
    VENDORS.contains(&value.as_str())
}

fn is_number(value: &[u8]) -> bool {
    let value = value.trim_ascii();
    !value.is_empty() && value.iter().all(u8::is_ascii_digit)
}

/// The day of `YYYYMMDD`, counted from 1970-01-01; `None` if there is no such day.
fn day_of(text: &[u8; 8]) -> Option<i64> {
    if !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number = |digits: &[u8]| digits.iter().fold(0, |n, d| 10 * n + i64::from(d - b'0'));
    let (year, month, day) = (number(&text[..4]), number(&text[4..6]), number(&text[6..]));
    // Years start in March, so that the day that a leap year adds is the last (Hinnant, 2013).
    let (y, m) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let of_year = (153 * m + 2) / 5 + day - 1;
    let days = 365 * y + y.div_euclid(4) - y.div_euclid(100) + y.div_euclid(400) + of_year;
    let since_1970 = days - 719_468;
    ((1..=12).contains(&month) && date_of(since_1970).as_bytes() == text).then_some(since_1970)
}

/// `YYYYMMDD` of a day counted from 1970-01-01.
fn date_of(day: i64) -> String {
    let day = day + 719_468;
    let era = day.div_euclid(146_097);
    let of_era = day.rem_euclid(146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let m = (5 * of_year + 2) / 153;
    let (month, date) = (if m < 10 { m + 3 } else { m - 9 }, of_year - (153 * m + 2) / 5 + 1);
    let year = year + era * 400 + i64::from(month <= 2);
    format!("{year:04}{month:02}{date:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_over_leap_years() {
        for (text, day) in [
            (b"19700101", 0),
            (b"20000229", 11_016),
            (b"19691231", -1),
            (b"20240301", 19_783),
            (b"19610203", -3_254),
        ] {
            assert_eq!(day_of(text), Some(day));
            assert_eq!(date_of(day).as_bytes(), text);
        }
        for text in [b"20230229", b"20231301", b"2023011a", b"20230100"] {
            assert_eq!(day_of(text), None);
        }
    }

    #[test]
    fn dates_of_a_patient_move_together() {
        let uids = UidMap::new(b"salt");
        let how = Deidentify { keep_shifted_dates: true, keep_characteristics: false };
        let moved = |patient: &[u8], value: &[u8]| match Cleaner::new(how, &uids, patient, b"")
            .moved(value)
        {
            Edit::Value(value) => String::from_utf8(value).expect("text"),
            other => panic!("{other:?}"),
        };
        let (one, later) = (moved(b"p", b"20200115"), moved(b"p", b"20200120"));
        let day = |text: &str| text.as_bytes().first_chunk().and_then(day_of).expect("a day");
        assert_eq!(day(&later) - day(&one), 5);
        let back = day("20200115") - day(&one);
        assert!((365..=3652).contains(&back), "{back} days");
        assert_ne!(one, moved(b"q", b"20200115"));
        assert_eq!(moved(b"p", b"20200115\\20200120"), format!("{one}\\{later}"));
        assert_eq!(moved(b"p", b"20200115101112.5"), format!("{one}101112.5"));
        assert_eq!(moved(b"p", b""), "");
        for value in [&b"PLANTED1"[..], b"2020", b"20200115x"] {
            assert_eq!(Cleaner::new(how, &uids, b"p", b"").moved(value), Edit::Drop);
        }
    }
}
