//! Heads under attack, and the faces among which their own is looked for.

use std::path::Path;

use kernels::Workers;
use phantom::Person;
use volume::Tissue;

use crate::fan::DepthMap;
use crate::heads::posed;
use crate::matching::{Outcome, Placement, outcome, standardised};
use crate::recover::{Recovery, recover};
use crate::{AttackError, Cut, Efface, Fan, Frame, Head, Image, Landmarks, Matched};

/// What defaces in a test.
#[derive(Debug, Clone)]
pub enum Defacer {
    /// One of the cuts built in.
    Cut(Cut),
    /// The program under test.
    Efface(Efface),
}

impl Defacer {
    /// The name in tables.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Cut(cut) => cut.name(),
            Self::Efface(_) => "efface",
        }
    }

    /// The defaced scan; `None` if the defacer gave none.
    fn deface(&self, head: &Head, workers: Workers) -> Result<Option<Image>, AttackError> {
        match self {
            Self::Cut(cut) => Ok(Some(cut.apply(head, workers))),
            Self::Efface(efface) => {
                let folder =
                    tempfile::tempdir().map_err(AttackError::file("a temporary folder"))?;
                let result = efface.deface(&head.path, &folder.path().join("out"))?;
                result.map(|defaced| Image::open(&defaced.path)).transpose()
            }
        }
    }
}

/// A face of which an attacker has a picture.
#[derive(Debug, Clone)]
pub struct Face {
    /// Whose it is.
    pub person: String,
    /// Faces of one source are compared with their own mean.
    pub source: Source,
    /// Its depth, whole.
    pub map: DepthMap,
}

/// Where faces come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The shared heads.
    Real,
    /// Drawn from a seed.
    Generated,
}

/// A defaced head under attack.
#[derive(Debug, Clone)]
pub struct Subject {
    /// The name in tables.
    pub name: String,
    /// Its own face, in the group's gallery.
    pub own: usize,
    /// For each defacer, the maps of [`Recovery::ALL`]; empty if there was no result.
    pub recovered: Vec<Vec<DepthMap>>,
}

/// Heads that are attacked together, and the faces that they are compared with.
#[derive(Debug)]
pub struct Group {
    /// The heads.
    pub subjects: Vec<Subject>,
    /// The faces.
    pub gallery: Vec<Face>,
    /// How well heads lie on each other.
    pub placement: Placement,
}

/// The face of a generated person, from its anatomy alone.
#[must_use]
pub fn face_of(person: &Person, fan: &Fan) -> DepthMap {
    let frame = Frame::of(&Landmarks::of_person(person));
    fan.surface(&frame, |point_mm| person.tissue_at(point_mm) != Tissue::Background)
}

/// How generated heads are attacked.
#[derive(Debug)]
pub struct Setting<'a> {
    /// What defaces them.
    pub defacers: &'a [Defacer],
    /// The directions in which faces are measured.
    pub fan: &'a Fan,
    /// The spacing of their scans.
    pub spacing_mm: f64,
    /// Threads.
    pub workers: Workers<'a>,
}

impl Setting<'_> {
    /// Scans the first `n_scanned` of `people` and attacks them among all.
    ///
    /// # Errors
    /// [`AttackError`] if a file cannot be written or the program under test does not start.
    pub fn generated(&self, people: &[Person], n_scanned: usize) -> Result<Group, AttackError> {
        let folder = tempfile::tempdir().map_err(AttackError::file("a temporary folder"))?;
        let gallery = self.each(people, |n, person| {
            let map = face_of(person, self.fan);
            Ok(Face { person: n.to_string(), source: Source::Generated, map })
        })?;
        let subjects = self.each(&people[..n_scanned.min(people.len())], |n, person| {
            let person = posed(person.clone(), n as u64);
            let head =
                Head::scanned(&person, n.to_string(), n as u64, self.spacing_mm, folder.path())?;
            let subject = self.attacked(&head, n)?;
            std::fs::remove_file(&head.path).map_err(AttackError::file(&head.path))?;
            Ok(subject)
        })?;
        Ok(Group { subjects, gallery, placement: Placement::Exact })
    }

    /// Attacks the shared heads in `folder` among each other and `decoys`.
    ///
    /// # Errors
    /// As [`Head::shared`], or if the program under test does not start.
    pub fn shared(&self, folder: &Path, decoys: &[Face]) -> Result<Group, AttackError> {
        let heads = Head::shared(folder)?;
        let skin = Recovery::ALL.iter().position(|r| *r == Recovery::Skin).unwrap_or(0);
        let mut gallery = self.each(&heads, |_, head| {
            let mut maps = recover(&head.image, &head.frame, self.fan, Workers::ONE);
            let (person, map) = (head.person.clone(), maps.swap_remove(skin));
            Ok(Face { person, source: Source::Real, map })
        })?;
        gallery.extend(decoys.iter().cloned());
        let subjects = self.each(&heads, |n, head| self.attacked(head, n))?;
        Ok(Group { subjects, gallery, placement: Placement::Fitted })
    }

    fn attacked(&self, head: &Head, own: usize) -> Result<Subject, AttackError> {
        let maps = |defacer: &Defacer| {
            let image = defacer.deface(head, Workers::ONE)?;
            let maps = image.map(|image| recover(&image, &head.frame, self.fan, Workers::ONE));
            Ok(maps.unwrap_or_default())
        };
        let recovered = self.defacers.iter().map(maps).collect::<Result<_, AttackError>>()?;
        Ok(Subject { name: head.name.clone(), own, recovered })
    }

    /// What `make` gives of each item, made on all threads.
    pub(crate) fn each_plain<T: Sync, R: Send>(
        &self,
        items: &[T],
        make: impl Fn(&T) -> R + Sync,
    ) -> Vec<R> {
        let mut made: Vec<Option<R>> = items.iter().map(|_| None).collect();
        self.workers.for_each_chunk(&mut made, 1, |n, made| made[0] = Some(make(&items[n])));
        made.into_iter().flatten().collect()
    }

    /// [`Self::each_plain`] of what may fail.
    fn each<T: Sync, R: Send>(
        &self,
        items: &[T],
        make: impl Fn(usize, &T) -> Result<R, AttackError> + Sync,
    ) -> Result<Vec<R>, AttackError> {
        let numbered: Vec<(usize, &T)> = items.iter().enumerate().collect();
        self.each_plain(&numbered, |(n, item)| make(*n, item)).into_iter().collect()
    }
}

impl Group {
    /// How maps that were recovered in one way from heads defaced in one way match.
    #[must_use]
    pub fn outcomes(&self, defacer: usize, recovery: usize, fan: &Fan) -> Vec<Outcome> {
        let nothing = vec![f32::NAN; fan.directions.len()];
        let maps: Vec<DepthMap> = self
            .subjects
            .iter()
            .map(|s| s.recovered[defacer].get(recovery).unwrap_or(&nothing).clone())
            .collect();
        let probes = standardised(&maps, fan, self.placement);
        let faces = self.standard_faces(fan);
        let outcome_of = |(probe, subject): (&DepthMap, &Subject)| {
            let person = &self.gallery[subject.own].person;
            let is_decoy = |n: &usize| self.gallery[*n].person != *person;
            let decoys = (0..faces.len()).filter(is_decoy).map(|n| &faces[n]);
            outcome(probe, &faces[subject.own], decoys)
        };
        probes.iter().zip(&self.subjects).map(outcome_of).collect()
    }

    /// The gallery, each face among those of its source.
    fn standard_faces(&self, fan: &Fan) -> Vec<DepthMap> {
        let mut faces: Vec<DepthMap> = vec![Vec::new(); self.gallery.len()];
        for source in [Source::Real, Source::Generated] {
            let places: Vec<usize> =
                (0..faces.len()).filter(|n| self.gallery[*n].source == source).collect();
            let maps: Vec<DepthMap> = places.iter().map(|n| self.gallery[*n].map.clone()).collect();
            let standard = standardised(&maps, fan, self.placement);
            places.into_iter().zip(standard).for_each(|(n, face)| faces[n] = face);
        }
        faces
    }
}

/// How one way to deface stood up to one way to read a face.
#[derive(Debug, Clone)]
pub struct Row {
    /// Which heads.
    pub population: &'static str,
    /// What defaced them.
    pub defacer: &'static str,
    /// How the face was read.
    pub recovery: Recovery,
    /// How often that led to the person.
    pub matched: Matched,
}

/// Every way to deface against every way to read a face, over all `groups` of a population.
#[must_use]
pub fn rows(population: &'static str, groups: &[Group], setting: &Setting) -> Vec<Row> {
    let mut rows = Vec::new();
    for (d, defacer) in setting.defacers.iter().enumerate() {
        for (r, recovery) in Recovery::ALL.into_iter().enumerate() {
            let outcomes: Vec<Outcome> =
                groups.iter().flat_map(|group| group.outcomes(d, r, setting.fan)).collect();
            let matched = Matched::of(&outcomes);
            rows.push(Row { population, defacer: defacer.name(), recovery, matched });
        }
    }
    rows
}
