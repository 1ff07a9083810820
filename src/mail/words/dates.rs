//! Dates and lengths of time as people write them in each language, in the reader's own time zone.
//!
//! Patterns and names are those of Unicode CLDR 48 (full dates with times; months and days of the week as they stand in a
//! date). They are written down here, since the data of a library for them (`icu_datetime`) would weigh more than the rest
//! of the mail room together, for five languages that change every few years.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use time::{Duration, OffsetDateTime, UtcOffset};

use super::Language;
use super::key::Key;

/// A time zone of the IANA database, which is bundled with the gateway.
#[derive(Debug, Clone)]
pub struct Zone(TimeZone);

impl Zone {
    /// The zone with this name; UTC when there is none, as for zones that were stored before they were checked.
    pub fn named(name: Option<&str>) -> Self {
        Self(name.and_then(|name| TimeZone::get(name).ok()).unwrap_or(TimeZone::UTC))
    }

    fn offset_at(&self, at: OffsetDateTime) -> UtcOffset {
        let instant = Timestamp::from_second(at.unix_timestamp()).ok();
        let seconds = instant.map(|instant| self.0.to_offset(instant).seconds());
        seconds.and_then(|seconds| UtcOffset::from_whole_seconds(seconds).ok()).unwrap_or(UtcOffset::UTC)
    }

    /// The zone's name and how far it is from UTC then: readers elsewhere need the second, readers there the first.
    fn described(&self, offset: UtcOffset) -> String {
        let (hours, minutes, _) = offset.as_hms();
        let sign = if offset.is_negative() { '\u{2212}' } else { '+' };
        let distance = match (hours.unsigned_abs(), minutes.unsigned_abs()) {
            (0, 0) => "UTC".to_owned(),
            (hours, 0) => format!("UTC{sign}{hours}"),
            (hours, minutes) => format!("UTC{sign}{hours}:{minutes:02}"),
        };
        match self.0.iana_name() {
            Some(name) if !matches!(name, "UTC" | "Etc/UTC") => format!("({name}, {distance})"),
            _ => format!("({distance})"),
        }
    }
}

/// A date with the time of day and the zone. Seconds are cut, so a deadline is never told too late.
pub(super) fn time(language: Language, zone: &Zone, at: OffsetDateTime) -> String {
    let offset = zone.offset_at(at);
    let at = at.to_offset(offset);
    let (year, month, day) = at.to_calendar_date();
    let names = names(language);
    let pick = |names: &[&'static str], index: u8| names.get(usize::from(index)).copied().unwrap_or_default();
    let month_name = pick(&names.months, u8::from(month).saturating_sub(1));
    let weekday = pick(&names.weekdays, at.weekday().number_days_from_monday());
    let (hour, minute) = (at.hour(), at.minute());
    let text = match language {
        Language::En => format!("{weekday}, {day} {month_name} {year}, {hour:02}:{minute:02}"),
        Language::De => format!("{weekday}, {day}. {month_name} {year}, {hour:02}:{minute:02} Uhr"),
        // CLDR leaves the first of a month a plain number; French never does.
        Language::Fr => {
            let first = if day == 1 { "er" } else { "" };
            format!("{weekday} {day}{first} {month_name} {year} à {hour:02}:{minute:02}")
        }
        Language::Es => format!("{weekday}, {day} de {month_name} de {year}, {hour}:{minute:02}"),
        Language::Ko => {
            let (half, hour) = (if hour < 12 { "오전" } else { "오후" }, (hour + 11) % 12 + 1);
            format!("{year}년 {}월 {day}일 {weekday} {half} {hour}:{minute:02}", u8::from(month))
        }
    };
    format!("{text} {}", zone.described(offset))
}

struct Names {
    months: [&'static str; 12],
    weekdays: [&'static str; 7],
}

const fn names(language: Language) -> Names {
    match language {
        Language::En => Names {
            months: [
                "January",
                "February",
                "March",
                "April",
                "May",
                "June",
                "July",
                "August",
                "September",
                "October",
                "November",
                "December",
            ],
            weekdays: ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"],
        },
        Language::De => Names {
            months: [
                "Januar",
                "Februar",
                "März",
                "April",
                "Mai",
                "Juni",
                "Juli",
                "August",
                "September",
                "Oktober",
                "November",
                "Dezember",
            ],
            weekdays: ["Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"],
        },
        Language::Fr => Names {
            months: [
                "janvier",
                "février",
                "mars",
                "avril",
                "mai",
                "juin",
                "juillet",
                "août",
                "septembre",
                "octobre",
                "novembre",
                "décembre",
            ],
            weekdays: ["lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"],
        },
        Language::Es => Names {
            months: [
                "enero",
                "febrero",
                "marzo",
                "abril",
                "mayo",
                "junio",
                "julio",
                "agosto",
                "septiembre",
                "octubre",
                "noviembre",
                "diciembre",
            ],
            weekdays: ["lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"],
        },
        // Months are numbers there.
        Language::Ko => Names {
            months: [""; 12],
            weekdays: ["월요일", "화요일", "수요일", "목요일", "금요일", "토요일", "일요일"],
        },
    }
}

/// Which of two texts goes with a number: the plural rules of CLDR 48 for whole numbers.
pub(super) const fn plural(language: Language, count: u64, one: Key, other: Key) -> Key {
    let is_one = match language {
        Language::En | Language::De | Language::Es => count == 1,
        Language::Fr => count <= 1,
        Language::Ko => false,
    };
    if is_one { one } else { other }
}

/// A length of time, to the minute, as a number and its unit: the largest unit that leaves nothing over.
pub(super) const fn length(language: Language, length: Duration) -> (u64, Key) {
    let minutes = (length.whole_seconds().unsigned_abs() + 30) / 60;
    let hours = minutes / 60;
    if hours == 0 || !minutes.is_multiple_of(60) {
        (minutes, plural(language, minutes, Key::MinutesOne, Key::MinutesOther))
    } else if hours < 48 || !hours.is_multiple_of(24) {
        (hours, plural(language, hours, Key::HoursOne, Key::HoursOther))
    } else {
        (hours / 24, plural(language, hours / 24, Key::DaysOne, Key::DaysOther))
    }
}
