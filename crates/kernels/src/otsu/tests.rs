use super::otsu;

#[test]
fn parts_two_heaps() {
    let values = (0..1000).map(|v| if v % 3 == 0 { 80.0 } else { 10.0 } + (v % 7) as f32);
    let split = otsu(values, 0.0, 100.0).expect("two heaps");
    assert!((16.0..=80.5).contains(&split), "{split}");
}

#[test]
fn one_value_cannot_be_parted() {
    assert_eq!(otsu([5.0; 9], 0.0, 10.0), None);
    assert_eq!(otsu([5.0; 9], 5.0, 5.0), None);
    assert_eq!(otsu([], 0.0, 1.0), None);
}
