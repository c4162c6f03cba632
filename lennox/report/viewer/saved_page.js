// The page of a run: films come from the page itself, decisions leave it as a file, and everything is made ready for paper.
(() => {
  "use strict";
  const { $, t, make, say } = globalThis.lennox;
  document.documentElement.classList.add("scripted");
  const SVG = "http://www.w3.org/2000/svg";
  const COLUMNS = ["time", "patient", "film", "model", "status", "mark", "decision",
    "who", "tooth_fdi", "surface", "depth_iccms", "note", "outline", "shown_from", "read"];
  const run = JSON.parse($("run").dataset.run);
  const pictureOf = (key) => $(`film-${key}`)?.querySelector("noscript.later")?.textContent.match(/href="([^"]+)"/)?.[1] ?? document.getElementById(`picture-${key}`)?.getAttribute("href") ?? null;

  class SavedPage {
    constructor() {
      this.films = new Map([...document.querySelectorAll("[data-view]")].map((one) => JSON.parse(one.dataset.view)).map((film) => [film.key, film]));
      this.elsewhere = new Map([...document.querySelectorAll("[data-row]")].map((one) => JSON.parse(one.dataset.row)).map((row) => [row.key, row]));
      this.events = []; // of all films, in order; this window is the only one
      this.unsaved = 0;
      addEventListener("beforeunload", (event) => { if (this.unsaved) event.preventDefault(); });
    }
    news() {
      const films = new Map([...this.elsewhere, ...[...this.films.keys()].map((key) => [key, this.row(key)])]);
      const keys = [...films.keys()].sort((one, two) => Number(one) - Number(two));
      return { ...run, films, keys, model: { status: "ready", ...run.model } };
    }
    row(key) {
      const { decisions, readBy } = this.state(key), film = this.films.get(key);
      return { ...film, read: readBy?.who ?? "", decided: Object.values(decisions).filter((one) => one.verdict !== "removed").length, last: this.events.length };
    }
    // What the events say of a film: each mark as it was decided last, and who read it.
    state(key) {
      const decisions = {};
      let readBy = null;
      for (const event of this.events) {
        if (event.film !== key || event.undone) continue;
        if (event.kind === "mark") decisions[event.mark ?? `h${event.number}`] = { ...event, outline: event.outline ?? [], others: [] };
        else if (event.is_read) readBy = { who: event.who, time: event.time };
      }
      return { decisions, readBy };
    }
    async film(key) { return { ...this.row(key), ...this.state(key) }; }
    async send(event) {
      if (event.kind === "shown" || event.kind === "setting") return {};
      if (event.kind === "undo") {
        const last = this.events.filter((one) => one.film === event.film && !one.undone).at(-1);
        if (last) last.undone = true;
        this.show();
        return { undone: last?.kind ?? null, film: await this.film(event.film) };
      }
      if (event.tooth && !this.fdi(event)) throw new Error(t("'{tooth}' is no tooth in {notation} notation.", { tooth: event.tooth, notation: event.notation }));
      this.events.push({ ...event, number: this.events.length + 1, time: `${new Date().toISOString().slice(0, 19)}Z` });
      this.show();
      return { number: this.events.length, film: await this.film(event.film) };
    }
    fdi({ tooth, notation }) { return run.teeth[notation][tooth.toUpperCase().replaceAll(" ", "")]; }
    show() {
      this.unsaved += 1;
      const n = this.events.filter((one) => !one.undone).length;
      $("save").disabled = false;
      $("save").textContent = t("Save decisions ({n})", { n });
      this.changed();
    }
    picture(row) { return pictureOf(row.key); }
    thumbnail(row) { return pictureOf(row.key); }
    windowed() { return null; }
    anchor(key) { return `film-${key}`; }
    saved() { return t("Save the file before you close the page."); }
    changed() {}

    rows() {
      return [...this.films].flatMap(([key, film]) => {
        const { decisions, readBy } = this.state(key), { source } = film.record;
        const row = (one, mark, decision) => ({
          time: one.time, film: source.sha256 ?? source.name, model: film.record.model.sha256, status: film.status, mark, decision, who: one.who,
          tooth_fdi: one.tooth ? this.fdi(one) : "", surface: one.surface, depth_iccms: one.depth, note: one.note,
          outline: one.outline?.map((corner) => corner.map((at) => at.toFixed(1)).join(" ")).join("; "),
          shown_from: one.shown?.marks ? one.shown.threshold : "", read: readBy ? "yes" : "",
        });
        const rows = Object.entries(decisions).filter(([, one]) => one.verdict !== "removed")
          .map(([mark, one]) => row(one, mark.startsWith("h") ? "" : mark, one.verdict));
        return rows.length || !readBy ? rows : [row(readBy, "", "none")];
      });
    }
    save() {
      const rows = this.rows();
      if (!rows.length) { say(t("Nothing is decided yet.")); return; }
      const cell = (value) => {
        const text = String(value ?? ""), harmless = /^[\s]*[=+\-@]/.test(text) ? `'${text}` : text; // a spreadsheet runs formulas
        return /[",\r\n;']/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
      };
      const text = [COLUMNS.join(","), ...rows.map((row) => COLUMNS.map((name) => cell(row[name])).join(",")), ""].join("\n");
      const link = make("a", { href: URL.createObjectURL(new Blob([text], { type: "text/csv" })), download: "decisions.csv" });
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 10000);
      this.unsaved = 0;
      say(t("Saved as decisions.csv: put it into the folder of results, or add it to a desk with lennox desk import."));
    }

    // On paper, every film is there, with what was decided.
    print(reading) {
      for (const later of document.querySelectorAll("noscript.later")) {
        const holder = document.createElement("template");
        holder.innerHTML = later.textContent;
        later.replaceWith(holder.content);
      }
      for (const key of this.films.keys()) this.paper(key, reading);
    }
    paper(key, reading) {
      const on = $(`film-${key}`), { decisions, readBy } = this.state(key), outlines = on.querySelector(".outlines");
      const marks = reading.currentMarks({ ...this.films.get(key), decisions }).filter((mark) => mark.decision);
      const words = marks.map(({ number, decision, verdict }) => `${number}: ${reading.panel.verdict(verdict)}, ${[decision.who, decision.tooth, decision.surface && t(decision.surface),
        decision.depth, decision.note].filter(Boolean).join(", ")}`);
      if (readBy) words.push(t("read by {who}", { who: readBy.who }));
      on.querySelector(".decided").replaceChildren(...words.map((text) => make("li", { textContent: text })));
      on.querySelectorAll(".by-hand").forEach((one) => one.remove());
      for (const { number, outline, verdict } of outlines ? marks : []) {
        if (outline.length < 3 || !["edit", "missed"].includes(verdict)) continue;
        on.querySelector(".marked").hidden = false;
        const points = outline.map(([row, column]) => `${column.toFixed(1)},${row.toFixed(1)}`).join(" ");
        const group = document.createElementNS(SVG, "g");
        group.setAttribute("class", "by-hand");
        for (const [name, attributes, text] of [["polygon", { class: "halo", points }, ""], ["polygon", { class: "line", points }, ""],
          ["text", { x: outline[0][1], y: outline[0][0] }, number]]) {
          const element = document.createElementNS(SVG, name);
          for (const [attribute, value] of Object.entries(attributes)) element.setAttribute(attribute, value);
          element.textContent = text;
          group.append(element);
        }
        outlines.append(group);
      }
    }
  }

  const source = new SavedPage(), reading = new Reading(source);
  listenToKeys(reading, [["save", ["v"], t("save the decisions as a file"), () => source.save()]]);
  Object.assign(reading.news, source.news());
  reading.panel.setModel(reading.news.model);
  source.changed = () => {
    const { film } = reading;
    if (film) reading.news.films.set(film.key, source.row(film.key));
    reading.list.show();
  };
  addEventListener("beforeprint", () => source.print(reading));
  const goTo = () => {
    const wanted = location.hash.replace("#film-", ""), { keys } = reading.news;
    const key = source.films.has(wanted) ? wanted : reading.list.rows().find((row) => !row.page)?.key ?? keys[0];
    if (key && (location.hash.startsWith("#film-") || !reading.film)) reading.open(key);
  };
  addEventListener("hashchange", goTo);
  goTo();
})();
