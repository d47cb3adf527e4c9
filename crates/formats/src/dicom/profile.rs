use super::tag::Tag;

/// What the basic profile does to an attribute (PS3.15 table E.1-1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    /// X: it is removed.
    Remove,
    /// Z: it is made empty.
    Empty,
    /// D: it gets a value that says nothing.
    Dummy,
    /// U: it gets another UID.
    OtherUid,
    /// The table does not name it.
    Unlisted,
}

/// A line of the table: `TAG VR ACTION`.
const LINE_BYTES: usize = 14;
/// Every standard attribute, in the order of tags, made by `profile/make_profile.py`.
const TABLE: &str = include_str!("../../profile/profile.txt");

/// The value representation of the standard attribute `tag`, and what the profile does to it;
/// `None` if the standard has no such attribute.
pub(super) fn look_up(tag: Tag) -> Option<([u8; 2], Action)> {
    let (lines, _) = TABLE.as_bytes().as_chunks::<LINE_BYTES>();
    let wanted = format!("{:04x}{:04x}", tag.0, tag.1);
    let at = lines.binary_search_by(|line| line[..8].cmp(wanted.as_bytes())).ok()?;
    let line = &lines[at];
    let action = match line[12] {
        b'X' => Action::Remove,
        b'Z' => Action::Empty,
        b'D' => Action::Dummy,
        b'U' => Action::OtherUid,
        _ => Action::Unlisted,
    };
    Some(([line[9], line[10]], action))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_whole() {
        assert!(TABLE.len().is_multiple_of(LINE_BYTES));
        let tags: Vec<&str> = TABLE.lines().map(|line| &line[..8]).collect();
        assert!(tags.windows(2).all(|pair| pair[0] < pair[1]));
        for line in TABLE.lines() {
            assert!(line.len() == 13 && b"XZDU-".contains(&line.as_bytes()[12]), "{line}");
        }
        let listed = TABLE.lines().filter(|line| !line.ends_with('-')).count();
        assert!(listed > 600, "{listed} attributes of the basic profile");
    }

    #[test]
    fn attributes_have_the_actions_of_the_standard() {
        let check = |group, element, vr: &[u8; 2], action| {
            assert_eq!(look_up(Tag(group, element)), Some((*vr, action)), "{group:x} {element:x}");
        };
        check(0x0010, 0x0010, b"PN", Action::Empty);
        check(0x0010, 0x0020, b"LO", Action::Dummy);
        check(0x0010, 0x0030, b"DA", Action::Empty);
        check(0x0008, 0x0018, b"UI", Action::OtherUid);
        check(0x0008, 0x1030, b"LO", Action::Remove);
        check(0x0018, 0x0050, b"DS", Action::Unlisted);
        assert_eq!(look_up(Tag(0x0029, 0x1010)), None);
    }
}
