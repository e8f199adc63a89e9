//! What goes wrong between the two services, and is put right again.

use std::sync::Arc;

use case_handler::collect::TickError;

use super::{
    DESK, Pair,
    common::World,
    intake::{Intake, write_certificates, write_certificates_but},
};

#[tokio::test]
async fn a_certificate_that_has_expired_on_either_side_is_named_and_nothing_is_lost() {
    for expired in ["intake", "handler"] {
        let world = World::new().await;
        let folder = tempfile::tempdir().unwrap();
        write_certificates_but(folder.path(), expired);
        let intake = Intake::start(folder.path(), Arc::clone(&world.store)).await;
        let mut pair = Pair { world, intake, folder };
        let (report, _) = pair.world.report(&DESK);
        let sealed = pair.sealed(&report, &report);
        pair.intake.holds([sealed.clone()]);
        let error = pair.collector().tick().await.unwrap_err();
        assert!(matches!(error, TickError::Relay(_)), "{error}");
        assert!(error.to_string().to_lowercase().contains("expired"), "{expired}: {error}");
        assert_eq!(pair.left(), 1);

        // Renewed on both sides.
        write_certificates(pair.folder.path());
        pair.intake = Intake::start(pair.folder.path(), Arc::clone(&pair.world.store)).await;
        pair.intake.holds([sealed]);
        pair.collector().tick().await.unwrap();
        assert_eq!((pair.left(), pair.world.queue("awa").await.len()), (0, 1));
    }
}
