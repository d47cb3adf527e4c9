#![cfg_attr(
    all(target_os = "linux", not(miri)),
    expect(unsafe_code, reason = "advice about pages goes to the system")
)]

/// `n` zeros for a result, on large pages where the system has them: of a volume that is written
/// once, the first touch of many small pages can cost as much as what is written.
pub(crate) fn zeros<T: Copy + Default>(n: usize) -> Vec<T> {
    let values = vec![T::default(); n];
    #[cfg(all(target_os = "linux", not(miri)))]
    use_large_pages(&values);
    values
}

#[cfg(all(target_os = "linux", not(miri)))]
fn use_large_pages<T>(values: &[T]) {
    const PAGE: usize = 2 << 20;
    // Less than this the allocator may have had in use before, and in small pages.
    const LEAST: usize = 16 << 20;
    if size_of_val(values) < LEAST {
        return;
    }
    let all = values.as_ptr_range();
    let start = all.start.addr().next_multiple_of(PAGE);
    let end = all.end.addr() / PAGE * PAGE;
    if start < end {
        let page = all.start.with_addr(start).cast_mut().cast();
        // SAFETY: whole pages of one allocation that lives. The advice changes no value, and
        // without it all goes on with small pages, so that its answer is of no interest.
        unsafe { libc::madvise(page, end - start, libc::MADV_HUGEPAGE) };
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn are_zeros_of_any_number() {
        for n in [0, 1, 1000, (5 << 20) + 3] {
            let values: Vec<f32> = super::zeros(n);
            assert!(values.len() == n && values.iter().all(|v| *v == 0.0));
        }
    }
}
