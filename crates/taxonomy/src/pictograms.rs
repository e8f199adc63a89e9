//! The pictograms: one drawing for each group of categories, for each audience, and for the two
//! choices beside the groups. The words beside a pictogram remain the label.

/// A drawing on a grid of 32 by 32 units, with lines of two units in the colour of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pictogram {
    /// The path of the file in `data/pictograms`, without its extension.
    pub path: &'static str,
    /// The whole SVG file, at most [`MAX_PICTOGRAM_BYTES`].
    pub svg: &'static str,
}

/// Maximum size of a pictogram, in bytes.
pub const MAX_PICTOGRAM_BYTES: usize = 1024;

macro_rules! pictograms {
    ($($path:literal),+ $(,)?) => {
        [$(Pictogram {
            path: $path,
            svg: include_str!(concat!("../data/pictograms/", $path, ".svg")),
        }),+]
    };
}

/// All pictograms.
pub const PICTOGRAMS: [Pictogram; 17] = pictograms![
    "audiences/broker",
    "audiences/carrier",
    "audiences/officer",
    "audiences/public",
    "audiences/trader",
    "audiences/traveller",
    "choices/advice",
    "choices/unsure",
    "families/goods",
    "families/info",
    "families/money",
    "families/other",
    "families/private",
    "families/public",
    "families/respect",
    "families/service",
    "families/staff",
];

impl Pictogram {
    /// Returns the pictogram of a group of categories.
    pub fn of_group(id: &str) -> Option<Self> {
        Self::find("families", id)
    }

    /// Returns the pictogram of an audience.
    pub fn of_audience(id: &str) -> Option<Self> {
        Self::find("audiences", id)
    }

    /// Returns the pictogram of a choice beside the groups: `unsure` or `advice`.
    pub fn of_choice(id: &str) -> Option<Self> {
        Self::find("choices", id)
    }

    /// Returns the shapes of the drawing in one line, without the element `svg` around them.
    pub fn shapes(self) -> String {
        let shapes = self.svg.split_once('>').and_then(|(_, rest)| rest.rsplit_once("</svg>"));
        shapes.map_or("", |(shapes, _)| shapes).lines().collect()
    }

    fn find(folder: &str, id: &str) -> Option<Self> {
        PICTOGRAMS.into_iter().find(|one| one.path.split_once('/') == Some((folder, id)))
    }
}
