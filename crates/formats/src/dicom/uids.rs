use sha2::{Digest as _, Sha256};

/// What stands in for the unique identifiers of a run, and for all else that must be told apart
/// without being told.
///
/// The same original and salt always give the same stand-in, so that references agree across
/// files, series and runs; without the salt no original can be tried. Identifiers of the standard
/// itself stay.
#[derive(Clone)]
pub struct UidMap {
    salt: Vec<u8>,
}

impl std::fmt::Debug for UidMap {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("UidMap")
    }
}

impl UidMap {
    /// The map of a secret `salt`.
    #[must_use]
    pub fn new(salt: &[u8]) -> Self {
        Self { salt: salt.to_vec() }
    }

    /// The stand-in for the UID `original`: `2.25.` and a number of 128 bits (PS3.5 B.2).
    #[must_use]
    pub fn uid(&self, original: &str) -> String {
        if original.starts_with("1.2.840.10008.") || original.is_empty() {
            return original.to_owned();
        }
        let mut bytes = self.hash("uid", original.as_bytes());
        // Version 8 and variant 1 of RFC 9562: bits of one's own choice.
        bytes[6] = bytes[6] & 0x0f | 0x80;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        format!("2.25.{}", u128::from_be_bytes(bytes))
    }

    /// The stand-in for the UIDs of a value, padded or not, several with `\` between them.
    pub(super) fn value(&self, value: &[u8]) -> Vec<u8> {
        let text = String::from_utf8_lossy(value);
        let uids = text.split('\\').map(|uid| self.uid(uid.trim_matches(['\0', ' '])));
        uids.collect::<Vec<_>>().join("\\").into_bytes()
    }

    /// 16 bytes that stand for `original` among those of one `kind`.
    pub(super) fn hash(&self, kind: &str, original: &[u8]) -> [u8; 16] {
        let mut hash = Sha256::new();
        hash.update((self.salt.len() as u64).to_le_bytes());
        hash.update(&self.salt);
        hash.update([kind.len() as u8]);
        hash.update(kind.as_bytes());
        hash.update(original);
        let digest = hash.finalize();
        std::array::from_fn(|n| digest[n])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uid_has_one_stand_in_a_salt() {
        let (one, other) = (UidMap::new(b"one"), UidMap::new(b"other"));
        let uid = one.uid("1.2.3.4");
        assert_eq!(uid, one.uid("1.2.3.4"));
        assert_ne!(uid, one.uid("1.2.3.5"));
        assert_ne!(uid, other.uid("1.2.3.4"));
        assert!(uid.starts_with("2.25.") && uid.len() <= 44, "{uid}");
        assert!(uid[5..].bytes().all(|b| b.is_ascii_digit()) && !uid[5..].starts_with('0'));
    }

    #[test]
    fn identifiers_of_the_standard_stay() {
        let map = UidMap::new(b"salt");
        assert_eq!(map.uid("1.2.840.10008.5.1.4.1.1.4"), "1.2.840.10008.5.1.4.1.1.4");
        let two = map.value(b"1.2.3\\1.2.840.10008.1.2\0");
        let text = String::from_utf8(two).expect("text");
        assert_eq!(text, format!("{}\\1.2.840.10008.1.2", map.uid("1.2.3")));
        assert_eq!(map.value(b""), b"");
    }
}
