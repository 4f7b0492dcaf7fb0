// Where the parts of the playground say what they did and what went wrong: the activity list, the banners, the notices.

/** @typedef {{topic: string, context: string, retry?: () => void}} Failing */

export class Report {
  #messages;
  #activity;

  /**
   * @param {import("./banners.js").Messages} messages
   * @param {import("./activity.js").Activity} activity
   */
  constructor(messages, activity) {
    this.#messages = messages;
    this.#activity = activity;
  }

  /**
   * Notes something in the activity list.
   * @param {string} text
   * @param {number} [took] in ms
   */
  did(text, took) {
    this.#activity.add(text, { took });
  }

  /**
   * Does something and notes it with the time it took, if it went well.
   * @template T
   * @param {string} text
   * @param {() => Promise<T>} task
   */
  async timed(text, task) {
    const since = performance.now();
    const result = await task();
    this.did(text, performance.now() - since);
    return result;
  }

  /**
   * Shows an error, and notes it.
   * @param {unknown} error
   * @param {Failing} what
   * @returns {{code: string, message: string}}
   */
  failed(error, what) {
    const problem = this.#messages.error(error, what);
    this.#activity.add(`${what.context}: ${problem.code}`, { bad: true });
    return problem;
  }

  /** Takes back an error that is no longer so. @param {string} topic */
  fine(topic) {
    this.#messages.clear(topic);
  }

  /**
   * @param {string} text
   * @param {{label: string, run: () => void}} [action]
   */
  notice(text, action) {
    this.#messages.notice(text, action);
  }

  /** Says that files are in memory which were to be stored. @param {string} why */
  degraded(why) {
    this.#messages.warn("These files are kept in memory only", `IndexedDB cannot be used here (${why}). The session lasts as long as this page.`, { topic: "degraded", code: "STORAGE_UNAVAILABLE" });
  }
}
