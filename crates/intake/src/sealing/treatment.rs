//! What was done with a file, as the sealed frame says it.

use envelope::treatment::{Cleaning, Reading, Signature, Trace, Treatment};
use traces::{Traces, Washed};

use crate::pages;

/// Returns what the frame says of a file that was treated so.
pub(super) fn sealed(treatment: pages::Treatment) -> Treatment {
    match treatment {
        pages::Treatment::Kept => Treatment::Kept,
        pages::Treatment::Cleaned(washed) => Treatment::Cleaned(cleaning(washed)),
        pages::Treatment::Failed => Treatment::CutOff,
    }
}

fn cleaning(washed: Washed) -> Cleaning {
    let Washed { format: _, removed, left, reading, signature } = washed;
    Cleaning {
        removed: kinds(removed),
        left: kinds(left),
        reading: match reading {
            traces::Reading::Whole => Reading::Whole,
            traces::Reading::Broken => Reading::Broken,
            traces::Reading::Unknown => Reading::Unknown,
            traces::Reading::Empty => Reading::Empty,
        },
        signature: match signature {
            traces::Signature::Absent => Signature::Absent,
            traces::Signature::Kept => Signature::Kept,
            traces::Signature::Broken => Signature::Broken,
        },
    }
}

fn kinds<T: FromIterator<Trace>>(traces: Traces) -> T {
    let kind = |trace| match trace {
        traces::Trace::Author => Trace::Author,
        traces::Trace::Place => Trace::Place,
        traces::Trace::Date => Trace::Date,
        traces::Trace::Device => Trace::Device,
        traces::Trace::Words => Trace::Words,
        traces::Trace::Preview => Trace::Preview,
        traces::Trace::History => Trace::History,
        traces::Trace::Other => Trace::Other,
    };
    traces.iter().map(kind).collect()
}
