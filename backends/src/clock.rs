//! The wall clock by which records are stamped, held against one that nobody can set: CLOCK_BOOTTIME, which runs on in suspend.
//!
//! A wall clock that ran ahead is not followed at once: recorded never falls, so a step that is taken back a minute later would leave
//! days of one instant. What is recorded, and that it never falls, is the ledger's business.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use dateline_events::Instant;
use rustix::time::{ClockId, clock_gettime};

/// A wall clock may run ahead by so much before it is noticed, in microseconds. A head recorded by so much more than the own clock is
/// told, too.
pub(crate) const AHEAD_US_MAX: i64 = 60 * Instant::SECOND;

/// So long a step ahead is not believed, in microseconds.
const SETTLES_US: i64 = 120 * Instant::SECOND;

/// So long a step that was followed is told, in microseconds.
const TOLD_US: i64 = 24 * 3_600 * Instant::SECOND;

/// The clock of one writer.
#[derive(Debug, Default)]
pub(crate) struct RecordingClock(Mutex<Held>);

/// The two clocks as they were last held together, and what was noticed since.
#[derive(Debug, Default)]
struct Held {
    together: Option<Reading>,
    /// When the wall clock was first seen to be ahead, by the other one.
    ahead_since_us: Option<i64>,
    followed: Option<(Step, i64)>,
    steps: u64,
}

/// Both clocks at one moment, in microseconds: since 1970, and since the machine started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Reading {
    wall_us: i64,
    boot_us: i64,
}

/// A step of the wall clock that was followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// What the wall clock said when it was followed.
    pub followed: Instant,
    /// How far it ran ahead, in seconds.
    pub ahead_s: i64,
}

/// How the clock of a writer does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Clocks {
    /// So long nothing is appended yet, in seconds, because the wall clock ran ahead; None while it did not.
    pub unsettled_s: Option<u16>,
    /// The last step of the wall clock that was followed, for a day.
    pub followed: Option<Step>,
    /// So many steps were followed since the start.
    pub steps: u64,
}

impl RecordingClock {
    /// The time to record by; where the wall clock ran ahead, for how many seconds there is none.
    pub(crate) fn now(&self) -> Result<Instant, u16> {
        let reading = read();
        self.held().judge(reading).map(|()| Instant(reading.wall_us))
    }

    /// How it does; also looks, so that a step is noticed, and believed, while nothing is appended.
    pub(crate) fn look(&self) -> Clocks {
        let reading = read();
        let mut held = self.held();
        let unsettled_s = held.judge(reading).err();
        let followed = held.followed.filter(|(_, at_us)| reading.boot_us - at_us < TOLD_US).map(|(step, _)| step);
        Clocks { unsettled_s, followed, steps: held.steps }
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        // Nobody panics while holding it; if somebody did, the readings are still readings.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    /// Lets a reading pass, or says for how many seconds none does. A clock that ran back is followed: recorded does not fall with it.
    fn judge(&mut self, now: Reading) -> Result<(), u16> {
        let before = *self.together.get_or_insert(now);
        let ahead_us = (now.wall_us - before.wall_us) - (now.boot_us - before.boot_us);
        if ahead_us <= AHEAD_US_MAX {
            self.together = Some(now);
            if self.ahead_since_us.take().is_some() {
                tracing::warn!("the clock that had run ahead is back; recording goes on");
            }
            return Ok(());
        }
        let since_us = *self.ahead_since_us.get_or_insert_with(|| {
            tracing::warn!(
                ahead_s = ahead_us / Instant::SECOND,
                "this machine's clock ran ahead: nothing is recorded until it has stood for two minutes"
            );
            now.boot_us
        });
        let left_us = SETTLES_US - (now.boot_us - since_us);
        if left_us > 0 {
            return Err(u16::try_from((left_us + Instant::SECOND - 1) / Instant::SECOND).unwrap_or(u16::MAX));
        }
        let step = Step { followed: Instant(now.wall_us), ahead_s: ahead_us / Instant::SECOND };
        tracing::error!(
            ahead_s = step.ahead_s,
            "this machine's clock ran ahead and stayed there: it is followed, and what is recorded from now on says so"
        );
        (self.together, self.ahead_since_us, self.followed) = (Some(now), None, Some((step, now.boot_us)));
        self.steps += 1;
        Ok(())
    }
}

/// How far a recorded time lies ahead of this machine's clock, in seconds; None within a minute.
pub fn ahead_of_the_clock_s(recorded: Option<Instant>) -> Option<i64> {
    let ahead_us = recorded?.0 - now().0;
    (ahead_us > AHEAD_US_MAX).then_some(ahead_us / Instant::SECOND)
}

/// Tells, where a ledger is opened to write, that its head lies ahead of this machine's clock: it is kept as the floor.
pub(crate) fn tell_ahead(recorded: Option<Instant>) {
    if let Some(ahead_s) = ahead_of_the_clock_s(recorded) {
        tracing::warn!(
            ahead_s,
            "the ledger's last record lies ahead of this machine's clock: until the clock has come so far, everything is recorded at that very instant; see which of the two is wrong"
        );
    }
}

fn read() -> Reading {
    let boot = clock_gettime(ClockId::Boottime);
    Reading { wall_us: now().0, boot_us: boot.tv_sec * Instant::SECOND + boot.tv_nsec / 1_000 }
}

/// Now, by the wall clock of this machine. A clock before 1970 is told as 1970: earlier than everything that was ever read or said.
pub fn now() -> Instant {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Instant(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    //! A wall clock is believed while it goes with the other one, and two minutes after it ran ahead; never in between.

    use super::{AHEAD_US_MAX, Held, Instant, Reading, SETTLES_US};

    fn at(wall_s: i64, boot_s: i64) -> Reading {
        Reading { wall_us: wall_s * Instant::SECOND, boot_us: boot_s * Instant::SECOND }
    }

    #[test]
    fn a_clock_that_goes_slowly_astray_or_back_is_followed() {
        let mut held = Held::default();
        for minute in 0..100 {
            // Half a minute a minute, each within the limit.
            assert_eq!(held.judge(at(minute * 90, minute * 60)), Ok(()));
        }
        assert_eq!(held.judge(at(0, 6_000)), Ok(()));
        assert_eq!(held.judge(at(60 + AHEAD_US_MAX / Instant::SECOND, 6_060)), Ok(()), "at the limit");
        assert_eq!(held.steps, 0);
    }

    #[test]
    fn a_step_ahead_is_believed_after_two_minutes_and_told_and_one_taken_back_does_no_harm() {
        let mut held = Held::default();
        assert_eq!(held.judge(at(1_000, 0)), Ok(()));
        assert_eq!(held.judge(at(173_800, 1)), Err(120));
        assert_eq!(held.judge(at(173_900, 101)), Err(20));
        assert_eq!(held.judge(at(1_102, 102)), Ok(()), "taken back");
        assert_eq!((held.steps, held.followed), (0, None));
        let stepped = 103 + SETTLES_US / Instant::SECOND;
        assert_eq!(held.judge(at(173_903, 103)), Err(120), "the two minutes begin anew");
        assert_eq!(held.judge(at(173_800 + stepped - 1, stepped - 1)), Err(1));
        assert_eq!(held.judge(at(173_800 + stepped, stepped)), Ok(()));
        assert_eq!((held.steps, held.followed.map(|(step, _)| step.ahead_s)), (1, Some(172_800)));
        assert_eq!(held.judge(at(173_801 + stepped, stepped + 1)), Ok(()));
    }
}
