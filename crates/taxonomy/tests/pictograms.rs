//! Tests of the pictograms.

use std::{collections::BTreeSet, fs, path::Path};

use regex::Regex;
use taxonomy::{MAX_PICTOGRAM_BYTES, PICTOGRAMS, Pictogram, Taxonomy};

/// The element around the shapes of every pictogram: one grid, one width of lines, and the colour
/// of the text, by day, by night and on paper.
const FRAME: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 32 32\" fill=\"none\" \
                     stroke=\"currentColor\" stroke-width=\"2\" stroke-linecap=\"round\" \
                     stroke-linejoin=\"round\">\n";

#[test]
fn each_group_and_each_audience_has_its_own_pictogram() {
    let taxonomy = Taxonomy::built_in();
    let groups = taxonomy.families.iter().map(|group| Pictogram::of_group(&group.id));
    let audiences = taxonomy.audiences.iter().map(|one| Pictogram::of_audience(one.id.as_str()));
    let choices = ["unsure", "advice"].map(Pictogram::of_choice);
    let used: Vec<Pictogram> =
        groups.chain(audiences).chain(choices).map(|found| found.expect("a pictogram")).collect();
    assert_eq!(used.len(), PICTOGRAMS.len());
    let drawings: BTreeSet<&str> = used.iter().map(|one| one.svg).collect();
    assert_eq!(drawings.len(), PICTOGRAMS.len());
    assert_eq!(Pictogram::of_group("unsure"), None);
    assert_eq!(Pictogram::of_group("../audiences/officer"), None);
}

#[test]
fn pictograms_are_small_and_consist_of_lines_in_the_colour_of_the_text() {
    // No colour, style, script, text, reference or width of a line of its own.
    let shape = Regex::new(
        "^(?:</g>|<(?:path|circle|rect|g)(?: (?:class=\"way\"|stroke-dasharray=\"[0-9. ]+\"|\
         (?:cx|cy|r|rx|x|y|width|height)=\"[0-9.]+\"|d=\"[MmLlHhVvAaCcSsZz0-9. -]+\"))*/?>)$",
    )
    .unwrap();
    for Pictogram { path, svg } in PICTOGRAMS {
        assert!(svg.len() <= MAX_PICTOGRAM_BYTES, "{path}: {} bytes", svg.len());
        let shapes = svg.strip_prefix(FRAME).and_then(|rest| rest.strip_suffix("</svg>\n"));
        let shapes = shapes.unwrap_or_else(|| panic!("{path}: another frame"));
        for line in shapes.lines() {
            assert!(shape.is_match(line), "{path}: {line}");
        }
    }
    for line in [
        "<path style=\"stroke:red\" d=\"M0 0\"/>",
        "<path stroke=\"#f00\" d=\"M0 0\"/>",
        "<script>",
        "<use href=\"#x\"/>",
        "<text>5</text>",
    ] {
        assert!(!shape.is_match(line), "{line}");
    }
}

#[test]
fn each_file_is_built_in_and_its_shapes_are_one_line() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/pictograms");
    let mut files = BTreeSet::new();
    for group in fs::read_dir(&folder).unwrap() {
        for file in fs::read_dir(group.unwrap().path()).unwrap() {
            let path = file.unwrap().path();
            let path = path.strip_prefix(&folder).unwrap().with_extension("");
            files.insert(path.to_str().unwrap().to_owned());
        }
    }
    let built_in: BTreeSet<String> = PICTOGRAMS.iter().map(|one| one.path.to_owned()).collect();
    assert_eq!(built_in, files);
    for pictogram in PICTOGRAMS {
        let shapes = pictogram.shapes();
        assert!(shapes.starts_with('<') && shapes.ends_with("/>") | shapes.ends_with("</g>"));
        assert!(!shapes.contains('\n') && !shapes.contains("svg"), "{shapes}");
    }
}
