//! Whether two things take equally long.

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// How often labels that are dealt anew give as large a ratio of medians: the p-value of a permutation test.
fn chance(known: &[f64], unknown: &[f64], ratio: f64) -> f64 {
    let mut all: Vec<f64> = known.iter().chain(unknown).copied().collect();
    let mut seed = 0x2545_F491_4F6C_DD1D_u64;
    let mut as_large = 0;
    for _ in 0..2000 {
        for index in (1..all.len()).rev() {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            all.swap(index, usize::try_from(seed >> 33).unwrap() % (index + 1));
        }
        let (one, other) = all.split_at(known.len());
        let (one, other) = (median(one.to_vec()), median(other.to_vec()));
        as_large += i32::from((one / other).max(other / one) >= ratio);
    }
    f64::from(as_large) / 2000.0
}

/// Fails only on a gross and certain difference, in seconds each. Measure both in turn, so that whatever else the machine
/// does hits them alike.
pub fn assert_alike(what: &str, somebody: &[f64], nobody: &[f64]) {
    let (one, other) = (median(somebody.to_vec()), median(nobody.to_vec()));
    let ratio = (one / other).max(other / one);
    let chance = chance(somebody, nobody, ratio);
    println!("{what}: {one:.4} s for somebody, {other:.4} s for nobody, p = {chance}");
    assert!(
        ratio < 1.5 || chance > 0.001,
        "{what}: {one} s for somebody, {other} s for nobody, p = {chance}"
    );
}
