#![expect(unsafe_code, reason = "code for a level is called once that level is detected")]

use std::fmt;
use std::str::FromStr;

#[cfg(target_arch = "aarch64")]
use crate::lanes::Neon;
#[cfg(target_arch = "x86_64")]
use crate::lanes::{Avx2, Avx512};
use crate::lanes::{Scalar, Work};

/// An instruction set that this processor has. Detected once and passed down within
/// [`Workers`](crate::Workers), so that nothing detects in a loop.
///
/// A level can only be had by detection: holding one proves that the processor can run it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Level(Isa);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Isa {
    Scalar,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
    #[cfg(target_arch = "aarch64")]
    Neon,
}

/// A level that does not exist, or that this processor has not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownLevel;

impl fmt::Display for UnknownLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("this processor has the levels")?;
        for level in Level::available() {
            write!(f, " {level}")?;
        }
        Ok(())
    }
}

impl std::error::Error for UnknownLevel {}

impl Level {
    /// What every processor has: the compiler's baseline.
    pub const SCALAR: Self = Self(Isa::Scalar);

    /// The levels of this processor, the plainest first.
    #[must_use]
    pub fn available() -> Vec<Self> {
        #[cfg_attr(
            not(any(target_arch = "x86_64", target_arch = "aarch64")),
            expect(unused_mut, reason = "other processors have the baseline only")
        )]
        let mut levels = vec![Self::SCALAR];
        #[cfg(target_arch = "x86_64")]
        {
            let has_avx2 = is_x86_feature_detected!("avx2")
                && is_x86_feature_detected!("bmi1")
                && is_x86_feature_detected!("bmi2")
                && is_x86_feature_detected!("lzcnt")
                && is_x86_feature_detected!("popcnt");
            if has_avx2 {
                levels.push(Self(Isa::Avx2));
            }
            if has_avx2
                && is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512dq")
                && is_x86_feature_detected!("avx512vl")
            {
                levels.push(Self(Isa::Avx512));
            }
        }
        #[cfg(target_arch = "aarch64")]
        if std::arch::is_aarch64_feature_detected!("neon") {
            levels.push(Self(Isa::Neon));
        }
        levels
    }

    /// The widest level of this processor.
    #[must_use]
    pub fn best() -> Self {
        Self::available().pop().unwrap_or(Self::SCALAR)
    }

    /// The name by which it is chosen and recorded.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self.0 {
            Isa::Scalar => "scalar",
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2 => "avx2",
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512 => "avx512",
            #[cfg(target_arch = "aarch64")]
            Isa::Neon => "neon",
        }
    }

    /// Calls `work` compiled for this level.
    ///
    /// `work` and all that it is to take with it must be `#[inline(always)]`: only what is inlined
    /// is compiled anew. The same source at every level, so the same bits: the compiler neither
    /// reorders nor fuses float operations.
    #[inline(always)]
    pub(crate) fn run<R>(self, work: impl FnOnce() -> R) -> R {
        match self.0 {
            Isa::Scalar => work(),
            #[cfg(target_arch = "x86_64")]
            // SAFETY: an `Avx2` level is made by `available` alone, which detected its features.
            Isa::Avx2 => unsafe { avx2(work) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: an `Avx512` level is made by `available` alone, which detected its features.
            Isa::Avx512 => unsafe { avx512(work) },
            #[cfg(target_arch = "aarch64")]
            // SAFETY: a `Neon` level is made by `available` alone, which detected its features.
            Isa::Neon => unsafe { neon(work) },
        }
    }
}

impl Level {
    /// Calls `work` with the vectors of this level, compiled for it.
    #[inline(always)]
    pub(crate) fn with<W: Work>(self, work: W) -> W::Out {
        match self.0 {
            Isa::Scalar => work.run(Scalar),
            #[cfg(target_arch = "x86_64")]
            // SAFETY: an `Avx2` level is made by `available` alone, which detected its features.
            Isa::Avx2 => unsafe { with_avx2(work) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: an `Avx512` level is made by `available` alone, which detected its features.
            Isa::Avx512 => unsafe { with_avx512(work) },
            #[cfg(target_arch = "aarch64")]
            // SAFETY: a `Neon` level is made by `available` alone, which detected its features.
            Isa::Neon => unsafe { with_neon(work) },
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
fn with_avx2<W: Work>(work: W) -> W::Out {
    // SAFETY: compiled for the feature, so called where it is.
    work.run(unsafe { Avx2::new() })
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,bmi1,bmi2,lzcnt,popcnt")]
fn with_avx512<W: Work>(work: W) -> W::Out {
    // SAFETY: compiled for the features, so called where they are.
    work.run(unsafe { Avx512::new() })
}

#[cfg(target_arch = "aarch64")]
#[target_feature(enable = "neon")]
fn with_neon<W: Work>(work: W) -> W::Out {
    // SAFETY: compiled for the feature, so called where it is.
    work.run(unsafe { Neon::new() })
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
fn avx2<R>(work: impl FnOnce() -> R) -> R {
    work()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,bmi1,bmi2,lzcnt,popcnt")]
fn avx512<R>(work: impl FnOnce() -> R) -> R {
    work()
}

#[cfg(target_arch = "aarch64")]
#[target_feature(enable = "neon")]
fn neon<R>(work: impl FnOnce() -> R) -> R {
    work()
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Level {
    type Err = UnknownLevel;

    fn from_str(name: &str) -> Result<Self, UnknownLevel> {
        Self::available().into_iter().find(|level| level.name() == name).ok_or(UnknownLevel)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_level_runs_and_is_found_by_its_name() {
        for level in Level::available() {
            assert_eq!(level.name().parse(), Ok(level));
            assert_eq!(level.run(|| 6 * 7), 42);
        }
        assert_eq!("sse9".parse::<Level>(), Err(UnknownLevel));
        assert_eq!(Level::available().last(), Some(&Level::best()));
    }
}
