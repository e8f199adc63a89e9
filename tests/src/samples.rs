//! Sample reports of the demo: different categories, languages and priorities, one with a file.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use bench_support::HttpClient;
use protocol::encoding::canonical::iso_week;
use protocol::{
    Hash, Priority,
    directory::Directory,
    submission::report_body::{ReportAnswer, ReportBody},
};
use rand::rngs::OsRng;
use reporter::{ReportDraft, ReportSealer, ReportSecrets};
use taxonomy::{Answer, AnswerMap, Taxonomy};
use web::Clock;

/// Maximum time until the intake has a directory.
const DIRECTORY_TIMEOUT: Duration = Duration::from_mins(1);

/// A report as a reporter would write it.
#[derive(Debug, Clone, Copy)]
struct SampleReport {
    category: &'static str,
    audience: &'static str,
    lang: &'static str,
    /// Question id → option id or text.
    answers: &'static [(&'static str, &'static str)],
    story: &'static str,
    file: Option<SampleFile>,
}

#[derive(Debug, Clone, Copy)]
struct SampleFile {
    name: &'static str,
    media_type: &'static str,
    content: &'static [u8],
}

const SAMPLES: [SampleReport; 13] = [
    SampleReport {
        category: "FAC",
        audience: "trader",
        lang: "fr",
        answers: &[
            ("relation", "victim"),
            ("place_type", "border_post"),
            ("frequency", "always"),
            ("process_step", "document_check"),
            ("amount_band", "1k_5k"),
            ("receipt_given", "none"),
        ],
        story: "Mes papiers étaient complets. Au guichet, on m’a dit que le dossier resterait en \
                bas de la pile si je ne laissais pas 5 000 francs. J’ai payé, sans quittance. \
                C’est pareil chaque semaine.",
        file: None,
    },
    SampleReport {
        category: "SMU",
        audience: "public",
        lang: "fr",
        answers: &[
            ("relation", "saw"),
            ("frequency", "several"),
            ("ongoing", "imminent"),
            ("transport", "truck"),
            ("goods", "fuel"),
        ],
        story: "Trois nuits de suite, la patrouille est partie vers minuit et les camions de \
                carburant sont passés dix minutes après. Cela doit recommencer vendredi.",
        file: None,
    },
    SampleReport {
        category: "EXT",
        audience: "carrier",
        lang: "en",
        answers: &[
            ("relation", "victim"),
            ("place_type", "mobile_unit"),
            ("transport", "truck"),
            ("amount_band", "5k_35k"),
            ("payment_status", "paid"),
            ("payment_means", "mobile_money"),
        ],
        story: "At the road check an officer kept my vehicle papers for four hours. He gave them \
                back when I had sent 20,000 francs to a telephone number that he wrote on his \
                hand.",
        file: None,
    },
    SampleReport {
        category: "FEE",
        audience: "broker",
        lang: "fr",
        answers: &[
            ("relation", "documents"),
            ("process_step", "gate"),
            ("receipt_given", "less"),
            ("amount_band", "35k_100k"),
        ],
        story: "On facture une escorte de 50 000 francs qui n’est dans aucun barème. La quittance \
                porte 15 000 francs. Le relevé joint montre trois paiements du même mois.",
        file: Some(SampleFile {
            name: "releve.csv",
            media_type: "text/csv",
            content: b"date;objet;montant;quittance\n\
                2026-11-03;escorte;50000;15000\n\
                2026-11-11;escorte;50000;15000\n\
                2026-11-19;escorte;50000;15000\n",
        }),
    },
    SampleReport {
        category: "VAL",
        audience: "officer",
        lang: "fr",
        answers: &[
            ("relation", "documents"),
            ("direction", "import"),
            ("goods", "electronics"),
            ("loss_band", "1m_10m"),
        ],
        story: "Des téléphones neufs sont acceptés comme usagés pour deux sociétés seulement. La \
                valeur déclarée est le cinquième du prix courant.",
        file: None,
    },
    SampleReport {
        category: "REL",
        audience: "officer",
        lang: "fr",
        answers: &[
            ("relation", "saw"),
            ("process_step", "release"),
            ("goods", "medicine"),
            ("danger_goods", "health"),
        ],
        story: "Un conteneur de médicaments classé en circuit rouge est sorti sans visite. \
                L’ordre est venu par téléphone. Deux cartons étaient déjà périmés.",
        file: None,
    },
    SampleReport {
        category: "TRN",
        audience: "carrier",
        lang: "en",
        answers: &[("relation", "ordered"), ("goods", "construction"), ("loss_band", "100k_1m")],
        story: "I was told to unload cement in town although the transit papers name a \
                neighbouring country. The transit was closed in the system two days later.",
        file: None,
    },
    SampleReport {
        category: "EXE",
        audience: "trader",
        lang: "pt",
        answers: &[("relation", "saw"), ("regime", "exemption"), ("goods", "vehicles")],
        story: "Veículos importados sem direitos para um projeto de água são alugados a \
                particulares. Vi quatro deles com as placas do projeto tapadas.",
        file: None,
    },
    SampleReport {
        category: "SEI",
        audience: "public",
        lang: "ar",
        answers: &[("relation", "told"), ("frequency", "once")],
        story: "اختفت من المستودع دراجات نارية محجوزة قبل يوم من البيع بالمزاد، وظهرت اثنتان منها \
                عند قريب لأحد الأعوان.",
        file: None,
    },
    SampleReport {
        category: "CAS",
        audience: "broker",
        lang: "es",
        answers: &[("relation", "documents"), ("ongoing", "evidence_at_risk")],
        story: "Dos recibos con el mismo número llevan importes distintos. El cuaderno de la caja \
                se cambia a fin de mes y el anterior ya no se encuentra.",
        file: None,
    },
    SampleReport {
        category: "FAC",
        audience: "traveller",
        lang: "en",
        answers: &[
            ("relation", "victim"),
            ("place_type", "airport"),
            ("amount_band", "lt1k"),
            ("payment_status", "refused"),
        ],
        story: "I refused to pay for a stamp that is free. My bag was then searched for two \
                hours, and nothing was found.",
        file: None,
    },
    SampleReport {
        category: "FEE",
        audience: "carrier",
        lang: "fr",
        answers: &[
            ("relation", "victim"),
            ("frequency", "always"),
            ("receipt_given", "none"),
            ("safety", "me"),
        ],
        story: "Au pont-bascule, chacun paie 2 000 francs de « nettoyage ». J’ai demandé la base \
                légale, et depuis on me menace de bloquer mon camion.",
        file: None,
    },
    // For another desk, so the queues of the desks differ.
    SampleReport {
        category: "NEP",
        audience: "officer",
        lang: "fr",
        answers: &[("relation", "documents"), ("hr_process", "posting")],
        story: "Les affectations aux postes recherchés reviennent depuis deux ans aux membres \
                d’une même famille, malgré le tableau d’avancement.",
        file: None,
    },
];

/// Number of the sample reports.
pub const SAMPLE_COUNT: usize = SAMPLES.len();

/// Seals the sample reports as a browser does and submits them to the intake at this address, such
/// as `127.0.0.1:8080`. Waits until the intake has a directory.
///
/// # Errors
/// If no directory arrives, or the intake does not acknowledge a report.
pub fn submit(address: &str) -> Result<()> {
    let mut client = HttpClient::new(address)?;
    let (directory, hash) = wait_for_directory(&mut client)?;
    let taxonomy = Taxonomy::built_in();
    for sample in &SAMPLES {
        let sealed = seal(sample, &taxonomy, &directory, hash)?;
        let response = client.post("/api/reports", "application/octet-stream", &sealed)?;
        ensure!(response.status == 201, "{}: {}", sample.category, response.head);
    }
    Ok(())
}

fn wait_for_directory(client: &mut HttpClient) -> Result<(Directory, Hash)> {
    let start = Instant::now();
    loop {
        let response = client.send("GET /directory.json HTTP/1.1\r\nhost: x\r\n", &[])?;
        if response.status == 200 {
            return Ok((serde_json::from_slice(response.body)?, Hash::of(&[response.body])));
        }
        if start.elapsed() > DIRECTORY_TIMEOUT {
            bail!("the intake has no directory: {}", response.head);
        }
        std::thread::sleep(Duration::from_millis(200));
    }
}

fn seal(
    sample: &SampleReport,
    taxonomy: &Taxonomy,
    directory: &Directory,
    hash: Hash,
) -> Result<Vec<u8>> {
    let (answers, priority) = check_answers(sample, taxonomy)?;
    let answers = answers
        .into_iter()
        .map(|(question, answer)| {
            let answer = match answer {
                Answer::One(one) => ReportAnswer::One(one),
                Answer::Many(many) => ReportAnswer::Many(many),
            };
            (question, answer)
        })
        .collect::<BTreeMap<_, _>>();
    let body = ReportBody {
        category: sample.category.to_owned(),
        audience: sample.audience.to_owned(),
        answers,
        story: sample.story.to_owned(),
    };
    let draft = ReportDraft {
        body,
        lang: sample.lang.to_owned(),
        priority,
        excluded: vec![],
        week: iso_week(Clock::system().today()),
    };
    let secrets = ReportSecrets::generate(&mut OsRng);
    let mut sealer = ReportSealer::begin(directory, hash, &secrets, draft, Vec::new(), &mut OsRng)?;
    if let Some(file) = sample.file {
        sealer.attach(file.name, file.media_type, &mut &*file.content)?;
    }
    Ok(sealer.finish()?)
}

/// Checks the answers against the taxonomy and returns them with the priority of the report.
fn check_answers(sample: &SampleReport, taxonomy: &Taxonomy) -> Result<(AnswerMap, Priority)> {
    let category = taxonomy.category(sample.category).context("unknown category")?;
    let answers = sample
        .answers
        .iter()
        .map(|(question, answer)| ((*question).to_owned(), Answer::One((*answer).to_owned())))
        .collect();
    let answers = match taxonomy.validate_answers(category, answers) {
        Ok(answers) => answers,
        Err(errors) => bail!("{}: {errors:?}", sample.category),
    };
    let priority = taxonomy.priority(category, &answers);
    Ok((answers, priority))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_sample_answers_questions_of_its_category() {
        let taxonomy = Taxonomy::built_in();
        for sample in &SAMPLES {
            check_answers(sample, &taxonomy).unwrap();
        }
    }

    #[test]
    fn the_samples_differ_in_category_language_and_priority() {
        let taxonomy = Taxonomy::built_in();
        let languages: BTreeSet<_> = SAMPLES.iter().map(|sample| sample.lang).collect();
        let categories: BTreeSet<_> = SAMPLES.iter().map(|sample| sample.category).collect();
        let priorities: BTreeSet<_> = SAMPLES
            .iter()
            .map(|sample| format!("{:?}", check_answers(sample, &taxonomy).unwrap().1))
            .collect();
        assert!(SAMPLE_COUNT >= 12 && languages.len() == 5 && categories.len() >= 10);
        assert!(priorities.len() >= 3, "{priorities:?}");
        assert!(SAMPLES.iter().any(|sample| sample.file.is_some()));
    }
}
