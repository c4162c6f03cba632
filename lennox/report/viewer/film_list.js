// The list of films: which are in it, in which order, and what it says of each.
(() => {
  "use strict";
  const { $, t, make, say } = globalThis.lennox;
  const FILTERS = {
    all: () => true,
    open: (row) => !row.read,
    marked: (row) => row.marks > 0,
    refused: (row) => row.status === "not assessable" || row.status === "unreadable",
    read: (row) => Boolean(row.read),
  };
  const HEIGHTS = { // highest first; what has no figure comes last
    probability: (row) => row.probability ?? -1,
    marks: (row) => (row.status === "assessed" ? row.marks : -1),
    unread: (row) => (row.read ? 0 : 1),
  };

  class FilmList {
    // reading : { news, film, open(key), source }
    constructor(reading) {
      this.reading = reading;
      this.seen = new IntersectionObserver((entries) => {
        for (const { target, isIntersecting } of entries) {
          const row = isIntersecting && reading.news.films.get(target.dataset.later);
          if (row) { target.src = reading.source.thumbnail(row) ?? ""; delete target.dataset.later; }
        }
      }, { root: $("list"), rootMargin: "200px" });
      for (const id of ["filter", "sort"]) $(id).addEventListener("change", () => this.show());
      $("films-button").addEventListener("click", () => this.toggle());
      $("films-close").addEventListener("click", () => { this.toggle(false); $("films-button").focus(); });
    }
    rows() {
      const { keys, films } = this.reading.news, height = HEIGHTS[$("sort").value];
      const rows = keys.map((key) => films.get(key)).filter((row) => row && FILTERS[$("filter").value](row));
      return height ? rows.sort((one, two) => height(two) - height(one)) : rows; // sorting is stable
    }
    filter(name) { $("filter").value = $("filter").value === name ? "all" : name; this.show(); say(t("{n} films in the list.", { n: this.rows().length })); }
    status(row) {
      const decided = row.decided ? t("{n} decided", { n: row.decided }) : "";
      if (row.read) return `✓ ${t("read by {who}", { who: row.read })}${decided && `, ${decided}`}`;
      if (this.reading.byEye() && row.status !== "unreadable") return decided ? `… ${decided}` : `○ ${t("to read by eye")}`;
      if (row.status === "waiting") return `· ${t("waiting")}`;
      if (row.status !== "assessed" && !decided) return `? ${t(row.status)}`;
      if (decided) return `… ${decided}`;
      if (!row.shown) return `○ ${t("to read")}`;
      return `▲ ${t("{n} suggested", { n: row.marks })}`;
    }
    entry(row) {
      let item = $(`row-${row.key}`);
      if (!item) {
        const name = make("span", { className: "name" }), state = make("span", { className: "status" });
        const inside = row.page ? make("a", { className: "elsewhere", href: row.page }, name, state) : make("button", { type: "button" },
          make("img", { alt: "", width: 60, height: 48 }), name, state);
        if (!row.page) inside.addEventListener("click", () => { this.reading.open(row.key); this.toggle(false); });
        item = make("li", { id: `row-${row.key}` }, inside);
      }
      const [name, state] = [...item.firstChild.children].slice(-2), picture = row.page ? null : item.firstChild.firstChild;
      if (picture && row.status !== "unreadable" && picture.dataset.of !== (row.stamp ?? "")) {
        picture.dataset.of = row.stamp ?? "";
        picture.dataset.later = row.key; // made when it comes near
        this.seen.unobserve(picture);
        this.seen.observe(picture);
      }
      name.textContent = row.name;
      state.textContent = row.result ?? this.status(row);
      state.className = `status ${row.read ? "done" : row.status.replace(" ", "-")}`;
      item.firstChild.toggleAttribute("aria-current", this.reading.film?.key === row.key);
      return item;
    }
    show() {
      const list = $("list"), items = this.rows().map((row) => this.entry(row)), { news } = this.reading;
      if (items.length !== list.children.length || items.some((item, index) => item !== list.children[index])) list.replaceChildren(...items);
      $("empty").hidden = items.length > 0;
      $("empty").textContent = news.keys.length ? t("No film is like that.") : news.remark || t("There is no film yet.");
    }
    toggle(open = !document.body.classList.contains("list-open")) {
      document.body.classList.toggle("list-open", open);
      $("films-button").setAttribute("aria-expanded", String(open));
    }
    focus() { this.toggle(true); ($("list").querySelector("[aria-current]") ?? $("filter")).focus(); }
    beside(by) { // the film before or after the one on the screen
      const rows = this.rows(), at = rows.findIndex((row) => row.key === this.reading.film?.key);
      return rows[at + by];
    }
    step(by) {
      const row = this.beside(by);
      const { before, after } = this.reading.news; // pages of the same run beside this one
      const page = row ? row.page : $("filter").value === "all" && !$("sort").value && (by < 0 ? before : after);
      if (page) location.href = page;
      else if (row) this.reading.open(row.key);
      else say(by > 0 ? t("This is the last film.") : t("This is the first film."));
    }
  }
  globalThis.FilmList = FilmList;
})();
