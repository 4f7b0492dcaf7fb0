// What Tab, Enter and closing brackets do in the editor: indenting, through the browser's own undo history.

const INDENT = "  ";

/**
 * Acts on a key where the editor has its own meaning for it.
 * @param {HTMLTextAreaElement} input
 * @param {KeyboardEvent} event
 * @returns {boolean} true: it has been dealt with
 */
export function editKey(input, event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return false;
  if (event.key === "Tab") {
    if (event.shiftKey) outdent(input);
    else if (input.selectionStart !== input.selectionEnd && selected(input).includes("\n")) indent(input);
    else insert(input, INDENT);
    return true;
  }
  if (event.key === "Enter" && !event.shiftKey) {
    newLine(input);
    return true;
  }
  if ("})]".includes(event.key) && input.selectionStart === input.selectionEnd) closeBlock(input);
  return false;
}

/**
 * Types text where the selection is. `execCommand` is old, and the only way in which undo goes on to work.
 * @param {HTMLTextAreaElement} input
 * @param {string} text
 */
function insert(input, text) {
  if (text === "" ? document.execCommand("delete") : document.execCommand("insertText", false, text)) return;
  input.setRangeText(text, input.selectionStart, input.selectionEnd, "end");
  input.dispatchEvent(new InputEvent("input", { bubbles: true }));
}

/** @param {HTMLTextAreaElement} input */
function selected(input) {
  return input.value.slice(input.selectionStart, input.selectionEnd);
}

/** @param {HTMLTextAreaElement} input */
function indent(input) {
  rewriteLines(input, lines => lines.map(line => (line ? INDENT + line : line)));
}

/** @param {HTMLTextAreaElement} input */
function outdent(input) {
  rewriteLines(input, lines => lines.map(line => line.replace(/^(?: {1,2}|\t)/, "")));
}

/**
 * Replaces the lines that the selection touches, and keeps them selected.
 * @param {HTMLTextAreaElement} input
 * @param {(lines: string[]) => string[]} change
 */
function rewriteLines(input, change) {
  const { value, selectionStart, selectionEnd } = input;
  const start = value.lastIndexOf("\n", selectionStart - 1) + 1;
  // A selection that ends at the start of a line does not mean that line.
  const last = selectionEnd > selectionStart && value[selectionEnd - 1] === "\n" ? selectionEnd - 1 : selectionEnd;
  const to = value.indexOf("\n", last);
  const end = to < 0 ? value.length : to;
  const before = value.slice(start, end);
  const after = change(before.split("\n")).join("\n");
  if (after === before) return;
  const caret = selectionStart === selectionEnd;
  input.setSelectionRange(start, end);
  insert(input, after);
  if (caret) {
    const at = Math.max(start, selectionStart + after.length - before.length);
    input.setSelectionRange(at, at);
  } else {
    input.setSelectionRange(start, start + after.length);
  }
}

/**
 * A new line with the indentation of this one, one step more after an opening bracket or tag.
 * @param {HTMLTextAreaElement} input
 */
function newLine(input) {
  const { value, selectionStart, selectionEnd } = input;
  const start = value.lastIndexOf("\n", selectionStart - 1) + 1;
  const line = value.slice(start, selectionStart);
  const space = /^[ \t]*/.exec(line)?.[0] ?? "";
  const opens = /[{([]\s*$/.test(line);
  const closes = /^\s*[})\]]/.test(value.slice(selectionEnd, selectionEnd + 40));
  insert(input, `\n${space}${opens ? INDENT : ""}`);
  if (opens && closes) {
    const at = input.selectionStart;
    insert(input, `\n${space}`);
    input.setSelectionRange(at, at);
  }
}

/**
 * Takes a step of indentation back before a closing bracket that is the first thing in its line.
 * @param {HTMLTextAreaElement} input
 */
function closeBlock(input) {
  const { value, selectionStart } = input;
  const start = value.lastIndexOf("\n", selectionStart - 1) + 1;
  if (!/^\s*$/.test(value.slice(start, selectionStart)) || !value.slice(start, selectionStart).endsWith(INDENT)) return;
  input.setSelectionRange(selectionStart - INDENT.length, selectionStart);
  insert(input, "");
}
