use std::fs;
use std::path::{Path, PathBuf};

use phantom::{Acquisition, Contrast, Person, Pose, Variant};
use volume::{Affine, Grid, Labels};

use crate::image::{open_labels, open_scan};
use crate::{AttackError, Frame, Image, Landmarks};

/// A scanned head, before anything is removed.
#[derive(Debug)]
pub struct Head {
    /// The name in tables.
    pub name: String,
    /// Two scans of one person have one name here.
    pub person: String,
    /// What the scan shows.
    pub image: Image,
    /// What is what in it, on a grid of its own in the same patient.
    pub labels: Labels,
    /// The head's axes.
    pub frame: Frame,
    /// Where it lies: a file, or a folder of DICOM files.
    pub path: PathBuf,
}

/// A generated person as scanned: held a little askew, as people are.
#[must_use]
pub fn posed(person: Person, scan_seed: u64) -> Person {
    // A number in -1..1 from eight bits of a mixed seed.
    let mixed = scan_seed.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let part = |n: u32| f64::from((mixed >> (8 * n)) as u8) / 127.5 - 1.0;
    person.posed(Pose {
        pitch_degrees: 6.0 * part(0),
        roll_degrees: 4.0 * part(1),
        yaw_degrees: 6.0 * part(2),
        shift_mm: [6.0 * part(3), 6.0 * part(4), 6.0 * part(5)],
    })
}

impl Head {
    /// Scans a generated person by MR, T1 weighted, at `spacing_mm`, and writes the file into `folder`.
    ///
    /// # Errors
    /// [`AttackError::File`] if the file cannot be written.
    pub fn scanned(
        person: &Person,
        name: String,
        scan_seed: u64,
        spacing_mm: f64,
        folder: &Path,
    ) -> Result<Self, AttackError> {
        const LOW_MM: [f64; 3] = [-112.0, -128.0, -132.0];
        const HIGH_MM: [f64; 3] = [112.0, 150.0, 150.0];
        let extent = [0, 1, 2].map(|a| ((HIGH_MM[a] - LOW_MM[a]) / spacing_mm) as usize);
        let grid = Grid { extent, affine: Affine::axis_aligned([spacing_mm; 3], LOW_MM) };
        let real = phantom::render(person, &grid, &Acquisition::usual(Contrast::T1, scan_seed));
        let voxels = phantom::Voxels::rounded(&real, volume::StoredType::I16);
        let path = folder.join(format!("{name}.nii"));
        fs::write(&path, phantom::nifti_bytes(&grid, &voxels)).map_err(AttackError::file(&path))?;
        let image = Image::new(grid, real.iter().map(|v| v.round()).collect())
            .ok_or_else(|| AttackError::Flat { path: path.clone() })?;
        Ok(Self {
            person: name.clone(),
            name,
            image,
            labels: phantom::labels(person, &grid, Variant::Whole),
            frame: Frame::of(&Landmarks::of_person(person)),
            path,
        })
    }

    /// The labelled heads of the shared folder: from DICOM where there is a series of the scan, else
    /// from the native NIfTI file, else from that at 1.5 mm. Heads whose labels lack an eye, an ear,
    /// or a person's brain are left out, and averages of many.
    ///
    /// # Errors
    /// [`AttackError`] if the folder is not as its `README.md` says.
    pub fn shared(folder: &Path) -> Result<Vec<Self>, AttackError> {
        let table = folder.join("heads/heads.tsv");
        let table = fs::read_to_string(&table).map_err(AttackError::file(&table))?;
        let mut heads = Vec::new();
        for row in table.lines().skip(1) {
            let mut columns = row.split('\t');
            let (Some(name), Some(person)) = (columns.next(), columns.next()) else { continue };
            if person.starts_with("average") || person.starts_with("none") {
                continue;
            }
            if let Some(head) = Self::labelled(folder, name, person)? {
                heads.push(head);
            }
        }
        Ok(heads)
    }

    fn labelled(folder: &Path, name: &str, person: &str) -> Result<Option<Self>, AttackError> {
        let heads = folder.join("heads");
        let places = [heads.clone(), heads.join("evaluation_only/labelled")];
        let Some(place) =
            places.iter().map(|p| p.join(name)).find(|p| p.join("labels.nii.gz").is_file())
        else {
            return Ok(None);
        };
        let labels = open_labels(&place.join("labels.nii.gz"))?;
        let Some(marks) = Landmarks::of_labels(&labels) else { return Ok(None) };
        let file = format!("{name}.nii.gz");
        let paths = [
            folder.join("dicom").join(name),
            folder.join("dicom").join(format!("{name}_enhanced")),
            heads.join("native").join(&file),
            heads.join("evaluation_only").join(&file),
        ];
        let path = paths.into_iter().find(|path| path.exists());
        let path = path.unwrap_or_else(|| place.join("image.nii.gz"));
        let image = Image::of(&open_scan(&path)?.volume)
            .ok_or_else(|| AttackError::Flat { path: path.clone() })?;
        // Two scans that may be of one person, as the table says in words, count as such.
        let person = person.split([' ', '(']).next().unwrap_or(person);
        let person = person.trim_end_matches("-a").trim_end_matches("-b").to_owned();
        let frame = Frame::of(&marks);
        Ok(Some(Self { name: name.to_owned(), person, image, labels, frame, path }))
    }
}
