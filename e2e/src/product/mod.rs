//! The product end to end: the npm package in a host page, the hub, the worker and the edge, from `dist/`.
//!
//! Every case opens a host page as a user's app would, on a server of its own; nothing reaches into the product but
//! where a browser's own tools do (a worker stopped, an expression evaluated in it).

mod apps;
mod codes;
mod demo;
mod edge;
mod edge_sessions;
mod expiry;
mod files;
mod guide;
mod http;
mod inside;
mod lifecycle;
mod nginx;
mod opaque;
mod preload;
mod protocol;
mod rolling;
mod sdk;
mod states;
mod table;
mod walls;
pub mod wrangler;

use std::path::Path;

use serde_json::{Value, json};
use virtual_files_core::protocol::PROTOCOL_VERSION;

use crate::Result;
use crate::browser::Browser;
use crate::case::{Case, Context, Host};
use crate::fixtures::{self, Files};
use crate::lab::Shared;
use crate::server::{Reply, Server};
pub(crate) use edge::ask;
pub(crate) use edge_sessions::timing::refusals;
pub(crate) use nginx::Nginx;
use wrangler::Wrangler;

/// All cases.
pub const CASES: &[&[Case]] = &[
    apps::CASES,
    preload::CASES,
    codes::CASES,
    demo::CASES,
    demo::drops::CASES,
    demo::state::CASES,
    edge::CASES,
    edge_sessions::content::CASES,
    edge_sessions::crashes::CASES,
    edge_sessions::limits::CASES,
    edge_sessions::walls::CASES,
    expiry::CASES,
    files::CASES,
    http::CASES,
    inside::CASES,
    lifecycle::boot::CASES,
    lifecycle::changes::CASES,
    lifecycle::tabs::CASES,
    lifecycle::away::CASES,
    lifecycle::start::CASES,
    lifecycle::worker::CASES,
    nginx::CASES,
    opaque::CASES,
    opaque::bundles::CASES,
    opaque::lacks::CASES,
    opaque::network::CASES,
    opaque::silent::CASES,
    protocol::CASES,
    rolling::CASES,
    sdk::CASES,
    states::CASES,
    walls::host::CASES,
    walls::hub::CASES,
    walls::network::CASES,
    walls::own::CASES,
    walls::session::CASES,
];

/// The VFS origin under `wrangler dev`, and the server of the host app.
pub struct Product {
    port: u16,
    host: Server,
    wrangler: Wrangler,
}

impl Product {
    /// Starts both, and waits until the VFS origin answers.
    pub fn start(shared: &Shared) -> Result<Self> {
        Self::serve(shared.out(), "wrangler")
    }

    /// The same with a log of this name below `out`.
    pub fn serve(out: &Path, name: &str) -> Result<Self> {
        // All cases come from one address.
        let quota = [
            "EDGE_ADDRESS_SESSIONS_PER_HOUR:100000",
            "EDGE_ADDRESS_BYTES_PER_HOUR:1000000000000",
        ];
        let wrangler = Wrangler::start(out, name, Wrangler::product()?, &quota)?;
        let port = wrangler.port();
        Ok(Self {
            port,
            host: host_server(port)?,
            wrangler,
        })
    }

    /// Whether the VFS origin is still there.
    pub fn running(&mut self) -> bool {
        self.wrangler.running()
    }

    /// Where the VFS origin listens.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The host page under a host of this kind.
    pub fn host_page(&self, host: Host) -> String {
        format!("{}/host.html", self.host.origin(host.hostname()))
    }

    /// The VFS origin under a host name of its own.
    pub fn origin(&self, host: &str) -> String {
        format!("http://{host}:{}", self.port)
    }
}

/// A folder of what was built.
pub(crate) fn dist(folder: &str) -> Result<std::path::PathBuf> {
    let dist = std::env::var_os("VF_DIST").map_or_else(|| "dist".into(), std::path::PathBuf::from);
    let found = dist.join(folder).canonicalize();
    found.map_err(|error| format!("no {folder} in {}: {error}", dist.display()).into())
}

/// The host app's server: its page, the npm package, and the bundles that it puts.
fn host_server(vfs_port: u16) -> Result<Server> {
    let package = dist("npm")?;
    let bundles = [
        ("modules", fixtures::modules()?),
        ("react", fixtures::react()?),
        ("media", fixtures::media()?),
        ("names", fixtures::names()),
    ];
    let readme = readme_example(vfs_port)?;
    Server::start(move |hit| match hit.path() {
        "/readme.html" => Reply::html(readme.clone()),
        "/host.html" => Reply::html(include_str!("../../pages/host.html")),
        path => match (path.strip_prefix("/virtual-files"), path.strip_prefix("/bundles/")) {
            (Some(file), _) => Reply::file(&package, file),
            (_, Some(rest)) => bundle(&bundles, rest),
            _ => Reply::missing(),
        },
    })
}

/// An asset of the VFS origin from the folder of them, as a static server has it.
fn asset(folder: &Path, path: &str) -> Option<Reply> {
    match path {
        "/hub.html" => Some(Reply::html(filled(folder, "hub.html"))),
        "/sw.js" => Some(Reply::script(filled(folder, "sw.js"))),
        _ if path.starts_with("/_vf/") => Some(Reply::file(folder, path)),
        _ => None,
    }
}

/// The text of such an asset, its marks filled in beforehand.
pub(crate) fn filled(folder: &Path, name: &str) -> String {
    filled_with(folder, name, json!({}))
}

/// The same with more in the configuration.
fn filled_with(folder: &Path, name: &str, more: Value) -> String {
    let config = json!({"host": "virtual-files.localhost", "allowedHosts": ["http://localhost:*", "http://*.virtual-files.localhost:*"]});
    let config = merged(config, more);
    let text = std::fs::read_to_string(folder.join(name)).unwrap_or_default();
    virtual_files_core::edge::fill(&text, &config.to_string(), "static")
}

/// A VFS origin of the built files on a plain server, with more in its configuration.
fn vfs_with(more: Value) -> Result<Server> {
    let folder = dist("origin")?;
    Server::start(move |hit| {
        let fill = |name| filled_with(&folder, name, more.clone());
        let reply = match hit.path() {
            "/hub.html" => Reply::html(fill("hub.html")),
            "/sw.js" => Reply::script(fill("sw.js")),
            "/_vf/hello" => hello(PROTOCOL_VERSION),
            _ if hit.header("sec-fetch-mode") == "navigate" => Reply::html(fill("_vf/boot.html")),
            path => asset(&folder, path).unwrap_or_else(Reply::missing),
        };
        reply.with("Cache-Control", "no-store")
    })
}

/// What says that there is an origin, of this version of the protocol, as a static server has it.
pub(crate) fn hello(version: u32) -> Reply {
    let hello = json!({"version": version, "allowed": true});
    Reply::new("application/json", hello.to_string()).with("Access-Control-Allow-Origin", "*")
}

/// The README's first example, as it stands there but for the port.
fn readme_example(vfs_port: u16) -> Result<String> {
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md"))?;
    let example = readme
        .split_once("```html\n")
        .and_then(|(_, rest)| rest.split_once("```"));
    let (example, _) = example.ok_or("the README has no HTML example")?;
    Ok(example.replace(":8787", &format!(":{vfs_port}")))
}

/// `NAME` is a bundle's list of files, `NAME/N` the content of the one at that place.
fn bundle(bundles: &[(&str, Files)], rest: &str) -> Reply {
    let (name, place) = rest.split_once('/').unwrap_or((rest, ""));
    let Some((_, files)) = bundles.iter().find(|(found, _)| *found == name) else {
        return Reply::missing();
    };
    if place.is_empty() {
        let list = files
            .keys()
            .enumerate()
            .map(|(place, path)| json!({"path": path, "url": format!("/bundles/{name}/{place}")}));
        return Reply::new("application/json", Value::Array(list.collect()).to_string());
    }
    let file = place.parse().ok().and_then(|place| files.values().nth(place));
    file.map_or_else(Reply::missing, |bytes| Reply::new("", bytes.clone()))
}

/// A host page, open in the browser.
struct Stage<'a> {
    browser: &'a Browser,
    product: &'a Product,
    /// The origin of the host page.
    host: String,
    /// A session id that no other case uses.
    id: String,
}

/// The isolations that work without the edge.
const ISOLATIONS: [&str; 2] = ["origin", "shared"];

impl<'a> Stage<'a> {
    /// Opens the host page.
    fn open(context: &'a mut Context<'_>) -> Result<Self> {
        let id = context.shared.label();
        let product = context.shared.product()?;
        let host = product.host.origin(context.host.hostname());
        let stage = Self {
            browser: context.browser,
            product,
            host,
            id,
        };
        stage.goto_host()?;
        Ok(stage)
    }

    /// Opens the host page in the current window.
    fn goto_host(&self) -> Result {
        self.browser.goto(&format!("{}/host.html", self.host))
    }

    /// The options of `connect` for an isolation.
    fn origin(&self, isolation: &str) -> String {
        self.product.origin(match isolation {
            "origin" | "opaque" => "{session}.virtual-files.localhost",
            _ => "virtual-files.localhost",
        })
    }

    /// Runs the body of an async function in the current frame. `args` holds what is given and the case's `id`.
    fn run(&self, body: &str, args: Value) -> Result<Value> {
        let mut args = args;
        args["id"] = json!(self.id);
        self.browser.page(body, &args)
    }

    /// Opens a session, which the page keeps as `session`, puts a bundle that the server has, and mounts it. Gives the
    /// fixture's first message.
    fn show(&self, bundle: &str, isolation: &str, entry: &str, options: Value) -> Result<Value> {
        let args = json!({
            "origin": self.origin(isolation), "bundle": bundle, "entry": entry,
            "options": merged(options, json!({"isolation": isolation, "id": format!("{}-{}", self.id, &isolation[..2])})),
        });
        self.run(SHOW, args)
            .map_err(|error| format!("{isolation}, {entry:?}: {error}").into())
    }

    /// Makes the preview's frame the current one.
    fn enter_preview(&self) -> Result {
        self.browser.leave()?;
        self.browser.enter("#stage iframe")
    }
}

const SHOW: &str = r"
self.vfs = await within(connect({ origin: args.origin }), 'connect');
self.session = await within(vfs.session(args.options), 'session');
self.files = await within(bundle(args.bundle), 'the bundle from the host server');
self.put = await within(session.put(files), 'put');
for (const old of stage.children) old.remove();
const said = once(window, 'message', (event) => event.data?.fixture === args.bundle);
said.then((event) => { self.said = event.data; });
self.preview = await within(session.mount(stage, { entry: args.entry }), 'mount');
return (await within(said, 'the message of the preview', 50000)).data;
";

fn merged(mut base: Value, over: Value) -> Value {
    if let (Some(base), Value::Object(over)) = (base.as_object_mut(), over) {
        base.extend(over);
    }
    base
}
