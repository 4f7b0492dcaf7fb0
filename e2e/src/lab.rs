//! What the cases share: the running browsers, the servers, the folders.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::Result;
use crate::browser::{Browser, Engine, Profile};
use crate::facts::Site;
use crate::product::Product;

/// Everything that is started once and used by many cases.
pub struct Lab {
    out: PathBuf,
    browsers: BTreeMap<(Engine, Profile), Browser>,
    shared: Shared,
    /// What failed so far, and why.
    pub failures: Vec<String>,
}

/// The servers, started when first asked for.
pub struct Shared {
    out: PathBuf,
    site: Option<Site>,
    product: Option<Product>,
    labels: u32,
}

impl Lab {
    /// An empty lab that writes below `out`.
    pub fn new(out: PathBuf) -> Result<Self> {
        std::fs::create_dir_all(&out)?;
        let out = out.canonicalize()?;
        let shared = Shared {
            out: out.clone(),
            site: None,
            product: None,
            labels: 0,
        };
        Ok(Self {
            out,
            browsers: BTreeMap::new(),
            shared,
            failures: Vec::new(),
        })
    }

    /// Where logs and screenshots go.
    pub fn out(&self) -> &Path {
        &self.out
    }

    /// The engine's browser with one blank window, started if it is not running or answers no more; and the servers.
    pub fn browser(&mut self, engine: Engine, profile: Profile) -> Result<(&mut Browser, &mut Shared)> {
        let key = (engine, profile);
        if self.browsers.get(&key).is_some_and(|browser| browser.reset().is_err()) {
            self.browsers.remove(&key);
        }
        if !self.browsers.contains_key(&key) {
            // One engine at a time: an idle browser would still take its share of a small machine.
            self.browsers.retain(|(other, _), _| *other == engine);
            self.browsers.insert(key, Browser::start(engine, profile, &self.out)?);
        }
        let browser = self.browsers.get_mut(&key).ok_or("the browser is gone")?;
        Ok((browser, &mut self.shared))
    }

    /// The servers alone.
    pub fn shared(&mut self) -> &mut Shared {
        &mut self.shared
    }

    /// Whether the browser, or the product's server, has ended by itself.
    pub fn is_gone(&mut self, engine: Engine, profile: Profile) -> bool {
        let silent = |browser: &Browser| browser.windows().is_err();
        self.running(engine, profile).is_some_and(silent) || self.shared.product_is_gone()
    }

    /// The browser if it is running, as it is.
    pub fn running(&self, engine: Engine, profile: Profile) -> Option<&Browser> {
        self.browsers.get(&(engine, profile))
    }
}

impl Shared {
    /// Where files may be written.
    pub fn out(&self) -> &Path {
        &self.out
    }

    /// The stand-in origins of the platform facts.
    pub fn site(&mut self) -> Result<&Site> {
        if self.site.is_none() {
            self.site = Some(Site::start()?);
        }
        self.site.as_ref().ok_or_else(|| "the servers are gone".into())
    }

    /// Whether the product was served and is no more: a development server may end by itself.
    pub fn product_is_gone(&mut self) -> bool {
        self.product.as_mut().is_some_and(|product| !product.running())
    }

    /// The product, served.
    pub fn product(&mut self) -> Result<&Product> {
        if self.product_is_gone() {
            self.product = None;
        }
        if self.product.is_none() {
            self.product = Some(Product::start(self)?);
        }
        self.product.as_ref().ok_or_else(|| "the servers are gone".into())
    }

    /// A host label that no case has had before: with it a case has an origin, and so storage, of its own.
    pub fn label(&mut self) -> String {
        self.labels += 1;
        format!("t{}-{}", std::process::id(), self.labels)
    }
}
