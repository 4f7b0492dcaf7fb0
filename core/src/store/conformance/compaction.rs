//! The cases on compaction.

use super::{Bench, Files, Outcome, ensure, noise, text};
use crate::index::SMALL_PACKS;
use crate::store::Store;

impl<S: Store, F: Fn(&[u8]) -> S::Body, R: AsyncFn(&S::Body) -> Vec<u8>> Bench<'_, S, F, R> {
    pub(super) async fn compaction(&self) -> Outcome {
        let mut expected = Files::new();
        // Three packs, of which nine files each are left: more than one new pack's worth.
        let bytes: Vec<(String, Vec<u8>)> = (0..60)
            .map(|at| (format!("f{at}.js"), noise(at, 200_000 + at as usize)))
            .collect();
        let list: Vec<(&str, &[u8])> = bytes
            .iter()
            .map(|(path, bytes)| (path.as_str(), bytes.as_slice()))
            .collect();
        self.add(&mut expected, &list).await?;
        self.add(&mut expected, &[("empty.js", b""), ("stays.js", b"beside")])
            .await?;
        let nothing = self.store.compact(&self.session).await.map_err(text)?;
        ensure!(nothing.is_none(), "a session without dead bytes was compacted");

        let gone: Vec<&str> = (0..)
            .zip(&list)
            .filter_map(|(at, (path, _))| (at % 20 >= 9).then_some(*path))
            .collect();
        self.take_away(&gone).await?;
        expected.retain(|path, _| !gone.contains(&path.as_str()));
        let before = self.expect(&expected).await?;
        ensure!(
            before.stored_bytes() > before.bytes(),
            "deleting has left nothing to compact"
        );

        let version = self.store.compact(&self.session).await.map_err(text)?;
        let after = self.expect(&expected).await?;
        ensure!(
            version == Some(after.version()),
            "compact() said {version:?}, the index {}",
            after.version()
        );
        ensure!(
            after.version() > before.version(),
            "version {} came after {}",
            after.version(),
            before.version()
        );
        ensure!(after.stored_bytes() == after.bytes(), "dead bytes are left");
        ensure!(after.packs().count() == 3, "{} packs are left", after.packs().count());
        for (path, entry) in before.iter() {
            let now = after.get(path.as_str()).ok_or("a file is gone")?;
            ensure!(
                now.etag == entry.etag && now.modified == entry.modified,
                "{path} looks newly put"
            );
        }
        for (pack, _) in before.packs().filter(|(pack, _)| after.pack(*pack).is_none()) {
            let body = self.store.pack(&self.session, pack).await.map_err(text)?;
            ensure!(body.is_none(), "{pack:?} was compacted away and answers");
        }
        let nothing = self.store.compact(&self.session).await.map_err(text)?;
        ensure!(nothing.is_none(), "compacting has left something to compact");
        Ok(())
    }

    pub(super) async fn small_packs(&self) -> Outcome {
        let mut expected = Files::new();
        for at in 0..=SMALL_PACKS {
            self.add(&mut expected, &[(&format!("f{at}.js"), &noise(at as u64, 100 + at))])
                .await?;
        }
        let before = self.expect(&expected).await?;
        ensure!(
            before.packs().count() == SMALL_PACKS + 1,
            "{} packs",
            before.packs().count()
        );
        let version = self.store.compact(&self.session).await.map_err(text)?;
        ensure!(
            version.is_some(),
            "{} small packs were left alone",
            before.packs().count()
        );
        let after = self.expect(&expected).await?;
        ensure!(after.packs().count() == 1, "{} packs are left", after.packs().count());
        Ok(())
    }
}
