//! Hides identities in what is shown, for screens that others see: `49015420****518` (promise 7).

/// Returns `text` with every one of `identities` masked. Longer ones first, so that none hides inside another.
#[must_use]
pub fn mask(text: &str, identities: &[String]) -> String {
    let mut identities: Vec<&String> = identities.iter().filter(|value| value.len() >= 8).collect();
    identities.sort_by_key(|value| std::cmp::Reverse(value.len()));
    identities.iter().fold(text.to_owned(), |text, value| text.replace(value.as_str(), &masked(value)))
}

/// Keeps eight characters at the start and three at the end of a long value, half of a short one.
fn masked(value: &str) -> String {
    let characters: Vec<char> = value.chars().collect();
    let (head, tail) = if characters.len() >= 15 { (8, 3) } else { (characters.len() / 2, 0) };
    characters
        .iter()
        .enumerate()
        .map(|(index, c)| {
            let shown = index < head || index + tail >= characters.len();
            if shown || matches!(c, ':' | ' ') { *c } else { '*' }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_imei_keeps_its_type_code_and_its_end() {
        assert_eq!(mask("IMEI 490154203237518.", &["490154203237518".into()]), "IMEI 49015420****518.");
    }

    #[test]
    fn an_address_keeps_its_first_half() {
        assert_eq!(mask("02:4e:56:4b:50:01", &["02:4e:56:4b:50:01".into()]), "02:4e:56:**:**:01");
    }
}
