//! One line as a JSON object, field by field. Messages name fields and never repeat values: those may be secrets.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::error::Category;
use serde_json::value::RawValue;
use time::OffsetDateTime;
use zeroize::Zeroizing;

use crate::domain::moment;

/// The fields of a line that were not taken yet.
pub struct Fields<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

#[derive(Deserialize)]
#[serde(transparent)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Fields<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields<'de>, A::Error> {
                let mut fields = Vec::with_capacity(8);
                while let Some((Name(name), value)) = map.next_entry()? {
                    fields.push((name, value));
                }
                Ok(Fields(fields))
            }
        }

        deserializer.deserialize_map(Object)
    }
}

/// A field's name, short enough to be shown.
fn shown(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(40).collect()
}

impl<'a> Fields<'a> {
    /// Reads a line.
    pub fn parse(line: &'a [u8]) -> Result<Self, String> {
        let text = std::str::from_utf8(line).map_err(|_| "malformed: not UTF-8".to_owned())?;
        let fields: Self = serde_json::from_str(text).map_err(|error| match error.classify() {
            Category::Data => "malformed: not a JSON object".to_owned(),
            // These messages quote nothing of the line. There is only the one line, and it has another number here.
            _ => {
                let message = error.to_string();
                let what = message.rsplit_once(" at line ").map_or(message.as_str(), |(what, _)| what);
                format!("malformed JSON: {what} at column {}", error.column())
            }
        })?;
        for (i, (name, _)) in fields.0.iter().enumerate() {
            if fields.0.iter().take(i).any(|(earlier, _)| earlier == name) {
                return Err(format!("the field {} stands there twice", shown(name)));
            }
        }
        Ok(fields)
    }

    /// Takes a field; `null` is like none.
    fn take(&mut self, name: &str) -> Option<&'a RawValue> {
        let place = self.0.iter().position(|(there, _)| there == name)?;
        let (_, value) = self.0.swap_remove(place);
        (value.get() != "null").then_some(value)
    }

    fn read<T: Deserialize<'a>>(&mut self, name: &str, what: &str) -> Result<Option<T>, String> {
        let Some(value) = self.take(name) else { return Ok(None) };
        serde_json::from_str(value.get()).map(Some).map_err(|_| format!("{name} must be {what}"))
    }

    /// A text.
    pub fn text(&mut self, name: &str) -> Result<Option<String>, String> {
        self.read(name, "a text")
    }

    /// A text that must be there.
    pub fn needed(&mut self, name: &str) -> Result<String, String> {
        self.text(name)?.ok_or_else(|| format!("{name} is missing"))
    }

    /// A text that is wiped when it was used.
    pub fn secret(&mut self, name: &str) -> Result<Option<Zeroizing<String>>, String> {
        Ok(self.text(name)?.map(Zeroizing::new))
    }

    /// Texts that are wiped when they were used.
    pub fn secrets(&mut self, name: &str) -> Result<Option<Zeroizing<Vec<String>>>, String> {
        Ok(self.read(name, "a list of texts")?.map(Zeroizing::new))
    }

    /// True or false.
    pub fn flag(&mut self, name: &str) -> Result<Option<bool>, String> {
        self.read(name, "true or false")
    }

    /// A whole number up to `most`.
    pub fn whole(&mut self, name: &str, most: u8) -> Result<Option<u8>, String> {
        let what = format!("a whole number from 0 to {most}");
        match self.read(name, &what)? {
            Some(number) if number > most => Err(format!("{name} must be {what}")),
            number => Ok(number),
        }
    }

    /// A time.
    pub fn time(&mut self, name: &str) -> Result<Option<OffsetDateTime>, String> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        let read = moment::read(&text).map(Some);
        read.ok_or_else(|| format!("{name} must be a time such as 2026-11-24T12:00:00Z"))
    }

    /// Nothing may be left.
    pub fn end(self) -> Result<(), String> {
        match self.0.first() {
            None => Ok(()),
            Some((name, _)) => Err(format!("unknown field {}", shown(name))),
        }
    }
}
