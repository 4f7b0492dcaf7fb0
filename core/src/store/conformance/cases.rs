//! The cases on changes and on what readers see.

use super::{Bench, Files, Outcome, both, ensure, noise, text};
use crate::change::{Change, Mode};
use crate::error::ErrorCode;
use crate::index::{PackId, SMALL_PACKS};
use crate::options::{Network, SessionOptions};
use crate::path::FilePath;
use crate::session::SessionId;
use crate::store::{Body, Store};

/// What makes a good change a bad one.
type Fault<B> = fn(&mut Change<B>);

fn files(list: &[(&str, &[u8])]) -> Files {
    list.iter()
        .map(|(path, bytes)| ((*path).into(), bytes.to_vec()))
        .collect()
}

impl<S: Store, F: Fn(&[u8]) -> S::Body, R: AsyncFn(&S::Body) -> Vec<u8>> Bench<'_, S, F, R> {
    pub(super) async fn absent(&self) -> Outcome {
        let (store, session) = (self.store, &self.session);
        ensure!(store.index(session).await.map_err(text)?.is_none(), "there is an index");
        ensure!(
            store.version(session).await.map_err(text)?.is_none(),
            "there is a version"
        );
        ensure!(
            store.pack(session, PackId(1)).await.map_err(text)?.is_none(),
            "there is a pack"
        );
        ensure!(!store.remove(session).await.map_err(text)?, "something was removed");
        ensure!(
            store.compact(session).await.map_err(text)?.is_none(),
            "something was compacted"
        );
        let list = store.list().await.map_err(text)?;
        ensure!(list.iter().all(|info| info.id != *session), "it is listed");
        Ok(())
    }

    pub(super) async fn round_trip(&self) -> Outcome {
        let noise = noise(1, 70_000);
        let list: &[(&str, &[u8])] = &[
            ("index.html", b"<!doctype html>"),
            ("app/main.js", b"1"),
            ("a.png", &noise),
        ];
        let applied = self.put(Mode::Merge, list).await?;
        ensure!((applied.files, applied.bytes) == (3, 70_016), "{applied:?}");
        let index = self.expect(&files(list)).await?;
        ensure!(
            index.version() == applied.version,
            "the put said version {}",
            applied.version
        );
        let now = self.now.get();
        ensure!(
            (index.created(), index.used()) == (now, now),
            "made {}, used {}",
            index.created(),
            index.used()
        );
        ensure!(
            index.iter().all(|(_, entry)| entry.modified == now - 1),
            "the files have other times than were put"
        );
        Ok(())
    }

    pub(super) async fn merge(&self) -> Outcome {
        let mut expected = Files::new();
        self.add(&mut expected, &[("a.js", b"one"), ("b.js", b"two")]).await?;
        let created = self.index().await?.created();
        let applied = self
            .add(&mut expected, &[("b.js", b"three"), ("c.js", b"four")])
            .await?;
        ensure!((applied.files, applied.deleted) == (3, 0), "{applied:?}");
        let index = self.expect(&expected).await?;
        ensure!(
            index.created() == created && index.used() > created,
            "it looks newly made"
        );
        Ok(())
    }

    pub(super) async fn replace(&self) -> Outcome {
        self.put(Mode::Merge, &[("a.js", b"one"), ("b.js", b"two"), ("c.js", b"three")])
            .await?;
        let before = self.index().await?;
        let list: &[(&str, &[u8])] = &[("b.js", b"four"), ("d.js", b"five")];
        let applied = self.put(Mode::Replace, list).await?;
        ensure!((applied.files, applied.deleted) == (2, 2), "{applied:?}");
        self.expect(&files(list)).await?;
        for (pack, _) in before.packs() {
            let body = self.store.pack(&self.session, pack).await.map_err(text)?;
            ensure!(body.is_none(), "a replaced pack is still there");
        }
        self.put(Mode::Replace, &[]).await?;
        self.expect(&Files::new()).await?;
        Ok(())
    }

    pub(super) async fn delete(&self) -> Outcome {
        self.put(Mode::Merge, &[("a.js", b"one"), ("b.js", b"two"), ("c.js", b"three")])
            .await?;
        let applied = self.take_away(&["c.js", "not-there.js", "a.js", "c.js"]).await?;
        ensure!(
            (applied.files, applied.deleted, applied.bytes) == (1, 2, 3),
            "{applied:?}"
        );
        self.expect(&files(&[("b.js", b"two")])).await?;
        let applied = self.take_away(&["b.js"]).await?;
        ensure!(applied.dropped_packs.len() == 1, "{applied:?}");
        // Without files it is still a session.
        self.expect(&Files::new()).await?;

        // Deleted and put in one change: there, and new.
        let mut change = self.change(Mode::Merge, &[("a.js", b"six")])?;
        change.deletes.push(FilePath::parse("a.js").map_err(text)?);
        self.apply(change).await?;
        self.expect(&files(&[("a.js", b"six")])).await?;
        Ok(())
    }

    pub(super) async fn refusal(&self) -> Outcome {
        let faults: [(ErrorCode, Fault<S::Body>); 6] = [
            (ErrorCode::InvalidPath, |change| {
                change.files.extend(change.files.first().cloned())
            }),
            (ErrorCode::InvalidMessage, |change| {
                change.files.iter_mut().for_each(|file| file.pack += 1)
            }),
            (ErrorCode::InvalidMessage, |change| {
                change.files.iter_mut().for_each(|file| file.offset = u64::MAX)
            }),
            (ErrorCode::InvalidMessage, |change| change.files.clear()),
            (ErrorCode::InvalidMessage, |change| {
                change
                    .files
                    .iter_mut()
                    .for_each(|file| file.media_type = "text/html\r\nSet-Cookie: a=b".into());
            }),
            (ErrorCode::InvalidMessage, |change| change.now = u64::MAX),
        ];
        let mut expected = None;
        for round in 0..2 {
            for (number, (code, spoil)) in faults.iter().enumerate() {
                let mut change = self.change(Mode::Replace, &[("empty.js", b""), ("b.js", b"new")])?;
                change.options = Some(SessionOptions {
                    listing: true,
                    ..SessionOptions::default()
                });
                spoil(&mut change);
                let result = self.store.apply(&self.session, change).await;
                let found = result.err().map(|error| error.code());
                ensure!(
                    found == Some(*code),
                    "fault {number} gave {found:?}, and should give {code:?}"
                );
                let index = self.store.index(&self.session).await.map_err(text)?;
                ensure!(index == expected, "fault {number} of round {round} left a trace");
            }
            let kept: &[(&str, &[u8])] = &[("a.js", b"one"), ("b.js", b"two")];
            self.put(Mode::Merge, kept).await?;
            expected = Some(self.expect(&files(kept)).await?);
        }
        Ok(())
    }

    pub(super) async fn condition(&self) -> Outcome {
        let put = |if_version, path: &str| -> Outcome<Change<S::Body>> {
            let change = self.change(Mode::Merge, &[(path, b"one")])?;
            Ok(Change { if_version, ..change })
        };
        let refused = async |if_version, path: &str| -> Outcome {
            let result = self.store.apply(&self.session, put(Some(if_version), path)?).await;
            let found = result.err().map(|error| error.code());
            ensure!(
                found == Some(ErrorCode::Conflict),
                "a change for version {if_version} gave {found:?}"
            );
            Ok(())
        };
        refused(7, "a.js").await?;
        let index = self.store.index(&self.session).await.map_err(text)?;
        ensure!(index.is_none(), "a refused change has made a session");
        let first = self.apply(put(None, "a.js")?).await?.version;
        for step in 0..=SMALL_PACKS {
            let before = self.index().await?;
            refused(first - 1, "c.js").await?;
            ensure!(self.index().await? == before, "a refused change has left a trace");
            let version = self
                .apply(put(Some(before.changed()), &format!("b{step}.js"))?)
                .await?
                .version;
            ensure!(
                self.index().await?.changed() == version,
                "the version of the last change is not the answer's"
            );
            refused(before.changed(), "c.js").await?;
        }
        let before = self.index().await?;
        ensure!(
            self.store.compact(&self.session).await.map_err(text)?.is_some(),
            "nothing was compacted"
        );
        let after = self.index().await?;
        ensure!(
            after.version() > before.version() && after.changed() == before.changed(),
            "a compaction counted as a change"
        );
        self.apply(put(Some(before.changed()), "d.js")?).await?;
        Ok(())
    }

    pub(super) async fn versions(&self) -> Outcome {
        let mut last = 0;
        for step in 0..6 {
            let mut change = self.change(Mode::Merge, &[("a.js", b"one")])?;
            // Twice at the same moment, then before it.
            change.now -= if step % 3 == 2 { 60_000 } else { step % 3 };
            let version = self.apply(change).await?.version;
            ensure!(
                version > last && version < 1 << 53,
                "version {version} came after {last}"
            );
            let stored = self.store.version(&self.session).await.map_err(text)?;
            ensure!(
                stored == Some(version),
                "the put said version {version}, the store says {stored:?}"
            );
            last = version;
        }
        Ok(())
    }

    pub(super) async fn recreate(&self) -> Outcome {
        for _ in 0..3 {
            self.put(Mode::Merge, &[("a.js", b"one")]).await?;
        }
        let before = self.index().await?;
        ensure!(
            self.store.remove(&self.session).await.map_err(text)?,
            "there was nothing to remove"
        );
        ensure!(
            self.store.index(&self.session).await.map_err(text)?.is_none(),
            "the index is still there"
        );
        self.put(Mode::Merge, &[("b.js", b"two")]).await?;
        let after = self.expect(&files(&[("b.js", b"two")])).await?;
        ensure!(
            after.version() > before.version(),
            "version {} came after {}",
            after.version(),
            before.version()
        );
        for (pack, _) in before.packs() {
            let body = self.store.pack(&self.session, pack).await.map_err(text)?;
            ensure!(body.is_none(), "{pack:?} of the removed session answers");
        }
        Ok(())
    }

    pub(super) async fn list(&self) -> Outcome {
        let applied = self.put(Mode::Merge, &[("a.js", b"one"), ("b.js", b"two")]).await?;
        let list = self.store.list().await.map_err(text)?;
        let mut found = list.iter().filter(|info| info.id == self.session);
        let Some(info) = found.next() else {
            return Err("the session is not listed".into());
        };
        ensure!(found.next().is_none(), "the session is listed twice");
        ensure!(
            (info.files, info.bytes, info.version) == (2, 6, applied.version),
            "{info:?}"
        );
        let now = self.now.get();
        ensure!((info.created, info.used) == (now, now), "{info:?}");
        Ok(())
    }

    pub(super) async fn dropped(&self) -> Outcome {
        let mut expected = Files::new();
        let first = self.add(&mut expected, &[("a.js", b"one"), ("b.js", b"two")]).await?;
        let second = self.add(&mut expected, &[("a.js", b"three")]).await?;
        ensure!(
            second.dropped_packs.is_empty(),
            "a pack that still holds b.js was dropped"
        );
        self.expect(&expected).await?;
        let third = self.add(&mut expected, &[("b.js", b"four")]).await?;
        ensure!(third.dropped_packs == first.new_packs, "{third:?}");
        for pack in &third.dropped_packs {
            let body = self.store.pack(&self.session, *pack).await.map_err(text)?;
            ensure!(body.is_none(), "{pack:?} was dropped and answers");
        }
        self.expect(&expected).await?;
        Ok(())
    }

    pub(super) async fn held(&self) -> Outcome {
        let old = noise(2, 300_000);
        let applied = self.put(Mode::Merge, &[("a.js", &old)]).await?;
        let pack = applied.new_packs.first().copied().unwrap_or_default();
        let body = self.store.pack(&self.session, pack).await.map_err(text)?;
        let Some(body) = body else {
            return Err("the pack is not there".into());
        };
        let slice = body.slice(1000, 200_000);
        self.put(Mode::Merge, &[("a.js", &noise(3, 300_000))]).await?;
        ensure!(
            (self.read)(&slice).await == old[1000..200_000],
            "a slice changed with its pack's replacement"
        );
        self.store.remove(&self.session).await.map_err(text)?;
        ensure!(
            (self.read)(&slice).await == old[1000..200_000],
            "a slice went with its session"
        );
        ensure!((self.read)(&body).await == old, "a pack went with its session");
        Ok(())
    }

    pub(super) async fn names(&self) -> Outcome {
        let long = ["x".repeat(255), "y".repeat(255), "z".repeat(255), "w".repeat(255)].join("/");
        let names = [
            "a",
            "A",
            "a b",
            " ",
            "...",
            "..a",
            "a%2Fb",
            "%2e%2e",
            "100%",
            "a?b",
            "a#b",
            "a&b=c;d",
            "a+b",
            "a:b",
            "~",
            "*",
            "a'b\"c",
            "<b>",
            "a|b",
            "[id].js",
            "(group)/@slot/page.js",
            ".env",
            ".well-known/x",
            "dir",
            "dir/file",
            "dir.d/file",
            "caf\u{e9}",
            "cafe\u{301}",
            "\u{65e5}\u{672c}\u{8a9e}/\u{30d5}",
            "\u{1f469}\u{200d}\u{1f4bb}.png",
            "\u{5d0}\u{5d1}",
            "\u{2028}",
            "\u{feff}",
            "__proto__",
            "constructor",
            "null",
            &long,
        ];
        let bytes: Vec<Vec<u8>> = (0..names.len()).map(|at| noise(at as u64, at)).collect();
        let list: Vec<(&str, &[u8])> = names.iter().copied().zip(bytes.iter().map(Vec::as_slice)).collect();
        self.put(Mode::Merge, &list).await?;
        self.expect(&files(&list)).await?;
        Ok(())
    }

    pub(super) async fn many(&self) -> Outcome {
        let bytes: Vec<(String, Vec<u8>)> = (0..3000)
            .map(|at| (format!("d{}/f{at}.js", at % 37), noise(at, 1 + at as usize % 2000)))
            .collect();
        let list: Vec<(&str, &[u8])> = bytes
            .iter()
            .map(|(path, bytes)| (path.as_str(), bytes.as_slice()))
            .collect();
        let applied = self.put(Mode::Merge, &list).await?;
        ensure!(
            applied.new_packs.len() <= 2,
            "{} packs for 3 MB",
            applied.new_packs.len()
        );
        self.expect(&files(&list)).await?;
        Ok(())
    }

    pub(super) async fn empty(&self) -> Outcome {
        let mut expected = Files::new();
        self.add(&mut expected, &[("empty.js", b"")]).await?;
        self.expect(&expected).await?;
        self.add(&mut expected, &[("one.js", b"1"), ("void.js", b""), ("null.js", b"\0")])
            .await?;
        self.expect(&expected).await?;
        self.add(&mut expected, &[("one.js", b"")]).await?;
        self.expect(&expected).await?;
        Ok(())
    }

    pub(super) async fn big(&self) -> Outcome {
        let big = noise(4, 9 << 20);
        // The first put makes the session, the second finds it there.
        for first in ["a.js", "c.js"] {
            let list: &[(&str, &[u8])] = &[(first, b"one"), ("big.png", &big), ("b.js", b"two")];
            let applied = self.put(Mode::Replace, list).await?;
            ensure!(applied.new_packs.len() == 2, "{applied:?}");
            self.expect(&files(list)).await?;
        }
        Ok(())
    }

    pub(super) async fn writers(&self) -> Outcome {
        self.put(Mode::Merge, &[("a.js", b"old"), ("b.js", b"old"), ("gone.js", b"old")])
            .await?;
        let mut one = self.change(Mode::Merge, &[("a.js", b"one"), ("c.js", b"one")])?;
        one.deletes.push(FilePath::parse("gone.js").map_err(text)?);
        let two = self.change(Mode::Merge, &[("b.js", b"two"), ("d.js", b"two"), ("a.js", b"two")])?;
        let (one, two) = both(self.apply(one), self.apply(two)).await;
        let (one, two) = (one?, two?);
        ensure!(one.version != two.version, "both made version {}", one.version);
        let winner: &[u8] = if one.version > two.version { b"one" } else { b"two" };
        let list: &[(&str, &[u8])] = &[("a.js", winner), ("b.js", b"two"), ("c.js", b"one"), ("d.js", b"two")];
        self.expect(&files(list)).await?;

        // A change and a removal: one of the two orders.
        let change = self.change(Mode::Merge, &[("e.js", b"five")])?;
        let (put, removed) = both(self.apply(change), self.store.remove(&self.session)).await;
        put?;
        ensure!(removed.map_err(text)?, "there was nothing to remove");
        if self.store.index(&self.session).await.map_err(text)?.is_some() {
            self.expect(&files(&[("e.js", b"five")])).await?;
        }
        Ok(())
    }

    pub(super) async fn readers(&self) -> Outcome {
        let old: &[(&str, &[u8])] = &[("a.js", b"old"), ("b.js", b"old")];
        let new: &[(&str, &[u8])] = &[("a.js", b"newer"), ("c.js", b"newer")];
        for _ in 0..4 {
            self.put(Mode::Replace, old).await?;
            let change = self.change(Mode::Replace, new)?;
            let (put, index) = both(self.apply(change), self.store.index(&self.session)).await;
            put?;
            let Some(index) = index.map_err(text)? else {
                return Err("the session was gone for a moment".into());
            };
            let paths: Vec<&str> = index.iter().map(|(path, _)| path.as_str()).collect();
            ensure!(
                paths == ["a.js", "b.js"] || paths == ["a.js", "c.js"],
                "a reader met {paths:?}"
            );
            for (id, _) in index.packs() {
                // Gone, or whole: a pack's id never names other bytes.
                if let Some(body) = self.store.pack(&self.session, id).await.map_err(text)? {
                    ensure!(
                        Some(body.len()) == index.pack(id).map(|pack| pack.length),
                        "{id:?} names other bytes"
                    );
                }
            }
            self.expect(&files(new)).await?;
        }
        Ok(())
    }

    pub(super) async fn options(&self) -> Outcome {
        let options = SessionOptions {
            spa: Some(FilePath::parse("index.html").map_err(text)?),
            network: Network::Open,
            cross_origin_isolated: true,
            ..SessionOptions::default()
        };
        let mut change = self.change(Mode::Merge, &[("index.html", b"one")])?;
        change.options = Some(options.clone());
        self.apply(change).await?;
        self.put(Mode::Replace, &[("index.html", b"two")]).await?;
        let found = self.index().await?;
        ensure!(*found.options() == options, "the options are {:?}", found.options());
        let mut change = Change::new(Mode::Merge, self.tick());
        change.options = Some(SessionOptions::default());
        self.apply(change).await?;
        let index = self.expect(&files(&[("index.html", b"two")])).await?;
        ensure!(
            *index.options() == SessionOptions::default(),
            "the options are {:?}",
            index.options()
        );
        Ok(())
    }

    pub(super) async fn apart(&self) -> Outcome {
        let ids = ["case-apart0", "case-apart-0", "case-apar", "case-apart00"];
        let others: Vec<SessionId> = ids.iter().filter_map(|id| SessionId::parse(id).ok()).collect();
        let list: &[(&str, &[u8])] = &[("a.js", b"mine"), ("b.js", b"mine")];
        self.put(Mode::Merge, list).await?;
        for other in &others {
            self.store.remove(other).await.map_err(text)?;
            self.store
                .apply(other, self.change(Mode::Replace, &[("a.js", b"theirs")])?)
                .await
                .map_err(text)?;
        }
        self.expect(&files(list)).await?;
        self.store.remove(&self.session).await.map_err(text)?;
        for other in &others {
            let index = self.store.index(other).await.map_err(text)?;
            let Some(index) = index else {
                return Err(format!("{other} went with its neighbour"));
            };
            for (id, _) in index.packs() {
                let body = self.store.pack(other, id).await.map_err(text)?;
                ensure!(body.is_some(), "a pack of {other} went with its neighbour");
            }
            self.store.remove(other).await.map_err(text)?;
        }
        Ok(())
    }
}
