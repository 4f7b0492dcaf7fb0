// Who is near whom: birds sorted into square cells, so that a bird looks at nine of them and not at everybody.

export class Grid {
  #heads = new Int32Array(0);
  #next = new Int32Array(0);

  /**
   * @param {Float32Array} birds four numbers each, the first two being the place
   * @param {number} count
   * @param {number} cell side of a cell
   */
  fill(birds, count, cell, width, height) {
    this.columns = Math.max(1, Math.ceil(width / cell));
    this.rows = Math.max(1, Math.ceil(height / cell));
    this.cell = cell;
    const cells = this.columns * this.rows;
    if (this.#heads.length < cells) this.#heads = new Int32Array(cells);
    if (this.#next.length < count) this.#next = new Int32Array(count);
    this.#heads.fill(-1);
    for (let bird = 0; bird < count; bird += 1) {
      const at = this.#row(birds[bird * 4 + 1]) * this.columns + this.#column(birds[bird * 4]);
      this.#next[bird] = this.#heads[at];
      this.#heads[at] = bird;
    }
  }

  /** Calls `visit` with every bird in the cells around a place, until it returns false. */
  around(x, y, visit) {
    const [column, row] = [this.#column(x), this.#row(y)];
    for (let r = Math.max(0, row - 1); r <= Math.min(this.rows - 1, row + 1); r += 1) {
      for (let c = Math.max(0, column - 1); c <= Math.min(this.columns - 1, column + 1); c += 1) {
        for (let bird = this.#heads[r * this.columns + c]; bird >= 0; bird = this.#next[bird]) {
          if (visit(bird) === false) return;
        }
      }
    }
  }

  #column = x => Math.max(0, Math.min(this.columns - 1, Math.floor(x / this.cell)));
  #row = y => Math.max(0, Math.min(this.rows - 1, Math.floor(y / this.cell)));
}
