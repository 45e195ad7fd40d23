//! The parts of a written date: which of its words is the day, the month, the year, the clock and the zone. What a zone's name means is
//! not asked here.

use std::borrow::Cow;

use dateline_events::Precision;

/// Words for the months, in the languages of the pages that were met: English, German, French, Spanish, Italian, Portuguese, Dutch.
const MONTHS: [&str; 12] = [
    "jan january januar janv janvier ene enero gen gennaio janeiro januari jän jänner",
    "feb february februar févr fév février febrero febbraio fev fevereiro februari",
    "mar march märz mär mrz mars marzo março mrt maart",
    "apr april avr avril abr abril aprile",
    "may mai mayo mag maggio maio mei",
    "jun june juni juin junio giu giugno junho",
    "jul july juli juil juillet julio lug luglio julho",
    "aug august août aou ago agosto augustus",
    "sep sept september septembre septiembre set settembre setembro",
    "oct october okt oktober octobre octubre ott ottobre out outubro",
    "nov november novembre noviembre novembro",
    "dec december dez dezember déc décembre dic diciembre dicembre dezembro",
];

/// Weekdays are passed over wherever they stand; those of other languages only where a date begins with them.
const WEEKDAYS: &str = "mon monday tue tues tuesday wed wednesday thu thur thurs thursday fri friday sat saturday sun sunday";

/// Weekdays of other languages, without their points.
const WEEKDAYS_FIRST: &str = "mo di mi do fr sa so montag dienstag mittwoch donnerstag freitag samstag sonnabend sonntag \
    lun mer jeu ven sam dim lundi mardi mercredi jeudi vendredi samedi dimanche mié jue vie sáb dom lunes martes miércoles jueves viernes sábado domingo \
    gio sab lunedì martedì mercoledì giovedì venerdì sabato domenica seg ter qua qui sex segunda terça quarta quinta sexta \
    ma wo vr za zo maandag dinsdag woensdag donderdag vrijdag zaterdag zondag";

/// Words between the parts.
const BETWEEN: &str = "at on um uhr the of de";

/// The parts of a date, as far as they were found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Parts {
    pub year: Option<i16>,
    pub month: Option<i8>,
    pub day: Option<i8>,
    pub zone: Option<ToldZone>,
    pub(super) clock: Option<Clock>,
    pub(super) half: Option<Half>,
    /// Two digits that are the year, where nothing else is.
    pub(super) short_year: Option<i16>,
}

/// A zone as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ToldZone {
    /// Minutes east of UTC.
    Offset(i32),
    /// An abbreviation.
    Name(String),
    /// Such as Europe/Berlin.
    Iana(String),
}

/// A time of day; the hour may be 24.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Clock {
    pub hour: i8,
    pub minute: i8,
    pub second: i8,
    pub nanosecond: i32,
    pub precision: Precision,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Half {
    Morning,
    Afternoon,
}

impl Parts {
    /// Takes a date apart.
    pub fn of(text: &str) -> Result<Self, String> {
        let text = without_remark(text);
        let words: Vec<Cow<'_, str>> = words(text);
        if words.is_empty() {
            return Err("it is empty".into());
        }
        let mut parts = Self::default();
        let mut is_tuesday = false;
        for (place, word) in words.iter().enumerate() {
            let next_is_half = words.get(place + 1).is_some_and(|next| half(next).is_some());
            if let Some(month) = month(word) {
                // "mar., 22 abr": what was taken for March was a Tuesday.
                if parts.month.replace(month).is_some() && !std::mem::take(&mut is_tuesday) {
                    return Err("it names two months".into());
                }
                is_tuesday = place == 0 && ["mar", "mar."].contains(&word.to_lowercase().as_str());
            } else if word.starts_with(|first: char| first.is_ascii_digit()) {
                parts.take_number(word, next_is_half)?;
            } else {
                parts.take_word(word, place == 0)?;
            }
        }
        parts.year = parts.year.or(parts.short_year.map(|year| if year < 50 { 2000 + year } else { 1900 + year }));
        Ok(parts)
    }

    /// The time of day, with its half; None where only a day is told.
    pub fn clock(&self) -> Result<Option<Clock>, String> {
        let Some(clock) = self.clock else {
            return if self.half.is_some() { Err("it has AM or PM and no hour".into()) } else { Ok(None) };
        };
        if clock.hour > 24 || clock.hour == 24 && (clock.minute, clock.second, clock.nanosecond) != (0, 0, 0) {
            return Err("its clock shows no time of day".into());
        }
        let hour = match (self.half, clock.hour) {
            (None, hour) => hour,
            (Some(Half::Morning), 12) => 0,
            (Some(Half::Morning), hour @ 0..12) => hour,
            (Some(Half::Afternoon), 12) => 12,
            (Some(Half::Afternoon), hour @ 1..12) => hour + 12,
            (Some(_), hour) => return Err(format!("hour {hour} contradicts its AM or PM")),
        };
        Ok(Some(Clock { hour, ..clock }))
    }

    fn take_number(&mut self, word: &str, next_is_half: bool) -> Result<(), String> {
        let digits = word.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(word.len());
        let (number, tail) = word.split_at(digits);
        let unknown = || format!("\"{word}\" in it is not understood");
        if word.contains(':') {
            return self.take_clock(word);
        }
        if tail.starts_with(['-', '/', '.']) && tail.len() > 1 {
            return self.take_date(word);
        }
        let value: i16 = number.get(..number.len().min(4)).and_then(|digits| digits.parse().ok()).ok_or_else(unknown)?;
        let lower = tail.to_ascii_lowercase();
        match (number.len(), lower.as_str()) {
            (1 | 2, "") if next_is_half => self.set_clock(hour_alone(value)),
            (1 | 2, tail) if half(tail).is_some() => {
                self.half = half(tail);
                self.set_clock(hour_alone(value))
            }
            (1 | 2, "" | "." | "st" | "nd" | "rd" | "th") if self.day.is_none() => {
                self.day = Some(value as i8);
                Ok(())
            }
            (2, "") if self.year.is_none() && self.short_year.is_none() => {
                self.short_year = Some(value);
                Ok(())
            }
            (4, "") if self.year.is_none() => {
                self.year = Some(value);
                Ok(())
            }
            (8, "") => self.take_date(&format!("{}-{}-{}", &number[..4], &number[4..6], &number[6..])),
            _ => Err(unknown()),
        }
    }

    /// "2025-04-21", "21-Apr-25", "21.04.2025", "04/21/2025".
    fn take_date(&mut self, word: &str) -> Result<(), String> {
        let unknown = || format!("\"{word}\" in it is not understood");
        let separator = if word.contains('/') {
            '/'
        } else if word.contains('-') {
            '-'
        } else {
            '.'
        };
        let [first, second, third] = word.split(separator).collect::<Vec<_>>()[..] else { return Err(unknown()) };
        let number = |digits: &str| digits.parse::<i16>().ok().filter(|_| digits.len() <= 4 && digits.bytes().all(|byte| byte.is_ascii_digit()));
        if self.day.is_some() || self.month.is_some() || self.year.is_some() {
            return Err("it names two days".into());
        }
        let small = |number: i16| i8::try_from(number).ok().filter(|number| (1..=31).contains(number)).ok_or_else(unknown);
        let (year, month_number, day) = match (number(first), month(second).or(month(first)), number(second), number(third)) {
            (Some(day), Some(month), _, Some(year)) => (full_year(year, third), month, small(day)?),
            (None, Some(month), Some(day), Some(year)) => (full_year(year, third), month, small(day)?),
            (Some(year), None, Some(month), Some(day)) if first.len() == 4 => (year, small(month)?, small(day)?),
            (Some(one), None, Some(other), Some(year)) if third.len() == 4 => match (small(one)?, small(other)?) {
                (day, month) if separator == '.' || day > 12 || day == month => (year, month, day),
                (month, day) if day > 12 => (year, month, day),
                _ => return Err(format!("\"{word}\" is two days, by the order of day and month")),
            },
            _ => return Err(unknown()),
        };
        (self.year, self.month, self.day) = (Some(year), Some(month_number), Some(day));
        Ok(())
    }

    /// "6:00:00.5", with whatever is written onto its end.
    fn take_clock(&mut self, word: &str) -> Result<(), String> {
        let end = word.find(|letter: char| !(letter.is_ascii_digit() || letter == ':' || letter == '.')).unwrap_or(word.len());
        let (clock, tail) = word.split_at(end);
        let clock = read_clock(clock).ok_or_else(|| format!("\"{clock}\" in it is no time of day"))?;
        self.set_clock(clock)?;
        if tail.is_empty() { Ok(()) } else { self.take_word(tail, false) }
    }

    fn set_clock(&mut self, clock: Clock) -> Result<(), String> {
        if self.clock.replace(clock).is_some() { Err("it names two times of day".into()) } else { Ok(()) }
    }

    fn take_word(&mut self, word: &str, is_first: bool) -> Result<(), String> {
        let lower = word.to_lowercase();
        let bare = lower.trim_end_matches('.');
        let stands_in = |list: &str| list.split_whitespace().any(|known| known == bare);
        let has_digit = word.contains(|letter: char| letter.is_ascii_digit());
        if let Some(half) = half(word) {
            self.half = Some(half);
            return Ok(());
        }
        if !has_digit && !word.contains(char::is_alphabetic) || stands_in(BETWEEN) || stands_in(WEEKDAYS) {
            return Ok(());
        }
        if has_digit && !word.starts_with(['+', '-', '−']) && word.matches(['-', '/']).count() == 2 {
            return self.take_date(word);
        }
        if is_first && stands_in(WEEKDAYS_FIRST) {
            return Ok(());
        }
        self.take_zone(word)
    }

    fn take_zone(&mut self, word: &str) -> Result<(), String> {
        let told = if word.contains('/') {
            ToldZone::Iana(word.to_owned())
        } else {
            match offset(word) {
                Some(minutes) => ToldZone::Offset(minutes),
                None if word.contains(|letter: char| letter.is_ascii_digit()) => return Err(format!("\"{word}\" in it is not understood")),
                None => ToldZone::Name(word.to_owned()),
            }
        };
        match (&self.zone, &told) {
            // "+0200 CEST" says it twice; "GMT +0200" says it in two words.
            (Some(ToldZone::Offset(_)), ToldZone::Name(_) | ToldZone::Iana(_)) => {}
            (Some(ToldZone::Name(name)), ToldZone::Offset(_)) if ["GMT", "UTC", "UT"].contains(&name.to_ascii_uppercase().as_str()) => {
                self.zone = Some(told);
            }
            (Some(_), _) => return Err("it names two time zones".into()),
            (None, _) => self.zone = Some(told),
        }
        Ok(())
    }
}

/// "+02:00", "-7", "GMT+0200", "UTC+5:30".
fn offset(word: &str) -> Option<i32> {
    let upper = word.to_ascii_uppercase();
    let digits = upper.strip_prefix("UTC").or_else(|| upper.strip_prefix("GMT")).unwrap_or(&upper);
    let is_west = digits.starts_with(['-', '−']);
    let digits = digits.strip_prefix(['+', '-', '−'])?;
    let (hours, minutes) = match digits.split_once(':') {
        Some((hours, minutes)) if minutes.len() == 2 => (hours, minutes),
        Some(_) => return None,
        None if digits.len() == 4 && digits.is_ascii() => digits.split_at(2),
        None => (digits, "0"),
    };
    let is_sound = (1..=2).contains(&hours.len()) && format!("{hours}{minutes}").bytes().all(|byte| byte.is_ascii_digit());
    let (hours, minutes): (i32, i32) = (hours.parse().ok()?, minutes.parse().ok()?);
    let east = hours * 60 + minutes;
    (is_sound && hours <= 14 && minutes < 60).then_some(if is_west { -east } else { east })
}

fn read_clock(text: &str) -> Option<Clock> {
    let (clock, fraction) = text.split_once('.').unwrap_or((text, ""));
    let numbers: Vec<&str> = clock.split(':').collect();
    let (hour, rest) = numbers.split_first()?;
    let is_sound = (1..=2).contains(&hour.len()) && (1..=2).contains(&rest.len()) && rest.iter().all(|part| part.len() == 2);
    if !is_sound || !text.bytes().all(|byte| byte.is_ascii_digit() || byte == b':' || byte == b'.') || fraction.contains('.') {
        return None;
    }
    let (minute, second) = (rest[0].parse().ok()?, rest.get(1).map_or(Ok(0), |second| second.parse::<i8>()).ok()?);
    if minute > 59 || second > 60 {
        return None;
    }
    let nanosecond = if fraction.is_empty() { 0 } else { format!("{:0<9}", fraction.get(..9).unwrap_or(fraction)).parse().ok()? };
    let precision = if rest.len() == 2 { Precision::Second } else { Precision::Minute };
    // A leap second is told by the one before it.
    Some(Clock { hour: hour.parse().ok()?, minute, second: second.min(59), nanosecond, precision })
}

fn hour_alone(hour: i16) -> Clock {
    Clock { hour: i8::try_from(hour).unwrap_or(i8::MAX), minute: 0, second: 0, nanosecond: 0, precision: Precision::Hour }
}

fn full_year(year: i16, digits: &str) -> i16 {
    match (digits.len(), year) {
        (4, year) => year,
        (_, year @ 0..50) => 2000 + year,
        (_, year) => 1900 + year,
    }
}

fn half(word: &str) -> Option<Half> {
    match word.to_ascii_lowercase().replace('.', "").as_str() {
        "am" => Some(Half::Morning),
        "pm" => Some(Half::Afternoon),
        _ => None,
    }
}

fn month(word: &str) -> Option<i8> {
    let lower = word.to_lowercase();
    let bare = lower.trim_end_matches('.');
    MONTHS.iter().zip(1..).find(|(names, _)| names.split(' ').any(|name| name == bare)).map(|(_, number)| number)
}

/// A remark in brackets at the end says the zone once more: "+0200 (CEST)".
fn without_remark(text: &str) -> &str {
    let text = text.trim();
    let remark = text.strip_suffix(')').and_then(|open| open.rfind('('));
    remark.map_or(text, |at| text[..at].trim_end())
}

/// The words, with the day and the clock that a `T` joins taken apart.
fn words(text: &str) -> Vec<Cow<'_, str>> {
    let mut words = Vec::new();
    for part in text.split_whitespace() {
        let part: Cow<'_, str> = if part.contains(':') { Cow::Owned(fraction_by_point(part)) } else { Cow::Borrowed(part) };
        for word in part.split(',').filter(|word| !word.is_empty()) {
            match joined_by_t(word).map(|(date, clock)| (date, with_colons(clock))).or_else(|| day_and_zone(word)) {
                Some((date, rest)) => words.extend([Cow::Owned(date.to_owned()), Cow::Owned(rest)]),
                None => words.push(Cow::Owned(word.to_owned())),
            }
        }
    }
    words
}

/// "06:00:00,5" has the comma of ISO 8601 in it.
fn fraction_by_point(word: &str) -> String {
    let bytes = word.as_bytes();
    let is_fraction =
        |at: usize| at > 2 && bytes[at - 3] == b':' && bytes[at - 1].is_ascii_digit() && bytes.get(at + 1).is_some_and(u8::is_ascii_digit);
    word.char_indices().map(|(at, letter)| if letter == ',' && is_fraction(at) { '.' } else { letter }).collect()
}

fn joined_by_t(word: &str) -> Option<(&str, &str)> {
    let at = word.find(['T', 't'])?;
    let (date, clock) = (&word[..at], &word[at + 1..]);
    let is_date = date.len() >= 8 && date.bytes().all(|byte| byte.is_ascii_digit() || b"-/.".contains(&byte));
    (is_date && clock.starts_with(|first: char| first.is_ascii_digit())).then_some((date, clock))
}

/// "2025-04-21+02:00", a whole day with its zone.
fn day_and_zone(word: &str) -> Option<(&str, String)> {
    let (day, zone) = word.split_at_checked("2025-04-21".len())?;
    let is_day = day.bytes().enumerate().all(|(at, byte)| if at == 4 || at == 7 { byte == b'-' } else { byte.is_ascii_digit() });
    (is_day && zone.starts_with(['Z', 'z', '+', '-'])).then(|| (day, zone.to_owned()))
}

/// "060000Z", as ISO 8601 writes it without colons.
fn with_colons(clock: &str) -> String {
    let digits = clock.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(clock.len());
    match digits {
        4 => format!("{}:{}", &clock[..2], &clock[2..]),
        6 => format!("{}:{}:{}", &clock[..2], &clock[2..4], &clock[4..]),
        _ => clock.to_owned(),
    }
}
