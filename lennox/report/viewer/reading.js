// Which film is on the screen, and what is shown on it: the film alone first, then what was suggested and decided.
(() => {
  "use strict";
  const { $, t, say } = globalThis.lennox;

  async function sizeOf(url) {
    const image = new Image();
    image.src = url;
    await image.decode();
    return { rows: image.naturalHeight, columns: image.naturalWidth };
  }

  class Reading {
    // source : where films come from and decisions go to, a desk or a saved page:
    //   news(after), film(key), send(event), picture(row), thumbnail(row), windowed(row, source)
    constructor(source) {
      this.source = source;
      this.news = { films: new Map(), keys: [], model: { status: "loading" }, settings: {}, last: -1 };
      this.film = null; this.threshold = null; this.shown = false; this.chosen = null; this.sticky = false;
      this.listeners = [];
      this.viewer = new FilmViewer($("one"));
      this.marks = new FilmMarks(this.viewer);
      this.pen = new FilmPen(this.viewer, (text) => { say(text); $("pen-tools").hidden = !this.pen.active; });
      this.deciding = new Deciding(this);
      this.panel = new DeskPanel({
        decide: (key, change) => this.deciding.decide(key, change),
        redraw: (key) => this.deciding.redraw(key),
        choose: (key) => { this.chosen = key; this.refresh(); },
        threshold: (value) => this.setThreshold(value),
      });
      this.list = new FilmList(this);
      this.beside = new Beside(this);
      $("slider").addEventListener("input", () => this.setThreshold(Math.min(1, deskThreshold(Number($("slider").value)))));
      this.viewer.osd.addHandler("canvas-click", (event) => { if (event.quick && this.shown) this.chooseAt(event.position.x, event.position.y); });
    }
    onRefresh(listener) { this.listeners.push(listener); }

    async open(key) {
      if (this.pen.active) this.pen.stop();
      this.wanted = key; // whoever asks last is answered: an earlier answer that comes late must not bring its film back
      let found;
      try { found = await this.source.film(key); } catch (error) { say(error.message); this.wanted = this.film?.key; return; }
      if (this.wanted !== key) return;
      this.film = found;
      this.shown = false; this.chosen = null;
      if (this.threshold === null || !this.sticky) this.threshold = this.usualThreshold();
      $("name").textContent = found.name;
      $("refusal").hidden = true;
      history.replaceState(null, "", `#${this.source.anchor(key)}`);
      this.list.show();
      $(`row-${key}`)?.scrollIntoView({ block: "nearest" });
      this.refresh();
      const source = found.record?.source;
      try {
        const url = found.status === "unreadable" ? null : this.source.picture(found);
        if (!url) throw new Error("no picture");
        const size = source?.rows ? { rows: source.rows, columns: source.columns } : await sizeOf(url);
        if (this.film.key !== key) return;
        await this.viewer.open({ key, url, ...size, spacing: source?.spacing_mm ?? null, windowed: this.source.windowed(found, source) });
      } catch {
        this.viewer.close();
        $("refusal").hidden = false;
        $("refusal").textContent = found.reasons.join(" ") || t("The film's picture cannot be shown.");
      }
      if (this.film.key !== key) return;
      this.refresh();
      this.deciding.note();
      const next = this.list.beside(1);
      if (next && !next.page && next.status !== "unreadable") new Image().src = this.source.picture(next);
    }
    async reload() {
      const key = this.film?.key;
      if (!key) return;
      const before = this.film.status;
      const found = await this.source.film(key);
      if (this.film?.key !== key || this.wanted !== key) return;
      this.film = found;
      if (before === "waiting" && found.status !== "waiting") await this.open(key); else this.refresh();
    }
    usualThreshold() {
      const { points } = this.news.model;
      return (points?.find((point) => point.inUse) ?? points?.[0])?.threshold ?? 0.5;
    }
    byEye() { return this.news.model.status === "refused"; }

    // Every mark that the film has now: suggestions above the threshold while they are shown, and whatever was decided.
    currentMarks(film = this.film) {
      if (!film?.record) return [];
      const found = [];
      film.record.findings.forEach((finding, index) => {
        const key = String(index + 1), decision = film.decisions[key] ?? null;
        if (!decision && !(this.shown && finding.probability >= this.threshold)) return;
        found.push({
          key, number: key, label: finding.label, probability: finding.probability, decision, verdict: decision?.verdict ?? "",
          outline: decision?.outline.length ? decision.outline : film.outlines[index], doubts: film.doubts[index],
        });
      });
      let drawn = 0;
      for (const [key, decision] of Object.entries(film.decisions)) {
        if (!key.startsWith("h")) continue;
        drawn += 1;
        if (decision.verdict === "removed") continue;
        found.push({ key, number: `A${drawn}`, label: "", probability: null, decision, verdict: decision.verdict, outline: decision.outline });
      }
      return found;
    }
    visible(marks) { return (this.shown ? marks : marks.filter((mark) => mark.key.startsWith("h") || mark.key === this.chosen)).filter((mark) => mark.outline.length > 2); }
    refresh() {
      const { film } = this;
      if (!film) return;
      const marks = this.currentMarks();
      if (this.viewer.film) this.marks.show(this.visible(marks).map((mark) => ({ ...mark, chosen: mark.key === this.chosen })));
      this.beside.refresh();
      this.panel.show(marks, this.chosen, this.news, this.nothing(marks));
      $("threshold").hidden = !this.shown || film.status !== "assessed";
      this.panel.showThreshold(this.threshold ?? 0.5);
      const button = $("marks-button");
      button.hidden = this.byEye();
      button.textContent = this.shown ? t("Hide suggestions") : t("Show suggestions");
      button.setAttribute("aria-pressed", String(this.shown));
      $("read-button").textContent = Object.keys(film.decisions).length ? t("Film read, nothing more to add") : t("Film read, nothing to add");
      const unreleased = this.news.model.unreleased ? ` · ${t("UNRELEASED MODEL")}` : "";
      $("state").textContent = (this.byEye() ? t("read by eye, no model") : film.status === "waiting" ? t("waiting to be read by lennox") : t(film.status)) + unreleased;
      if (film.status === "assessed" && film.reasons.length) $("state").textContent += ` · ${film.reasons.join(" ")}`; // what of it cannot be read
      $("state").classList.toggle("bad", Boolean(unreleased) || (!this.byEye() && film.status.startsWith("not")) || film.status === "unreadable");
      $("read-by").textContent = film.readBy ? t("Read by {who}, {time}.", { who: film.readBy.who, time: new Date(film.readBy.time).toLocaleString() }) : "";
      for (const listener of this.listeners) listener();
    }
    nothing(marks) {
      const { film } = this;
      if (film.status === "unreadable") return `${t("Unreadable")}: ${t("no result.")} ${film.reasons.join(" ")}`;
      if (this.byEye()) return marks.length ? "" : t("No model marks anything here. Read the film by eye, and draw what you see.");
      if (film.status === "waiting") return t("lennox has not read this film yet. Look at it meanwhile.");
      if (film.status !== "assessed") return `${t("Not assessable")}: ${t("no result.")} ${film.reasons.join(" ")}`;
      if (!this.shown) return marks.length ? "" : t("Look at the film alone first; then show what lennox suggests (space).");
      return marks.length ? "" : t("Nothing is suggested from this probability on. This does not mean that there is no caries.");
    }

    countShown() { return this.currentMarks().filter((mark) => mark.probability !== null).length; }
    toggleMarks() {
      if (!this.film || this.byEye()) return;
      this.shown = !this.shown;
      this.refresh();
      this.deciding.note();
      const n = this.countShown();
      say(!this.shown ? t("Suggestions hidden.") : n === 1 ? t("1 suggestion shown.") : t("{n} suggestions shown.", { n }));
    }
    setThreshold(value) {
      this.threshold = value;
      this.sticky = true;
      this.refresh();
      this.deciding.note();
      if (this.shown) say(t("{n} from probability {p} on.", { n: this.countShown(), p: value.toFixed(2) }));
    }
    nudge(by) { // to the next candidate, so that each step shows or hides one
      if (!this.film?.record || !this.shown) { say(t("Show the suggestions first: space.")); return; }
      const all = this.film.record.findings.map((one) => one.probability).sort((a, b) => a - b);
      const value = by < 0 ? all.filter((one) => one < this.threshold - 1e-6).at(-1) : all.find((one) => one >= this.threshold - 1e-6);
      if (value === undefined) { say(by < 0 ? t("There is no less probable one.") : t("There is none left.")); return; }
      this.setThreshold(by < 0 ? value : Math.min(1, value + 2e-6));
    }
    chooseBy(by) {
      const marks = this.currentMarks();
      if (!marks.length) { say(this.shown ? t("There is no mark here.") : t("Show the suggestions first: space.")); return; }
      const at = marks.findIndex((mark) => mark.key === this.chosen);
      const mark = marks[at < 0 && by < 0 ? marks.length - 1 : (at + by + marks.length) % marks.length];
      this.chosen = mark.key;
      this.refresh();
      const probability = mark.probability === null ? "" : `, ${t("probability")} ${mark.probability.toFixed(2)}`;
      say(`${t("Mark")} ${mark.number}${probability}, ${this.panel.verdict(mark.verdict)}.`);
      document.querySelector(`[data-mark="${mark.key}"]`)?.scrollIntoView({ block: "nearest" });
    }
    chooseAt(x, y) {
      const mark = this.marks.at(x, y);
      this.chosen = mark?.key ?? null;
      this.refresh();
      if (mark) document.querySelector(`[data-mark="${mark.key}"]`)?.scrollIntoView({ block: "nearest" });
    }
  }
  globalThis.Reading = Reading;
})();
