//! The pages that we write ourselves: what went wrong and what to do about it, and the listing of a directory.
//!
//! One template for all. A page loads nothing, not even a style sheet, and works without scripts, in the dark and in the
//! light, on a phone. Everything that comes from a request or a bundle is escaped. The text ships in the worker, so it is
//! kept short.

use crate::error::ErrorCode;
use crate::index::FileEntry;
use crate::path::FilePath;

/// The template up to the title. Colours are WCAG AA on their ground, in both schemes.
const HEAD: &str = "<!doctype html><html lang=en><meta charset=utf-8>\
<meta name=viewport content=\"width=device-width,initial-scale=1\"><meta name=color-scheme content=\"light dark\"><style>\
:root{--g:#f6f7f9;--c:#fff;--t:#1b1f27;--m:#5c6470;--l:#dfe3e8;--a:#2f54d0}\
@media(prefers-color-scheme:dark){:root{--g:#101216;--c:#191c22;--t:#e8eaee;--m:#9aa3b0;--l:#2b3038;--a:#93aefb}}\
*{box-sizing:border-box}\
body{margin:0;min-height:100vh;display:grid;place-items:center;padding:1.25rem;background:var(--g);color:var(--t);\
font:1rem/1.55 system-ui,sans-serif}\
main{width:100%;max-width:32rem;background:var(--c);border:1px solid var(--l);border-radius:14px;\
padding:clamp(1.5rem,6vw,2.5rem);box-shadow:0 8px 30px #0000000f;overflow-wrap:anywhere}\
h1{margin:0 0 .75rem;font-size:1.5rem;line-height:1.25;letter-spacing:-.01em;text-wrap:balance}\
p{margin:0 0 .75rem}code{font:.9em ui-monospace,monospace}\
.s{margin:0 0 .5rem;color:var(--a);font-weight:600}\
.m{color:var(--m)}\
.c{margin:1.5rem 0 0;padding-top:1rem;border-top:1px solid var(--l);color:var(--m);font-size:.85rem}\
a{color:var(--a)}ul{list-style:none;margin:0;padding:0}\
li{display:flex;gap:1rem;justify-content:space-between;padding:.4rem 0;border-top:1px solid var(--l)}\
li span{color:var(--m);white-space:nowrap;font-variant-numeric:tabular-nums}\
</style><title>";

/// Has the page of a session that could not be shown load again when the session changes, of which hubs tell all pages of
/// their origin. It asks once whether it is there meanwhile: no page loads itself again and again. In frames without an
/// origin nothing is heard of it. It waits for a second, and not where it is led elsewhere meanwhile: its host may do so itself.
const AGAIN: &str = "try{let a=[location.host.split(\".\")[0],location.pathname.split(\"/\")[1]],b=new BroadcastChannel(\"virtual-files:changes\"),t;b.onmessage=({data:c})=>{if(a.includes(c.here)||c.version&&a.includes(c.session))t??=setTimeout(()=>location.reload(),1e3)};onbeforeunload=()=>clearTimeout(t);performance.getEntriesByType(\"navigation\")[0].type<\"reload\"&&b.postMessage({asks:a})}catch{}";

/// The source of this script for a content policy.
pub(crate) const AGAIN_SOURCE: &str = "'sha256-jrRBlvBHF/tZ6SbFtdp/OMZJ3mPUQHBRkXgnFR+DpVs='";

/// A client of a session asked with a method that a file has no answer to.
pub fn method_not_allowed(method: &str) -> String {
    let mut page = Page::new("405", "This can only be read");
    page.text("Files here answer GET and HEAD requests. This one was a ")
        .code(method)
        .text(".");
    page.advice(
        "A preview has no server behind it that could take a form or an upload; the app has to handle it itself.",
    );
    page.close("METHOD_NOT_ALLOWED")
}

/// A tab of its own asked for a session that only opens in frames.
pub fn access_denied() -> String {
    let mut page = Page::new("403", "Access denied");
    page.text("This preview only opens inside the app that made it.");
    page.advice("Go back to that app and look at the preview there. If you build the app: sessions made with ");
    page.code("topLevel: true").text(" open in a tab too.");
    page.close("ACCESS_DENIED")
}

/// What to do about a session that cannot be found.
const FROM_THE_APP: &str = "Previews live only in the browser, and within the app, that made them. Open it again from there; it \
                     may have been deleted.";

/// The session is not there. With `live`, the page loads again when it is.
pub fn no_session(live: bool) -> String {
    let mut page = Page::new("404", "This preview isn’t here");
    page.live(live);
    page.text("This browser holds no preview under this address.");
    page.advice(FROM_THE_APP);
    page.close("NOT_FOUND")
}

/// The session has no such file.
pub fn no_file(path: &str) -> String {
    let mut page = Page::new("404", "Not found");
    if path.is_empty() {
        page.text("This preview has no ")
            .code("index.html")
            .text(", so it has no start page.");
        page.advice("Add one, or open one of its files by name.");
    } else {
        page.text("This preview has no file ").code(path).text(".");
        page.advice("Check the address; small and capital letters differ. Or go to the ");
        page.link("/", "start page").text(".");
    }
    page.close("NOT_FOUND")
}

/// The path is not one that a file can have.
pub fn bad_name() -> String {
    let mut page = Page::new("404", "Not a file’s address");
    page.text("No file can have this name: it is too long, or holds an empty part, a backslash, a control character or an encoded slash.");
    page.advice("Check the address, or go to the ");
    page.link("/", "start page").text(".");
    page.close(ErrorCode::InvalidPath.as_str())
}

/// The address is no session's.
pub fn no_address() -> String {
    let mut page = Page::new("404", "Nothing here");
    page.text("Apps keep their previews at this site. This address belongs to none of them.");
    page.advice("Check the address, or open the preview from its app.");
    page.close("NOT_FOUND")
}

/// The range lies outside the file.
pub fn range_not_satisfiable(length: u64) -> String {
    let mut page = Page::new("416", "No such part of the file");
    page.text("The file has ")
        .code(&length.to_string())
        .text(" bytes, and the part asked for lies beyond them.");
    page.advice("Ask for a range within the file, or for all of it.");
    page.close("RANGE_NOT_SATISFIABLE")
}

/// A mistake of ours.
pub fn internal_error() -> String {
    let mut page = Page::new("500", "Something went wrong");
    page.text("The preview’s server, which runs in this browser, made a mistake.");
    page.advice("Reload the page. If it happens again, reload the app around it.");
    page.close(ErrorCode::Internal.as_str())
}

/// Something that is needed cannot be had at the moment. With `live`, the page loads again when the session changes.
pub fn unavailable(code: ErrorCode, live: bool) -> String {
    let mut page = Page::new("503", "Not available right now");
    page.live(live);
    let (what, advice) = match code {
        ErrorCode::StorageUnavailable => (
            "This browser did not let the preview’s files be read.",
            "Reload the page. If it stays so, check that the browser may store data for this site and that the disk is not full.",
        ),
        ErrorCode::NotFound => (
            "Neither this browser’s storage nor an open page has this preview.",
            FROM_THE_APP,
        ),
        ErrorCode::Timeout | ErrorCode::Aborted => (
            "The page that holds this preview’s files did not answer in time.",
            "Make sure that the app that made the preview is still open, then reload.",
        ),
        _ => (
            "The preview’s files cannot be reached.",
            "Reload the page. If it stays so, reload the app around it.",
        ),
    };
    page.text(what);
    page.advice(advice);
    page.close(code.as_str())
}

/// The files and directories right below a directory; its path is empty for the session's root.
pub fn listing<'a>(directory: &str, files: impl Iterator<Item = (&'a FilePath, &'a FileEntry)>) -> String {
    let mut page = Page::open();
    page.text("Files in /").text(directory);
    page.raw("</title><main><h1>Files in <code>/")
        .text(directory)
        .raw("</code></h1><ul>");
    let below = if directory.is_empty() { 0 } else { directory.len() + 1 };
    if below > 0 {
        page.raw("<li>").link("../", "Parent directory");
    }
    let mut last = None;
    for (path, entry) in files {
        let name = path.as_str().get(below..).unwrap_or_default();
        match name.split_once('/') {
            // Paths are in order, so the files of a directory stand together.
            Some((child, _)) if last == Some(child) => {}
            Some((child, _)) => {
                last = Some(child);
                page.raw("<li>").entry(child, "/").raw("<span>directory</span>");
            }
            None => {
                page.raw("<li>")
                    .entry(name, "")
                    .raw("<span>")
                    .text(&size(entry.length))
                    .raw("</span>");
            }
        }
    }
    page.raw("</ul></main></html>");
    page.0
}

/// A page in the making. Its `text` escapes.
struct Page(String);

impl Page {
    fn open() -> Self {
        Self(String::from(HEAD))
    }

    fn new(status: &str, title: &str) -> Self {
        let mut page = Self::open();
        page.text(title)
            .raw("</title><main><p class=s>")
            .raw(status)
            .raw("</p><h1>")
            .text(title)
            .raw("</h1><p>");
        page
    }

    /// In a paragraph, where a script may stand.
    fn live(&mut self, live: bool) {
        if live {
            self.raw("<script>").raw(AGAIN).raw("</script>");
        }
    }

    fn close(mut self, code: &str) -> String {
        self.raw("</p><p class=c><code>")
            .text(code)
            .raw("</code></p></main></html>");
        self.0
    }

    fn advice(&mut self, text: &str) -> &mut Self {
        self.raw("</p><p class=m>").text(text)
    }

    fn code(&mut self, text: &str) -> &mut Self {
        self.raw("<code>").text(text).raw("</code>")
    }

    fn link(&mut self, href: &str, text: &str) -> &mut Self {
        self.raw("<a href=\"").text(href).raw("\">").text(text).raw("</a>")
    }

    /// A link to a name right below this directory. In front, `./` keeps a colon from being read as a scheme's.
    fn entry(&mut self, name: &str, slash: &str) -> &mut Self {
        let href = FilePath::parse(name).map(|path| path.to_url_path()).unwrap_or_default();
        self.raw("<a href=\"./")
            .text(&href)
            .raw(slash)
            .raw("\">")
            .text(name)
            .raw(slash)
            .raw("</a>")
    }

    fn raw(&mut self, html: &str) -> &mut Self {
        self.0.push_str(html);
        self
    }

    fn text(&mut self, text: &str) -> &mut Self {
        for char in text.chars() {
            match char {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&#39;"),
                _ if char.is_control() => self.0.push('\u{fffd}'),
                _ => self.0.push(char),
            }
        }
        self
    }
}

/// A length for people: whole bytes, then one decimal, in powers of 1024.
fn size(bytes: u64) -> String {
    let (unit, shift) = match bytes {
        0..1024 => return bytes.to_string() + " B",
        1024..0x10_0000 => (" KB", 10),
        0x10_0000..0x4000_0000 => (" MB", 20),
        _ => (" GB", 30),
    };
    let tenths = ((bytes >> (shift - 10)) * 10) >> 10;
    let mut text = (tenths / 10).to_string();
    text.push('.');
    text.push_str(&(tenths % 10).to_string());
    text.push_str(unit);
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::CHANGES_CHANNEL;
    use sha2::Digest;

    /// Every page there is, with the text of an attacker where one takes text.
    fn all() -> Vec<(&'static str, String)> {
        let evil = "<script>alert(1)</script>\"' onload=x & \u{0}\r\n\u{202e}";
        let mut pages = vec![
            ("access_denied", access_denied()),
            ("no_session", no_session(false)),
            ("no_file", no_file(evil)),
            ("no_start_page", no_file("")),
            ("bad_name", bad_name()),
            ("no_address", no_address()),
            ("method_not_allowed", method_not_allowed(evil)),
            ("range_not_satisfiable", range_not_satisfiable(u64::MAX)),
            ("internal_error", internal_error()),
            ("listing", listing(evil, [].into_iter())),
        ];
        pages.extend(
            ErrorCode::ALL
                .iter()
                .map(|code| ("unavailable", unavailable(*code, false))),
        );
        pages
    }

    #[test]
    fn every_page_is_whole_and_holds_nothing_foreign() {
        for (name, page) in all() {
            assert!(page.starts_with("<!doctype html><html lang=en>"), "{name}");
            assert!(page.ends_with("</main></html>"), "{name}");
            for once in ["<title>", "</title>", "<main>", "<h1>", "</h1>", "</style>"] {
                assert_eq!(page.matches(once).count(), 1, "{name}: {once}");
            }
            for never in ["<script", "http:", "https:", "url(", "src=", "' onload", "\0", "\r"] {
                assert!(!page.contains(never), "{name}: {never}");
            }
            assert_eq!(page.matches("<p").count(), page.matches("</p>").count(), "{name}");
            assert_eq!(
                page.matches("<code>").count(),
                page.matches("</code>").count(),
                "{name}"
            );
            assert!(page.len() < 2600, "{name} has {} bytes", page.len());
        }
    }

    #[test]
    fn the_script_is_the_one_that_the_policy_names() {
        let hash = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, sha2::Sha256::digest(AGAIN));
        assert_eq!(AGAIN_SOURCE, format!("'sha256-{hash}'"));
        assert!(AGAIN.contains(&format!("\"{CHANGES_CHANNEL}\"")));
        let script = format!("<script>{AGAIN}</script>");
        for page in [no_session(true), unavailable(ErrorCode::Timeout, true)] {
            assert_eq!((page.matches(&script).count(), page.matches("<script").count()), (1, 1));
        }
    }

    #[test]
    fn sizes() {
        for (bytes, text) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.0 KB"),
            (1536, "1.5 KB"),
            (1_048_575, "1023.9 KB"),
            (1_048_576, "1.0 MB"),
            (5_500_000_000, "5.1 GB"),
            (u64::MAX, "17179869183.9 GB"),
        ] {
            assert_eq!(size(bytes), text);
        }
    }
}
