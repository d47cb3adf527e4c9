use super::argmax;
use crate::Workers;

#[test]
fn is_the_first_of_the_largest() {
    let n = 40_000;
    let logit = |class: usize, v: usize| ((v * 7919 + class * 104_729) % 13) as f32;
    let logits: Vec<f32> = (0..5).flat_map(|c| (0..n).map(move |v| logit(c, v))).collect();
    let expected: Vec<u8> = (0..n)
        .map(|v| (0..5).rev().max_by(|&a, &b| logit(a, v).total_cmp(&logit(b, v))).unwrap() as u8)
        .collect();
    for threads in [1, 3] {
        assert_eq!(argmax(&logits, 5, Workers::new(threads)), expected);
    }
}

#[test]
fn of_equal_logits_the_first_counts() {
    let logits = [1.0, 2.0, 0.0, 2.0, 2.0, 0.0, 2.0, 1.0, 0.0];
    assert_eq!(argmax(&logits, 3, Workers::ONE), [1, 0, 0]);
}
