// Colours source text: text in, lines of [class, text] out. Close enough to tell words from strings; not a parser, and never wrong about the text itself.

/** @typedef {[string, string]} Token a class name, "" for plain text, and the text */
/** @typedef {[RegExp, string | ((part: string, at: number) => string), (() => boolean)?]} Rule sticky; its class; when it holds */

const JS_WORDS = words(
  "as async await break case catch class const continue debugger default delete do else export extends finally for from function get if import in " +
    "instanceof let new of return set static super switch this throw try typeof var void while with yield",
);
const JS_VALUES = words("true false null undefined NaN Infinity");
const GLSL_WORDS = words(
  "attribute const uniform varying in out inout layout precision highp mediump lowp if else for while do return discard break continue struct void " +
    "bool int uint float vec2 vec3 vec4 ivec2 ivec3 ivec4 mat2 mat3 mat4 sampler2D",
);

const WORD = /[A-Za-z_$][\w$]*/y;
const NUMBER = /0[xX][\da-fA-F]+|(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?n?/y;
const SPACE = /\s+/y;

/**
 * @param {string} text
 * @param {string} language one that is not known is left plain
 * @returns {Token[][]} one list for each line
 */
export function highlight(text, language) {
  /** @type {Token[]} */
  const tokens = [];
  const emit = (/** @type {string} */ kind, /** @type {string} */ part) => {
    if (part) tokens.push([kind, part]);
  };
  (READERS[language] ?? emit.bind(null, ""))(text, emit);
  return intoLines(tokens);
}

/** @type {Record<string, (text: string, emit: (kind: string, part: string) => void) => void>} */
const READERS = { html, css, json, md, js: script(JS_WORDS, JS_VALUES), glsl: script(GLSL_WORDS, words("true false")) };

/**
 * Takes what each rule matches in turn; what none does goes through a character at a time.
 * @param {string} text
 * @param {(kind: string, part: string) => void} emit
 * @param {Rule[]} rules
 */
function scan(text, emit, rules) {
  let at = 0;
  outer: while (at < text.length) {
    for (const [rule, kind, holds] of rules) {
      if (holds && !holds()) continue;
      rule.lastIndex = at;
      const match = rule.exec(text);
      if (!match || match[0] === "") continue;
      emit(typeof kind === "string" ? kind : kind(match[0], at), match[0]);
      at += match[0].length;
      continue outer;
    }
    emit("", text[at]);
    at += 1;
  }
}

/**
 * @param {Set<string>} keywords
 * @param {Set<string>} values
 */
function script(keywords, values) {
  return (/** @type {string} */ text, /** @type {(kind: string, part: string) => void} */ emit) => {
    // A slash begins a regular expression where no value can have ended.
    let regex = true;
    const remember = (/** @type {string} */ kind, /** @type {string} */ part) => {
      if (kind !== "comment" && part.trim()) regex = kind === "keyword" ? !/^(this|super)$/.test(part) : /[(,=:[!&|?{};+\-*%<>~^]$/.test(part);
      emit(kind, part);
    };
    scan(text, remember, [
      [SPACE, ""],
      [/\/\/[^\n]*|\/\*[^]*?(?:\*\/|$)|#(?:version|define|ifdef|ifndef|endif|else|extension|pragma)[^\n]*/y, "comment"],
      [/\/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/[a-z]*/y, "string", () => regex],
      [/"(?:\\[^]|[^"\\\n])*"?|'(?:\\[^]|[^'\\\n])*'?|`(?:\\[^]|[^`\\])*`?/y, "string"],
      [NUMBER, "number"],
      [
        WORD,
        (part, at) => {
          if (text[at - 1] !== ".") {
            if (keywords.has(part)) return "keyword";
            if (values.has(part)) return "number";
          }
          if (/^\s*\(/.test(text.slice(at + part.length, at + part.length + 3))) return "name";
          return /^[A-Z]/.test(part) && /[a-z]/.test(part) ? "type" : "";
        },
      ],
      [/=>|[{}()[\];,.<>=+\-*/%!&|?:^~@]/y, "punct"],
    ]);
  };
}

/** @type {(text: string, emit: (kind: string, part: string) => void) => void} */
function css(text, emit) {
  let depth = 0;
  let value = false;
  const follow = (/** @type {string} */ kind, /** @type {string} */ part) => {
    if (part === "{") [depth, value] = [depth + 1, false];
    else if (part === "}") [depth, value] = [Math.max(0, depth - 1), false];
    else if (part === ";") value = false;
    else if (part === ":" && depth > 0) value = true;
    emit(kind, part);
  };
  scan(text, follow, [
    [SPACE, ""],
    [/\/\*[^]*?(?:\*\/|$)/y, "comment"],
    [/"(?:\\[^]|[^"\\\n])*"?|'(?:\\[^]|[^'\\\n])*'?/y, "string"],
    [/@[\w-]+/y, "keyword"],
    [/url\([^)"']*\)/y, "string"],
    [/--[\w-]+/y, "type"],
    [/#[\da-fA-F]{3,8}\b|[+-]?(?:\d*\.)?\d+(?:[a-z%]+)?/y, part => (part.startsWith("#") && !value ? "attr" : "number")],
    [/[.#][A-Za-z_-][\w-]*|::?[a-z-]+(?=[\s,{(.:[>+~)])/y, (part, at) => (value && part.startsWith(":") ? "punct" : text[at] === ":" ? "keyword" : "attr")],
    [/[A-Za-z-][\w-]*(?=\s*:\s)/y, () => (depth > 0 && !value ? "name" : "")],
    [/[A-Za-z-][\w-]*(?=\()/y, "name"],
    [/[A-Za-z-][\w-]*/y, () => (value ? "" : "keyword")],
    [/[{}();:,>+~*=[\]!|/]/y, "punct"],
  ]);
}

/** @type {(text: string, emit: (kind: string, part: string) => void) => void} */
function html(text, emit) {
  const tag = /<!--[^]*?(?:-->|$)|<![^>]*>?|<\?[^>]*>?|(<\/?)([A-Za-z][\w:-]*)((?:"[^"]*"|'[^']*'|[^>"'])*)(>?)/g;
  let at = 0;
  for (let match = tag.exec(text); match; match = tag.exec(text)) {
    entities(text.slice(at, match.index), emit);
    at = tag.lastIndex;
    const [whole, open, name, attributes, close] = match;
    if (!open) {
      emit(whole.startsWith("<!--") ? "comment" : "keyword", whole);
      continue;
    }
    emit("punct", open);
    emit("keyword", name);
    scan(attributes, emit, [[SPACE, ""], [/"[^"]*"?|'[^']*'?/y, "string"], [/[^\s=/"']+/y, (part, place) => (attributes[place - 1] === "=" ? "string" : "attr")], [/[=/]/y, "punct"]]);
    emit("punct", close);
    const inner = open === "<" && /^(script|style)$/i.test(name) && !attributes.endsWith("/") ? name.toLowerCase() : "";
    if (!inner) continue;
    const end = text.slice(at).search(new RegExp(`</${inner}`, "i"));
    const body = end < 0 ? text.slice(at) : text.slice(at, at + end);
    if (inner === "style") css(body, emit);
    else if (/type\s*=\s*["']?(application|importmap)/.test(attributes)) json(body, emit);
    else READERS.js(body, emit);
    at += body.length;
    tag.lastIndex = at;
  }
  entities(text.slice(at), emit);
}

/** @type {(text: string, emit: (kind: string, part: string) => void) => void} */
function entities(text, emit) {
  scan(text, emit, [[/&(?:\w+|#\d+|#x[\da-f]+);/iy, "number"], [/[^&]+/y, ""]]);
}

/** @type {(text: string, emit: (kind: string, part: string) => void) => void} */
function json(text, emit) {
  scan(text, emit, [
    [SPACE, ""],
    [/"(?:\\.|[^"\\\n])*"?(?=\s*:)/y, "name"],
    [/"(?:\\.|[^"\\\n])*"?/y, "string"],
    [/-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y, "number"],
    [/\b(?:true|false|null)\b/y, "number"],
    [/[{}[\],:]/y, "punct"],
  ]);
}

/** @type {(text: string, emit: (kind: string, part: string) => void) => void} */
function md(text, emit) {
  const lineStart = (/** @type {number} */ at) => at === 0 || text[at - 1] === "\n";
  scan(text, emit, [
    [/```[^]*?(?:```|$)/y, "string"],
    [/#{1,6} [^\n]*/y, (_, at) => (lineStart(at) ? "keyword" : "")],
    [/`[^`\n]+`/y, "string"],
    [/\*\*[^*\n]+\*\*/y, "strong"],
    [/\[[^\]\n]*\]\([^)\n]*\)/y, "name"],
    [/[-*] /y, (_, at) => (lineStart(at) ? "punct" : "")],
    [/[^`*[#\n-]+/y, ""],
  ]);
}

/**
 * @param {Token[]} tokens
 * @returns {Token[][]}
 */
function intoLines(tokens) {
  /** @type {Token[][]} */
  const lines = [[]];
  for (const [kind, text] of tokens) {
    const parts = text.split("\n");
    parts.forEach((part, at) => {
      if (at > 0) lines.push([]);
      const line = lines[lines.length - 1];
      const last = line[line.length - 1];
      // Neighbours of one kind are one: fewer elements.
      if (part && last?.[0] === kind) last[1] += part;
      else if (part) line.push([kind, part]);
    });
  }
  return lines;
}

/** @param {string} list */
function words(list) {
  return new Set(list.split(" "));
}
