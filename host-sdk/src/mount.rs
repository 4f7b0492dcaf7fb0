//! Mounting: from an entry, or a document of the host's, to a frame that runs it.

use crate::entry;
use crate::error::{Error, Result};
use crate::frame;
use crate::isolation::Isolation;
use crate::preview::{Preview, Shown};
use crate::session::{Place, Session};
use virtual_files_core::error::ErrorCode;
use virtual_files_core::path::FilePath;
use web_sys::Element;

/// What [`Session::mount`] is told.
#[derive(Clone, Debug, Default)]
pub struct MountOptions {
    /// What to load: a relative URL reference against the session's root.
    pub entry: Option<String>,
    /// A document to load in place of an entry. It is served from the session's root, so that what it refers to by
    /// relative URLs is the session's.
    pub html: Option<String>,
    /// The session's own where there is none.
    pub isolation: Option<Isolation>,
    /// What the sandbox allows beside scripts and an origin, as in the attribute of that name.
    pub sandbox: Option<String>,
    /// What the frame may use of the device, as in the attribute of that name.
    pub allow: Option<String>,
    /// Says to people who do not see the frame what it is.
    pub title: Option<String>,
}

impl Session {
    /// Appends a frame to `element` that runs the session, and waits until it has loaded, though not for ever: a page
    /// that takes longer than the time-out is handed over as it is.
    pub async fn mount(&self, element: &Element, options: MountOptions) -> Result<Preview> {
        let isolation = options.isolation.unwrap_or(self.isolation());
        // Who did not ask for an opaque frame asked for what another one may have.
        let lenient = options.isolation.is_none() && self.reason().is_some();
        let sandbox = frame::sandbox(options.sandbox.as_deref().unwrap_or_default(), isolation, lenient)?;
        attached(element)?;
        let Some(html) = &options.html else {
            return self.show(element, &options, &sandbox, None).await;
        };
        if options.entry.is_some() {
            return Err(Error::new(
                ErrorCode::InvalidMessage,
                "Give either `entry` or `html`, not both.",
            ));
        }
        // The document goes to every place that the session has by then.
        let place = self.place(options.isolation).await?;
        if isolation == Isolation::Opaque {
            return self.show(element, &options, &sandbox, None).await;
        }
        let document = self.add_document(&place, html).await?;
        let preview = self.show(element, &options, &sandbox, Some(document.clone())).await;
        if preview.is_err() {
            self.remove_document(&document).await;
        }
        preview
    }

    async fn show(
        &self,
        element: &Element,
        options: &MountOptions,
        sandbox: &str,
        document: Option<FilePath>,
    ) -> Result<Preview> {
        let place = self.place(options.isolation).await?;
        let entry = document
            .as_ref()
            .map(FilePath::as_str)
            .or(options.entry.as_deref())
            .unwrap_or_default();
        let opaque = place.isolation == Isolation::Opaque;
        match opaque {
            true => self.at_the_edge(&place).await?,
            false => place.hub.wake(self.0.user, self.id()).await,
        }
        let url = entry::resolve(&place.root(), self.has_own_origin(&place), entry)?;
        let html = options.html.as_ref().filter(|_| opaque);
        let source = match html {
            Some(html) => Some(self.document(&place, html, &place.root()).await?),
            None => None,
        };
        self.0.alive()?;
        attached(element)?;
        let isolated = self
            .0
            .options
            .as_ref()
            .is_some_and(|options| options.cross_origin_isolated);
        // A frame is only cross-origin isolated where its embedder delegates that.
        let default_allow = if isolated && !opaque {
            "cross-origin-isolated"
        } else {
            ""
        };
        let owner = element.owner_document().ok_or_else(detached)?;
        let frame = frame::create(
            &owner,
            &[
                ("title", options.title.as_deref().unwrap_or("Preview")),
                ("sandbox", sandbox),
                ("allow", options.allow.as_deref().unwrap_or(default_allow)),
                // The edge lets itself be embedded by allowed hosts only, and knows them by this.
                ("referrerpolicy", if opaque { "strict-origin" } else { "no-referrer" }),
                // Presentation that any style sheet of the host's overrides.
                ("width", "100%"),
                ("height", "100%"),
                ("frameborder", "0"),
                match &source {
                    Some(source) => ("srcdoc", source),
                    None => ("src", &url),
                },
            ],
        )?;
        let shown = Shown {
            entry: entry.to_owned(),
            url,
            html: html.cloned(),
            document,
        };
        Preview::show(self.clone(), place, element, frame, shown).await
    }

    /// Whether a place's origin is the session's alone, so that its root is the session's, too.
    pub(crate) fn has_own_origin(&self, place: &Place) -> bool {
        match place.isolation {
            Isolation::Origin => true,
            Isolation::Opaque => self.0.client.origins.wildcard(),
            Isolation::Shared => false,
        }
    }
}

fn attached(element: &Element) -> Result<()> {
    if element.is_connected() {
        Ok(())
    } else {
        Err(detached())
    }
}

fn detached() -> Error {
    Error::new(
        ErrorCode::InvalidMessage,
        "The element to mount in is not in a document, where no frame would load.",
    )
}
