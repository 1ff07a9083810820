//! The languages of mail, and which of them somebody reads.

/// A language that mail is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Language {
    /// English, for everybody whose language is not known or none of these.
    #[default]
    En,
    /// French.
    Fr,
    /// German.
    De,
    /// Spanish.
    Es,
    /// Korean.
    Ko,
}

impl Language {
    /// Every language.
    pub const ALL: [Self; 5] = [Self::En, Self::Fr, Self::De, Self::Es, Self::Ko];

    /// Its tag (BCP 47).
    pub const fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Fr => "fr",
            Self::De => "de",
            Self::Es => "es",
            Self::Ko => "ko",
        }
    }

    /// The best match for a person's language tag: "Lookup" of RFC 4647, section 3.4, which ends at the primary subtag here,
    /// as no language is written in more than one variant.
    pub fn best_for(tag: Option<&str>) -> Self {
        let primary = tag.and_then(|tag| tag.split('-').next()).unwrap_or_default().to_ascii_lowercase();
        match primary.as_str() {
            // The codes of three letters mean the same (RFC 5646, section 4.5). Swiss German (gsw) is spoken and hardly ever
            // written: CLDR's language matching takes German for it.
            "fr" | "fra" | "fre" => Self::Fr,
            "de" | "deu" | "ger" | "gsw" => Self::De,
            "es" | "spa" => Self::Es,
            "ko" | "kor" => Self::Ko,
            _ => Self::En,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_gets_the_language_that_comes_closest_and_else_english() {
        for (tag, language) in [
            ("fr", Language::Fr),
            ("fr-CA", Language::Fr),
            ("FR-be", Language::Fr),
            ("fra", Language::Fr),
            ("de-AT", Language::De),
            ("de-1996", Language::De),
            ("de-CH-1996", Language::De),
            ("gsw-CH", Language::De),
            ("es-419", Language::Es),
            ("es-MX", Language::Es),
            ("ko-KR", Language::Ko),
            ("ko-Kore-KR", Language::Ko),
            ("en-GB", Language::En),
            ("pt-BR", Language::En),
            ("zh-Hant-TW", Language::En),
            // Friulian, Konkani and Estonian only begin like others.
            ("fur", Language::En),
            ("kok", Language::En),
            ("est", Language::En),
            ("x-de", Language::En),
            ("", Language::En),
        ] {
            assert_eq!(Language::best_for(Some(tag)), language, "{tag}");
        }
        assert_eq!(Language::best_for(None), Language::En);
        for language in Language::ALL {
            assert_eq!(Language::best_for(Some(language.tag())), language);
        }
    }
}
