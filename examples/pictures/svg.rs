//! A terminal's screen as an SVG. Letters are text, one element for a run of the same look, stretched so that the grid holds in
//! any font; lines, blocks and dots are shapes, because fonts leave gaps between them.

use std::fmt::Write;

use vt100::{Cell, Color, Screen};

/// A cell, in pixels.
const WIDTH: f32 = 8.4;
const HEIGHT: f32 = 18.0;
/// Where letters stand in their cell.
const BASELINE: f32 = 13.5;
/// Around the screen.
const MARGIN: f32 = 14.0;

const PAPER: &str = "#11151a";
const INK: &str = "#d3d9e0";

/// The sixteen colours, as they look on dark paper.
const COLOURS: [&str; 16] = [
    "#11151a", "#e06c75", "#7fca7f", "#e5c07b", "#61afef", "#c678dd", "#56c2d6", "#d3d9e0", "#77818c",
    "#ff7b7b", "#98e098", "#f0d58c", "#82c4ff", "#dda0f0", "#7fdbe8", "#ffffff",
];

/// How a run of cells looks.
#[derive(PartialEq, Clone)]
struct Look {
    ink: String,
    paper: Option<String>,
    bold: bool,
    dim: bool,
    underline: bool,
}

impl Look {
    fn of(cell: &Cell) -> Self {
        let (mut ink, mut paper) = (colour(cell.fgcolor()), colour(cell.bgcolor()));
        if cell.inverse() {
            (ink, paper) = (paper.or(Some(PAPER.into())), ink.or(Some(INK.into())));
        }
        Self {
            ink: ink.unwrap_or_else(|| INK.into()),
            paper,
            bold: cell.bold(),
            dim: cell.dim(),
            underline: cell.underline(),
        }
    }
}

fn colour(color: Color) -> Option<String> {
    match color {
        Color::Default => None,
        Color::Rgb(red, green, blue) => Some(format!("#{red:02x}{green:02x}{blue:02x}")),
        Color::Idx(index) => Some(match (COLOURS.get(usize::from(index)), index) {
            (Some(known), _) => (*known).to_owned(),
            (None, 232..) => format!("#{0:02x}{0:02x}{0:02x}", 8 + (index - 232) * 10),
            (None, _) => {
                let level = |step: u8| if step == 0 { 0 } else { 55 + step * 40 };
                let cube = index - 16;
                format!("#{:02x}{:02x}{:02x}", level(cube / 36), level(cube / 6 % 6), level(cube % 6))
            }
        }),
    }
}

/// Draws a screen.
pub fn draw(screen: &Screen, title: &str) -> String {
    let (rows, columns) = screen.size();
    let (rows, columns) = (rows.get(), columns.get());
    let (width, height) = (x(columns) + MARGIN, y(rows) + MARGIN);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" viewBox=\"0 0 {width:.0} {height:.0}\" role=\"img\">\n\
         <title>{title}</title>\n\
         <rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"{PAPER}\"/>\n\
         <g font-family=\"'DejaVu Sans Mono','Cascadia Mono',Menlo,Consolas,'Liberation Mono',monospace\" font-size=\"14\" xml:space=\"preserve\">\n"
    );
    for row in 0..rows {
        draw_row(screen, row, columns, &mut out);
    }
    out.push_str("</g>\n</svg>\n");
    out
}

fn x(column: u16) -> f32 {
    MARGIN + f32::from(column) * WIDTH
}

fn y(row: u16) -> f32 {
    MARGIN + f32::from(row) * HEIGHT
}

fn draw_row(screen: &Screen, row: u16, columns: u16, out: &mut String) {
    let mut run = Run { row, start: 0, cells: 0, text: String::new(), look: None };
    for column in 0..columns {
        let Some(cell) = screen.cell(row, column).filter(|cell| !cell.is_wide_continuation()) else {
            run.cells += 1;
            continue;
        };
        let (look, text) = (Look::of(cell), cell.contents());
        let shape = text.chars().next().and_then(|c| shape(c, x(column), y(row)));
        if run.look.as_ref() != Some(&look) || shape.is_some() {
            run.draw(out);
            run = Run { row, start: column, cells: 0, text: String::new(), look: Some(look.clone()) };
        }
        run.cells += 1;
        match shape {
            Some(shape) => {
                run.draw(out);
                let _ = writeln!(out, "<path d=\"{}\" {}/>", shape.path, shape.paint(&look.ink));
                run = Run { row, start: column + 1, cells: 0, text: String::new(), look: Some(look) };
            }
            None => run.text.push_str(if text.is_empty() { " " } else { text }),
        }
    }
    run.draw(out);
}

/// Cells beside each other that look the same.
struct Run {
    row: u16,
    start: u16,
    cells: u16,
    text: String,
    look: Option<Look>,
}

impl Run {
    fn draw(&self, out: &mut String) {
        let Some(look) = self.look.as_ref().filter(|_| self.cells > 0) else { return };
        if let Some(paper) = &look.paper {
            let wide = f32::from(self.cells) * WIDTH;
            let (x, y) = (x(self.start), y(self.row));
            let _ = writeln!(
                out,
                "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{wide:.1}\" height=\"{HEIGHT}\" fill=\"{paper}\"/>"
            );
        }
        let text = self.text.trim_end();
        let letters = text.trim_start();
        if letters.is_empty() {
            return;
        }
        let before = text.chars().count() - letters.chars().count();
        let start = self.start + u16::try_from(before).unwrap_or(0);
        let count = u16::try_from(letters.chars().count()).unwrap_or(u16::MAX);
        let mut look_of = format!("fill=\"{}\"", look.ink);
        for (is, attribute) in [
            (look.bold, " font-weight=\"bold\""),
            (look.dim, " opacity=\"0.65\""),
            (look.underline, " text-decoration=\"underline\""),
        ] {
            look_of.push_str(if is { attribute } else { "" });
        }
        let _ = writeln!(
            out,
            "<text x=\"{:.1}\" y=\"{:.1}\" textLength=\"{:.1}\" lengthAdjust=\"spacingAndGlyphs\" {look_of}>{}</text>",
            x(start),
            y(self.row) + BASELINE,
            f32::from(count) * WIDTH,
            escaped(letters)
        );
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// A character that is drawn, not written.
struct Shape {
    path: String,
    /// The width of its lines; none when it is filled.
    line: Option<f32>,
    opacity: f32,
}

impl Shape {
    fn paint(&self, ink: &str) -> String {
        let paint = match self.line {
            Some(width) => format!("fill=\"none\" stroke=\"{ink}\" stroke-width=\"{width}\""),
            None => format!("fill=\"{ink}\""),
        };
        if self.opacity < 1.0 { format!("{paint} opacity=\"{}\"", self.opacity) } else { paint }
    }
}

fn shape(c: char, x: f32, y: f32) -> Option<Shape> {
    let (middle, centre) = (x + WIDTH / 2.0, y + HEIGHT / 2.0);
    let (right, bottom) = (x + WIDTH, y + HEIGHT);
    let filled = |path: String, opacity: f32| Some(Shape { path, line: None, opacity });
    let lines = |path: String| Some(Shape { path, line: Some(1.2), opacity: 1.0 });
    let part = |left: f32, top: f32, right: f32, bottom: f32| {
        format!("M{left:.1} {top:.1}H{right:.1}V{bottom:.1}H{left:.1}Z")
    };
    match c {
        '█' => filled(part(x, y, right + 0.2, bottom + 0.2), 1.0),
        '░' => filled(part(x, y, right + 0.2, bottom + 0.2), 0.2),
        '▒' => filled(part(x, y, right + 0.2, bottom + 0.2), 0.45),
        '▏' => filled(part(x, y, x + 1.4, bottom), 1.0),
        // Eighths from below, as bars.
        '▁'..='▇' => {
            let eighths = u8::try_from(u32::from(c) - u32::from('▁') + 1).unwrap_or(8);
            filled(part(x, bottom - HEIGHT * f32::from(eighths) / 8.0, right, bottom), 1.0)
        }
        '─' => lines(format!("M{x:.1} {centre:.1}H{right:.1}")),
        '│' => lines(format!("M{middle:.1} {y:.1}V{bottom:.1}")),
        '║' => {
            lines(format!("M{:.1} {y:.1}V{bottom:.1}M{:.1} {y:.1}V{bottom:.1}", middle - 1.5, middle + 1.5))
        }
        '┌' => lines(format!("M{right:.1} {centre:.1}H{middle:.1}V{bottom:.1}")),
        '┐' => lines(format!("M{x:.1} {centre:.1}H{middle:.1}V{bottom:.1}")),
        '└' => lines(format!("M{right:.1} {centre:.1}H{middle:.1}V{y:.1}")),
        '┘' => lines(format!("M{x:.1} {centre:.1}H{middle:.1}V{y:.1}")),
        '├' => lines(format!("M{middle:.1} {y:.1}V{bottom:.1}M{middle:.1} {centre:.1}H{right:.1}")),
        '┤' => lines(format!("M{middle:.1} {y:.1}V{bottom:.1}M{x:.1} {centre:.1}H{middle:.1}")),
        '\u{2801}'..='\u{28FF}' => filled(dots(u32::from(c) - 0x2800, x, y), 1.0),
        _ => None,
    }
}

/// The dots of a Braille character: the bits of its number, down the left column, down the right one, then the last row.
fn dots(bits: u32, x: f32, y: f32) -> String {
    const PLACES: [(u8, u8); 8] = [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3)];
    let mut path = String::new();
    for (bit, (column, row)) in PLACES.into_iter().enumerate() {
        if bits >> bit & 1 == 1 {
            let left = x + WIDTH * (f32::from(column) + 0.5) / 2.0 - 1.2;
            let top = y + HEIGHT * (f32::from(row) + 0.5) / 4.0;
            let _ = write!(path, "M{left:.1} {top:.1}a1.2 1.2 0 1 0 2.4 0a1.2 1.2 0 1 0 -2.4 0");
        }
    }
    path
}
