//! How far a count lies from what was expected, in spreads: one scale for silent and for busy series.
//!
//! Counts are taken as negative binomial: variance μ + φμ². The inverse hyperbolic sine makes their variance nearly one whatever the
//! mean (Anscombe 1948), so near zero the scale behaves like a square root (Poisson) and far up like a logarithm (ratios).

/// φ: the over-dispersion that the scale is made for.
const DISPERSION: f32 = 0.05;

/// The dispersion that even the calmest series is granted.
const DISPERSION_LEAST: f32 = 0.002;

/// Anscombe's offset, which straightens the scale near zero.
const OFFSET: f32 = 0.375;

/// A count on the stabilised scale: 1.2 for none, 37 for a million.
pub fn stabilised(count: f32) -> f32 {
    2.0 / DISPERSION.sqrt() * (DISPERSION * (count.max(0.0) + OFFSET)).sqrt().asinh()
}

/// The count at a place of the stabilised scale; never below zero.
pub fn count_at(place: f32) -> f32 {
    let root = (place.max(0.0) * DISPERSION.sqrt() / 2.0).sinh();
    (root * root / DISPERSION - OFFSET).max(0.0)
}

/// The least spread that counts around this baseline can have: one where chance alone makes it so, less for great counts.
pub fn spread_least(baseline: f32) -> f32 {
    ((1.0 + DISPERSION_LEAST * baseline) / (1.0 + DISPERSION * baseline)).sqrt()
}

/// A residual held within a few spreads, so that no single bucket teaches much (Huber 1964).
pub fn held(residual: f32, bound: f32) -> f32 {
    residual.clamp(-bound, bound)
}
