// Marks on a film, and the pen to draw one: a polygon corner by corner, freehand, or a box; with a mouse, a finger, or keys.
(() => {
  "use strict";
  const svg = globalThis.lennoxSvg;
  const { t } = globalThis.lennox;
  const SIGNS = { accept: "✓", edit: "✎", missed: "+", reject: "✗" };
  const path = (corners, closed = true) =>
    corners.map(([row, column], index) => `${index ? "L" : "M"}${column} ${row}`).join("") + (closed ? "Z" : "");

  // marks : [{ key, number, outline: [[row, column], ...], verdict, chosen }]
  class Marks {
    constructor(viewer) {
      this.viewer = viewer;
      this.group = svg("g", { class: "marks" }, viewer.layer);
      this.marks = [];
      viewer.onMove(() => this.placeLabels());
    }
    show(marks) {
      this.marks = marks;
      this.group.replaceChildren();
      this.viewer.labels.replaceChildren();
      for (const mark of marks) {
        const kind = `${mark.verdict || "open"}${mark.chosen ? " chosen" : ""}`;
        svg("path", { class: `halo ${kind}`, d: path(mark.outline) }, this.group);
        svg("path", { class: `line ${kind}`, d: path(mark.outline) }, this.group);
        const text = svg("text", { class: kind }, this.viewer.labels);
        text.textContent = `${mark.number}${SIGNS[mark.verdict] ?? ""}`;
      }
      this.placeLabels();
    }
    placeLabels() {
      if (!this.viewer.item) return;
      [...this.viewer.labels.children].forEach((text, index) => {
        const { outline } = this.marks[index];
        const at = outline.map(([row, column]) => this.viewer.toScreen(row, column));
        const [x, y] = at.reduce((best, one) => (one[0] - one[1] > best[0] - best[1] ? one : best)); // its upper right
        text.setAttribute("x", x + 5);
        text.setAttribute("y", y + 2);
      });
    }
    // The smallest mark under a place on the screen, or null.
    at(x, y) {
      const [row, column] = this.viewer.toFilm(x, y);
      const slack = 8 / this.viewer.scale;
      let best = null, least = Infinity;
      for (const mark of this.marks) {
        const rows = mark.outline.map(([r]) => r), columns = mark.outline.map(([, c]) => c);
        const [top, bottom] = [Math.min(...rows), Math.max(...rows)], [left, right] = [Math.min(...columns), Math.max(...columns)];
        const area = (bottom - top) * (right - left);
        const inside = row >= top - slack && row <= bottom + slack && column >= left - slack && column <= right + slack;
        if (inside && area < least) [best, least] = [mark, area];
      }
      return best;
    }
  }

  class Pen {
    // say : tells the reader in words what to do next
    constructor(viewer, say) {
      this.viewer = viewer;
      this.say = say;
      this.group = svg("g", { class: "pen" }, viewer.layer);
      this.cross = svg("g", { class: "cross", visibility: "hidden" }, viewer.overlay);
      svg("path", { d: "M-14 0H14M0 -14V14", class: "halo" }, this.cross);
      svg("path", { d: "M-14 0H14M0 -14V14", class: "line" }, this.cross);
      this.tool = null;
      viewer.onMove(() => this.draw());
      this.followPointer();
    }
    get active() { return this.tool !== null; }

    // done : called with the corners [[row, column], ...] of what was drawn
    start(tool, done) {
      this.tool = tool; this.done = done; this.corners = []; this.cursor = null;
      this.viewer.overlay.classList.add("drawing");
      this.say(tool === "box"
        ? t("Box: drag from corner to corner; or move with the arrow keys, Enter sets a corner, Escape ends.")
        : t("Outline: click corner by corner, or drag around the lesion; arrow keys and Enter set corners, F closes, Backspace takes one back, Escape ends."));
      this.draw();
    }
    stop(message = "") {
      this.tool = null;
      this.viewer.overlay.classList.remove("drawing");
      this.group.replaceChildren();
      this.cross.setAttribute("visibility", "hidden");
      if (message) this.say(message);
    }
    finish() {
      const corners = this.tool === "box" && this.corners.length === 2 ? box(...this.corners) : this.corners;
      if (corners.length < 3) { this.say(t("Three corners at least.")); return; }
      const done = this.done;
      this.stop();
      done(corners.map(([row, column]) => [
        Math.min(Math.max(row, 0), this.viewer.film.rows), Math.min(Math.max(column, 0), this.viewer.film.columns)]));
    }
    add(corner) {
      this.corners.push(corner);
      if (this.tool === "box" && this.corners.length === 2) { this.finish(); return; }
      this.draw();
      this.say(t("Corner {n}.", { n: this.corners.length }));
    }
    draw() {
      if (!this.active || !this.viewer.item) return;
      this.group.replaceChildren();
      const ahead = this.hover ? [...this.corners, this.hover] : this.corners;
      const shape = this.tool === "box" && ahead.length === 2 ? box(...ahead) : ahead;
      if (shape.length > 1) {
        svg("path", { class: "halo", d: path(shape, this.tool === "box") }, this.group);
        svg("path", { class: "line", d: path(shape, this.tool === "box") }, this.group);
      }
      for (const [row, column] of this.corners.slice(0, 200)) {
        svg("circle", { cx: column, cy: row, r: 4 / this.viewer.scale, class: "corner" }, this.group);
      }
      if (this.cursor) {
        const [x, y] = this.viewer.toScreen(...this.cursor);
        this.cross.setAttribute("transform", `translate(${x} ${y})`);
        this.cross.setAttribute("visibility", "visible");
      }
    }
    // Whether the key was for the pen.
    key(event) {
      if (!this.active) return false;
      const steps = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
      if (steps) {
        const { clientWidth: width, clientHeight: height } = this.viewer.element;
        const [x, y] = this.cursor ? this.viewer.toScreen(...this.cursor) : [width / 2, height / 2];
        const far = event.shiftKey ? 24 : 4;
        this.cursor = this.viewer.toFilm(
          Math.min(Math.max(x + steps[1] * far, 0), width), Math.min(Math.max(y + steps[0] * far, 0), height));
        this.hover = this.cursor;
        this.draw();
      } else if (event.key === "Enter") {
        if (this.cursor) this.add([...this.cursor]); else this.finish();
      } else if (event.key.toLowerCase() === "f") this.finish();
      else if (event.key === "Backspace") { this.corners.pop(); this.draw(); }
      else if (event.key === "Escape") this.stop(t("Nothing was drawn."));
      else return false;
      return true;
    }
    followPointer() {
      const overlay = this.viewer.overlay;
      const place = (event) => this.viewer.toFilm(...this.viewer.place(event));
      let from = null, dragged = false;
      overlay.addEventListener("pointerdown", (event) => {
        if (!this.active || event.button !== 0) return;
        event.preventDefault(); event.stopPropagation();
        overlay.setPointerCapture(event.pointerId);
        from = [event.clientX, event.clientY, place(event)];
        dragged = false;
      });
      overlay.addEventListener("pointermove", (event) => {
        if (!this.active) return;
        event.stopPropagation();
        this.hover = place(event);
        if (from && !dragged && Math.hypot(event.clientX - from[0], event.clientY - from[1]) > 6) {
          dragged = true;
          this.corners.push(from[2]);
        }
        if (from && dragged && this.tool === "polygon") {
          const last = this.viewer.toScreen(...this.corners.at(-1)), now = this.viewer.place(event);
          if (Math.hypot(now[0] - last[0], now[1] - last[1]) > 5) this.corners.push(place(event));
        }
        this.draw();
      });
      overlay.addEventListener("pointerup", (event) => {
        if (!this.active || !from) return;
        event.stopPropagation();
        const start = from;
        from = null;
        if (dragged) {
          if (this.tool === "box") this.add(place(event)); else this.finish();
        } else {
          const first = this.corners[0] && this.viewer.toScreen(...this.corners[0]);
          const near = first && Math.hypot(...this.viewer.toScreen(...start[2]).map((at, axis) => at - first[axis])) < 12;
          if (near && this.corners.length > 2) this.finish(); else this.add(start[2]);
        }
        this.hover = null;
      });
      overlay.addEventListener("pointercancel", () => { from = null; });
      overlay.addEventListener("wheel", (event) => {
        if (!this.active) return;
        event.preventDefault();
        this.viewer.zoom(Math.exp(-event.deltaY / 300), this.viewer.place(event));
      }, { passive: false });
    }
  }
  const box = ([r0, c0], [r1, c1]) => [[r0, c0], [r0, c1], [r1, c1], [r1, c0]];

  globalThis.FilmMarks = Marks;
  globalThis.FilmPen = Pen;
})();
