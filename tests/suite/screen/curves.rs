//! Which numbers of a record belong to one curve.

use nvkeep::tui::curves;
use nvkeep::tui::subject::{RecordField, RecordFile};

fn file(fields: &[(&str, &[i64])]) -> RecordFile {
    let field = |(index, (name, numbers)): (usize, &(&str, &[i64]))| RecordField {
        name: (*name).into(),
        offset: index * 16,
        len: 16,
        value: String::new(),
        unit: Some("1/4 dB".into()),
        numbers: numbers.to_vec(),
        secret: false,
    };
    RecordFile {
        layer: "live".into(),
        path: "md/NVRAM/CALIBRAT/UL10_000".into(),
        sums: "right".into(),
        title: None,
        fields: fields.iter().enumerate().map(field).collect(),
        notes: vec![],
        raw: vec![],
        plain: None,
    }
}

#[test]
fn a_long_row_is_a_curve_among_its_like() {
    let file = file(&[
        ("level 1 ramp up", &[0, 1, 2, 3, 4]),
        ("level 1 ramp down", &[9, 9, 9, 9, 9]),
        ("level 2 ramp up", &[0, 2, 4, 6, 8]),
        ("level 3 ramp up", &[0, 3, 6]),
    ]);
    let curves = curves::of(&file, 0).unwrap();
    assert_eq!(curves.chosen, [vec![(0.0, 0.0), (1.0, 1.0), (2.0, 2.0), (3.0, 3.0), (4.0, 4.0)]]);
    assert_eq!(curves.family, [vec![(0.0, 0.0), (1.0, 2.0), (2.0, 4.0), (3.0, 6.0), (4.0, 8.0)]]);
    assert_eq!((curves.title.as_str(), curves.unit.as_str()), ("level 1 ramp up", "1/4 dB"));
}

#[test]
fn path_loss_lies_over_its_channels_as_far_as_they_rise() {
    let section = |up_to: i64, loss: [i64; 3]| (up_to, loss);
    let sections = [
        section(9612, [-10, -12, -11]),
        section(9700, [-9, -11, -10]),
        section(9888, [-8, -8, -8]),
        section(0, [0, 0, 0]),
    ];
    let names: Vec<[String; 2]> = (1..=4)
        .map(|n| {
            [
                format!("temperature step 1 section {n} up to UARFCN"),
                format!("temperature step 1 section {n} loss"),
            ]
        })
        .collect();
    let mut fields: Vec<(&str, Vec<i64>)> = Vec::new();
    for (name, (up_to, loss)) in names.iter().zip(sections) {
        fields.push((&name[0], vec![up_to]));
        fields.push((&name[1], loss.to_vec()));
    }
    // Another temperature's sections are another curve.
    fields.push(("temperature step 2 section 1 loss", vec![7, 7, 7]));
    let fields: Vec<(&str, &[i64])> =
        fields.iter().map(|(name, numbers)| (*name, numbers.as_slice())).collect();
    let curves = curves::of(&file(&fields), 1).unwrap();
    assert_eq!(curves.along, "UARFCN");
    assert_eq!(curves.chosen.len(), 3, "high, middle and low gain");
    assert_eq!(curves.chosen[1], [(9612.0, -12.0), (9700.0, -11.0), (9888.0, -8.0)]);
}

#[test]
fn what_is_no_row_of_numbers_has_no_curve() {
    let file =
        file(&[("initial DAC", &[4000]), ("band 1 text", &[]), ("pair 1", &[1, 2]), ("pair 2", &[3, 4])]);
    for field in 0..5 {
        assert_eq!(curves::of(&file, field), None, "field {field}");
    }
}
