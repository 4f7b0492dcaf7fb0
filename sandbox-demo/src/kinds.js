// What a file is, by its name and type: how it is drawn in the tree, and whether the editor opens it as text.

/** @type {Record<string, {kind: string, icon: string, language?: string}>} */
const BY_EXTENSION = {
  html: { kind: "html", icon: "code", language: "html" },
  htm: { kind: "html", icon: "code", language: "html" },
  xhtml: { kind: "html", icon: "code", language: "html" },
  svg: { kind: "image", icon: "image", language: "html" },
  xml: { kind: "html", icon: "code", language: "html" },
  css: { kind: "style", icon: "style", language: "css" },
  js: { kind: "code", icon: "data", language: "js" },
  mjs: { kind: "code", icon: "data", language: "js" },
  cjs: { kind: "code", icon: "data", language: "js" },
  ts: { kind: "code", icon: "data", language: "js" },
  glsl: { kind: "code", icon: "data", language: "glsl" },
  vert: { kind: "code", icon: "data", language: "glsl" },
  frag: { kind: "code", icon: "data", language: "glsl" },
  json: { kind: "data", icon: "data", language: "json" },
  webmanifest: { kind: "data", icon: "data", language: "json" },
  map: { kind: "data", icon: "data", language: "json" },
  md: { kind: "text", icon: "file", language: "md" },
  txt: { kind: "text", icon: "file", language: "text" },
  csv: { kind: "text", icon: "file", language: "text" },
  woff: { kind: "font", icon: "letter" },
  woff2: { kind: "font", icon: "letter" },
  ttf: { kind: "font", icon: "letter" },
  otf: { kind: "font", icon: "letter" },
  wav: { kind: "sound", icon: "sound" },
  mp3: { kind: "sound", icon: "sound" },
  ogg: { kind: "sound", icon: "sound" },
  mp4: { kind: "video", icon: "play" },
  webm: { kind: "video", icon: "play" },
};

/** Text past this many bytes is not edited by hand, and would only slow the page down. */
const TEXT_LIMIT = 2_000_000;

/**
 * @param {string} path
 * @param {string} [type] its media type
 * @returns {{kind: string, icon: string, language?: string}}
 */
export function kindOf(path, type = "") {
  const known = BY_EXTENSION[/\.([^./]+)$/.exec(path)?.[1].toLowerCase() ?? ""];
  if (known) return known;
  if (type.startsWith("image/")) return { kind: "image", icon: "image" };
  if (type.startsWith("audio/")) return { kind: "sound", icon: "sound" };
  if (type.startsWith("video/")) return { kind: "video", icon: "play" };
  if (type.startsWith("font/")) return { kind: "font", icon: "letter" };
  if (/^text\/|[/+](json|xml|javascript|toml|yaml)\b/.test(type)) return { kind: "text", icon: "file", language: "text" };
  return { kind: "binary", icon: "file" };
}

/**
 * A file's text, or null where it is none.
 * @param {string} path
 * @param {Blob} blob
 * @param {string} type
 * @returns {Promise<string | null>}
 */
export async function textOf(path, blob, type) {
  const { kind, language } = kindOf(path, type);
  if (blob.size > TEXT_LIMIT || (!language && kind !== "binary")) return null;
  const bytes = await blob.arrayBuffer();
  // A file of no known kind is text where it has no NUL early on and is valid UTF-8.
  if (!language && new Uint8Array(bytes, 0, Math.min(bytes.byteLength, 4096)).includes(0)) return null;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}
