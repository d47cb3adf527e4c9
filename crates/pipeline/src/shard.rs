use std::cmp::Reverse;
use std::fmt;
use std::str::FromStr;

/// One of several runs that share the scans of an input among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shard {
    number: usize,
    of: usize,
}

impl Shard {
    /// Which one it is, from 1.
    #[must_use]
    pub fn number(self) -> usize {
        self.number
    }

    /// How many there are.
    #[must_use]
    pub fn of(self) -> usize {
        self.of
    }

    /// The shard as it stands in names of files, as `2-of-8`.
    pub(crate) fn in_name(self) -> String {
        format!("{}-of-{}", self.number, self.of)
    }

    /// The shard that a part of a file's name stands for; `None` if it is none.
    pub(crate) fn from_name(name: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(name).ok()?;
        let shard: Self = text.replacen("-of-", "/", 1).parse().ok()?;
        (shard.in_name() == text).then_some(shard)
    }

    /// Which of the scans, whose sizes are given, are this shard's.
    ///
    /// The largest scans are dealt first, each to the shard that has the least to do. All shards of an
    /// input come to the same parts, which do not overlap and leave nothing out.
    #[must_use]
    pub fn part(self, sizes: &[u64]) -> Vec<bool> {
        let mut by_size: Vec<usize> = (0..sizes.len()).collect();
        by_size.sort_by_key(|&n| (Reverse(sizes[n]), n));
        let mut load = vec![(0u64, 0usize); self.of];
        let mut own = vec![false; sizes.len()];
        for n in by_size {
            let least = (0..self.of).min_by_key(|&s| load[s]).unwrap_or_default();
            load[least] = (load[least].0.saturating_add(sizes[n]), load[least].1 + 1);
            own[n] = least + 1 == self.number;
        }
        own
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.of)
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let numbers = text.split_once('/').and_then(|(number, of)| {
            Some((number.parse::<usize>().ok()?, of.parse::<usize>().ok()?))
        });
        match numbers {
            Some((number @ 1.., of @ 1..=100_000)) if number <= of => Ok(Self { number, of }),
            _ => Err("give I/N, such as 2/8: the second of eight parts".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scan_is_in_one_part_and_parts_are_even() {
        let sizes: Vec<u64> = (0..200).map(|n| (n * 7919) % 1000 + 1).collect();
        for of in [1, 2, 3, 7, 200, 300] {
            let parts: Vec<Vec<bool>> =
                (1..=of).map(|number| Shard { number, of }.part(&sizes)).collect();
            for n in 0..sizes.len() {
                assert_eq!(parts.iter().filter(|part| part[n]).count(), 1, "{n} of {of}");
            }
            let load = |part: &Vec<bool>| -> u64 {
                part.iter().zip(&sizes).filter(|(own, _)| **own).map(|(_, size)| size).sum()
            };
            let loads: Vec<u64> = parts.iter().map(load).collect();
            let (least, most) = (loads.iter().min(), loads.iter().max());
            // No two differ by more than the largest scan.
            assert!(most.zip(least).is_some_and(|(most, least)| most - least <= 1000), "{loads:?}");
        }
    }

    #[test]
    fn scans_of_one_size_are_dealt_in_turn() {
        let shard: Shard = "2/3".parse().expect("a shard");
        assert_eq!(shard.part(&[0; 6]), [false, true, false, false, true, false]);
        assert_eq!((shard.to_string(), shard.number(), shard.of()), ("2/3".to_owned(), 2, 3));
        assert_eq!(
            (shard.in_name().as_str(), Shard::from_name(b"2-of-3")),
            ("2-of-3", Some(shard))
        );
        for wrong in ["2/3", "2-of-1", "02-of-3", "2-of-3-of-4", "a-of-b", ""] {
            assert_eq!(Shard::from_name(wrong.as_bytes()), None, "{wrong}");
        }
        for wrong in ["", "1", "0/3", "4/3", "1/0", "a/b", "1/3/4", "-1/3"] {
            assert!(wrong.parse::<Shard>().is_err(), "{wrong}");
        }
    }
}
