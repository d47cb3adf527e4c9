//! Where results lie, and what they are called.

use std::ffi::OsString;
use std::fs;
use std::path::{Component, Path, PathBuf};

/// Every path that a result of this name may take, as passed or for review.
pub(crate) fn results(out: &Path, name: &Path) -> Vec<PathBuf> {
    let folders = [out.to_owned(), out.join("review")];
    folders
        .iter()
        .flat_map(|folder| {
            let image = folder.join(name);
            let beside = ["_defacemask.nii.gz", "_defacemask.json", ".efface.json"];
            let beside = beside.map(|end| beside_image(&image, end));
            [vec![image.clone()], pair_image(&image), twin(&image), beside.to_vec()].concat()
        })
        .collect()
}

/// The path beside a result that ends in `end` instead of its own ending.
pub(crate) fn beside_image(image: &Path, end: &str) -> PathBuf {
    let mut name = stem(image);
    name.push(end);
    image.with_file_name(name)
}

/// The image files that a result named as a header file may have beside it.
fn pair_image(header: &Path) -> Vec<PathBuf> {
    let name = last_name(header);
    let Some(start) =
        name.to_str().and_then(|n| n.strip_suffix(".gz").unwrap_or(n).strip_suffix(".hdr"))
    else {
        return Vec::new();
    };
    [".img", ".img.gz"].map(|end| header.with_file_name(format!("{start}{end}"))).to_vec()
}

/// The file of the same name, compressed if `image` is not and the reverse: some readers open `x.nii` when
/// they are asked for `x.nii.gz`.
fn twin(image: &Path) -> Vec<PathBuf> {
    let name = last_name(image);
    let Some(name) = name.to_str() else { return Vec::new() };
    let twin = match name.strip_suffix(".nii.gz") {
        Some(start) => Some(format!("{start}.nii")),
        None => name.strip_suffix(".nii").map(|start| format!("{start}.nii.gz")),
    };
    twin.into_iter().map(|name| image.with_file_name(name)).collect()
}

/// A file name without the ending of an image file.
pub(crate) fn stem(path: &Path) -> OsString {
    let name = last_name(path);
    let Some(text) = name.to_str() else { return name };
    let ends = [".nii.gz", ".nii", ".hdr.gz", ".hdr", ".img.gz", ".img", ".dcm"];
    let start = ends.iter().find_map(|end| text.strip_suffix(end)).filter(|s| !s.is_empty());
    start.map_or(name.clone(), OsString::from)
}

/// Whether a path is named as a NIfTI file.
pub(crate) fn is_nifti_name(path: &Path) -> bool {
    let name = last_name(path);
    let bytes = name.as_encoded_bytes();
    bytes.ends_with(b".nii") || bytes.ends_with(b".nii.gz")
}

/// The last part of a path.
pub(crate) fn last_name(path: &Path) -> OsString {
    path.file_name().map_or_else(|| OsString::from("scan"), OsString::from)
}

/// The place of a scan below the input that it was found in; a scan that is the whole input keeps
/// its last name.
pub(crate) fn name_below(input: &Path, found: &Path) -> PathBuf {
    match found.strip_prefix(input) {
        Ok(below) if !below.as_os_str().is_empty() => below.to_owned(),
        _ => PathBuf::from(last_name(&real_path(found))),
    }
}

/// The absolute path without links, also of what does not exist yet.
pub(crate) fn real_path(path: &Path) -> PathBuf {
    if let Ok(real) = fs::canonicalize(path) {
        return real;
    }
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    match (absolute.parent(), absolute.components().next_back()) {
        (Some(parent), Some(Component::Normal(name))) => real_path(parent).join(name),
        (Some(parent), Some(Component::ParentDir)) => {
            real_path(parent).parent().map_or_else(|| parent.to_owned(), Path::to_owned)
        }
        _ => absolute,
    }
}
