//! Medians, percentiles, and how sure a ratio of medians is.

/// How many times a ratio's samples are drawn anew to see how it spreads.
const DRAWS: usize = 2000;

/// What was measured of one subject, round by round.
#[derive(Clone, Debug, Default)]
pub(super) struct Samples(pub(super) Vec<f64>);

/// A ratio of medians with its 95 % confidence interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Ratio {
    pub(super) value: f64,
    pub(super) low: f64,
    pub(super) high: f64,
}

impl Samples {
    pub(super) fn add(&mut self, sample: f64) {
        self.0.push(sample);
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn median(&self) -> f64 {
        quantile(&mut self.0.clone(), 0.5)
    }

    pub(super) fn p95(&self) -> f64 {
        quantile(&mut self.0.clone(), 0.95)
    }

    /// The ratio of this median to another's. Its interval is the bootstrap's: by the samples drawn anew, with repetition.
    /// Of subjects that had their turns in the same rounds, rounds are drawn: what slows a round down slows both.
    pub(super) fn ratio(&self, other: &Self) -> Ratio {
        // The same draws each time: a report says the same of the same samples.
        let mut random = fastrand::Rng::with_seed(1);
        let mut draw = |of: &Self| -> Vec<usize> { of.0.iter().map(|_| random.usize(..of.len())).collect() };
        let median = |of: &Self, places: &[usize]| {
            let mut drawn: Vec<f64> = places.iter().filter_map(|place| of.0.get(*place).copied()).collect();
            quantile(&mut drawn, 0.5)
        };
        let paired = self.len() == other.len();
        let mut ratios: Vec<f64> = (0..DRAWS)
            .map(|_| {
                let places = draw(self);
                let others = if paired { places.clone() } else { draw(other) };
                median(self, &places) / median(other, &others)
            })
            .collect();
        Ratio {
            value: self.median() / other.median(),
            low: quantile(&mut ratios, 0.025),
            high: quantile(&mut ratios, 0.975),
        }
    }
}

/// The value below which a part of the samples lies, between two of them by their distance; NaN of none.
fn quantile(samples: &mut [f64], part: f64) -> f64 {
    samples.sort_unstable_by(f64::total_cmp);
    let Some(last) = samples.len().checked_sub(1) else {
        return f64::NAN;
    };
    let place = last as f64 * part;
    let (below, above) = (place.floor() as usize, place.ceil() as usize);
    match (samples.get(below), samples.get(above)) {
        (Some(below), Some(above)) => below + (above - below) * place.fract(),
        _ => f64::NAN,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(values: &[f64]) -> Samples {
        Samples(values.to_vec())
    }

    #[test]
    fn quantiles_lie_between_samples() {
        let some = samples(&[4.0, 1.0, 3.0, 2.0]);
        assert_eq!(some.median(), 2.5);
        assert!((some.p95() - 3.85).abs() < 1e-9);
        assert_eq!(samples(&[7.0]).p95(), 7.0);
        assert!(samples(&[]).median().is_nan());
    }

    #[test]
    fn a_ratio_lies_in_its_interval() {
        let (fast, slow) = (samples(&[1.0, 1.1, 0.9, 1.0, 1.2]), samples(&[2.0, 2.2, 1.8, 2.0, 2.4]));
        let ratio = fast.ratio(&slow);
        assert_eq!(ratio.value, 0.5);
        assert!(ratio.low <= 0.5 && ratio.high >= 0.5 && ratio.low > 0.3 && ratio.high < 0.8);
        assert_eq!(ratio, fast.ratio(&slow));
    }
}
