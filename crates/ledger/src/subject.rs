/// A subject's label as it is compared: without the white space around it and without BIDS' prefix
/// `sub-`. `None` if nothing is left.
pub(crate) fn bare(label: &str) -> Option<&str> {
    let label = label.trim();
    let bare = label.strip_prefix("sub-").unwrap_or(label);
    (!bare.is_empty()).then_some(bare)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefix_and_white_space_do_not_count_and_all_else_does() {
        let check = |label, expected| assert_eq!(bare(label), expected, "{label:?}");
        check("07", Some("07"));
        check("sub-07", Some("07"));
        check(" sub-07\t", Some("07"));
        check("sub-sub-07", Some("sub-07"));
        check("SUB-07", Some("SUB-07"));
        check("7", Some("7"));
        check("sub-", None);
        check("  ", None);
    }
}
