//! Rows of numbers as curves: power ramps, power by level, path loss over channels, AFC over frequency. Finds in the names of
//! fields what belongs together; draws nothing.

use super::subject::{RecordField, RecordFile};

/// Curves drawn beside the chosen ones; more would be a carpet.
const FAMILY: usize = 24;
/// From this length on a row is a curve by itself; a shorter one is a place in several.
const LONG: usize = 5;
/// Fewer places than this make no curve.
const SHORTEST: usize = 3;

/// Places of one curve.
pub type Points = Vec<(f64, f64)>;

/// The curves of one field and its family.
#[derive(Debug, Clone, PartialEq)]
pub struct Curves {
    /// What they show.
    pub title: String,
    /// What the numbers count.
    pub unit: String,
    /// What lies along them.
    pub along: String,
    /// Those of the chosen field.
    pub chosen: Vec<Points>,
    /// Their like.
    pub family: Vec<Points>,
}

/// Returns the curves of a field; none where it is not numbers, alone or with its family.
#[must_use]
pub fn of(file: &RecordFile, chosen: usize) -> Option<Curves> {
    let field = file.fields.get(chosen)?;
    let unit = field.unit.clone().unwrap_or_default();
    let len = field.numbers.len();
    if len == 0 {
        return None;
    }
    let name = split(&field.name);
    let family: Vec<(&RecordField, u32)> =
        name.as_ref().map_or_else(Vec::new, |name| relatives(file, name, len));
    if len < LONG && family.len() >= SHORTEST {
        let name = name?;
        let (along, places) = axis(file, &name, &family);
        let curve = |row: usize| {
            family.iter().zip(&places).map(|((field, _), x)| (*x, number(field.numbers[row]))).collect()
        };
        let title = format!("{}{}", name.prefix, name.suffix.trim_start());
        return Some(Curves {
            title,
            unit,
            along,
            chosen: (0..len).map(curve).collect(),
            family: Vec::new(),
        });
    }
    if len < SHORTEST {
        return None;
    }
    let alike = family.iter().filter(|(other, _)| other.offset != field.offset).take(FAMILY);
    Some(Curves {
        title: field.name.clone(),
        unit,
        along: String::new(),
        chosen: vec![points(&field.numbers)],
        family: alike.map(|(other, _)| points(&other.numbers)).collect(),
    })
}

/// A name, taken apart at its last number.
struct Name<'a> {
    prefix: &'a str,
    suffix: &'a str,
}

fn split(name: &str) -> Option<Name<'_>> {
    let end = name.rfind(|c: char| c.is_ascii_digit())? + 1;
    let start = name[..end].rfind(|c: char| !c.is_ascii_digit()).map_or(0, |at| at + 1);
    Some(Name { prefix: name.get(..start)?, suffix: name.get(end..)? })
}

/// Fields whose names differ from this one only in their last number, with that number.
fn relatives<'a>(file: &'a RecordFile, name: &Name<'_>, len: usize) -> Vec<(&'a RecordField, u32)> {
    let matching = file.fields.iter().filter(|field| field.numbers.len() == len);
    matching
        .filter_map(|field| {
            let number = field.name.strip_prefix(name.prefix)?.strip_suffix(name.suffix)?;
            Some((field, number.parse().ok()?))
        })
        .collect()
}

/// Where the members of a family lie: at the channel or frequency that a field of the same number names, as far as these
/// rise; else one behind the other.
fn axis(file: &RecordFile, name: &Name<'_>, family: &[(&RecordField, u32)]) -> (String, Vec<f64>) {
    for word in [" up to UARFCN", " up to ARFCN", " from frequency"] {
        let place = |number: &u32| {
            let wanted = format!("{}{number}{word}", name.prefix);
            file.fields.iter().find(|field| field.name == wanted)?.numbers.first().copied()
        };
        let places: Vec<i64> = family.iter().map_while(|(_, number)| place(number)).collect();
        let rising = places.windows(2).take_while(|pair| pair[0] < pair[1]).count() + 1;
        if !name.suffix.ends_with(word) && places.len() >= SHORTEST && rising >= SHORTEST {
            let along = word.trim_start_matches(" up to").trim_start_matches(" from").trim().to_owned();
            return (along, places.into_iter().take(rising).map(number).collect());
        }
    }
    let last_word = name.prefix.trim_end().rsplit(' ').next().unwrap_or_default();
    (last_word.to_owned(), family.iter().map(|(_, number)| f64::from(*number)).collect())
}

fn points(numbers: &[i64]) -> Points {
    (0u32..).zip(numbers).map(|(at, value)| (f64::from(at), number(*value))).collect()
}

#[expect(clippy::cast_precision_loss, reason = "a place on the screen")]
fn number(value: i64) -> f64 {
    value as f64
}
