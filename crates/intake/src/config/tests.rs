//! Tests of the configuration.

use web::Locale;

use super::*;

const EXAMPLE: &str = include_str!("../../../../deploy/config/intake.toml");

fn load(text: &str) -> Result<Config, ConfigError> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("intake.toml");
    fs::write(&file, text).unwrap();
    Config::load(&file)
}

#[test]
fn built_in_categories_have_every_language_of_the_pages_and_custom_ones_are_rejected() {
    let languages = taxonomy::Taxonomy::built_in().languages;
    assert_eq!(languages, Locale::ALL.map(|locale| locale.code));
    let folder = "[taxonomy]\nfolder = \"/etc/taxonomy\"\n";
    let error = load(&format!("{EXAMPLE}\n{folder}"));
    assert!(error.unwrap_err().to_string().starts_with("taxonomy.folder: "));
}

#[test]
fn relative_paths_start_at_the_folder_of_the_file_and_not_at_the_current_one() {
    let text = EXAMPLE.replace("/var/lib/burkindi-intake/", "").replace("/etc/burkindi/", "");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("intake.toml");
    fs::write(&file, text).unwrap();
    let config = Config::load(&file).unwrap();
    let folder = folder.path().canonicalize().unwrap();
    assert_eq!(
        config.store.database_url().unwrap(),
        DatabaseUrl::Sqlite(folder.join("spool.sqlite"))
    );
    assert_eq!(config.relay.ca, folder.join("tls/ca.pem"));
    assert_eq!(config.directory.trust, folder.join("trust.json"));
}

#[test]
fn the_list_of_places_is_beside_the_configuration_and_an_error_names_its_line() {
    assert_eq!(load(EXAMPLE).unwrap().load_taxonomy().unwrap().places, []);
    let key = "#file = \"/etc/burkindi/places.txt\"";
    assert!(EXAMPLE.contains(key));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("intake.toml");
    fs::write(&file, EXAMPLE.replace(key, "file = \"places.txt\"")).unwrap();
    let config = Config::load(&file).unwrap();
    let error = || config.load_taxonomy().unwrap_err().to_string();
    let list = folder.path().canonicalize().unwrap().join("places.txt");
    assert!(error().starts_with(&format!("places.file: {}: ", list.display())), "{}", error());
    fs::write(&list, "Bittou\n[port]\n").unwrap();
    assert!(error().contains("places.txt: line 2: “port” is no kind of place"), "{}", error());
    fs::write(&list, include_str!("../../../../deploy/config/places.txt")).unwrap();
    let places = config.load_taxonomy().unwrap().places;
    assert!(places.iter().any(|place| place.name == "Cinkansé"), "{places:?}");
}

#[test]
fn a_mistyped_onion_address_is_refused() {
    let with = |address: &str| {
        let key = format!("[public]\nonion_address = \"{address}\"");
        load(&EXAMPLE.replacen("[public]", &key, 1))
    };
    let address = web::OnionAddress::from_key(&[7; 32]).to_string();
    let config = with(&address).unwrap();
    assert_eq!(config.public.onion_address().unwrap().unwrap().as_str(), address);
    for wrong in [address.replacen('a', "b", 1), format!("http://{address}"), String::new()] {
        let error = with(&wrong).unwrap_err().to_string();
        assert!(error.starts_with("public.onion_address: "), "{error}");
    }
    assert_eq!(load(EXAMPLE).unwrap().public.onion_address().unwrap(), None);
}

#[test]
fn the_contacts_of_the_example_are_never_shown_to_reporters() {
    let config = load(EXAMPLE).unwrap();
    let error = config.check_contacts().unwrap_err().to_string();
    assert!(error.contains("branding.oversight_body.contact"), "{error}");
    let demo = Config { demo: true, ..config };
    demo.check_contacts().unwrap();
    assert!(demo.warnings().iter().any(|line| line.contains("fictitious")));
    let own = EXAMPLE.replace("80 00 11 02", "25 30 12 34");
    load(&own).unwrap().check_contacts().unwrap();
    for remaining in ["80-00-11-02", "+226 80001102", "٨٠ ٠٠ ١١ ٠٢", "80 00 00 00"] {
        // One remaining example contact in one language is enough.
        let text = own.replacen("25 30 12 34, Monday", &format!("{remaining}, Monday"), 1);
        load(&text).unwrap().check_contacts().unwrap_err();
    }
}

#[test]
fn the_example_is_complete_and_names_each_key() {
    let config = load(EXAMPLE).unwrap();
    assert_eq!(config.public.listen.port(), 8080);
    let meta = format!("{:?}", Config::META);
    // A key that is commented out has no space after its `#`; prose has one.
    for key in EXAMPLE
        .lines()
        .filter(|line| !line.starts_with("# "))
        .filter_map(|line| line.split_once(" = "))
        .map(|(key, _)| key.trim_start_matches('#'))
    {
        let branding = ["emergency_number", "quick_exit_url"].contains(&key.trim())
            || Locale::parse(key.trim()).is_some();
        assert!(branding || meta.contains(&format!("\"{}\"", key.trim())), "unknown key {key}");
    }
}

#[test]
fn the_pages_are_offered_in_the_languages_of_the_branding() {
    let offered = |text: &str| {
        load(text).map(|config| config.branding.locales()).map_err(|error| error.to_string())
    };
    let lines = |keep: &dyn Fn(&str) -> bool| {
        EXAMPLE.lines().filter(|line| keep(line)).collect::<Vec<_>>().join("\n")
    };
    let has_code = |line: &str, codes: &[&str]| {
        line.split_once(" = ").is_some_and(|(key, _)| codes.contains(&key))
    };
    let without = |codes: &'static [&str]| lines(&|line| !has_code(line, codes));
    assert_eq!(offered(&without(&["es", "pt", "ar"])), Ok(vec![Locale::FR, Locale::EN]));
    assert_eq!(offered(&without(&["fr"])).unwrap()[0], Locale::EN);
    let partial = EXAMPLE.replacen("\nes = ", "\n#es = ", 1);
    let error = offered(&partial).unwrap_err();
    assert!(error.contains("branding.administration.es is missing"), "{error}");
    let unknown = EXAMPLE.replace("\nes = ", "\nxx = ");
    let error = offered(&unknown).unwrap_err();
    assert!(error.contains("branding.administration.xx is not a language"), "{error}");
    let none = offered(&EXAMPLE.replace("\nen = ", "\n#en = ").replace("\nfr = ", "\n#fr = "));
    assert_eq!(none.unwrap(), [Locale::ES, Locale::PT, Locale::AR]);
}

#[test]
fn an_error_names_its_key() {
    for (from, to, key) in [
        ("concurrent_uploads = 256", "concurrent_uploads = 0", "limits.concurrent_uploads"),
        ("level = \"info\"", "level = \"loud\"", "log.level"),
        ("listen = \"127.0.0.1:8080\"", "listen = \"here\"", "listen = "),
        ("emergency_number = \"17\"", "emergency_number = \" \"", "branding.emergency_number"),
        ("quick_exit_url = \"https://", "quick_exit_url = \"http://", "branding.quick_exit_url"),
        ("url = \"sqlite:", "#url = \"sqlite:", "store.url"),
        ("url = \"sqlite:", "url = \"mysql:", "store.url"),
        ("concurrent_uploads = 256", "concurrent_upload = 256", "concurrent_upload"),
        ("#listen = \"127.0.0.1:9101\"", "listen = \"0.0.0.0:9101\"", "metrics.listen"),
    ] {
        assert!(EXAMPLE.contains(from), "{from}");
        let error = load(&EXAMPLE.replace(from, to)).unwrap_err().to_string();
        assert!(error.contains(key), "{error} does not name {key}");
    }
}

#[test]
fn the_quick_exit_leads_to_the_address_of_a_site() {
    let load_with = |line: &str| {
        load(&EXAMPLE.replace("quick_exit_url = \"https://www.wikipedia.org/\"", line))
            .map(|config| config.branding.quick_exit_url)
            .map_err(|error| error.to_string())
    };
    assert_eq!(load_with("").unwrap(), "https://www.wikipedia.org/");
    for url in ["https://news.example/", "https://meteo.example/ville?jour=1"] {
        assert_eq!(load_with(&format!("quick_exit_url = \"{url}\"")).unwrap(), url);
    }
    for url in [
        "",
        "https://",
        "http://news.example/",
        "news.example",
        "https://localhost/",
        "https://a@news.example/",
        "https://news.example./",
        "https://news example/",
        "javascript:alert(1)",
    ] {
        let error = load_with(&format!("quick_exit_url = \"{url}\"")).unwrap_err();
        assert!(error.contains("branding.quick_exit_url"), "{url}: {error}");
    }
}

#[test]
fn a_public_listener_that_other_machines_reach_is_warned_of() {
    let warnings = |listen: &str| {
        let text = EXAMPLE.replace("\"127.0.0.1:8080\"", &format!("\"{listen}\""));
        load(&text).unwrap().warnings()
    };
    assert_eq!(warnings("127.0.0.1:8080"), Vec::<String>::new());
    assert_eq!(warnings("[::1]:8080"), Vec::<String>::new());
    for listen in ["0.0.0.0:8080", "[::]:8080", "192.0.2.1:8080"] {
        let [warning] = &warnings(listen)[..] else { panic!("{listen}: no warning, or several") };
        assert!(warning.contains(&format!("public.listen = {listen}")), "{warning}");
        assert!(
            warning.contains("without encryption") && warning.contains("127.0.0.1"),
            "{warning}"
        );
    }
}
