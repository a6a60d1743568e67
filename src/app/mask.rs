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

/// Returns `text` with everything masked that has the shape of an IMEI (a run of exactly fifteen digits) or of an address
/// (six pairs of hexadecimal digits with colons), known or not: for what leaves the machine.
#[must_use]
pub fn mask_shapes(text: &str) -> String {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == ':';
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(is_word) {
        let end = rest[start..].find(|c| !is_word(c)).map_or(rest.len(), |len| start + len);
        let word = &rest[start..end];
        shown.push_str(&rest[..start]);
        shown.push_str(&mask_word(word));
        rest = &rest[end..];
    }
    shown.push_str(rest);
    shown
}

/// Masks what of a word is a number or an address: there may be colons before and behind that are no part of either.
fn mask_word(word: &str) -> String {
    let parts: Vec<&str> = word.split(':').collect();
    let mut shown: Vec<String> = Vec::with_capacity(parts.len());
    let mut at = 0;
    while let Some(part) = parts.get(at) {
        let address = parts.get(at..at + 6).map(|six| six.join(":")).filter(|six| is_address(six));
        at += if address.is_some() { 6 } else { 1 };
        shown.push(match address {
            Some(address) => masked(&address),
            None if is_number(part) => masked(part),
            None => (*part).to_owned(),
        });
    }
    shown.join(":")
}

fn is_number(word: &str) -> bool {
    word.len() == 15 && word.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_address(word: &str) -> bool {
    let pair = |pair: &str| pair.len() == 2 && pair.bytes().all(|byte| byte.is_ascii_hexdigit());
    word.len() == 17 && word.split(':').count() == 6 && word.split(':').all(pair)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_imei_keeps_its_type_code_and_its_end() {
        assert_eq!(mask("IMEI 490154203237518.", &["490154203237518".into()]), "IMEI 49015420****518.");
    }

    #[test]
    fn shapes_are_masked_without_being_known() {
        let text =
            "IMEI 490154203237518, Wi-Fi 02:4e:56:4b:50:01; block 0x1234 at 12:30:05, 4901542032375189";
        let shown =
            "IMEI 49015420****518, Wi-Fi 02:4e:56:**:**:01; block 0x1234 at 12:30:05, 4901542032375189";
        assert_eq!(mask_shapes(text), shown);
    }

    #[test]
    fn a_colon_beside_it_hides_no_number_and_no_address() {
        let text = "490154203237518: missing; IMEI:490154203237518 wifi:02:4e:56:4b:50:01: 12:30:05:";
        let shown = "49015420****518: missing; IMEI:49015420****518 wifi:02:4e:56:**:**:01: 12:30:05:";
        assert_eq!(mask_shapes(text), shown);
    }

    #[test]
    fn an_address_keeps_its_first_half() {
        assert_eq!(mask("02:4e:56:4b:50:01", &["02:4e:56:4b:50:01".into()]), "02:4e:56:**:**:01");
    }
}
