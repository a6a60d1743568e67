//! Breaks long lines for a terminal. What goes into a pipe or a file is never broken.

use textwrap::{Options, WordSplitter};

/// A terminal narrower than this is not worth fitting into.
const NARROWEST: usize = 40;

/// Returns `text` with lines longer than `width` broken at spaces; what follows a label stands below itself.
#[must_use]
pub fn wrap(text: &str, width: usize) -> String {
    let width = width.max(NARROWEST);
    let mut wrapped = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let (line, end) = line.strip_suffix('\n').map_or((line, ""), |line| (line, "\n"));
        let indent = " ".repeat(column(line).min(width / 2));
        let options = Options::new(width)
            .subsequent_indent(&indent)
            .break_words(false)
            .word_splitter(WordSplitter::NoHyphenation);
        wrapped.push_str(&if line.chars().count() > width {
            textwrap::fill(line, options)
        } else {
            line.to_owned()
        });
        wrapped.push_str(end);
    }
    wrapped
}

/// Returns the column in which a line's words begin: behind a label and at least two spaces, else behind its indent.
fn column(line: &str) -> usize {
    let indent = line.len() - line.trim_start().len();
    let words = &line[indent..];
    match words.find("  ") {
        Some(label) if label <= 14 => {
            let gap = words[label..].len() - words[label..].trim_start().len();
            indent + label + gap
        }
        // Far in, a line continues the one above.
        _ if indent >= 8 => indent,
        _ => indent + 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_lines_stay_as_they_are() {
        let text = "verdict    HEALTHY\n  a table   of its own\n\n";
        assert_eq!(wrap(text, 80), text);
    }

    #[test]
    fn words_behind_a_label_stand_below_themselves() {
        let text = "seen       one two three four five six seven eight nine ten\n";
        assert_eq!(
            wrap(text, 40),
            "seen       one two three four five six\n           seven eight nine ten\n"
        );
    }

    #[test]
    fn a_digest_is_not_broken() {
        let digest = "f".repeat(64);
        assert_eq!(wrap(&format!("SHA-256 {digest}"), 50), format!("SHA-256\n  {digest}"));
    }
}
