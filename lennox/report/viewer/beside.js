// A second film beside the one that is read, moved together with it; those of the same patient are offered first.
(() => {
  "use strict";
  const { $, t, make, say } = globalThis.lennox;

  class Beside {
    constructor(reading) {
      this.reading = reading;
      this.viewer = this.film = null;
      $("beside").addEventListener("change", () => this.open());
    }
    get isOn() { return !$("two").hidden; }
    viewers() { return [this.reading.viewer, this.isOn ? this.viewer : null].filter((one) => one?.item); }
    async toggle(on = !this.isOn) {
      const { reading } = this, { films, keys } = reading.news;
      $("two").hidden = $("beside-label").hidden = !on;
      document.querySelector('[data-do="compare"]').setAttribute("aria-pressed", String(on));
      if (!on) { this.viewer?.close(); this.film = null; return; }
      const rows = keys.map((key) => films.get(key)).filter((row) => row.key !== reading.film?.key && row.status !== "unreadable" && !row.page);
      const { patient } = reading.film;
      const groups = [[t("Of this patient"), rows.filter((row) => row.patient === patient)], [t("Of others"), rows.filter((row) => row.patient !== patient)]];
      $("beside").replaceChildren(...groups.filter(([, of]) => of.length).map(([label, of]) =>
        make("optgroup", { label }, ...of.map((row) => new Option(row.name, row.key)))));
      if (!this.viewer) {
        this.viewer = new FilmViewer($("two"));
        this.marks = new FilmMarks(this.viewer);
        FilmViewer.together(reading.viewer, this.viewer);
      }
      await this.open();
      reading.viewer.fit();
    }
    async open() {
      const { source, news } = this.reading, row = news.films.get($("beside").value);
      if (!row) { say(t("There is no other film.")); return; }
      try {
        const found = await source.film(row.key), of = found.record?.source, url = source.picture(row);
        const image = Object.assign(new Image(), { src: url });
        await image.decode();
        const size = of?.rows ? { rows: of.rows, columns: of.columns } : { rows: image.naturalHeight, columns: image.naturalWidth };
        await this.viewer.open({ key: row.key, url, ...size, spacing: of?.spacing_mm ?? null, windowed: source.windowed(row, of) });
        this.film = found;
        this.refresh();
      } catch { say(t("That film's picture cannot be shown.")); }
    }
    refresh() { // its marks follow the same key and slider
      if (!this.isOn || !this.film || !this.viewer.film) return;
      this.marks.show(this.reading.visible(this.reading.currentMarks(this.film)).map((mark) => ({ ...mark, chosen: false })));
    }
  }
  globalThis.Beside = Beside;
})();
