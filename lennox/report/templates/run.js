(() => {
  "use strict";
  document.documentElement.classList.add("scripted");
  const films = [...document.querySelectorAll(".film")];
  const live = document.getElementById("live");
  const views = new Map(films.map((film) => [film, { zoom: 1, x: 0, y: 0, invert: 0, contrast: 1, brightness: 1 }]));
  const LARGEST = 8;
  let current = null;

  const say = (name, more = "") => { live.textContent = `${live.dataset[name]} ${more}`.trim(); };
  const within = (value, low, high) => Math.min(high, Math.max(low, value));
  const filtered = () => document.body.classList.contains("filtered");
  const listed = () => films.filter((film) => !filtered() || film.dataset.group === "suspected");

  // A picture is text until its film comes near the screen, so that a page of many films opens at once.
  function unfold(film) {
    for (const later of film.querySelectorAll("noscript.later")) {
      const holder = document.createElement("template");
      holder.innerHTML = later.textContent;
      later.replaceWith(holder.content);
    }
  }
  const near = new Set();
  const watcher = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      if (isIntersecting) { near.add(target); unfold(target); } else near.delete(target);
    }
  }, { rootMargin: "150% 0px" });
  films.forEach((film) => watcher.observe(film));
  addEventListener("beforeprint", () => films.forEach(unfold));

  function nearest() {
    const middle = innerHeight / 2;
    const far = (film) => {
      const box = film.getBoundingClientRect();
      return box.top > middle ? box.top - middle : Math.max(0, middle - box.bottom);
    };
    const there = listed();
    const close = there.filter((film) => near.has(film));
    return (close.length ? close : there).reduce((best, film) => (best === null || far(film) < far(best) ? film : best), null);
  }
  function choose(film) {
    if (film === current) return;
    current?.classList.remove("current");
    film?.classList.add("current");
    current = film;
  }
  function visible(film) {
    const box = film.getBoundingClientRect();
    return box.bottom > 0 && box.top < innerHeight;
  }
  const isSingle = () => document.body.classList.contains("single");
  function inUse() {
    if (isSingle()) return current;
    const focused = document.activeElement?.closest(".film");
    choose(focused && visible(focused) ? focused : nearest());
    return current;
  }
  function apply(film) {
    const view = views.get(film);
    view.x = within(view.x, 1 - view.zoom, 0);
    view.y = within(view.y, 1 - view.zoom, 0);
    for (const [name, value] of Object.entries(view)) film.style.setProperty("--" + name, value);
    film.classList.toggle("zoomed", view.zoom > 1);
    film.querySelector("[data-do=invert]")?.setAttribute("aria-pressed", String(view.invert === 1));
    for (const range of film.querySelectorAll("[data-set]")) range.value = view[range.dataset.set];
  }
  function zoom(film, factor, across = 0.5, down = 0.5) {
    const view = views.get(film);
    const next = within(view.zoom * factor, 1, LARGEST);
    view.x = across - ((across - view.x) * next) / view.zoom;
    view.y = down - ((down - view.y) * next) / view.zoom;
    view.zoom = next;
    apply(film);
  }
  function move(film, across, down) {
    const view = views.get(film);
    view.x += across;
    view.y += down;
    apply(film);
  }
  function outlines(film, shown) {
    const toggle = film.querySelector(".toggle");
    if (toggle) toggle.checked = shown ?? !toggle.checked;
    return toggle;
  }
  function toggleOne(film) {
    const toggle = outlines(film);
    say(toggle ? (toggle.checked ? "shown" : "hidden") : "empty");
  }
  function toggleAll() {
    const shown = films.some((film) => film.querySelector(".toggle:not(:checked)"));
    films.forEach((film) => outlines(film, shown));
    say(shown ? "allShown" : "allHidden");
  }
  function single(film, on = !isSingle()) {
    choose(film);
    document.body.classList.toggle("single", on);
    for (const button of document.querySelectorAll("[data-do=single]")) button.setAttribute("aria-pressed", String(on));
    unfold(film);
    film.focus({ preventScroll: true });
    film.scrollIntoView({ block: "start", behavior: "instant" });
    say(on ? "single" : "list");
  }
  const actions = {
    single(film) { single(film); },
    invert(film) { const view = views.get(film); view.invert = 1 - view.invert; apply(film); say(view.invert ? "inverted" : "upright"); },
    in(film) { zoom(film, 1.5); },
    out(film) { zoom(film, 1 / 1.5); },
    reset(film) { Object.assign(views.get(film), { zoom: 1, x: 0, y: 0, invert: 0, contrast: 1, brightness: 1 }); apply(film); say("reset"); },
  };
  function step(by) {
    const there = listed();
    const at = there.indexOf(inUse()) + by;
    const { before, after } = document.querySelector(".list").dataset; // the pages of the same run beside this one
    const other = at < 0 ? before : at >= there.length && after;
    if (other) { location.href = other; return; }
    const film = there[within(at, 0, there.length - 1)];
    if (!film) return;
    unfold(film);
    choose(film);
    film.focus({ preventScroll: true });
    film.scrollIntoView({ block: "start" });
  }

  for (const film of films) {
    film.addEventListener("focusin", () => choose(film));
    for (const button of film.querySelectorAll("[data-do]")) {
      button.addEventListener("click", (event) => {
        actions[button.dataset.do](film);
        if (event.detail > 0) button.blur(); // after a mouse click, space is for the outlines again
      });
    }
    for (const range of film.querySelectorAll("[data-set]")) {
      range.addEventListener("input", () => { views.get(film)[range.dataset.set] = Number(range.value); apply(film); });
    }
    const fingers = new Map();
    let travelled = 0;
    for (const pane of film.querySelectorAll(".view")) {
      const place = (event) => {
        const box = pane.getBoundingClientRect();
        return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
      };
      pane.addEventListener("pointerdown", (event) => {
        if (event.button !== 0) return;
        choose(film);
        if (fingers.size === 0) travelled = 0;
        fingers.set(event.pointerId, place(event));
        pane.setPointerCapture(event.pointerId);
      });
      pane.addEventListener("pointermove", (event) => {
        const before = fingers.get(event.pointerId);
        if (!before) return;
        const now = place(event);
        travelled += (Math.abs(now[0] - before[0]) + Math.abs(now[1] - before[1])) * pane.clientWidth;
        const other = [...fingers].find(([finger]) => finger !== event.pointerId)?.[1];
        if (other) {
          const apart = (point) => Math.hypot(point[0] - other[0], point[1] - other[1]) || 0.001;
          zoom(film, apart(now) / apart(before), (now[0] + other[0]) / 2, (now[1] + other[1]) / 2);
        } else if (travelled > 6) {
          move(film, now[0] - before[0], now[1] - before[1]);
        }
        fingers.set(event.pointerId, now);
      });
      pane.addEventListener("pointerup", (event) => {
        if (fingers.delete(event.pointerId) && fingers.size === 0 && travelled <= 6) toggleOne(film);
      });
      pane.addEventListener("pointercancel", (event) => fingers.delete(event.pointerId));
      pane.addEventListener("wheel", (event) => {
        if (!event.ctrlKey) return; // a plain wheel scrolls the page; a pinch on a touchpad arrives with ctrl
        event.preventDefault();
        zoom(film, Math.exp(-event.deltaY / 250), ...place(event));
      }, { passive: false });
    }
  }

  addEventListener("keydown", (event) => {
    const at = event.target;
    if (event.ctrlKey || event.metaKey || event.altKey || listed().length === 0) return;
    if (event.key === " ") {
      if (at.matches("button, summary, select, textarea, input[type=checkbox], input[type=radio]")) return; // theirs
      event.preventDefault();
      if (event.shiftKey) toggleAll(); else toggleOne(inUse());
      return;
    }
    const film = inUse();
    const zoomed = views.get(film).zoom > 1 && !at.matches("input[type=range], input[type=radio]");
    const keys = {
      i: () => actions.invert(film), "+": () => actions.in(film), "=": () => actions.in(film),
      "-": () => actions.out(film), 0: () => actions.reset(film), j: () => step(1), k: () => step(-1),
      f: () => single(film), Escape: isSingle() && (() => single(film, false)),
      ArrowLeft: zoomed && (() => move(film, 0.1, 0)), ArrowRight: zoomed && (() => move(film, -0.1, 0)),
      ArrowUp: zoomed && (() => move(film, 0, 0.1)), ArrowDown: zoomed && (() => move(film, 0, -0.1)),
    };
    const todo = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!todo) return;
    event.preventDefault();
    todo();
  });

  let waiting = false;
  addEventListener("scroll", () => {
    if (waiting || isSingle()) return;
    waiting = true;
    requestAnimationFrame(() => { waiting = false; choose(nearest()); });
  }, { passive: true });
  choose(listed()[0] ?? null);

  const filter = document.getElementById("filter");
  filter?.addEventListener("click", () => {
    const only = document.body.classList.toggle("filtered");
    filter.setAttribute("aria-pressed", String(only));
    if (only) say("filtered", listed().length); else say("unfiltered");
    choose(nearest());
  });

  for (const table of document.querySelectorAll("table.overview")) {
    const heads = [...table.tHead.rows[0].cells];
    const body = table.tBodies[0];
    heads.forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = head.textContent;
      head.replaceChildren(button);
      button.addEventListener("click", () => {
        const sorted = head.getAttribute("aria-sort");
        const falling = sorted ? sorted === "ascending" : head.dataset.first === "descending";
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", falling ? "descending" : "ascending");
        const cell = (row) => row.cells[column].textContent;
        const compare = (one, two) => {
          const gap = [cell(one) === "–", cell(two) === "–"];
          if (gap[0] !== gap[1]) return gap[0] ? 1 : -1; // films without a result stay last
          return cell(one).localeCompare(cell(two), undefined, { numeric: true }) * (falling ? -1 : 1);
        };
        body.append(...[...body.rows].sort(compare));
        const at = new Map([...body.rows].map((row, number) => [row.querySelector("a").hash.slice(1), number]));
        films.sort((one, two) => at.get(one.id) - at.get(two.id)); // the films below, and J and K, follow the list
        films[0]?.parentNode.append(...films);
      });
    });
  }

  // What was decided leaves the page as a file of the form of `lennox monitor`, and in no other way.
  const bar = document.getElementById("save");
  let unsaved = false;
  const decided = () => films.flatMap((film) => [...film.querySelectorAll(".decide input:checked")].map((one) => [film, one]));
  document.addEventListener("change", (event) => {
    if (!event.target.matches(".decide input")) return;
    unsaved = true;
    bar.hidden = false;
    bar.firstElementChild.textContent = `${live.dataset.decided} ${decided().length}`;
  });
  bar.querySelector("button").addEventListener("click", () => {
    const time = new Date().toISOString().slice(0, 19) + "Z";
    const cell = (text) => `"${text.replaceAll('"', '""')}"`;
    const lines = decided().map(([film, one]) =>
      [time, "", cell(film.dataset.film), live.dataset.model, "assessed", one.dataset.mark, one.value].join(","));
    const text = ["time,patient,film,model,status,mark,decision", ...lines, ""].join("\n");
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
    link.download = "decisions.csv";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
    unsaved = false;
    bar.hidden = true;
    say("saved");
  });
  addEventListener("beforeunload", (event) => { if (unsaved) event.preventDefault(); });
})();
