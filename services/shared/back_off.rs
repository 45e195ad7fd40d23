//! How long to wait before something is tried again: ever longer up to a limit, and never shorter than whoever was asked wants.

use std::time::{Duration, SystemTime};

use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

/// Nobody is waited for longer than this because it asked for it, in seconds.
const ASKED_S_MOST: u64 = 600;

/// The pauses between tries: each is twice as long as the one before, up to the longest.
#[derive(Debug, Clone)]
pub struct BackOff {
    next: Duration,
    longest: Duration,
}

impl BackOff {
    /// Nothing was tried yet.
    pub fn new(first: Duration, longest: Duration) -> Self {
        Self { next: first, longest }
    }

    /// How long to wait before the next try, where whoever was asked wants to be left alone for so long.
    pub fn pause(&mut self, asked: Option<Duration>) -> Duration {
        let pause = self.next.max(asked.unwrap_or_default().min(Duration::from_secs(ASKED_S_MOST)));
        self.next = self.next.saturating_mul(2).min(self.longest);
        pause
    }
}

/// How long `Retry-After` asks for: seconds, or a date (RFC 9110, section 10.2.3). A date that has passed asks for nothing.
pub fn retry_after(text: &str, now: SystemTime) -> Option<Duration> {
    let text = text.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    SystemTime::from(OffsetDateTime::parse(text, &Rfc2822).ok()?).duration_since(now).ok()
}

#[cfg(test)]
mod tests {
    //! Pauses double up to a limit; what is asked for is kept to, within reason.

    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest_and_are_never_shorter_than_asked() {
        let (second, of) = (Duration::from_secs(1), Duration::from_secs);
        let mut back_off = BackOff::new(second, of(5));
        let pauses: Vec<u64> = [None, None, Some(30), None, None, Some(1), Some(10_000)].map(|asked| back_off.pause(asked.map(of)).as_secs()).into();
        assert_eq!(pauses, [1, 2, 30, 5, 5, 5, ASKED_S_MOST]);
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_445_412_480);
        let cases = [
            ("120", Some(120)),
            (" 0 ", Some(0)),
            ("18446744073709551615", Some(u64::MAX)),
            ("Wed, 21 Oct 2015 07:30:00 GMT", Some(120)),
            ("Wed, 21 Oct 2015 07:00:00 GMT", None),
            ("-1", None),
            ("soon", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(retry_after(text, now), expected.map(Duration::from_secs), "{text:?}");
        }
    }
}
