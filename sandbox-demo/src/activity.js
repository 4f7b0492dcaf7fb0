// The last things that happened, with the time they took: the status panel lists them.

import { clock } from "./format.js";

/** How many are kept. */
const KEPT = 60;

/**
 * @typedef {{at: string, text: string, took?: number, bad?: boolean}} Entry
 */

export class Activity extends EventTarget {
  /** @type {Entry[]} newest first */
  entries = [];

  /**
   * @param {string} text
   * @param {{took?: number, bad?: boolean}} [more] `took` in ms
   */
  add(text, more = {}) {
    this.entries = [{ at: clock(), text, ...more }, ...this.entries].slice(0, KEPT);
    this.dispatchEvent(new Event("change"));
  }
}
