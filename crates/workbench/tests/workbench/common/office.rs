//! An installation with its case handler running, and people who connect to it.

use std::sync::Arc;

use workbench::{
    alarm::{Alarm, Code, Severity},
    cases::Case,
    connection::{ConnectError, Connection},
    keyfile::InvestigatorKey,
};

use super::{
    House,
    handler::{self, Handler},
    now, passphrase,
    reporter::Reporter,
};

pub(crate) struct Office {
    pub(crate) house: Arc<House>,
    pub(crate) handler: Handler,
}

impl Office {
    pub(crate) fn open() -> Self {
        let house = Arc::new(House::new());
        let handler = handler::start(&house);
        Self { house, handler }
    }

    pub(crate) fn file(&self, excluded: &[&str]) -> Reporter {
        self.handler.file(&self.house, excluded, "An officer asked me for money.")
    }

    pub(crate) async fn connect(&self, handle: &str) -> Connection {
        self.try_connect(handle).await.unwrap()
    }

    pub(crate) async fn try_connect(&self, handle: &str) -> Result<Connection, ConnectError> {
        let home = self.house.home(handle, &self.handler.url);
        let sealed = workbench::files::read(&home.key_path()).unwrap();
        Connection::open(home, InvestigatorKey::open(&sealed, &passphrase()).unwrap(), now()).await
    }

    /// Reads a case afresh and gives its alarms, without notices.
    pub(crate) async fn alarms(&self, handle: &str, reporter: &Reporter) -> Vec<Code> {
        codes(&self.connect(handle).await.read_case(reporter.case).await.unwrap().alarms)
    }
}

pub(crate) fn codes(alarms: &[Alarm]) -> Vec<Code> {
    let mut codes: Vec<_> =
        alarms.iter().filter(|a| a.severity == Severity::Alarm).map(|alarm| alarm.code).collect();
    codes.sort_unstable();
    codes.dedup();
    codes
}

pub(crate) async fn claimed(connection: &mut Connection, reporter: &Reporter) -> Case {
    let mut case = connection.read_case(reporter.case).await.unwrap();
    connection.claim(&mut case).await.unwrap();
    case
}

/// Declares to have no conflict of interest in these cases.
pub(crate) async fn declare(connection: &mut Connection, reporters: &[&Reporter]) {
    for reporter in reporters {
        let mut case = connection.read_case(reporter.case).await.unwrap();
        connection.declare(&mut case).await.unwrap();
    }
}
