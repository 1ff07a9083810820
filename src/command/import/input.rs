//! Where the lines come from. They are read once for each pass, so what cannot be read twice is kept aside first, in
//! a file without a name that goes with the process.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Cursor, Read, Seek, SeekFrom};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use zeroize::Zeroizing;

/// Longest line, in bytes. One endless line must not take the memory.
pub const LINE_MAX: usize = 256 * 1024;

trait Source: Read + Seek + Send {}

impl<T: Read + Seek + Send> Source for T {}

/// A file, standard input or a text.
pub struct Input {
    source: Box<dyn Source>,
    length: u64,
}

impl Input {
    /// A file; `-` is standard input. Pipes are kept aside like it.
    pub fn open(path: &Path) -> io::Result<Self> {
        if path.as_os_str() == "-" {
            return Self::kept_aside(io::stdin().lock());
        }
        let file = File::open(path)?;
        let about = file.metadata()?;
        if about.is_dir() {
            return Err(io::Error::from(io::ErrorKind::IsADirectory));
        }
        if about.is_file() {
            Ok(Self { source: Box::new(file), length: about.len() })
        } else {
            Self::kept_aside(file)
        }
    }

    /// A text in memory.
    pub fn text(text: impl Into<String>) -> Self {
        let text = text.into();
        let length = u64::try_from(text.len()).unwrap_or(u64::MAX);
        Self { source: Box::new(Cursor::new(text)), length }
    }

    /// Rows hold secrets: the copy is readable by this user only and loses its name before the first byte is written.
    fn kept_aside(mut from: impl Read) -> io::Result<Self> {
        let name = format!("latchkey-import-{}", uuid::Uuid::new_v4().simple());
        let path = std::env::temp_dir().join(name);
        let mut file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&path)?;
        std::fs::remove_file(&path)?;
        let length = io::copy(&mut from, &mut file)?;
        Ok(Self { source: Box::new(file), length })
    }

    /// How long it is, in bytes.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Reads it from the start.
    pub fn lines(&mut self) -> io::Result<Lines<'_>> {
        self.source.seek(SeekFrom::Start(0))?;
        Ok(Lines {
            reader: BufReader::with_capacity(256 * 1024, &mut self.source),
            number: 0,
            buffer: Zeroizing::new(Vec::with_capacity(4096)),
        })
    }
}

/// The lines of an input, one at a time.
pub struct Lines<'a> {
    reader: BufReader<&'a mut Box<dyn Source>>,
    number: u64,
    buffer: Zeroizing<Vec<u8>>,
}

/// A line with its number, counted from 1.
pub struct Line<'a> {
    pub number: u64,
    /// How many bytes were read for it.
    pub bytes: u64,
    /// Nothing when it is longer than [`LINE_MAX`].
    pub text: Option<&'a [u8]>,
}

impl Lines<'_> {
    /// The next line; nothing at the end.
    pub fn next(&mut self) -> io::Result<Option<Line<'_>>> {
        self.buffer.clear();
        let limit = u64::try_from(LINE_MAX).unwrap_or(u64::MAX).saturating_add(1);
        let mut read = self.reader.by_ref().take(limit).read_until(b'\n', &mut self.buffer)?;
        if read == 0 {
            return Ok(None);
        }
        self.number += 1;
        let ended = self.buffer.last() == Some(&b'\n');
        let too_long = !ended && read > LINE_MAX;
        if too_long {
            read = read.saturating_add(self.reader.skip_until(b'\n')?);
        }
        let bytes = u64::try_from(read).unwrap_or(u64::MAX);
        let mut text = self.buffer.trim_ascii();
        if self.number == 1 {
            // A byte order mark, as some editors write it.
            text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        }
        Ok(Some(Line { number: self.number, bytes, text: (!too_long).then_some(text) }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(input: &mut Input) -> Vec<(u64, Option<String>)> {
        let mut lines = input.lines().unwrap();
        let mut all = Vec::new();
        while let Some(line) = lines.next().unwrap() {
            all.push((line.number, line.text.map(|text| String::from_utf8_lossy(text).into_owned())));
        }
        all
    }

    #[test]
    fn lines_are_numbered_and_read_again_from_the_start() {
        let mut input = Input::text("\u{feff}one\r\n\n  three");
        let expected =
            vec![(1, Some("one".to_owned())), (2, Some(String::new())), (3, Some("three".to_owned()))];
        assert_eq!(read(&mut input), expected);
        assert_eq!(read(&mut input), expected);
    }

    #[test]
    fn an_endless_line_is_passed_over() {
        let long = "x".repeat(LINE_MAX + 1);
        let fits = "y".repeat(LINE_MAX);
        let mut input = Input::text(format!("{long}zzz\n{fits}\nlast"));
        let lines = read(&mut input);
        assert_eq!(lines[0], (1, None));
        assert_eq!(lines[1], (2, Some(fits)));
        assert_eq!(lines[2], (3, Some("last".to_owned())));
        assert_eq!(input.length(), (2 * LINE_MAX + 10) as u64);
    }

    #[test]
    fn what_is_kept_aside_has_no_name() {
        let mut input = Input::kept_aside(&b"a\nb"[..]).unwrap();
        assert_eq!(read(&mut input).len(), 2);
        let left = std::fs::read_dir(std::env::temp_dir()).unwrap().filter_map(Result::ok);
        assert!(left.into_iter().all(|f| !f.file_name().to_string_lossy().starts_with("latchkey-import-")));
    }
}
