//! The Numenta Anomaly Benchmark: its series here, their windows, and its score (Lavin and Ahmad 2015, standard profile).

use crate::data::{seconds, text};

/// One series, with the windows in which something happened, as first and last index.
pub struct Series {
    pub name: String,
    pub points: Vec<(i64, f64)>,
    pub windows: Vec<(usize, usize)>,
}

/// Those that are here; None where the folder is missing.
pub fn series() -> Option<Vec<Series>> {
    let labels: serde_json::Value = serde_json::from_str(&text("nab/labels/combined_windows.json")?).unwrap();
    let mut found = Vec::new();
    for (name, windows) in labels.as_object().unwrap() {
        let Some(text) = text(&format!("nab/data/{name}")) else { continue };
        let points: Vec<(i64, f64)> = text.lines().skip(1).map(point).collect();
        let index = |bound: &serde_json::Value| {
            let at = seconds(bound.as_str().unwrap());
            points.iter().position(|(time, _)| *time == at).unwrap()
        };
        let windows = windows.as_array().unwrap().iter().map(|window| (index(&window[0]), index(&window[1]))).collect();
        found.push(Series { name: name.clone(), points, windows });
    }
    Some(found)
}

/// Time and value of a line; what follows them is left out.
fn point(line: &str) -> (i64, f64) {
    let mut fields = line.split(',');
    (seconds(fields.next().unwrap()), fields.next().unwrap().trim().parse().unwrap())
}

/// The anomaly scores that a detector of the board published for a series.
pub fn published(detector: &str, series: &Series) -> Option<Vec<f64>> {
    let text = text(&format!("nab/published/{detector}/{}.gz", series.name))?;
    Some(text.lines().skip(1).map(|line| line.rsplit(',').next().unwrap().trim().parse().unwrap()).collect())
}

/// The points that are not scored: the first 15 %, at most 750.
pub fn probation(points: usize) -> usize {
    (points * 15 / 100).min(750)
}

/// The scaled sigmoid: 1 well before a window's end, 0 at it, −1 well after it.
fn sigmoid(place: f64) -> f64 {
    if place > 3.0 { -1.0 } else { 2.0 / (1.0 + (5.0 * place).exp()) - 1.0 }
}

/// Gains and losses of one series' detections, before they are set against the number of windows.
pub fn gain(series: &Series, detections: &[usize]) -> f64 {
    const FALSE_ALARM: f64 = 0.11;
    let mut found = vec![false; series.windows.len()];
    let mut gain = 0.0;
    for at in detections.iter().copied().filter(|at| *at >= probation(series.points.len())) {
        if let Some(number) = series.windows.iter().position(|(first, last)| (*first..=*last).contains(&at)) {
            let (first, last) = series.windows[number];
            if !found[number] {
                gain += sigmoid(-((last - at + 1) as f64) / (last - first + 1) as f64) / sigmoid(-1.0);
            }
            found[number] = true;
        } else {
            let before = series.windows.iter().rfind(|(_, last)| *last < at);
            gain += FALSE_ALARM * before.map_or(-1.0, |(first, last)| sigmoid((at - last) as f64 / (last - first) as f64));
        }
    }
    gain - found.iter().filter(|found| !**found).count() as f64
}

/// The score of all, as on the board: 100 is perfect, 0 is silence.
pub fn score(all: &[(&Series, Vec<usize>)]) -> f64 {
    let windows: usize = all.iter().map(|(series, _)| series.windows.len()).sum();
    let gains: f64 = all.iter().map(|(series, detections)| gain(series, detections)).sum();
    100.0 * (gains + windows as f64) / (2.0 * windows as f64)
}
