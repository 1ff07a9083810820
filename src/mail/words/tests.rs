//! Rules that the texts of every language keep, and dates.

use std::collections::BTreeSet;

use time::OffsetDateTime;
use time::macros::datetime;

use super::key::Key;
use super::speech::{filled, text};
use super::{Language, Zone, dates};

/// The names in braces.
fn values_in(text: &str) -> BTreeSet<&str> {
    text.split('{').skip(1).map(|rest| rest.split_once('}').expect("a brace that is not closed").0).collect()
}

#[test]
fn every_text_exists_in_every_language_with_the_same_values() {
    for &key in Key::ALL {
        for language in Language::ALL {
            let text = text(language, key);
            assert!(!text.trim().is_empty() && text.trim() == text, "{key:?} in {language:?}");
            let expected: BTreeSet<_> = key.values().iter().copied().collect();
            assert_eq!(values_in(text), expected, "{key:?} in {language:?}");
            assert_eq!(text.matches('}').count(), text.matches('{').count(), "{key:?} in {language:?}");
        }
    }
}

#[test]
fn no_sentence_was_left_in_english() {
    for &key in Key::ALL {
        let english = text(Language::En, key);
        if english.len() > 20 {
            for language in Language::ALL.into_iter().filter(|language| *language != Language::En) {
                assert_ne!(text(language, key), english, "{key:?} in {language:?}");
            }
        }
    }
}

#[test]
fn the_subject_of_a_reset_request_is_fixed_in_english() {
    assert_eq!(text(Language::En, Key::ResetRequestSubject), "MFA reset request");
}

#[test]
fn no_korean_particle_that_hangs_on_the_last_sound_follows_a_value() {
    for &key in Key::ALL {
        for after in text(Language::Ko, key).split('}').skip(1) {
            assert!(
                !after.starts_with(['은', '는', '이', '가', '을', '를', '과', '와', '로', '으']),
                "{key:?}"
            );
        }
    }
    for role in
        [Key::Owner, Key::Admin, Key::Manager, Key::Analyst, Key::CampaignCoordinator, Key::ContentCreator]
    {
        let last = text(Language::Ko, role).chars().last().unwrap();
        // A syllable without a final consonant.
        assert_eq!((u32::from(last) - 0xAC00) % 28, 0, "{role:?}");
    }
}

#[test]
fn french_sets_no_break_spaces_and_elides_nothing_before_a_value() {
    for &key in Key::ALL {
        let text = text(Language::Fr, key);
        for wrong in [" :", " ;", " ?", " !", "« ", " »", "de {", "que {", " le {", "'"] {
            assert!(!text.contains(wrong), "{key:?}: {wrong:?}");
        }
    }
}

#[test]
fn a_value_is_taken_as_it_is() {
    assert_eq!(filled("{a} and {b}, {a}", &[("a", "{b}"), ("b", "}{")]), "{b} and }{, {b}");
    assert_eq!(filled("plain", &[("a", "x")]), "plain");
}

const SUMMER: OffsetDateTime = datetime!(2026-07-01 22:05:59 UTC);
const WINTER: OffsetDateTime = datetime!(2026-11-24 19:15 UTC);

#[test]
fn dates_are_written_as_in_each_language_in_the_readers_zone() {
    for (language, zone, at, written) in [
        (Language::En, "Europe/Berlin", WINTER, "Tuesday, 24 November 2026, 20:15 (Europe/Berlin, UTC+1)"),
        (Language::En, "Europe/Berlin", SUMMER, "Thursday, 2 July 2026, 00:05 (Europe/Berlin, UTC+2)"),
        (
            Language::De,
            "Europe/Vienna",
            WINTER,
            "Dienstag, 24. November 2026, 20:15 Uhr (Europe/Vienna, UTC+1)",
        ),
        (Language::De, "Europe/Zurich", SUMMER, "Donnerstag, 2. Juli 2026, 00:05 Uhr (Europe/Zurich, UTC+2)"),
        (Language::Fr, "Europe/Paris", WINTER, "mardi 24 novembre 2026 à 20:15 (Europe/Paris, UTC+1)"),
        (
            Language::Fr,
            "America/Toronto",
            SUMMER,
            "mercredi 1er juillet 2026 à 18:05 (America/Toronto, UTC−4)",
        ),
        (
            Language::Es,
            "America/Mexico_City",
            SUMMER,
            "miércoles, 1 de julio de 2026, 16:05 (America/Mexico_City, UTC−6)",
        ),
        (
            Language::Es,
            "Atlantic/Canary",
            SUMMER,
            "miércoles, 1 de julio de 2026, 23:05 (Atlantic/Canary, UTC+1)",
        ),
        (Language::Es, "Europe/Madrid", SUMMER, "jueves, 2 de julio de 2026, 0:05 (Europe/Madrid, UTC+2)"),
        (Language::Ko, "Asia/Seoul", WINTER, "2026년 11월 25일 수요일 오전 4:15 (Asia/Seoul, UTC+9)"),
        (Language::Ko, "UTC", WINTER, "2026년 11월 24일 화요일 오후 7:15 (UTC)"),
        (Language::En, "Asia/Kolkata", WINTER, "Wednesday, 25 November 2026, 00:45 (Asia/Kolkata, UTC+5:30)"),
        (
            Language::En,
            "America/St_Johns",
            WINTER,
            "Tuesday, 24 November 2026, 15:45 (America/St_Johns, UTC−3:30)",
        ),
        (Language::En, "Europe/London", WINTER, "Tuesday, 24 November 2026, 19:15 (Europe/London, UTC)"),
        (Language::En, "europe/london", SUMMER, "Wednesday, 1 July 2026, 23:05 (Europe/London, UTC+1)"),
        (Language::En, "Nowhere/Land", WINTER, "Tuesday, 24 November 2026, 19:15 (UTC)"),
    ] {
        assert_eq!(dates::time(language, &Zone::named(Some(zone)), at), written);
    }
    assert!(dates::time(Language::En, &Zone::named(None), WINTER).ends_with("19:15 (UTC)"));
}

#[test]
fn noon_and_midnight_are_twelve_in_korean() {
    let time = |at| dates::time(Language::Ko, &Zone::named(None), at);
    assert!(time(datetime!(2026-11-24 0:05 UTC)).contains("오전 12:05"));
    assert!(time(datetime!(2026-11-24 12:05 UTC)).contains("오후 12:05"));
    assert!(time(datetime!(2026-11-24 23:59:59 UTC)).contains("오후 11:59"));
}

#[test]
fn every_month_and_day_of_the_week_has_a_name_of_its_own() {
    for language in Language::ALL {
        let day = |days| datetime!(2026-01-15 12:00 UTC) + time::Duration::days(days);
        let written = |days| dates::time(language, &Zone::named(None), day(days));
        let months: BTreeSet<_> = (0..12).map(|month| written(month * 30 + month / 2)).collect();
        let weekdays: BTreeSet<_> = (0..7).map(written).collect();
        assert_eq!((months.len(), weekdays.len()), (12, 7), "{language:?}");
    }
}

#[test]
fn lengths_of_time_take_the_largest_unit_and_the_right_plural() {
    let length = |language, length| {
        let (count, unit) = dates::length(language, length);
        filled(text(language, unit), &[("count", &count.to_string())])
    };
    let hours = time::Duration::hours;
    for (language, half_a_day, one, many_minutes, week) in [
        (Language::En, "12 hours", "1 hour", "90 minutes", "7 days"),
        (Language::De, "12 Stunden", "1 Stunde", "90 Minuten", "7 Tage"),
        (Language::Fr, "12 heures", "1 heure", "90 minutes", "7 jours"),
        (Language::Es, "12 horas", "1 hora", "90 minutos", "7 días"),
        (Language::Ko, "12시간", "1시간", "90분", "7일"),
    ] {
        assert_eq!(length(language, hours(12) - time::Duration::seconds(15)), half_a_day);
        assert_eq!(length(language, hours(1)), one);
        assert_eq!(length(language, time::Duration::minutes(90)), many_minutes);
        assert_eq!(length(language, hours(7 * 24)), week);
    }
    assert_eq!(length(Language::En, hours(24)), "24 hours");
    assert_eq!(length(Language::En, time::Duration::minutes(1)), "1 minute");
    assert_eq!(dates::plural(Language::Fr, 0, Key::DaysOne, Key::DaysOther), Key::DaysOne);
    assert_eq!(dates::plural(Language::De, 0, Key::DaysOne, Key::DaysOther), Key::DaysOther);
}
