"""The methods that are compared: each says of a series of counts which buckets it marks, and how many buckets later it can know that."""

import json
import subprocess
import warnings

import numpy
import pandas
from scipy import stats

BUCKET_S = 1_200
DAY = 86_400 // BUCKET_S
# Where a method has a floor, the watch's: so many reports in a bucket before anybody is called.
FLOOR_REPORTS = 15
# Marks so far apart, in buckets, are of two alarms: the two hours after which the watch says that it is over.
GAP = 6


def watch(program, file):
    """Alarms of `dateline detect`: the bucket in which each is seen, and the one in which it is over."""
    said = subprocess.run([program, "detect", str(file), "--format", "json"], capture_output=True, text=True)
    # 1 is the answer that there is none.
    if said.returncode not in (0, 1):
        raise SystemExit(f"{program} detect {file}: {said.stderr.strip()}")
    alarms = {}
    for finding in json.loads(said.stdout)["findings"]:
        if finding["finding"] == "anomaly":
            alarms[finding["first_bucket"]] = [finding["seen_at_bucket"], None]
        elif finding["finding"] == "subsided":
            alarms[finding["first_bucket"]][1] = finding["bucket"]
    return [(seen, until) for seen, until in alarms.values()]


def level_shift(counts, window, c=6.0):
    """adtk's LevelShiftAD: the medians of two windows side by side, and quartiles of how they differ over the whole series."""
    from adtk.data import validate_series
    from adtk.detector import LevelShiftAD

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        marks = LevelShiftAD(c=c, side="positive", window=window).fit_detect(validate_series(counts))
    # It looks at the right window to judge its first bucket.
    later = (window if isinstance(window, int) else window[1]) - 1
    return marks.fillna(False).astype(bool).to_numpy(), later


def s_h_esd(counts, days=14, share=0.1, alpha=0.05):
    """Seasonal hybrid ESD (Hochenbaum, Vallis, Kejariwal 2017), asked of every bucket with the days before it.

    The season is the median of each bucket of the day, what is left is taken from the median of all; then Rosner's test with median and MAD.
    """
    values, size = counts.to_numpy(float), days * DAY
    most = int(size * share)
    left = numpy.arange(1, most + 1)
    quantile = stats.t.ppf(1 - alpha / (size - left + 1), size - left - 1)
    limits = quantile * (size - left) / numpy.sqrt((size - left - 1 + quantile**2) * (size - left + 1))
    marks = numpy.zeros(len(values), bool)
    for end in range(size, len(values) + 1):
        window = values[end - size : end]
        days_of_it = window.reshape(days, DAY)
        rest = (days_of_it - numpy.median(days_of_it, axis=0)).ravel() - numpy.median(window)
        if numpy.count_nonzero(rest > rest[-1]) < most:
            marks[end - 1] = last_is_an_outlier(rest, limits)
    return marks, 0


def last_is_an_outlier(rest, limits):
    """True where the last value is among the outliers, upwards, that the test finds."""
    # The furthest from the median are taken away one by one; sorted, they are at the upper end.
    order = numpy.argsort(rest, kind="stable")
    ranked = rest[order]
    found, place = 0, None
    for taken, limit in enumerate(limits):
        kept = ranked[: len(ranked) - taken]
        middle = numpy.median(kept)
        spread = numpy.median(numpy.abs(kept - middle)) * 1.4826
        if spread == 0:
            break
        if (kept[-1] - middle) / spread > limit:
            found = taken + 1
        if order[len(kept) - 1] == len(rest) - 1:
            place = taken
    return place is not None and place < found


def hourly_median(counts, days=14, times=3):
    """A plain multiple of the median of the same hour of the day, over the days before."""
    values = counts.to_numpy(float)
    hours = counts.index.hour.to_numpy()
    day = (counts.index.normalize() - counts.index[0].normalize()).days.to_numpy()
    usual = numpy.full(len(values), numpy.inf)
    for hour in range(24):
        of_hour = numpy.flatnonzero(hours == hour)
        for today in range(days, day[-1] + 1):
            before = of_hour[(day[of_hour] >= today - days) & (day[of_hour] < today)]
            if len(before):
                usual[of_hour[day[of_hour] == today]] = max(1.0, float(numpy.median(values[before])))
    return values >= times * usual, 0


def alarms_of(counts, marks, later, floor):
    """Alarms of what is marked: the bucket in which each is seen, and the one in which it is over. No alarm below the floor by then."""
    most = counts[::-1].rolling(later + 1, min_periods=1).max()[::-1].to_numpy()
    at = numpy.flatnonzero(marks & (most >= floor))
    starts = [] if not len(at) else [at[0], *at[1:][numpy.diff(at) > GAP]]
    times = counts.index.astype("int64") // 10**9
    alarms = []
    for start in starts:
        own = at[at >= start]
        breaks = numpy.flatnonzero(numpy.diff(own) > GAP)
        last = own[breaks[0]] if len(breaks) else own[-1]
        alarms.append((int(times[start]) + later * BUCKET_S, int(times[last]) + BUCKET_S))
    return alarms


def series(file):
    """Reports a bucket, in their order; a bucket that is not known has none."""
    rows = pandas.read_csv(file, index_col=0, parse_dates=True).iloc[:, 0]
    rows.index = rows.index.tz_localize(None)
    return rows.groupby(level=0).max().sort_index().asfreq(f"{BUCKET_S}s", fill_value=0)
