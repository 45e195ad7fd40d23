//! Where the labels of the moments stand: above the plot in lanes, each beside its line, none over another and none across a line.

/// So many lanes there are, from the plot upwards.
pub const LANES_MAX: usize = 4;

/// Between a line and its label, and between two labels, in units of the plot.
const GAP: f64 = 5.0;

/// A label beside a line.
#[derive(Debug, Clone, PartialEq)]
pub struct Flag {
    pub x: f64,
    /// The lane; None where there was no room for the label.
    pub lane: Option<usize>,
    /// True where the label stands left of its line, at the right edge.
    pub leftward: bool,
    from: f64,
    to: f64,
}

/// Gives every label (its line's x, its width) a lane, right of its line wherever it fits. From right to left, so that a line that has
/// to go higher passes beside the labels it must pass. Answers in the order given.
pub fn lanes(labels: &[(f64, f64)], right: f64) -> Vec<Flag> {
    let mut order: Vec<usize> = (0..labels.len()).collect();
    order.sort_by(|a, b| labels[*b].0.total_cmp(&labels[*a].0));
    let mut placed: Vec<Flag> = Vec::new();
    let mut flags: Vec<Option<Flag>> = vec![None; labels.len()];
    for index in order {
        let (x, width) = labels[index];
        let leftward = x + GAP + width > right;
        let (from, to) = if leftward { (x - GAP - width, x) } else { (x, x + GAP + width) };
        let mut flag = Flag { x, lane: None, leftward, from, to };
        flag.lane = (0..LANES_MAX).find(|lane| is_free(&flag, *lane, &placed));
        if flag.lane.is_some() {
            placed.push(flag.clone());
        }
        flags[index] = Some(flag);
    }
    flags.into_iter().flatten().collect()
}

fn is_free(flag: &Flag, lane: usize, placed: &[Flag]) -> bool {
    placed.iter().all(|other| {
        let Some(taken) = other.lane else { return true };
        let beside = flag.to + GAP < other.from || other.to + GAP < flag.from;
        let under_line = taken > lane && flag.from < other.x && other.x < flag.to;
        let through_label = taken < lane && other.from < flag.x && flag.x < other.to;
        (taken != lane || beside) && !under_line && !through_label
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_never_overlap_and_the_first_of_close_moments_stands_highest() {
        let flags = lanes(&[(100.0, 80.0), (110.0, 80.0), (400.0, 80.0), (690.0, 80.0)], 700.0);
        assert_eq!(flags.iter().map(|flag| flag.lane).collect::<Vec<_>>(), [Some(1), Some(0), Some(0), Some(0)]);
        assert_eq!(flags.iter().map(|flag| flag.leftward).collect::<Vec<_>>(), [false, false, false, true]);
        let many: Vec<(f64, f64)> = (0..24).map(|number| (f64::from(number) * 3.0, 60.0)).collect();
        let flags = lanes(&many, 700.0);
        assert_eq!(flags.iter().filter(|flag| flag.lane.is_some()).count(), LANES_MAX);
        for (index, one) in flags.iter().enumerate() {
            for other in &flags[index + 1..] {
                assert!(one.lane != other.lane || one.lane.is_none() || one.to < other.from || other.to < one.from, "{one:?} over {other:?}");
            }
        }
    }
}
